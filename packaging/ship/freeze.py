"""Make the program one folder that needs no Python: `python packaging/ship/freeze.py OUT`.

Runs in an environment that has the app and the extra `package`; `make bundle` makes one. The same
sources and packages give the same bytes.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import about
from archives import below
from notices import write_notices
from parts import parts_of
from sizes import megabytes

SPEC = Path(__file__).with_name("opqn.spec")
SOURCES = "sources.json"  # beside the folder: the files that went into it


def main(words: list[str] | None = None) -> int:
    """Build OUT/opqn-photo-search and print its size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder for what is made")
    out = parser.parse_args(words).out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        _collect(out, Path(work))
    folder = out / about.NAME
    _strip(folder / "lib")
    sources = json.loads((out / SOURCES).read_text(encoding="utf-8"))
    write_notices(folder, parts_of(sources))
    settle(folder, about.epoch())
    sys.stdout.write(f"{folder}: {megabytes(folder):.1f} MB\n")
    return 0


def _collect(out: Path, work: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": str(about.epoch()),
        "OPQN_SOURCES": str(out / SOURCES),
    }
    environment.pop("PYTHONPATH", None)
    shutil.rmtree(out / about.NAME, ignore_errors=True)
    words = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "ERROR"]
    words += ["--distpath", str(out), "--workpath", str(work), str(SPEC)]
    subprocess.run(words, env=environment, check=True)


def _strip(folder: Path) -> None:
    """Take out of Python's own libraries what only a debugger reads.

    Those of packages stay as they came: the tools that made wheels portable left them in a form
    that strip breaks.
    """
    if not sys.platform.startswith("linux"):
        return
    version = sysconfig.get_python_version()
    own = [*folder.glob("libpython*.so*"), *(folder / f"python{version}").rglob("*.so")]
    subprocess.run(["strip", "--strip-unneeded", *map(str, sorted(own))], check=True)


def settle(folder: Path, epoch: int) -> None:
    """Give all that lies in a folder the same time, and rights that depend on nobody's umask."""
    for path in below(folder):
        if not path.is_symlink():
            is_program = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if is_program else 0o644)
        os.utime(path, (epoch, epoch), follow_symlinks=False)
    os.utime(folder, (epoch, epoch))


if __name__ == "__main__":
    sys.exit(main())
