"""What the packages say of the program, and where things lie in the clone."""

import os
import re
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINUX = ROOT / "packaging" / "linux"

NAME = "opqn-photo-search"  # of the package and of its folder
COMMAND = "opqn"
APP_ID = "org.opqn.PhotoSearch"  # until the project has a domain of its own
TITLE = "OPQN Photo Search"
SUMMARY = "Find people in your own photos"
MAINTAINER = "The OPQN Photo Search authors <opqn-photo-search@localhost>"
INSTALLED = f"/usr/lib/{NAME}"  # where the .deb puts the folder
SCREENSHOTS = "https://opqn-photo-search.example/screenshots"  # until there is a site

ICON_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)  # pixels


def version() -> str:
    """The version that the project names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def epoch() -> int:
    """The time that everything in a package has: seconds since 1970.

    It is SOURCE_DATE_EPOCH where that is set, else the time of the last commit.
    """
    said = os.environ.get("SOURCE_DATE_EPOCH")
    if said:
        return int(said)
    words = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout)


def date() -> str:
    """The day of `epoch`, as 2026-11-30."""
    return datetime.fromtimestamp(epoch(), UTC).date().isoformat()


def filled(template: str) -> str:
    """A template with its words in place: @VERSION@, @DATE@, @SCREENSHOTS@."""
    values = {"VERSION": version(), "DATE": date(), "SCREENSHOTS": SCREENSHOTS}
    return re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], template)
