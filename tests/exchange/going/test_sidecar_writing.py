"""Names written beside photos: looked at first, kept before, undone; the photos stay untouched."""

import os
from pathlib import Path

import pytest
from PIL import Image

from opqn_app.core.progress import finished
from opqn_app.core.types import Box
from opqn_app.exchange.going import sidecar_journal, sidecar_writing
from opqn_app.exchange.going.exports import ExportError
from opqn_app.exchange.going.selection import GoingPhoto
from opqn_app.exchange.going.sidecar_journal import (
    FOLDER,
    Journal,
    can_undo,
    runs_folder,
    undo_last,
)
from opqn_app.exchange.going.sidecar_writing import (
    SidecarReport,
    plan_sidecars,
    text_of_sidecar,
    write_sidecars,
)
from opqn_app.exchange.records import Problem
from opqn_app.exchange.xmp.names import XmpNames
from opqn_app.exchange.xmp.text import Clash
from tests.exchange.going_photos import going, stopped_at, tree, write_photo
from tests.exchange.sidecar_styles import Foreign, Other, Style, faces_in, lies_within

ANN, BEN = Box(8, 6, 24, 24), Box(48, 6, 64, 24)
STORED_ANN = Box(0.1, 0.1, 0.3, 0.4)


@pytest.fixture
def album(tmp_path: Path) -> list[GoingPhoto]:
    """Ann and Ben; Ann, with a sidecar of another program; Ben; nobody."""
    people: list[list[tuple[str | None, Box]]] = [
        [("Ann", ANN), ("Ben", BEN)],
        [("Ann", ANN)],
        [("Ben", BEN), (None, ANN)],
        [],
    ]
    found = []
    for number, faces in enumerate(people):
        path = write_photo(tmp_path / "photos" / f"{number}.png", seed=number)
        found.append(going(path, faces, number=number + 1))
    sidecar = tmp_path / "photos" / "1.png.xmp"
    sidecar.write_bytes(Foreign(Style()).file())
    os.utime(sidecar, ns=(10**18, 10**18))
    return found


def write(album: list[GoingPhoto], *, replace: bool = False) -> SidecarReport:
    return finished(write_sidecars(album, replace=replace))


def test_what_would_be_written_is_said_and_nothing_is_written(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    before = tree(tmp_path)
    plan = finished(plan_sidecars(album))
    assert [(each.sidecar.name, each.is_new, each.names) for each in plan.sidecars] == [
        ("0.png.xmp", True, ("Ann", "Ben")),
        ("1.png.xmp", False, ("Ann",)),
        ("2.png.xmp", True, ("Ben",)),
    ]
    assert (plan.unchanged, plan.nameless, plan.problems) == (0, 1, ())
    assert "<MPReg:PersonDisplayName>Ben<" in text_of_sidecar(album[0])
    assert tree(tmp_path) == before
    assert not can_undo()
    report = write(album)
    assert report == plan
    assert (tmp_path / "photos" / "0.png.xmp").read_text() == text_of_sidecar(album[0])


def test_names_come_beside_photos_and_the_photos_stay(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    before = tree(tmp_path / "photos")
    theirs = (tmp_path / "photos" / "1.png.xmp").read_bytes()
    write(album)
    after = tree(tmp_path / "photos")
    assert set(after) - set(before) == {"0.png.xmp", "2.png.xmp"}
    assert {name for name in before if before[name] != after[name]} == {"1.png.xmp"}
    named = (tmp_path / "photos" / "1.png.xmp").read_bytes()
    assert lies_within(theirs, named)
    assert [name for name, _ in faces_in(named, "mwg", (80, 60))] == ["Ann"]
    again = write(album)
    assert (again.sidecars, again.unchanged) == ((), 3)
    assert tree(tmp_path / "photos") == after


def test_undoing_brings_back_what_was_there_with_its_time(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    before = tree(tmp_path / "photos")
    write(album[:2])
    between = tree(tmp_path / "photos")
    write([going(album[1].photo.path, [("Ann", ANN), ("Cleo", BEN)]), album[2]])
    report = finished(undo_last())
    assert (report.restored, report.removed, report.problems) == (1, 1, ())
    assert tree(tmp_path / "photos") == between
    report = finished(undo_last())
    assert (report.restored, report.removed) == (1, 1)
    assert tree(tmp_path / "photos") == before
    assert list(runs_folder().iterdir()) == []
    with pytest.raises(ExportError, match="No names were written"):
        finished(undo_last())


def test_what_others_changed_since_stays_and_the_former_is_kept(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    theirs = (tmp_path / "photos" / "1.png.xmp").read_bytes()
    write(album)
    (tmp_path / "photos" / "1.png.xmp").write_bytes(b"edited")
    (tmp_path / "photos" / "2.png.xmp").unlink()
    report = finished(undo_last())
    assert (report.restored, report.removed) == (0, 1)
    (problem,) = report.problems
    assert "has been changed since and stays as it is. What it was" in problem.sentence
    assert (tmp_path / "photos" / "1.png.xmp").read_bytes() == b"edited"
    assert not can_undo()
    (kept,) = runs_folder().glob("*/2.xmp")
    assert kept.read_bytes() == theirs
    assert str(kept.parent) in problem.sentence


def test_a_disk_that_is_away_is_waited_for(album: list[GoingPhoto], tmp_path: Path) -> None:
    before = tree(tmp_path / "photos")
    write(album)
    (tmp_path / "photos").rename(tmp_path / "away")
    report = finished(undo_last())
    assert len(report.problems) == 3
    assert all("can't be taken back now" in each.sentence for each in report.problems)
    (tmp_path / "away").rename(tmp_path / "photos")
    assert finished(undo_last()).problems == ()
    assert tree(tmp_path / "photos") == before


@pytest.mark.parametrize("step", range(4))
def test_stopped_anywhere_it_goes_on_and_is_undone(
    album: list[GoingPhoto], tmp_path: Path, step: int
) -> None:
    before = tree(tmp_path / "photos")
    stopped_at(write_sidecars(album), step)
    stopped_at(undo_last(), 1) if can_undo() else None
    while can_undo():
        finished(undo_last())
    assert tree(tmp_path / "photos") == before
    stopped_at(write_sidecars(album), step)
    report = write(album)
    assert len(report.written) == 3 - min(step, 3)
    named = tree(tmp_path / "photos", times=False)
    while can_undo():
        finished(undo_last())
    assert tree(tmp_path / "photos") == before
    write(album)
    assert tree(tmp_path / "photos", times=False) == named


def test_a_line_that_a_kill_cut_off_counts_for_nothing(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    before = tree(tmp_path / "photos")
    write(album)
    (journal,) = runs_folder().glob("*/journal.jsonl")
    with journal.open("a") as file:
        file.write('{"sidecar": "/ha')
    (tmp_path / "photos" / "2.png.xmp.0a1b2c3d.tmp").write_bytes(b"half")
    (tmp_path / "photos" / "1.png.xmp.0a1b2c3d.tmp").write_bytes(b"somebody's")
    write(album)
    (tmp_path / "photos" / "1.png.xmp.0a1b2c3d.tmp").unlink()
    (runs_folder() / "99999999999999999999-00").mkdir()  # killed before its first line
    assert finished(undo_last()).restored == 0
    assert finished(undo_last()).restored == 1
    assert tree(tmp_path / "photos") == before


def test_clashes_are_told_and_replaced_only_where_asked_for(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    foreign = Foreign(Style())
    sidecar = tmp_path / "photos" / "1.png.xmp"
    sidecar.write_bytes(foreign.file(foreign.mwg([Other("Anja", STORED_ANN)], (80, 60))))
    (told,) = write(album[1:2]).sidecars
    assert (told.names, told.clashes) == ((), (Clash("Anja", "Ann"),))
    assert not can_undo()
    (told,) = write(album[1:2], replace=True).sidecars
    assert (told.names, told.clashes) == (("Ann",), (Clash("Anja", "Ann"),))
    assert faces_in(sidecar.read_bytes(), "mwg", (80, 60))[0][0] == "Ann"


def test_a_new_sidecar_does_not_hide_what_the_photo_itself_says(tmp_path: Path) -> None:
    """Programs read people and keywords from a sidecar instead of from the photo."""
    foreign = Foreign(Style("attributes", prefixed=True, quote="'"))
    packet = foreign.file(
        foreign.mwg([Other("Ben", Box(0.6, 0.1, 0.8, 0.4)), Other("Rex", None, "Pet")], (80, 60)),
        foreign.words("http://purl.org/dc/elements/1.1/", "subject", ["beach"]),
    )
    path = write_photo(tmp_path / "a.jpg")
    Image.open(path).save(path, xmp=packet)
    report = write([going(path, [("Ann", ANN), ("Ben", BEN)])])
    (told,) = report.sidecars
    assert told.names == ("Ann", "Ben")  # Ben comes to the other kind of regions
    content = (tmp_path / "a.jpg.xmp").read_bytes()
    assert [name for name, _ in faces_in(content, "mwg", (80, 60))] == ["Ben", "Ann"]
    for kept in (b"beach", b"Rex", b"keeps &amp; stays"):
        assert kept in content
    assert b"<!-- a note -->" not in content  # nothing else of it is copied


def test_what_a_photo_says_itself_needs_no_sidecar(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.jpg")
    write([going(path, [("Ann", ANN)])])
    packet = (tmp_path / "a.jpg.xmp").read_bytes()
    finished(undo_last())
    Image.open(path).save(path, xmp=packet)
    report = write([going(path, [("ann", ANN)])])
    assert (report.sidecars, report.unchanged) == ((), 1)
    assert not (tmp_path / "a.jpg.xmp").exists()


def sentences(problems: tuple[Problem, ...]) -> list[str]:
    return [problem.sentence for problem in problems]


def test_what_can_not_be_written_is_said_and_stops_no_other(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    album[0].photo.path.unlink()
    (photos / "1.png.xmp").write_bytes(b"<a>A & B</a>")
    with album[2].photo.path.open("ab") as file:
        file.write(b"more")
    more = write_photo(photos / "4.png", seed=4)
    (photos / "4.png.xmp").mkdir()
    fine = write_photo(photos / "5.png", seed=5)
    before = tree(photos)
    report = write([*album, going(more, [("Ann", ANN)]), going(fine, [("Ann", ANN)])])
    assert [each.sidecar.name for each in report.sidecars] == ["5.png.xmp"]
    assert sentences(report.problems) == [
        f"Nothing is written for {photos / '0.png'}: it is not there.",
        f"{photos / '1.png.xmp'} is left as it is: it is not well-formed XML, see line 1.",
        f"Nothing is written for {photos / '2.png'}: it has changed since it was indexed.",
        f"{photos / '4.png.xmp'} can't be written: the disk reports 'Is a directory'.",
    ]
    assert {name: each for name, each in tree(photos).items() if name != "5.png.xmp"} == before


def test_where_the_former_can_not_be_kept_nothing_is_written(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    before = tree(tmp_path / "photos")
    runs_folder().write_bytes(b"in the way")
    with pytest.raises(ExportError, match=r"can't be kept in .*nothing more is written"):
        write(album)
    assert tree(tmp_path / "photos") == before


def test_what_would_read_otherwise_is_not_written(
    album: list[GoingPhoto], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(tmp_path / "photos")
    monkeypatch.setattr(sidecar_writing, "names_in", lambda _packets: XmpNames())
    report = write(album)
    assert report.sidecars == ()
    assert all("would read otherwise" in each for each in sentences(report.problems))
    assert tree(tmp_path / "photos") == before


def test_a_journal_is_where_it_is_told_to_be(album: list[GoingPhoto], tmp_path: Path) -> None:
    journal = Journal(tmp_path / "kept")
    finished(write_sidecars(album, journal=journal))
    assert not can_undo()
    assert can_undo(tmp_path / "kept")
    assert finished(undo_last(tmp_path / "kept")).removed == 2
    assert runs_folder().name == FOLDER
    assert sidecar_journal.can_undo(tmp_path / "kept") is False
