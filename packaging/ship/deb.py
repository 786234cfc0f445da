"""Make a Debian package of the frozen program: `python packaging/ship/deb.py OUT`.

OUT holds the folder that `freeze.py` made. The same folder gives the same bytes.
"""

import argparse
import hashlib
import os
import sys
import tempfile
from pathlib import Path

import about
from archives import ar, below, tar_xz
from share import write_share

# What Qt loads and a bare Debian lacks; `opqn_app.core.display` knows the same list.
DEPENDS = (
    *("libc6 (>= 2.35)", "libdbus-1-3", "libegl1", "libfontconfig1", "libfreetype6", "libgl1"),
    *("libglib2.0-0 | libglib2.0-0t64", "libgssapi-krb5-2", "libstdc++6", "libx11-6"),
    *("libx11-xcb1", "libxcb-cursor0", "libxcb-glx0", "libxcb-icccm4", "libxcb-image0"),
    *("libxcb-keysyms1", "libxcb-randr0", "libxcb-render-util0", "libxcb-render0"),
    *("libxcb-shape0", "libxcb-shm0", "libxcb-sync1", "libxcb-util1", "libxcb-xfixes0"),
    *("libxcb-xkb1", "libxcb1", "libxkbcommon-x11-0", "libxkbcommon0"),
)
RECOMMENDS = ("fonts-dejavu-core | fonts-noto-core", "hicolor-icon-theme")
DESCRIPTION = (
    "The program ranks every face in a library of photos by how alike it is to",
    "the face of a photo that you drop in. It groups the faces, and you name each",
    "group once. Nothing is sent anywhere, and photos are only read.",
)


def main(words: list[str] | None = None) -> int:
    """Write OUT/opqn-photo-search_VERSION_amd64.deb and print its size and SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("out", type=Path, help="folder that freeze.py was given")
    out = parser.parse_args(words).out.resolve()
    site = out / "site"
    with tempfile.TemporaryDirectory(dir=out) as place:
        root = Path(place)
        lay_out(root, out / about.NAME, site if site.is_dir() else None)
        made = package(root, about.epoch())
    file = out / f"{about.NAME}_{about.version()}_amd64.deb"
    file.write_bytes(made)
    sha = hashlib.sha256(made).hexdigest()
    sys.stdout.write(f"{file}: {len(made) / 1e6:.1f} MB, SHA-256 {sha}\n")
    return 0


def lay_out(root: Path, program: Path, site: Path | None) -> None:
    """Put everything where Debian wants it, below `root`; the program is linked, not copied."""
    place = root / about.INSTALLED.lstrip("/")
    for file in below(program):
        target = place / file.relative_to(program)
        if file.is_dir() and not file.is_symlink():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, target, follow_symlinks=False)
    command = root / "usr" / "bin" / about.COMMAND
    command.parent.mkdir(parents=True)
    command.symlink_to(f"../lib/{about.NAME}/{about.COMMAND}")
    write_share(root / "usr" / "share", site)
    doc = root / "usr" / "share" / "doc" / about.NAME
    parts = [(about.ROOT / name).read_text(encoding="utf-8") for name in ("LICENSE", "NOTICE")]
    told = f"Licences of the parts: {about.INSTALLED}/licences\n"
    (doc / "copyright").write_text("\n".join([*parts[::-1], told]), encoding="utf-8")


def package(root: Path, epoch: int) -> bytes:
    """The bytes of a .deb that installs what lies below `root`."""
    with tempfile.TemporaryDirectory() as place:
        control = Path(place)
        for name, text in control_files(root).items():
            (control / name).write_text(text, encoding="utf-8")
        members = {
            "debian-binary": b"2.0\n",
            "control.tar.xz": tar_xz(control, prefix="./", epoch=epoch),
            "data.tar.xz": tar_xz(root, prefix="./", epoch=epoch),
        }
    return ar(members, epoch=epoch)


def control_files(root: Path) -> dict[str, str]:
    """Name → text of the files that tell dpkg of the package."""
    files = [path for path in below(root) if path.is_file() and not path.is_symlink()]
    kilobytes = sum(path.stat().st_size for path in files) // 1024
    fields = {
        "Package": about.NAME,
        "Version": about.version(),
        "Architecture": "amd64",
        "Maintainer": about.MAINTAINER,
        "Installed-Size": str(kilobytes),
        "Depends": ", ".join(DEPENDS),
        "Recommends": ", ".join(RECOMMENDS),
        "Section": "graphics",
        "Priority": "optional",
        "Description": "\n ".join([about.SUMMARY.lower(), *DESCRIPTION]),
    }
    sums = []
    for path in files:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "md5").hexdigest()
        sums.append(f"{digest}  {path.relative_to(root).as_posix()}\n")
    control = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return {"control": control, "md5sums": "".join(sums)}


if __name__ == "__main__":
    sys.exit(main())
