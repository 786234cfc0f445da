"""Names from Picasa: its odd hexadecimal numbers, its contacts, the frame of its boxes."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opqn_app.core.types import Box
from opqn_app.exchange.programs.picasa import names_of_picasa
from opqn_app.exchange.records import Frame, PhotoNames, Problem, Region
from tests.exchange.program_files import contact_of, picasa_ini, rect64, without_progress

ANN, BEN = Box(0.1, 0.2, 0.3, 0.4), Box(0.5, 0.25, 0.75, 0.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "photos"
    made.mkdir()
    return made


def read(folder: Path) -> list[PhotoNames | Problem]:
    return without_progress(names_of_picasa(folder, home=folder / "nobody's home"))


def only(folder: Path) -> PhotoNames:
    (found,) = read(folder)
    assert isinstance(found, PhotoNames)
    return found


def same(box: Box | None, other: Box) -> bool:
    assert box is not None
    pairs = ((box.left, other.left), (box.top, other.top))
    more = ((box.right, other.right), (box.bottom, other.bottom))
    return all(abs(a - b) < 1e-4 for a, b in (*pairs, *more))


def test_faces_and_names(folder: Path) -> None:
    (folder / "a.jpg").touch()
    ini = picasa_ini({"a.jpg": [('Ann, & "Bo"', ANN), (None, BEN)]})
    (folder / ".picasa.ini").write_text(ini, encoding="utf-8")
    names = only(folder)
    assert names.photo == folder / "a.jpg"
    assert [region.name for region in names.regions] == ['Ann, & "Bo"', None]
    assert same(names.regions[0].box, ANN)
    assert same(names.regions[1].box, BEN)


@given(st.tuples(*[st.integers(0, 65535)] * 4).filter(lambda s: s[0] < s[2] and s[1] < s[3]))
def test_every_rectangle_is_read_whatever_zeros_are_dropped(
    tmp_path_factory: pytest.TempPathFactory, sides: tuple[int, int, int, int]
) -> None:
    folder = tmp_path_factory.mktemp("photos")
    left, top, right, bottom = (side / 65535 for side in sides)
    ini = picasa_ini({"a.jpg": [("Ann", Box(left, top, right, bottom))]})
    (folder / ".picasa.ini").write_text(ini, encoding="utf-8")
    assert same(only(folder).regions[0].box, Box(left, top, right, bottom))
    shutil.rmtree(folder)


def test_ids_are_the_same_with_and_without_their_leading_zeros(folder: Path) -> None:
    (folder / ".picasa.ini").write_text(
        f"[Contacts2]\n0abc=Ann;;\n[a.jpg]\nfaces=rect64({rect64(ANN)}),0000000000000ABC\n"
    )
    assert [region.name for region in only(folder).regions] == ["Ann"]


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("a.jpg", Frame.STORED),
        ("a.TIF", Frame.STORED),
        ("a.png", Frame.STORED),
        ("a.CR2", Frame.UPRIGHT),
        ("a.nef", Frame.UPRIGHT),
        ("a.dng", Frame.UPRIGHT),
    ],
)
def test_only_boxes_of_raw_photos_are_upright(folder: Path, name: str, frame: Frame) -> None:
    (folder / ".picasa.ini").write_text(picasa_ini({name: [("Ann", ANN)]}), encoding="utf-8")
    assert only(folder).frame == frame


def test_contacts_of_another_folder_and_a_list_of_all(folder: Path) -> None:
    """The list is what Picasa shows, so it wins; a folder's own contacts come before others'."""
    for name, ini in {
        "one": picasa_ini({"a.jpg": [("Ann", ANN)]}),
        "two": picasa_ini({"b.jpg": [("Ann", ANN), ("Ben", BEN)]}, contacts=False),
        "three": f"[Contacts2]\n{contact_of('Ann')}=Anna;;\n[c.jpg]\n"
        f"faces=rect64({rect64(ANN)}),{contact_of('Ann')}\n",
    }.items():
        (folder / name).mkdir()
        (folder / name / ".picasa.ini").write_text(ini, encoding="utf-8")
    listed = f'<contact id="{contact_of("Ben")}" name="Ben &amp; Co" local_contact="1"/>'
    (folder / "contacts.xml").write_text(f"<contacts>{listed}</contacts>", encoding="utf-8")
    names = {
        each.photo.name: [region.name for region in each.regions]
        for each in read(folder)
        if isinstance(each, PhotoNames)
    }
    assert names == {"a.jpg": ["Ann"], "b.jpg": ["Ann", "Ben & Co"], "c.jpg": ["Anna"]}


def test_contacts_that_picasa_keeps_in_the_users_folder(folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "home" / "AppData/Local/Google/Picasa2/contacts"
    kept.mkdir(parents=True)
    listed = f'<contact id="{contact_of("Ann")}" name="Ann"/>'
    (kept / "contacts.xml").write_text(f"<contacts>{listed}</contacts>")
    ini = picasa_ini({"a.jpg": [("Ann", ANN)]}, contacts=False)
    (folder / ".picasa.ini").write_text(ini)
    (found,) = without_progress(names_of_picasa(folder, home=tmp_path / "home"))
    assert isinstance(found, PhotoNames)
    assert found.regions[0].name == "Ann"


def test_an_id_that_the_users_account_has_for_a_contact(folder: Path) -> None:
    (folder / ".picasa.ini").write_text(
        f"[Contacts]\nd10a8325c557b085=joe_lh,cb989580bc43a91\n"
        f"[a.jpg]\nfaces=rect64({rect64(ANN)}),d10a8325c557b085\n"
    )
    (folder / "contacts.xml").write_text(
        '<contacts><contact id="1" name="Ann"><subject user="joe_lh" id="0cb989580bc43a91"/>'
        "</contact></contacts>"
    )
    assert only(folder).regions[0].name == "Ann"


def test_what_cannot_be_read_is_told_and_the_rest_comes(folder: Path) -> None:
    (folder / ".picasa.ini").write_bytes(
        b"[Contacts2]\n1=J\xfcrgen;;\nno contact\n[a.jpg]\nfaces=rect64(zz),1;rect64("
        + rect64(ANN).encode()
        + b"),1;;rect64("
        + rect64(BEN).encode()
        + b"),2\n[../b.jpg]\nfaces=rect64(1),1\n"
    )
    (folder / "contacts.xml").write_text('<contacts><contact id="3" name="Cy"/><contact')
    damaged, names, unknown, unread = read(folder)
    assert isinstance(names, PhotoNames)
    assert [region.name for region in names.regions] == ["Jürgen", None]
    assert isinstance(damaged, Problem)
    assert damaged.path == folder / "contacts.xml"
    assert isinstance(unknown, Problem)
    assert unknown.sentence.startswith("1 face in it came without a name")
    assert isinstance(unread, Problem)
    assert "1 face" in unread.sentence


def test_entities_are_not_expanded(folder: Path) -> None:
    (folder / "contacts.xml").write_text(
        '<!DOCTYPE c [<!ENTITY a "Ann">]><contacts><contact id="1" name="&a;"/></contacts>'
    )
    (problem,) = read(folder)
    assert isinstance(problem, Problem)


def test_capitals_and_accents_of_a_file_may_differ(folder: Path) -> None:
    (folder / "Zo\u00eb.JPG").touch()
    (folder / "Picasa.ini").write_text(picasa_ini({"zoe\u0308.jpg": [("Zo", ANN)]}), "utf-8")
    assert only(folder).photo.name == "Zo\u00eb.JPG"


def test_copies_that_picasa_keeps_are_left(folder: Path) -> None:
    (folder / ".picasaoriginals").mkdir()
    (folder / ".picasaoriginals" / ".picasa.ini").write_text(picasa_ini({"a.jpg": [("A", ANN)]}))
    assert read(folder) == []


def test_a_region_is_a_face(folder: Path) -> None:
    (folder / ".picasa.ini").write_text(picasa_ini({"a.jpg": [("Ann", ANN)]}))
    (region,) = only(folder).regions
    assert region == Region("Ann", region.box)
