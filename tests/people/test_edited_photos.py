"""Names stay on a photo into which another program writes metadata, wherever it lies by then."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from opqn_app.engine import Engine
from opqn_app.index.indexing import IndexReport, index_folder
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.people.replay import take_over
from opqn_app.store import checksums
from opqn_app.store.library import Library
from opqn_app.store.schema import FACE_COLUMNS
from opqn_app.vision.picture_hash import picture_hash
from tests.library_fakes import calls_of, fake_engine, layered_engine

LATER = "2031:02:03 04:05:06"


class Album:
    """Photos of two faces each, and the library that follows them."""

    def __init__(self, base: Path) -> None:
        self.folder, self.path = base / "photos", base / "library.sqlite"
        self.engine = fake_engine(n_faces=2)

    def index(self, engine: Engine | None = None, *, thorough: bool = False) -> IndexReport:
        run = index_folder(
            self.path, self.folder, engine or self.engine, thorough=thorough, workers=1
        )
        while True:
            try:
                next(run)
            except StopIteration as end:
                report: IndexReport = end.value
                return report

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with Library.open_to_decide(self.path) as library:
            yield Ledger(library)

    def name_left(self, file: str, name: str) -> None:
        with self.ledger() as ledger:
            gestures.name_faces(ledger, [self.faces(ledger, file)[0]], name)

    def names(self) -> dict[str, list[str | None]]:
        """Of each photo the names of its faces, in the order they were found."""
        with self.ledger() as ledger:
            owners = {
                photo.path.name: [ledger.owner(i) for i in self.faces(ledger, photo.path.name)]
                for photo in ledger.library.photos()
            }
            names = {person.id: person.name for person in ledger.persons()}
        return {file: [names.get(i or 0) for i in ids] for file, ids in owners.items()}

    def faces(self, ledger: Ledger, file: str) -> list[int]:
        (photo,) = [p for p in ledger.library.photos() if p.path.name == file]
        return [face.id for face in ledger.library.faces_of(photo.id)]

    def write_caption(self, file: str, text: str = "At the sea", orientation: int = 1) -> None:
        path = self.folder / file
        tags = Image.Exif()
        tags[ExifTags.Base.Orientation] = orientation
        tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = LATER
        info = PngImagePlugin.PngInfo()
        info.add_itxt("Caption", text)
        with Image.open(path) as image:
            image.load()
        image.save(path, pnginfo=info, exif=tags)

    def forget_pictures(self) -> None:
        """As in a library of an older version."""
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute(
                "UPDATE decision_faces SET content_hash = (SELECT p.content_hash FROM photos p "
                "WHERE p.picture_hash = decision_faces.content_hash)"
            )
            db.create_function("crc", 8, checksums.of_decided_face)
            db.execute(f"UPDATE decision_faces SET checksum = crc({FACE_COLUMNS})")
            db.execute("UPDATE photos SET picture_hash = content_hash")


@pytest.fixture
def album(tmp_path: Path) -> Album:
    album = Album(tmp_path)
    album.folder.mkdir()
    for number, name in enumerate(["a.png", "b.png"]):
        Image.effect_mandelbrot((96, 72), (-2 + number, -1, 1, 1), 50).convert("RGB").save(
            album.folder / name
        )
    album.index()
    album.name_left("a.png", "Ann")
    return album


def test_a_caption_changes_nothing_but_the_file(album: Album) -> None:
    with album.ledger() as ledger:
        before = album.faces(ledger, "a.png")
    album.write_caption("a.png")
    searched = calls_of(album.engine)
    report = album.index()
    assert (report.edited, report.changed, report.added) == (1, 0, 0)
    assert (report.faces, calls_of(album.engine)) == (0, searched)
    assert album.names() == {"a.png": ["Ann", None], "b.png": [None, None]}
    with album.ledger() as ledger:
        assert album.faces(ledger, "a.png") == before
        assert ledger.library.photo_table.deleted_photos() == []
        taken = {p.path.name: p.taken_at for p in ledger.library.photos()}
    assert taken["a.png"] == "2031-02-03T04:05:06"
    assert album.index().unchanged == 2


def test_moved_and_edited_at_once(album: Album) -> None:
    album.write_caption("a.png")
    (album.folder / "a.png").rename(album.folder / "c.png")
    album.index()
    assert album.names() == {"c.png": ["Ann", None], "b.png": [None, None]}


def test_edited_and_put_back(album: Album) -> None:
    first = (album.folder / "a.png").read_bytes()
    for text in ("One", "Two"):
        album.write_caption("a.png", text)
        album.index()
    (album.folder / "a.png").write_bytes(first)
    album.index()
    assert album.names()["a.png"] == ["Ann", None]


def test_a_copy_with_another_caption_shows_the_same_people(album: Album) -> None:
    shutil.copy(album.folder / "a.png", album.folder / "c.png")
    album.write_caption("c.png")
    album.index()
    assert album.names()["c.png"] == ["Ann", None]
    with album.ledger() as ledger, pytest.raises(gestures.TwiceOnPhoto):
        gestures.name_faces(ledger, [album.faces(ledger, "c.png")[1]], "Ann")


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_photo_that_is_turned_is_another(album: Album, orientation: int) -> None:
    """Its faces lie elsewhere; nobody may get the name of another."""
    album.write_caption("a.png", orientation=orientation)
    album.index()
    assert album.names()["a.png"] == [None, None]
    album.write_caption("a.png")
    album.index()
    assert album.names()["a.png"] == ["Ann", None]


def test_a_photo_that_is_cropped_is_another(album: Album) -> None:
    path = album.folder / "a.png"
    with Image.open(path) as image:
        cropped = image.crop((8, 0, 96, 72))
    cropped.resize((96, 72)).save(path)
    album.index()
    assert album.names()["a.png"] == [None, None]


def test_a_library_built_anew_after_the_edit_takes_the_names_over(album: Album) -> None:
    old = album.path.rename(album.path.with_name("old.sqlite"))
    album.write_caption("a.png")
    album.index()
    with Library.open(old) as library, album.ledger() as ledger:
        table = library.decision_table
        take_over(table.decisions(), ledger, table.pictures())
    assert album.names()["a.png"] == ["Ann", None]


def test_a_library_of_an_older_version_keeps_its_names(album: Album) -> None:
    """Its pictures are not known yet: the same faces in the same places tell."""
    album.forget_pictures()
    assert album.names()["a.png"] == ["Ann", None]
    with album.ledger() as open_all_the_time:
        album.write_caption("a.png")
        report = album.index()
        assert (report.edited, report.changed, report.faces) == (1, 0, 0)
        assert open_all_the_time.catch_up()
    assert album.names()["a.png"] == ["Ann", None]
    album.write_caption("a.png", "Again")
    searched = calls_of(album.engine)
    album.index()
    assert (album.names()["a.png"], calls_of(album.engine)) == (["Ann", None], searched)


def test_of_an_older_version_faces_that_are_found_since_come_to_the_others(album: Album) -> None:
    album.forget_pictures()
    album.write_caption("a.png")
    report = album.index(fake_engine(n_faces=3))
    assert (report.edited, report.changed, report.faces) == (1, 0, 1)
    assert album.names()["a.png"] == ["Ann", None, None]


def test_of_an_older_version_a_box_drawn_where_a_face_is_found_since_stays(album: Album) -> None:
    with closing(sqlite3.connect(album.path)) as db, db:
        db.execute(
            "UPDATE faces SET is_drawn = 1, box_right = box_right + 1 "
            "WHERE id = (SELECT MAX(f.id) FROM faces f JOIN photos p ON p.id = f.photo_id "
            "WHERE p.rel_path = 'a.png')"
        )
    album.forget_pictures()
    album.write_caption("a.png")
    report = album.index()
    assert (report.edited, report.changed, report.faces) == (1, 0, 0)
    assert album.names()["a.png"] == ["Ann", None]


@pytest.mark.parametrize("change", ["turn", "replace"])
def test_of_an_older_version_another_picture_is_nobody(album: Album, change: str) -> None:
    album.forget_pictures()
    if change == "turn":
        album.write_caption("a.png", orientation=3)
    else:
        shutil.copy(album.folder / "b.png", album.folder / "a.png")
    album.index()
    assert album.names()["a.png"] == [None, None]


def test_a_thorough_search_comes_to_know_the_pictures(album: Album) -> None:
    for path in album.folder.iterdir():
        with Image.open(path) as image:
            image.resize((1536, 1152), Image.Resampling.NEAREST).save(path)
    engine = layered_engine()
    album.index(engine)
    album.name_left("a.png", "Big Ann")
    album.forget_pictures()
    shutil.copy(album.folder / "a.png", album.folder / "c.png")
    album.write_caption("c.png")
    album.index(engine)
    assert album.names()["c.png"] == [None, None]  # not known yet to be the same
    album.index(engine, thorough=True)
    assert "Big Ann" in album.names()["a.png"]
    assert "Big Ann" in album.names()["c.png"]


def test_decisions_of_an_older_version_find_their_faces_in_a_newer_library(album: Album) -> None:
    """Taken over before or after the photos are indexed, or the other way round."""
    album.forget_pictures()
    with album.ledger() as ledger:
        old_rows = ledger.library.decision_table.decisions()
    old = album.path.rename(album.path.with_name("old.sqlite"))
    Library.open(album.path, write=True).close()
    with album.ledger() as ledger:
        take_over(old_rows, ledger)
    album.index()
    assert album.names()["a.png"] == ["Ann", None]
    album.path.unlink()
    album.index()
    with album.ledger() as ledger:
        take_over(old_rows, ledger)
        assert [person.name for person in ledger.persons() if person.faces] == ["Ann"]
        gestures.rename(ledger, ledger.persons()[0].id, "Anna")
        table = ledger.library.decision_table
        rows, pictures = table.decisions(), table.pictures()
    album.path.unlink()
    old.rename(album.path)
    with album.ledger() as ledger:
        take_over(rows, ledger, pictures)
    assert album.names()["a.png"] == ["Anna", None]


def test_a_face_that_was_boxed_otherwise_in_a_copy_stays_who_it_is(album: Album) -> None:
    """In an older version a copy with a caption was another photo: other decisions, other boxes."""
    shutil.copy(album.folder / "a.png", album.folder / "c.png")
    album.write_caption("c.png")
    album.index()
    with album.ledger() as ledger:
        ledger.undo()
    album.forget_pictures()
    with closing(sqlite3.connect(album.path)) as db, db:
        db.execute(
            "UPDATE faces SET box_right = box_right + 2 WHERE photo_id = "
            "(SELECT id FROM photos WHERE rel_path = 'c.png')"
        )
    for file in ("a.png", "c.png"):
        album.name_left(file, "Ann")
    with album.ledger() as ledger:
        gestures.reject(ledger, [album.faces(ledger, "c.png")[1]], ledger.persons()[0].id)
        known = ledger.library.photo_table.known_photos(1)
        pictures = {picture_hash((album.folder / p.rel_path).read_bytes(), 1) for p in known}
        assert len(pictures) == 2
    with album.ledger() as open_all_the_time, Library.open(album.path, write=True) as library:
        with library.writer.change():
            for photo in known:
                picture = picture_hash((album.folder / photo.rel_path).read_bytes(), 1)
                library.decision_table.learn_pictures([(photo.content_hash, picture or b"")])
        open_all_the_time.catch_up()
        (ann,) = open_all_the_time.persons()
        assert len(ann.faces) == 2
        assert ann.waiting == 0
    assert album.names()["a.png"] == album.names()["c.png"] == ["Ann", None]
    with album.ledger() as ledger:
        for file in ("a.png", "c.png"):
            (key,) = ledger.keys([album.faces(ledger, file)[1]])
            assert ann.id in ledger.state.not_these(key)


def test_what_was_decided_here_too_keeps_its_box_when_decisions_are_taken_over(
    album: Album,
) -> None:
    other = album.path.with_name("other.sqlite")
    Library.open(other, write=True).close()
    here, album.path = album.path, other
    album.index()
    with closing(sqlite3.connect(other)) as db, db:  # as another detector sees them
        db.execute("UPDATE faces SET box_right = box_right + 2")
    album.name_left("a.png", "Aunt Ann")
    with album.ledger() as ledger:
        rows = ledger.library.decision_table.decisions()
    album.path = here
    with album.ledger() as ledger:
        take_over(rows, ledger)
        assert album.names()["a.png"] == ["Aunt Ann", None]  # who says it last is right
        assert all(person.waiting == 0 for person in ledger.persons(every=True))
        ledger.undo()
    assert album.names()["a.png"] == ["Ann", None]
