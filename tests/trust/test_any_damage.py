"""Whatever a disk does to a library, a repair ends in a whole one or in a sentence."""

import random
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from opqn_app.core.errors import LibraryDamaged, LibraryError
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.store import checking, set_aside
from opqn_app.store.library import Library
from opqn_app.store.repairing import repair
from tests.people_world import World

N = 24  # in the tests; `python -m tests.trust.test_any_damage 300` does more
KINDS = ("bit", "bytes", "page", "cut", "zeros")


def make_library(path: Path) -> Path:
    with Library.open(path, write=True) as library:
        world = World(library)
        for content in range(40):
            world.add_photo(content, [0, 1, 2])
        ledger = Ledger(library)
        gestures.name_faces(ledger, [1, 4, 7], "Anna")
        gestures.name_faces(ledger, [2], "Ben")
    return path


def spoil(path: Path, seed: int) -> str:
    """Damage a file as disks do; returns how."""
    chance, content = random.Random(seed), bytearray(path.read_bytes())
    kind = KINDS[seed % len(KINDS)]
    at = chance.randrange(len(content))
    if kind == "bit":
        content[at] ^= 1 << chance.randrange(8)
    elif kind == "bytes":
        content[at : at + 64] = chance.randbytes(64)
    elif kind == "page":
        first = at // 4096 * 4096
        content[first : first + 4096] = chance.randbytes(4096)
    elif kind == "zeros":
        content[at : at + 5000] = bytes(5000)
    else:
        del content[at:]
    path.write_bytes(content)
    return kind


def outcome(path: Path) -> str:
    """What becomes of a damaged library: "whole", "repaired", "left" or "lost"."""
    try:
        with Library.open(path) as library:
            if not library.faults():
                Ledger(library).persons()
                return "whole"
    except LibraryError:
        pass
    before = path.read_bytes()
    try:
        done = repair(path)
    except LibraryDamaged:
        assert path.read_bytes()[100:] == before[100:]
        return "lost"
    assert done.aside is not None
    with Library.open(path) as library:
        left = library.faults()
        Ledger(library).persons()
    assert all(fault.remedy == checking.READ_AGAIN for fault in left)
    return "left" if left else "repaired"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("made") / "library.sqlite")


@pytest.mark.parametrize("seed", range(N))
def test_any_damage(made: Path, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "library.sqlite"
    shutil.copyfile(made, path)
    spoil(path, seed)
    assert outcome(path) in ("whole", "repaired", "left", "lost")
    assert not list(tmp_path.glob("*.new*"))


def main(n: int, place: Path) -> None:
    made = make_library(place / "made.sqlite")
    path, found = place / "library.sqlite", Counter[tuple[str, str]]()
    for seed in range(n):
        shutil.copyfile(made, path)
        kind = spoil(path, seed)
        found[kind, outcome(path)] += 1
        set_aside.delete_all(path)
        path.unlink()
    for (kind, what), times in sorted(found.items()):
        sys.stdout.write(f"{kind:6} {what:9} {times:4}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
