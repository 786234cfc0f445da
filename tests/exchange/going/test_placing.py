"""Names of files and folders that every disk takes."""

from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opqn_app.core.types import Box
from opqn_app.exchange.going.placing import Layout, folded, numbered, placed, safe_name, split_name
from opqn_app.exchange.going.selection import GoingFace, GoingPhoto
from tests.exchange.going_photos import going

BOX = Box(1, 1, 20, 20)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Ann", "Ann"),
        ("AC/DC", "AC_DC"),
        ('a<b>c:d"e\\f|g?h*i', "a_b_c_d_e_f_g_h_i"),
        (".hidden", "_hidden"),
        ("Dr. No.", "Dr. No"),
        ("..", "_"),
        ("con", "_con"),
        ("COM1.x", "_COM1.x"),
        ("   ", "_"),
        ("line\nend", "line_end"),
        ("\udcff.jpg", "_.jpg"),
        ("Ärzte 医生 דוד", "Ärzte 医生 דוד"),
    ],
)
def test_names_that_disks_refuse_are_changed(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=400))
def test_any_text_gives_a_name(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name.encode()) <= 200
    assert safe_name(name) == name
    assert Path(name).name == name


@given(st.text(min_size=1, max_size=300), st.sampled_from([".jpg", ".JPEG", ".CR3", ""]))
def test_numbered_names_are_short_and_differ(stem: str, suffix: str) -> None:
    names = list(islice(numbered(*split_name(stem + suffix)), 12))
    assert len({folded(name) for name in names}) == 12
    assert all(len(name.encode()) <= 210 for name in names)
    if suffix and "." not in stem:
        assert all(name.endswith(suffix) for name in names)


def test_people_of_one_name_have_two_folders_whatever_the_order() -> None:
    def photo(number: int, person: int, name: str) -> GoingPhoto:
        return GoingPhoto(going(Path(f"{number}.jpg")).photo, (GoingFace(1, BOX, person, name),))

    photos = [photo(1, 8, "ANN"), photo(2, 3, "Ann"), photo(3, 9, "no name")]
    folders = {item.going.photo.path.name: item.folder for item in placed(photos, Layout.PEOPLE)}
    assert folders == {"1.jpg": "ANN (2)", "2.jpg": "Ann", "3.jpg": "no name (2)"}
    assert {item.folder for item in placed(photos[::-1], Layout.PEOPLE)} == set(folders.values())
