"""Two libraries that tests get copies of: one of real photos, and a made one with a few names."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from opqn_app.cli import commands
from opqn_app.core import places, residue
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.store import secrets_of
from opqn_app.store.library import Library
from tests.people_world import World
from tests.trust.sample_photos import copy_sample

NAMES = {"gone": "Quillfeather", "kept": "Umberlane"}


@dataclass(slots=True)
class Scene:
    """A library of two folders, `gone` and `kept`, in each a person with a name.

    Attributes:
        secrets: of each folder the bytes that lie in the library because of it.
        outside: files beside the program's own that are searched as well.
    """

    library: Path
    folders: dict[str, Path]
    secrets: dict[str, dict[str, list[bytes]]]
    outside: list[Path] = field(default_factory=list)

    def found(self, *whose: str, **more: list[bytes]) -> list[residue.Residue]:
        """What is left of folders, and of `more`, in every file that the program writes to."""
        files = [*places.written_files(self.library), *self.outside]
        found = [each for who in whose for each in residue.find(self.secrets[who], files)]
        return [*found, *residue.find(more, files)]

    def run(self, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
        """A command on this library: its status, stdout and stderr."""
        command, *rest = (str(word) for word in words)
        status = commands.run([command, "--library", str(self.library), *rest])
        said = capsys.readouterr()
        return status, said.out, said.err


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    """The library that scenes are copies of, and its two folders of photos."""
    place = tmp_path_factory.mktemp("trust")
    library, folders = place / "library.sqlite", {}
    with own_folders_in(place):
        for number, name in enumerate(NAMES):
            folders[name] = place / f"{name}-zwiebelturm"
            copy_sample(folders[name], range(6 * number, 6 * number + 6))
            words = ["index", "--library", str(library), str(folders[name])]
            assert commands.run(words) == 0
        for face, name in zip(_one_face_of_each(library), NAMES.values(), strict=True):
            assert commands.run(["name", "--library", str(library), str(face), name]) == 0
    return library, folders


def _one_face_of_each(library: Path) -> list[int]:
    with Library.open(library) as opened:
        photos = [opened.photos(root.id) for root in opened.roots()]
        return [next(f.id for p in some for f in opened.faces_of(p.id)) for some in photos]


@contextmanager
def own_folders_in(place: Path) -> Iterator[None]:
    """Data, cache and log folders of the program below a place."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATA", "CACHE", "LOG"):
            patch.setenv(f"OPQN_{name}_DIR", str(place / name.lower()))
        yield


@pytest.fixture
def scene(indexed: tuple[Path, dict[str, Path]], own_folders: Path) -> Scene:
    library = own_folders / "data" / "library.sqlite"
    library.parent.mkdir(mode=0o700)
    shutil.copy(indexed[0], library)
    secrets = {}
    with Library.open(library) as opened:
        for root in opened.roots():
            name = next(key for key, folder in indexed[1].items() if folder == root.path)
            secrets[name] = secrets_of.of_photos(opened, root.id)
            secrets[name]["root"] = [str(root.path).encode()]
    scene = Scene(library, indexed[1], secrets)
    for name in NAMES:  # what is searched for is there, or no search could fail
        held = {each.kind for each in scene.found(name)}
        assert held == {"crops", "codes", "landmarks", "boxes", "checksums", "paths", "root"}
    return scene


@pytest.fixture
def library_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "library.sqlite"


@pytest.fixture
def world(library_path: Path) -> Iterator[World]:
    """Four photos with three faces each: 1, 4 and 7 are Anna, 2 is Ben; a search is saved."""
    with Library.open(library_path, write=True) as library:
        world = World(library)
        for content in range(4):
            world.add_photo(content, [0, 1, 2])
        ledger = Ledger(library)
        gestures.name_faces(ledger, [1, 4, 7], "Anna Secret")
        gestures.name_faces(ledger, [2], "Ben")
        library.saved_searches.save("By the sea", "{}")
        yield world


@pytest.fixture
def ledger(world: World) -> Ledger:
    return Ledger(world.library)
