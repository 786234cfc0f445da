"""Which sockets the program opens: no_network.py [--only WORD] [--keep].

Runs what people do, command by command and the window too, on photos of the sample. `strace` lists
every socket of a command and its helpers; `unshare -rn`, where it is allowed, leaves them no
network at all, so whatever needs one fails. Prints a line for each command and ends with status 1
if one failed, or opened a socket that can leave the machine.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opqn_app.core import paths
from tests.tiny_training import draw_people, write_people

ROOT = Path(__file__).resolve().parents[2]
LOCAL = {"AF_UNIX", "AF_LOCAL", "AF_NETLINK"}  # what stays inside the machine
FAMILY = re.compile(r"\bsocket\((AF_\w+)")
NOWHERE = ["unshare", "--map-root-user", "--net"]
PEOPLE = 3  # of the sample


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a command.

    Attributes:
        families: of the sockets that it and its helpers opened, in order.
        said: the end of its stderr.
    """

    status: int
    families: tuple[str, ...]
    said: str

    @property
    def outside(self) -> list[str]:
        """Families of sockets that can leave the machine."""
        return [family for family in self.families if family not in LOCAL]


def has_strace() -> bool:
    return shutil.which("strace") is not None


def can_unshare() -> bool:
    """Whether an ordinary user may leave the network here."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*NOWHERE, "true"], capture_output=True, check=False).returncode == 0


def traced(words: Sequence[str], room: Path, *, without_network: bool) -> Ran:
    """Run a command of a shell under strace."""
    log = room / "strace.log"
    before = NOWHERE if without_network else []
    trace = ["strace", "-f", "-qq", "-e", "trace=socket", "-o", str(log)]
    own = {f"OPQN_{name}_DIR": str(room / name.lower()) for name in ("DATA", "CACHE", "LOG")}
    environment = os.environ | own | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*before, *trace, *words], capture_output=True, text=True, env=environment, check=False
    )
    families = tuple(FAMILY.findall(log.read_text(encoding="utf-8", errors="replace")))
    return Ran(done.returncode, families, done.stderr[-2000:])


def commands(room: Path) -> dict[str, list[str]]:
    """What is run, in order, each on what those before it made."""
    sample = paths.resource("sample") / "photos"
    photos, people = room / "photos", room / "people"
    for folder in sorted(each for each in sample.iterdir() if each.is_dir())[:PEOPLE]:
        shutil.copytree(folder, photos / folder.name)
    files = sorted(photos.rglob("*.jpg"))
    if not files:
        raise SystemExit(f"There are no photos in {sample}.")
    write_people(people, draw_people(4, 6))
    tiny = ["--set", "method.backbone=resnet20-narrow", "--epochs", "1", "--device", "cpu"]
    return {
        "index": ["index", str(photos), "--workers", "2"],
        "thorough": ["index", "--thorough", str(photos)],
        "encode": ["encode", "--model", "bundled-64"],
        "search": ["search", str(files[0])],
        "name": ["name", "1", "Ann"],
        "people": ["people", "--groups"],
        "find": ["find", "--with", "Ann"],
        "who": ["who", str(files[0])],
        "export": ["export", "list", str(room / "list.csv")],
        "backup": ["backup"],
        "prepare": ["prepare", str(photos), str(room / "crops")],
        "evaluate": ["evaluate", str(photos), "--model", "bundled-64"],
        "train": ["train", str(people), "--preset", "quick", *tiny, "--out", str(room / "runs")],
        "window": ["gui", "--time-to-window"],
        "forget": ["forget", "--everything"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="of the commands, those with this in the name")
    parser.add_argument("--keep", action="store_true", help="keep the folder of files")
    arguments = parser.parse_args()
    if not has_strace():
        raise SystemExit("strace is not installed: it lists the sockets.")
    alone = can_unshare()
    sys.stdout.write(f"network taken away: {'yes' if alone else 'no, unshare is not allowed'}\n")
    room = Path(tempfile.mkdtemp(prefix="opqn-no-network-"))
    bad = 0
    try:
        for name, words in commands(room).items():
            if arguments.only not in name:
                continue
            program = [sys.executable, str(ROOT / "main.py"), words[0]]
            if words[0] not in ("prepare", "evaluate", "train"):
                program += ["--library", str(room / "data" / "library.sqlite")]
            ran = traced([*program, *words[1:]], room, without_network=alone)
            is_bad = ran.status != 0 or bool(ran.outside)
            bad += is_bad
            sys.stdout.write(
                f"{name:<10}status {ran.status}, {len(ran.families)} sockets, "
                f"{len(ran.outside)} that leave the machine {sorted(set(ran.outside)) or ''}\n"
            )
            if ran.status:
                sys.stdout.write(ran.said)
            sys.stdout.flush()
    finally:
        if not arguments.keep:
            shutil.rmtree(room, ignore_errors=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
