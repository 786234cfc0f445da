"""Names that come in, go out and come in again change nothing."""

import shutil
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from opqn_app.core.progress import finished
from opqn_app.core.types import SAME_FACE, Box
from opqn_app.exchange.coming.import_plan import ImportPlan
from opqn_app.exchange.coming.matching import plan_import
from opqn_app.exchange.coming.taking_in import take_in
from opqn_app.exchange.going.selection import Wanted, chosen
from opqn_app.exchange.going.sidecar_writing import SidecarReport, write_sidecars
from opqn_app.exchange.programs.xmp_files import names_below
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from tests.exchange.going_photos import tree
from tests.exchange.sidecar_styles import Foreign, Other, Style
from tests.library_fakes import fake_engine
from tests.odd_files import exif_bytes, turned

RunCommand = Callable[..., tuple[int, dict[str, Any], str]]

SIZE = (320, 240)
TURNS = (1, 6, 3)
NAMES = ("Ann", "Ben & Co", "דוד", "Cid, Jr.")
PLACES = st.tuples(*[st.floats(0.02, 0.7)] * 2, *[st.floats(0.1, 0.28)] * 2).map(
    lambda each: Box(each[0], each[1], each[0] + each[2], each[1] + each[3])
)


def are_apart(marks: list[Other]) -> bool:
    boxes = [mark.box for mark in marks if mark.box is not None]
    return all(one.overlap(two) < SAME_FACE / 2 for one, two in combinations(boxes, 2))


MARKS: st.SearchStrategy[list[Other]] = st.lists(
    st.builds(Other, st.sampled_from((*NAMES, None)), PLACES, st.sampled_from(("Face", "Pet"))),
    max_size=4,
    unique_by=lambda other: other.name,
).filter(are_apart)
STYLES = st.builds(
    Style, st.sampled_from(("elements", "description", "attributes")), prefixed=st.booleans()
)
PHOTO = st.tuples(MARKS, st.lists(st.sampled_from(NAMES), max_size=2), STYLES)

pytestmark = pytest.mark.slow


@pytest.fixture
def album(tmp_path: Path, make_photo: Callable[..., Path], run: RunCommand) -> Path:
    """Three JPEG files that lie in three ways, with two faces each, in a library."""
    for number, turn in enumerate(TURNS):
        path = make_photo(f"photos/{number}.png", seed=number, size=SIZE)
        lying = turned(Image.open(path), turn)
        lying.save(path.with_suffix(".jpg"), quality=95, exif=exif_bytes(turn))
        path.unlink()
    assert run("index", tmp_path / "photos")[0] == 0
    return tmp_path / "photos"


def escaped(name: str | None) -> str | None:
    return None if name is None else name.replace("&", "&amp;")


def write_theirs(photo: Path, turn: int, *parts: Any) -> None:
    """The sidecar of another program."""
    marks, people, style = parts
    foreign = Foreign(style)
    size = SIZE if turn < 5 else (SIZE[1], SIZE[0])
    others = [Other(escaped(mark.name), mark.box, mark.kind) for mark in marks]
    lists = [foreign.words("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "PersonInImage",
                           [escaped(name) or "" for name in people])]  # fmt: skip
    photo.with_name(f"{photo.name}.xmp").write_bytes(
        foreign.file(foreign.mwg(others, size), *lists)
    )


def take(ledger: Ledger, folder: Path) -> tuple[ImportPlan, int]:
    """Import all; returns the plan and how many decisions came."""
    plan = finished(plan_import(ledger, names_below(folder), "XMP"))
    report = finished(take_in(ledger, plan, fake_engine(n_faces=0)))
    return plan, len(report.outcome.rows)


def give(ledger: Ledger) -> SidecarReport:
    return finished(write_sidecars(finished(chosen(ledger, Wanted()))))


def who(ledger: Ledger) -> dict[int, str | None]:
    return {face: person.name for person in ledger.persons() for face in person.faces}


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(PHOTO, min_size=3, max_size=3))
def test_import_export_import_changes_nothing(
    album: Path, tmp_path: Path, said: list[tuple[Any, ...]]
) -> None:
    for old in (*album.glob("*.xmp"), *tmp_path.glob("again.sqlite*")):
        old.unlink()
    shutil.copyfile(tmp_path / "library.sqlite", tmp_path / "again.sqlite")
    for number, (marks, people, style) in enumerate(said):
        write_theirs(album / f"{number}.jpg", TURNS[number], marks, people, style)
    originals = {name: each for name, each in tree(album).items() if name.endswith(".jpg")}
    with Library.open(tmp_path / "again.sqlite", write=True) as library:
        ledger = Ledger(library)
        take(ledger, album)
        known = who(ledger)
        give(ledger)
        written = tree(album)
        plan, rows = take(ledger, album)
        assert (rows, plan.new, plan.clashes) == (0, 0, ())
        assert who(ledger) == known
        report = give(ledger)
        assert report.written == ()
    assert tree(album) == written
    assert {name: each for name, each in written.items() if name.endswith(".jpg")} == originals
    # What was written says the same to a library that knows nothing.
    fresh = tmp_path / "again.sqlite"
    for old in tmp_path.glob("again.sqlite*"):
        old.unlink()
    shutil.copyfile(tmp_path / "library.sqlite", fresh)
    with Library.open(fresh, write=True) as library:
        ledger = Ledger(library)
        take(ledger, album)
        assert sorted(map(str, who(ledger).values())) == sorted(map(str, known.values()))
