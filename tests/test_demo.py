"""The demo, whole: real photos, the real detector, the real model, watched by an audit hook."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image

from opqn_app.cli.demo import fresh_library

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "resources" / "sample"

# Runs `opqn demo` and writes down every socket that is connected or bound and every path that
# is opened for writing, made, renamed or removed. The hook sees Python's calls
# and SQLite's files.
WATCHED = """
import os, sys, json
seen = {"network": [], "written": [], "connected": []}
WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
def hook(event, args):
    if event in ("socket.connect", "socket.bind") and isinstance(args[1], (str, bytes)):
        seen["written"].append(os.fsdecode(args[1]))  # a Unix socket to worker processes: a file
    elif event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        seen["network"].append(event)
    elif event == "socket.bind" and args[1] != ("::1", 0):  # urllib3 asks so whether IPv6 exists
        seen["network"].append(f"{event} {args[1]}")
    elif event == "open" and isinstance(args[0], (str, bytes)):
        path, mode, flags = args
        if (mode and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & WRITE):
            seen["written"].append(os.fsdecode(path))
    elif event in ("os.remove", "os.rmdir") and args[1] >= 0:  # a name in an open folder
        folder = os.readlink(f"/dev/fd/{args[1]}")
        seen["written"].append(os.path.join(folder, os.fsdecode(args[0])))
    elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.rename", "os.truncate", "os.link"):
        seen["written"].extend(os.fsdecode(a) for a in args[:2] if isinstance(a, (str, bytes)))
    elif event == "sqlite3.connect":
        seen["connected"].append(os.fsdecode(args[0]))
sys.addaudithook(hook)
from opqn_app.__main__ import main
report = os.environ["AUDIT_REPORT"]
status = main(sys.argv[1:])
found = {key: sorted(set(value)) for key, value in seen.items()}
os.write(int(report), json.dumps(found).encode())
sys.exit(status)
"""


@dataclass(frozen=True, slots=True)
class DemoRun:
    """What one run of the demo said and did."""

    report: dict[str, Any]
    audit: dict[str, list[str]]
    out: Path
    home: Path
    before: dict[str, tuple[int, int]]


def fingerprints(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    home = tmp_path_factory.mktemp("demo")
    out = home / "out"
    before = fingerprints(SAMPLE)
    read_end, write_end = os.pipe()
    folders = {f"OPQN_{name}_DIR": str(home / name.lower()) for name in ("DATA", "CACHE", "LOG")}
    # torch passes its cache folder on to child processes; this one is to choose its own
    inherited = {k: v for k, v in os.environ.items() if k != "TORCHINDUCTOR_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, "demo", "--json", "--out", str(out)],
        cwd=ROOT,
        env={**inherited, **folders, "AUDIT_REPORT": str(write_end)},
        pass_fds=(write_end,),
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        audit = pipe.read()
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    return DemoRun(report, json.loads(audit), out, home, before)


def test_it_finds_the_people(demo: DemoRun) -> None:
    """Acceptance 2 of the first release."""
    report = demo.report
    assert report["rank1"] >= 0.95
    assert report["precision_at_5"] >= 0.9
    assert report["composite_recall"] >= 0.95
    assert report["composite_detected"] >= report["composite_recall"]
    assert (report["photos"], report["failures"], report["queries"]) == (225, 2, 25)
    assert report["faces"] >= 350
    assert report["seconds"] > 0


def test_it_draws_a_contact_sheet(demo: DemoRun) -> None:
    with Image.open(demo.report["contact_sheet"]) as sheet:
        assert sheet.width > 9 * 112
        assert sheet.height > 25 * 112
        assert len(sheet.convert("RGB").getcolors(1 << 24) or []) > 1000


def test_nothing_touches_the_network(demo: DemoRun) -> None:
    assert demo.audit["network"] == []


def test_nothing_is_written_elsewhere(demo: DemoRun) -> None:
    """Only the demo's folder and the library, cache and log folders; /dev/null is no file."""
    databases = [unquote(urlsplit(uri).path) for uri in demo.audit["connected"]]
    for path in [*demo.audit["written"], *databases]:
        absolute = (ROOT / path).resolve()
        is_ours = absolute.is_relative_to(demo.home)
        is_byte_code = "__pycache__" in absolute.parts
        assert is_ours or is_byte_code or str(absolute) == os.devnull, path
    assert any(path.endswith("contact_sheet.png") for path in demo.audit["written"])
    assert any("demo-library.sqlite" in path for path in demo.audit["connected"])


def test_the_photos_are_as_they_were(demo: DemoRun) -> None:
    assert fingerprints(SAMPLE) == demo.before


def test_a_demo_replaces_the_last_one_and_no_other_library(tmp_path: Path) -> None:
    own = tmp_path / "library.sqlite"
    own.write_bytes(b"what the user indexed")
    (tmp_path / "demo-library.sqlite-wal").touch()
    library = fresh_library(tmp_path)
    library.touch()
    assert fresh_library(tmp_path) == library
    assert list(tmp_path.iterdir()) == [own]
