"""What the view of a person shows in which order, without a window."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opqn_app.core.types import Box, FaceQuality
from opqn_app.store.records import FaceRecord
from opqn_app.ui.people.person_rows import (
    MOST_QUERIED,
    PersonFace,
    amended,
    by_part,
    by_year,
    counts_in_words,
    good_faces,
    in_order,
)
from tests.ui.photo_records import photo

BOX = Box(10, 10, 110, 110)


def face(
    number: int, taken_at: str | None, likeness: float | None = 0.9, *, of: int = 0, px: float = 100
) -> PersonFace:
    quality = FaceQuality(px, 0.99, 100.0)
    record = FaceRecord(number, photo(of or number, taken_at=taken_at), BOX, quality)
    return PersonFace(record, likeness)


def shown_ids(faces: list[PersonFace], *, whole_photos: bool = False) -> list[tuple[int, ...]]:
    return [row.face_ids for row in by_year(faces, whole_photos=whole_photos).rows]


def test_the_sections_hold_all_rows() -> None:
    faces = [
        face(1, "2024-01-02"),
        face(2, "2021-01-02"),
        face(3, None),
        face(4, "2024-01-01", 0.2),
    ]
    shown = by_year(faces, whole_photos=False)
    assert [(s.title, s.rows) for s in shown.sections] == [
        ("2024", 1),
        ("2021", 1),
        ("No date", 1),
        ("Less sure", 1),
    ]
    assert [row.face_ids for row in shown.rows] == [(1,), (2,), (3,), (4,)]
    assert [s.is_apart for s in shown.sections] == [False, False, False, True]


def test_a_photo_without_a_date_stands_where_the_library_has_it() -> None:
    dated = face(3, None)
    record = replace(dated.record, photo=replace(dated.record.photo, sort_time="2022-05-01"))
    faces = in_order([face(1, "2024-01-02"), face(2, "2021-01-02"), PersonFace(record, 0.9)])
    shown = by_year(faces, whole_photos=False)
    assert [s.title for s in shown.sections] == ["2024", "2022", "2021"]
    assert [row.face_ids for row in shown.rows] == [(1,), (3,), (2,)]


def test_a_photo_is_sure_if_one_of_its_faces_is() -> None:
    faces = [face(1, "2024-01-02", 0.2, of=9), face(2, "2024-01-02", 0.9, of=9), face(3, None, 0.1)]
    assert shown_ids(faces, whole_photos=True) == [(1, 2), (3,)]
    shown = by_year(faces, whole_photos=True)
    assert [s.title for s in shown.sections] == ["2024", "Less sure"]


@pytest.mark.parametrize("taken_at", ["", "soon", None, "24-01-01"])
def test_what_is_no_date_stands_under_no_date(taken_at: str | None) -> None:
    shown = by_year([face(1, taken_at)], whole_photos=False)
    assert [s.title for s in shown.sections] == ["No date"]


def test_a_doubt_says_what_it_comes_from() -> None:
    assert face(1, None).doubts == ()
    assert face(1, None, likeness=None).doubts == ()
    assert face(1, None, 0.31).doubts == ("It is little like the other faces (31 %).",)
    assert face(1, None, px=20).doubts == ("The face is small.",)
    assert (face(1, None, 0.31).mark, face(1, None, px=20).mark) == ("31 %", "small")


def test_parts_come_first_and_what_stands_alone_last() -> None:
    faces = [face(n, "2024-01-01") for n in range(1, 7)]
    shown = by_part(faces, [(2, 3), (4, 5), (6,)], "Somebody else")
    assert [row.face_ids[0] for row in shown.rows] == [2, 3, 4, 5, 1, 6]
    assert [(s.title, s.rows, s.action) for s in shown.sections] == [
        ("Part 1", 2, "Somebody else"),
        ("Part 2", 2, "Somebody else"),
        ("In no part", 2, ""),
    ]


def test_counts_say_how_many_and_when() -> None:
    faces = [face(1, "2024-01-01", of=5), face(2, "2024-01-01", of=5), face(3, "2009-01-01")]
    assert counts_in_words(faces) == "3 faces on 2 photos, 2009 to 2024"
    assert counts_in_words(faces[:1]) == "1 face on 1 photo, 2024"
    assert counts_in_words([face(1, None)]) == "1 face on 1 photo"


def test_a_search_takes_good_faces_of_all_years() -> None:
    many = [face(n, f"{2000 + n % 20}-01-01") for n in range(1000)]
    chosen = good_faces([*many, face(2000, None, 0.1)])
    assert len(chosen) == len(set(chosen)) == MOST_QUERIED
    assert chosen[0] == 0
    assert max(chosen) > 900
    assert good_faces([face(1, None, 0.1)]) == [1], "better than none"


def test_a_part_that_is_everybody_can_not_be_somebody_else() -> None:
    faces = [face(1, "2024-01-01"), face(2, "2024-01-01"), replace(face(3, None), is_gone=True)]
    shown = by_part(faces, [(1, 2)], "Somebody else")
    assert [(s.title, s.note, s.action) for s in shown.sections] == [
        ("Part 1", "2 faces", ""),
        ("Taken out", "1 face", ""),
    ]


@given(
    st.lists(st.tuples(st.sampled_from([None, "2021", "2024"]), st.booleans(), st.booleans())),
    st.dictionaries(st.integers(1, 12), st.booleans()),
)
def test_rows_that_change_in_place_are_those_made_anew(
    drawn: list[tuple[str | None, bool, bool]], turned: dict[int, bool]
) -> None:
    faces = [
        replace(face(n, year and f"{year}-01-01", 0.9 if is_sure else 0.1), is_gone=is_gone)
        for n, (year, is_sure, is_gone) in enumerate(drawn, start=1)
    ]
    by_id = {each.record.id: each for each in faces}
    changes = {
        i: replace(by_id[i], is_gone=not by_id[i].is_gone) if stays else None
        for i, stays in turned.items()
        if i in by_id
    }
    now = [changes.get(each.record.id, each) for each in faces]
    left = [each for each in now if each is not None]
    before = by_year(faces, whole_photos=False)
    assert amended(before, changes) == by_year(left, whole_photos=False)
