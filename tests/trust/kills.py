"""SIGKILL at the n-th write of all that writes, then the same again, compared with a clean run.

    python -m tests.trust.kills --n 1000

Each trial begins with a fresh copy of the start. After the kill the library must be whole and hold
all that was told of; the next run must come to what a clean run comes to, and leave no other files.
Every backup that is listed must be whole. One more of them is no file left over; an unfinished is.
"""

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opqn_app.store import backups
from tests.trust.kill_works import LIBRARY, WORKS, Work, kept_backups
from tests.trust.write_deaths import preloaded, run_dying


@dataclass(slots=True)
class Row:
    """Attributes:
    writes: of a clean run.
    lost: trials in which something that was told of is gone.
    whole: trials after which the file passes SQLite's checks, or is not there yet, and all listed
        backups are whole.
    same: trials that came to what a clean run comes to.
    leftovers: trials that left a file that a clean run does not leave.
    """

    writes: int
    kills: int = 0
    lost: int = 0
    whole: int = 0
    same: int = 0
    leftovers: int = 0

    @property
    def is_good(self) -> bool:
        return self.lost == self.leftovers == 0 and self.kills == self.whole == self.same


def trials(name: str, n: int, room: Path, seed: int) -> Row:
    work = WORKS[name]
    start = room / f"start-{name}"
    start.mkdir()
    work.make(start)
    shared = start / "shared"
    clean = _copied(start, room / "clean")
    first = {path: path.read_bytes() for path in shared.rglob("*") if path.is_file()}
    _, _, writes = run_dying(lambda tell: work.run(clean, shared, tell), 0)
    expected, files = _end(work, clean, shared, first)
    row, rng = Row(writes), random.Random(f"{name} {seed}")
    for i in range(n):
        here = _copied(start, room / "trial")
        at = 1 + min(writes - 1, int((i + rng.random()) * writes / n))
        was_killed, told, _ = run_dying(lambda tell: work.run(here, shared, tell), at)  # noqa: B023
        row.kills += was_killed
        row.whole += was_killed and _is_whole(here)
        row.lost += work.done is not None and work.done(here) < told
        work.run(here, shared, lambda _: None)
        result, left = _end(work, here, shared, first)
        row.same += was_killed and result == expected
        row.leftovers += bool(left - files)
        if left - files:
            sys.stderr.write(f"{name}, write {at}: {sorted(left - files)} were left\n")
    return row


def _copied(start: Path, target: Path) -> Path:
    """A fresh start; what the last trial wrote beside shared photos is taken away."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(start, target, ignore=shutil.ignore_patterns("shared"))
    return target


def _end(work: Work, here: Path, shared: Path, first: dict[Path, bytes]) -> tuple[Any, set[str]]:
    """What is held, with all that lies in "shared", and which files are there.

    What is new or changed in "shared" is put back to how it was.
    """
    files = {path.relative_to(here).as_posix() for path in here.rglob("*")} - kept_backups(here)
    if (here / "kept").exists():  # a journal's folder has a time in its name
        files = {name for name in files if not name.startswith("kept/")}
    beside = {path: path.read_bytes() for path in shared.rglob("*") if path.is_file()}
    held = work.held(here), beside
    for path in beside.keys() - first.keys():
        files.add(path.name)
        path.unlink()
    for path, content in first.items():
        if beside.get(path) != content:
            path.write_bytes(content)
    return held, files


def _is_whole(here: Path) -> bool:
    if any(backup.problem for backup in backups.listed(here / LIBRARY)):
        return False
    if not (here / LIBRARY).exists():
        return True
    raw = sqlite3.connect(here / LIBRARY)
    try:
        is_ok = raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return is_ok and raw.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        raw.close()


def table(found: dict[str, Row], seconds: float) -> str:
    lines = [f"{'work':<11}{'writes':>8}{'kills':>7}{'lost':>6}{'whole':>7}{'same':>6}{'left':>6}"]
    lines += [
        f"{name:<11}{r.writes:>8}{r.kills:>7}{r.lost:>6}{r.whole:>7}{r.same:>6}{r.leftovers:>6}"
        for name, r in found.items()
    ]
    n = sum(row.kills for row in found.values())
    lost, left = (sum(getattr(r, a) for r in found.values()) for a in ("lost", "leftovers"))
    whole = sum(row.whole for row in found.values())
    lines.append(f"{n} kills, lost {lost}, whole {whole} of {n}, leftovers {left}, {seconds:.0f} s")
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000, help="kills, of all works together")
    parser.add_argument("--only", nargs="+", choices=WORKS, default=list(WORKS))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(words)
    if "die_at_write" not in os.environ.get("LD_PRELOAD", ""):
        with tempfile.TemporaryDirectory(prefix="opqn-kills-") as folder:
            again = [
                sys.executable,
                "-m",
                "tests.trust.kills",
                *(sys.argv[1:] if words is None else words),
            ]
            return subprocess.run(again, env=preloaded(Path(folder)), check=False).returncode
    began, found = time.monotonic(), {}
    with tempfile.TemporaryDirectory(prefix="opqn-kills-") as room:
        for place, name in enumerate(asked.only):
            share = asked.n // len(asked.only) + (place < asked.n % len(asked.only))
            found[name] = trials(name, share, Path(room), asked.seed)
            sys.stderr.write(f"{name}: {found[name]}\n")  # a run that is broken off has told this
    sys.stdout.write(table(found, time.monotonic() - began) + "\n")
    return 0 if all(row.is_good for row in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
