"""Names in sidecars: added to what others wrote, of which no byte is lost."""

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opqn_app.core.types import SAME_FACE, Box
from opqn_app.exchange.xmp.names import names_of
from opqn_app.exchange.xmp.regions import KINDS, FaceName
from opqn_app.exchange.xmp.spelling import DC, DIGIKAM, IPTC, LIGHTROOM, MWG
from opqn_app.exchange.xmp.text import Clash, SidecarNames, merged, without
from opqn_app.exchange.xmp.tree import NotXmpError, Tree
from tests.exchange.sidecar_styles import (
    SIZE,
    Foreign,
    Other,
    Style,
    faces_in,
    lies_within,
    words_in,
)

ANN, BEN, CLEO = Box(0.1, 0.1, 0.3, 0.4), Box(0.6, 0.1, 0.8, 0.4), Box(0.6, 0.6, 0.8, 0.9)
ODD_NAMES = (
    *("Smith, Ann", "A & B", "\"Q\" 'x' <y>", "42", "True", "1e5", "דוד בן-גוריון", "محمد"),
    *("Zoë", "a|b", "a/b", "]]>", "&amp;", "x" * 300, "{x=1}", "医生", "👩‍🚀"),
)
STYLES = [
    Style(fields, array, quote, prefixed, end, indent)
    for fields, array, quote, prefixed, (end, indent) in product(
        ("elements", "description", "attributes"),
        ("Bag", "Seq"),
        "\"'",
        (False, True),
        (("\n", "  "), ("\r\n", "\t"), ("", "")),
    )
]


def names(*faces: tuple[str, Box]) -> SidecarNames:
    return SidecarNames(SIZE, tuple(FaceName(*face) for face in faces))


def near(one: Box, two: Box) -> bool:
    """Within a hundredth of a pixel."""
    sides = ((one.left, two.left), (one.top, two.top), (one.right, two.right))
    return all(abs(a - b) < 1e-5 for a, b in (*sides, (one.bottom, two.bottom)))


def check_faces(content: bytes, *faces: tuple[str | None, Box]) -> None:
    """Both kinds hold just these."""
    for kind in KINDS:
        found = sorted(faces_in(content, kind), key=lambda each: (each[0] or "", each[1].left))
        wanted = sorted(faces, key=lambda each: (each[0] or "", each[1].left))
        assert [name for name, _ in found] == [name for name, _ in wanted], kind
        assert all(near(a, b) for (_, a), (_, b) in zip(found, wanted, strict=True)), kind


@pytest.mark.parametrize("name", ["Unknown", "ignored", "Unbekannt", "未知"])
def test_a_person_who_is_called_as_digikam_calls_nobody_keeps_the_name(name: str) -> None:
    content = merged(None, names((name, ANN), ("Ben", BEN))).content
    check_faces(content, (name, ANN), ("Ben", BEN))
    assert {region.name for region in names_of([content]).regions} == {name, "Ben"}
    assert words_in(content, f"{DIGIKAM}TagsList") == ["People/Ben"]


def test_a_new_sidecar_says_it_in_all_ways() -> None:
    became = merged(None, names(("Ann", ANN), ("Ben", BEN)))
    assert (became.names, became.clashes) == (("Ann", "Ben"), ())
    check_faces(became.content, ("Ann", ANN), ("Ben", BEN))
    assert words_in(became.content, f"{IPTC}PersonInImage") == ["Ann", "Ben"]
    assert words_in(became.content, f"{DIGIKAM}TagsList") == ["People/Ann", "People/Ben"]
    assert words_in(became.content, f"{LIGHTROOM}hierarchicalSubject") == [
        *("People|Ann", "People|Ben"),
    ]
    assert words_in(became.content, f"{DC}subject") == ["Ann", "Ben"]
    text = became.content.decode()
    assert text.count("<stArea:unit>normalized</stArea:unit>") == 2
    assert text.count("<mwg-rs:Type>Face</mwg-rs:Type>") == 2
    assert "<stDim:w>400</stDim:w><stDim:h>300</stDim:h><stDim:unit>pixel</stDim:unit>" in text


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_a_name_whatever_is_in_it(name: str) -> None:
    content = merged(None, names((name, ANN))).content
    check_faces(content, (name, ANN))
    assert words_in(content, f"{IPTC}PersonInImage") == [name]
    # The sign that means "below" can't be in a name below others.
    tags = [] if "/" in name else [f"People/{name}"]
    assert words_in(content, f"{DIGIKAM}TagsList") == tags
    assert words_in(content, f"{LIGHTROOM}hierarchicalSubject") == (
        [] if "|" in name else [f"People|{name}"]
    )


def test_written_again_nothing_changes() -> None:
    wanted = names(("Ann", ANN), ("Ben", BEN))
    content = merged(None, wanted).content
    again = merged(content, wanted)
    assert (again.content, again.names, again.clashes) == (content, (), ())
    more = merged(content, names(("ann", ANN), ("Cleo", CLEO)))
    assert more.names == ("Cleo",)
    check_faces(more.content, ("Ann", ANN), ("Ben", BEN), ("Cleo", CLEO))
    assert lies_within(content, more.content)


@pytest.mark.parametrize(
    "style", STYLES, ids=lambda style: "-".join(map(repr, vars(style).values()))
)
def test_what_others_wrote_stays_byte_for_byte_in_all_spellings(style: Style) -> None:
    foreign = Foreign(style)
    others = [
        *(Other("Ben", BEN), Other("Rex", Box(0.1, 0.5, 0.3, 0.9), "Pet"), Other(None, CLEO)),
        *(Other(None, Box(0.4, 0.4, 0.5, 0.5), "Focus"), Other("Dan", None)),
    ]
    file = foreign.file(
        foreign.mwg(others),
        foreign.words(DC, "subject", ["beach", "ANN"]),
        foreign.words(DIGIKAM, "TagsList", ["Places/Rome"]),
    )
    became = merged(file, names(("Ann", ANN), ("Ben", BEN)))
    assert became.names == ("Ann", "Ben")  # Ben was in one list only
    assert lies_within(file, became.content)
    assert [name for name, _ in faces_in(became.content, "mwg")] == ["Ben", None, "Ann"]
    assert [name for name, _ in faces_in(became.content, "microsoft")] == ["Ann", "Ben"]
    assert words_in(became.content, f"{DC}subject") == ["beach", "ANN", "Ben"]
    assert words_in(became.content, f"{DIGIKAM}TagsList") == [
        *("Places/Rome", "People/Ann", "People/Ben"),
    ]
    tree = Tree(became.content)
    assert {each.attributes.get("http://www.w3.org/1999/02/22-rdf-syntax-ns#about")
            for each in tree.descriptions()} == {"uuid:1&2"}  # fmt: skip
    assert merged(became.content, names(("Ann", ANN), ("Ben", BEN))).content == became.content


@pytest.mark.parametrize("style", STYLES[::5], ids=repr)
@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_face_that_nobody_named_gets_the_name(style: Style, blank: str | None) -> None:
    foreign = Foreign(style)
    others = [Other(blank, ANN), Other("Ben", BEN)]
    became = merged(
        foreign.file(foreign.mwg(others), foreign.microsoft(others)),
        names(('"Ann" & Co', Box(0.11, 0.1, 0.3, 0.4))),
    )
    assert became.names == ('"Ann" & Co',)
    check_faces(became.content, ('"Ann" & Co', ANN), ("Ben", BEN))  # the box stays theirs


@pytest.mark.parametrize("style", STYLES[::5], ids=repr)
def test_another_name_stays_unless_it_is_to_be_replaced(style: Style) -> None:
    foreign = Foreign(style)
    others = [Other("Ben", ANN), Other("Cleo", BEN)]
    lists = [
        foreign.words(IPTC, "PersonInImage", ["Ben", "Cleo"]),
        foreign.words(DIGIKAM, "TagsList", ["People/Ben", "Trips/Ben", "People/Cleo"]),
    ]
    file = foreign.file(foreign.mwg(others), foreign.microsoft(others), *lists)
    wanted = names(("Ann", ANN))
    stays = merged(file, wanted)
    assert (stays.content, stays.names, stays.clashes) == (file, (), (Clash("Ben", "Ann"),))
    became = merged(file, wanted, replace=True)
    assert (became.names, became.clashes) == (("Ann",), (Clash("Ben", "Ann"),))
    check_faces(became.content, ("Ann", ANN), ("Cleo", BEN))
    assert words_in(became.content, f"{IPTC}PersonInImage") == ["Cleo", "Ann"]
    assert words_in(became.content, f"{DIGIKAM}TagsList") == [
        *("Trips/Ben", "People/Cleo", "People/Ann"),
    ]
    assert b"keeps &amp; stays" in became.content


def test_a_clash_in_one_kind_of_regions_leaves_the_face_in_both() -> None:
    foreign = Foreign(Style())
    file = foreign.file(foreign.microsoft([Other("Ben", ANN)]))
    became = merged(file, names(("Ann", ANN), ("Cleo", CLEO)))
    assert became.names == ("Cleo",)
    assert [name for name, _ in faces_in(became.content, "mwg")] == ["Cleo"]
    assert [name for name, _ in faces_in(became.content, "microsoft")] == ["Ben", "Cleo"]


@pytest.mark.parametrize("style", STYLES[::7], ids=repr)
def test_empty_lists_and_missing_sizes_are_filled(style: Style) -> None:
    foreign = Foreign(style)
    file = foreign.file(
        foreign.mwg([], size=None), foreign.microsoft([]), foreign.words(DC, "subject", [])
    )
    became = merged(file, names(("Ann", ANN)))
    check_faces(became.content, ("Ann", ANN))
    regions = Tree(became.content).property(f"{MWG}Regions")
    assert regions is not None
    assert regions.fields().child(f"{MWG}AppliedToDimensions") is not None
    assert words_in(became.content, f"{DC}subject") == ["Ann"]


@pytest.mark.parametrize(
    ("inside", "is_possible"),
    [
        ("<m:Regions/>", True),
        ('<m:Regions rdf:parseType="Resource"/>', True),
        ("<m:Regions></m:Regions>", True),
        ("<m:Regions><rdf:Description/></m:Regions>", True),
        ('<m:Regions rdf:parseType="Resource"><m:RegionList/></m:Regions>', False),
        ('<m:Regions rdf:resource="elsewhere"/>', False),
        ("<c:subject/>", True),
        ("<c:subject>beach</c:subject>", False),
    ],
)
def test_odd_but_possible_elements(inside: str, is_possible: bool) -> None:
    file = Foreign(Style()).file(inside)
    if is_possible:
        check_faces(merged(file, names(("Ann", ANN))).content, ("Ann", ANN))
        assert words_in(merged(file, names(("Ann", ANN))).content, f"{DC}subject") == ["Ann"]
    else:
        with pytest.raises(NotXmpError, match="written in a way"):
            merged(file, names(("Ann", ANN)))


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (b"", "not well-formed"),
        (b"<a>A & B</a>", "not well-formed XML, see line 1"),
        (b"<a/>", "is XML, but no XMP"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        (b"\xff\xfe<", "encoding that it says"),
        (b"<a>\xff</a>", "encoding that it says"),
        (b'<?xml version="1.0" encoding="nothing"?><a/>', "encoding that it says"),
        (Foreign(Style()).file(Foreign(Style()).mwg([], (300, 400))), "300 × 400 pixels"),
    ],
)
def test_what_can_not_be_changed_safely_is_left(file: bytes, why: str) -> None:
    with pytest.raises(NotXmpError, match=why):
        merged(file, names(("Ann", ANN)))


def test_boxes_for_a_smaller_copy_of_the_picture_are_for_the_picture() -> None:
    foreign = Foreign(Style())
    file = foreign.file(foreign.mwg([Other("Ben", BEN)], (40, 30)))
    check_names = [name for name, _ in faces_in(merged(file, names(("Ann", ANN))).content, "mwg")]
    assert check_names == ["Ben", "Ann"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "iso-8859-1"])
@pytest.mark.parametrize("mark", [False, True])
def test_a_file_keeps_its_encoding(encoding: str, mark: bool) -> None:
    is_marked = mark and not encoding.startswith("iso")
    foreign = Foreign(Style(encoding=encoding, mark=is_marked or encoding.startswith("utf-16")))
    file = foreign.file(foreign.words(DC, "subject", ["Zoë"]))
    became = merged(file, names(("Zoé", ANN)))
    assert words_in(became.content, f"{DC}subject") == ["Zoë", "Zoé"]
    text = became.content.decode("utf-16" if "16" in encoding else encoding)
    assert "Zoë" in text
    assert lies_within(file, became.content)


def test_a_name_that_the_encoding_can_not_hold_is_refused() -> None:
    foreign = Foreign(Style(encoding="iso-8859-1"))
    with pytest.raises(NotXmpError, match="can't hold"):
        merged(foreign.file(), names(("דוד", ANN)))


def test_boxes_that_reach_over_the_edge_are_cut_there() -> None:
    content = merged(
        None, names(("Ann", Box(-0.1, 0.5, 0.2, 1.2)), ("Ben", Box(1.1, 0, 2, 1)))
    ).content
    check_faces(content, ("Ann", Box(0, 0.5, 0.2, 1)))


def test_two_faces_of_one_person_are_two_regions_and_one_keyword() -> None:
    content = merged(None, names(("Ann", ANN), ("Ann", BEN))).content
    check_faces(content, ("Ann", ANN), ("Ann", BEN))
    assert words_in(content, f"{DC}subject") == ["Ann"]


@pytest.mark.parametrize("style", STYLES[::7], ids=repr)
def test_a_name_is_taken_out_with_all_that_it_holds(style: Style) -> None:
    """! Deleting a region by its key alone leaves its name and its area with other tools."""
    foreign = Foreign(style)
    others = [Other("Ann", ANN), Other("Ben", BEN), Other("ann", None)]
    file = foreign.file(
        foreign.mwg(others),
        foreign.microsoft(others),
        foreign.words(IPTC, "PersonInImage", ["Ann", "Annabel"]),
        foreign.words(DIGIKAM, "TagsList", ["People/Family/Ann", "Ann", "People/Ben"]),
        foreign.words(LIGHTROOM, "hierarchicalSubject", ["People|Ann"]),
    )
    content = without(file, "Ann")
    assert b"ann" not in content.replace(b"Annabel", b"").lower().replace(b"meta", b"")
    check_faces(content, ("Ben", BEN))
    assert words_in(content, f"{IPTC}PersonInImage") == ["Annabel"]
    assert words_in(content, f"{DIGIKAM}TagsList") == ["People/Ben"]
    assert lies_within(content, file)
    assert without(content, "Ann") == content


NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp", "Zs", "Cf")), min_size=1
)
BOXES = st.tuples(*[st.floats(0, 0.8)] * 2, *[st.floats(0.01, 0.2)] * 2).map(
    lambda each: Box(each[0], each[1], each[0] + each[2], each[1] + each[3])
)


def _apart(faces: list[tuple[str, Box]]) -> bool:
    """A photo shows one face at a place."""
    return all(one[1].overlap(two[1]) < SAME_FACE for one, two in combinations(faces, 2))


FACES = st.lists(st.tuples(NAMES, BOXES), max_size=5).filter(_apart)


@settings(max_examples=60)
@given(st.sampled_from(STYLES), FACES, FACES)
def test_any_names_come_to_any_sidecar_and_nothing_is_lost(
    style: Style, theirs: list[tuple[str, Box]], ours: list[tuple[str, Box]]
) -> None:
    foreign = Foreign(style)
    escaped = [
        Other(name.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
              .replace("'", "&apos;"), box)
        for name, box in theirs
    ]  # fmt: skip
    file = foreign.file(foreign.mwg(escaped))
    became = merged(file, names(*ours))
    assert lies_within(file, became.content)
    again = merged(became.content, names(*ours))
    assert again.content == became.content
    found = [name for name, _ in faces_in(became.content, "mwg")]
    assert found[: len(theirs)] == [name for name, _ in theirs]
    clashing = [clash.name for clash in became.clashes]
    assert all(name in found or name in clashing or _is_there(name, theirs) for name, _ in ours)


def _is_there(name: str, theirs: list[tuple[str, Box]]) -> bool:
    return name.casefold() in {each.casefold() for each, _ in theirs}
