"""Make what is handed out, of the frozen folder: `python packaging/ship/bundle.py OUT [--deb]`.

Writes OUT/opqn-photo-search-VERSION-linux-x86_64.tar.xz, or with --deb a Debian package, and their
sums into OUT/SHA256SUMS. Fails if a size has grown by more than a tenth since `sizes.toml` was
written.
"""

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

import about
import deb
from archives import linked, tar_xz
from share import write_share
from sizes import grown, megabytes


def main(words: list[str] | None = None) -> int:
    """Write the archives, print their sizes and sums; 1 where something has grown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder that freeze.py was given")
    parser.add_argument("--deb", action="store_true", help="make a Debian package")
    arguments = parser.parse_args(words)
    out: Path = arguments.out.resolve()
    program, site = out / about.NAME, out / "site"
    made = {"folder": megabytes(program)}
    make = deb.write if arguments.deb else _archive
    file = make(out, program, site if site.is_dir() else None)
    made["deb" if arguments.deb else "archive"] = file.stat().st_size / 1e6
    lines = [f"{_sha256(each)}  {each.name}\n" for each in _handed_out(out)]
    (out / "SHA256SUMS").write_text("".join(lines), encoding="ascii")
    sys.stdout.write("".join(f"{kind:8} {size:7.1f} MB\n" for kind, size in made.items()))
    sys.stdout.write("".join(lines))
    too_large = grown(made)
    sys.stderr.write("".join(f"{line}\n" for line in too_large))
    return 1 if too_large else 0


def _archive(out: Path, program: Path, site: Path | None) -> Path:
    name = f"{about.NAME}-{about.version()}-linux-x86_64"
    with tempfile.TemporaryDirectory(dir=out) as place:
        root = Path(place)
        linked(program, root)
        write_share(root / "share", site)
        content = tar_xz(root, prefix=f"{name}/", epoch=about.epoch())
    file = out / f"{name}.tar.xz"
    file.write_bytes(content)
    return file


def _handed_out(out: Path) -> list[Path]:
    return sorted([*out.glob(f"{about.NAME}*.deb"), *out.glob(f"{about.NAME}*.tar.xz")])


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
