"""Names and boxes out of XMP: any spelling, both vocabularies, and what real programs write."""

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opqn_app.core.types import Box
from opqn_app.exchange.records import Region
from opqn_app.exchange.xmp import rdf
from opqn_app.exchange.xmp.names import MAX_REGIONS, merged, names_of
from tests.exchange.xmp_files import USUAL, Fields, Shape, Spelling, face, mp, mwg, packet, people

ANN = face("Ann", 0.125, 0.25, 0.375, 0.5)
BEN = face("Ben", 0.5, 0.25, 0.75, 0.5)
NOBODY = face(None, 0.8125, 0.125, 0.9375, 0.25)
ODD_NAMES = (
    *("Smith, Ann", "Tom & Ann", '"Ann"', "d'Arc <3>", "42", "True", "1e5", "rect64(1)"),
    *("شيماء محمود", "דנה", "名無し", "Zoë Å", "a/b|c", "N" * 300),
)

spellings = st.builds(
    Spelling,
    shape=st.sampled_from(["elements", "attributes", "description", "resource"]),
    listed=st.sampled_from(["Bag", "Seq", "Alt"]),
    prefix=st.sampled_from(["", "a", "ns1."]),
    rdf=st.sampled_from(["rdf", "r", "RDF"]),
    quote=st.sampled_from(['"', "'"]),
    gap=st.sampled_from(["", "\n  ", "<!-- Ben -->\t"]),
)
letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
names = st.one_of(
    st.sampled_from(ODD_NAMES),
    st.text(letters, min_size=1).map(lambda text: " ".join(text.split())).filter(bool),
)
eighths = st.integers(0, 7)
boxes = st.builds(
    lambda x, y, w, h: Box(x / 8, y / 8, min(8, x + w) / 8, min(8, y + h) / 8),
    *(eighths, eighths, st.integers(1, 4), st.integers(1, 4)),
)
regions = st.lists(
    st.builds(
        Region,
        st.none() | names,
        st.none() | boxes,
        st.sampled_from(["face", "pet", "focus", "barcode"]),
    ),
    max_size=4,
)


def close(some: tuple[Region, ...]) -> list[tuple[object, ...]]:
    """Regions that compare in spite of the last bits."""
    return [
        (
            region.name,
            region.kind,
            None if region.box is None else [round(side, 9) for side in astuple(region.box)],
        )
        for region in some
    ]


@given(spellings, regions, st.lists(names, max_size=3))
def test_any_spelling_gives_the_same(how: Spelling, some: list[Region], others: list[str]) -> None:
    for said in (mwg(some) | people(*others), mp(some)):
        usual, odd = names_of([packet(said)]), names_of([packet(said, how)])
        assert not odd.fault
        assert (close(odd.regions), odd.people) == (close(usual.regions), usual.people)
    found = names_of([packet(people(*others), how)])
    assert {name.casefold() for name in found.people} == {name.casefold() for name in others}


@given(spellings, st.sampled_from(ODD_NAMES))
def test_odd_names_come_as_they_are(how: Spelling, name: str) -> None:
    for said in (mwg([replace(ANN, name=name)]), mp([replace(ANN, name=name)])):
        assert close(names_of([packet(said, how)]).regions) == close((replace(ANN, name=name),))
    assert names_of([packet(people(name), how)]).people == (name,)


@pytest.mark.parametrize("shape", ["elements", "attributes", "description", "resource"])
def test_a_face_in_both_vocabularies_is_one(shape: Shape) -> None:
    """What is said by the centre and by the corner is the same place."""
    moved = replace(ANN, box=Box(0.13, 0.26, 0.38, 0.51))
    how = replace(USUAL, shape=shape)
    said = mwg([ANN, BEN, NOBODY]) | mp([BEN, moved, replace(NOBODY, name="Cid")])
    named = replace(NOBODY, name="Cid")
    assert close(names_of([packet(said, how)]).regions) == close((ANN, BEN, named))


def test_what_is_missing_is_missing_and_nothing_else() -> None:
    """exiftool makes a name without an area beside a box without a name: they are no pair."""
    said = mwg([replace(ANN, name=None), Region("Ben", None)])
    found = names_of([packet(said)])
    assert close(found.regions) == close((replace(ANN, name=None),))
    assert found.people == ("Ben",)
    bare = packet(mwg([ANN], size=None))
    for gone in (b"<stArea:unit>normalized</stArea:unit>", b"<mwg-rs:Type>Face</mwg-rs:Type>"):
        assert gone in bare
        assert close(names_of([bare.replace(gone, b"")]).regions) == close((ANN,))
    assert names_of([packet(mwg([]))]).regions == ()


def test_other_marks_keep_their_kind_and_blank_names_are_nobody() -> None:
    """As iPhones write them; and what digiKam puts for a face that nobody named."""
    focus, dog = replace(NOBODY, kind="focus"), Region("Rex", BEN.box, "pet")
    found = names_of([packet(mwg([focus, dog, replace(ANN, name=" \n ")]))])
    assert close(found.regions) == close((focus, dog, replace(ANN, name=None)))
    found = names_of([packet(mwg([replace(ANN, name="_UNKNOWN_")]) | people("", "_unknown_"))])
    assert close(found.regions) == close((replace(ANN, name=None),))
    assert found.people == ()
    assert names_of([packet(mwg([Region("Rex", None, "pet")]))])[:3] == ((), (), "")


def test_boxes_in_pixels_and_boxes_that_reach_out() -> None:
    area: Fields = {"stArea:x": "160", "stArea:y": "180", "stArea:w": "160", "stArea:h": "120"}
    listed: Fields = {"mwg-rs:Area": area | {"stArea:unit": "pixel"}, "mwg-rs:Name": "Ann"}
    size: Fields = {"stDim:w": "640", "stDim:h": "480"}
    both: Fields = {"mwg-rs:RegionList": [listed], "mwg-rs:AppliedToDimensions": size}
    assert close(names_of([packet({"mwg-rs:Regions": both})]).regions) == close((ANN,))
    alone: Fields = {"mwg-rs:RegionList": [listed]}
    assert names_of([packet({"mwg-rs:Regions": alone})]).people == ("Ann",)
    out = names_of([packet(mp([face("Ann", -0.5, -0.5, 0.5, 0.25)]))])
    assert close(out.regions) == close((face("Ann", 0, 0, 0.5, 0.25),))


@pytest.mark.parametrize(
    "sides", ["nan, 0, 1, 1", "0, 0, 0, 1", "2, 2, 1, 1", "0 0 1 1", "inf,0,1,1", ""]
)
def test_a_box_that_is_none_leaves_its_name(sides: str) -> None:
    listed: Fields = {"MPReg:Rectangle": sides, "MPReg:PersonDisplayName": "Ann"}
    said: Fields = {"MP:RegionInfo": {"MPRI:Regions": [listed]}}
    assert names_of([packet(said)])[:3] == ((), ("Ann",), "")


def test_keywords_below_people_are_names() -> None:
    said: Fields = {
        "lr:hierarchicalSubject": ["People|Ann", "Places|Rome", "Ben", "people|Family|Cid"],
        "digiKam:TagsList": ["People/Family", "People/Family/Cid", "People/ann", "People/Unknown"],
        "MicrosoftPhoto:LastKeywordXMP": ["People/Dora|x", "People"],
    }
    assert names_of([packet(said)]).people == ("Ann", "Cid", "Dora|x")
    found = names_of([packet(said | mwg([ANN]))])
    assert close(found.regions) == close((ANN,))
    assert found.people == ("Cid", "Dora|x")  # whose place is known is not told again


@pytest.mark.parametrize(
    ("root", "nobody"),
    [
        *[("People", "Ignored"), ("Personen", "Unbekannt"), ("Personnes", "Non confirmé")],
        *[("Personas", "Sin confirmar"), ("Persone", "Ignorati"), ("Pessoas", "Desconhecidas")],
        *[("Люди", "Неизвестные"), ("人物", "未确认"), ("Άνθρωποι", "Χωρίς επιβεβαίωση")],
        *[("Kişiler", "Bilinmeyen"), ("ЛЮДЗІ", "Невядома"), ("사람들", "알 수 없음")],
    ],
)
def test_digikam_says_people_in_the_language_of_its_user(root: str, nobody: str) -> None:
    said: Fields = {
        "digiKam:TagsList": [f"{root}/Ann", f"{root}/{nobody}", f"{root}/Family/Cid"],
        "lr:hierarchicalSubject": [f"{root}|Ann", f"{root}|{nobody}", "Ort|Rom"],
    }
    assert names_of([packet(said)]).people == ("Ann", "Cid")
    found = names_of([packet(said | mwg([ANN, replace(BEN, name=nobody)]))])
    assert close(found.regions) == close((ANN, replace(BEN, name=None)))
    assert found.people == ("Cid",)
    alone = names_of([packet(mwg([replace(ANN, name=nobody)]))])  # who knows: a nickname
    assert close(alone.regions) == close((replace(ANN, name=nobody),))


@pytest.mark.parametrize("program", ["mediapro", "expressionmedia"])
def test_people_of_expression_media_and_of_what_it_was_before(program: str) -> None:
    said: Fields = {f"{program}:People": ["Ann", "", "Ben"], f"{program}:Event": ["Party"]}
    said |= {f"{program}:CatalogSets": ["People|Cid", "Events|Party"]}
    assert set(names_of([packet(said)]).people) == {"Ann", "Ben", "Cid"}


def test_people_in_full() -> None:
    """As IPTC has it since 2014: a name in several languages, and more."""
    said = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="' + rdf.RDF.encode() + b'">'
        b'<r:Description xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        b'<i:PersonInImageWDetails><r:Bag><r:li r:parseType="Resource"><i:PersonName><r:Alt>'
        b'<r:li xml:lang="x-default">Ann</r:li><r:li xml:lang="de">Anne</r:li></r:Alt>'
        b"</i:PersonName></r:li></r:Bag></i:PersonInImageWDetails></r:Description></r:RDF>"
        b"</x:xmpmeta>"
    )
    assert names_of([said]).people == ("Ann",)
    qualified = packet(people("Ann")).replace(
        b"<rdf:li>Ann</rdf:li>",
        b'<rdf:li rdf:parseType="Resource"><rdf:value>Ann</rdf:value><lr:x>y</lr:x></rdf:li>',
    )
    assert names_of([qualified]).people == ("Ann",)


def test_properties_may_stand_in_several_descriptions() -> None:
    one, two = packet(mwg([ANN])), packet(people("Ben"))
    inner = two.partition(b"<rdf:Description")[2].partition(b"</rdf:Description>")[0]
    both = one.replace(b"</rdf:RDF>", b"<rdf:Description" + inner + b"</rdf:Description></rdf:RDF>")
    found = names_of([both])
    assert close(found.regions) == close((ANN,))
    assert found.people == ("Ben",)


def test_what_is_said_of_other_pictures_within_is_passed_over() -> None:
    """Such as of those that a picture was put together from."""
    inner = packet(people("Ann"), wrapped=False).decode()
    around = packet({}).replace(
        b"</rdf:Description>",
        b"<photoshop:Parts><rdf:Bag><rdf:li>"
        + inner.partition("<rdf:RDF")[2].partition(">")[2].partition("</rdf:RDF>")[0].encode()
        + b"</rdf:li></rdf:Bag></photoshop:Parts></rdf:Description>",
    )
    found = names_of([around])
    assert (found.people, found.fault) == ((), "")


def test_an_earlier_packet_counts_more() -> None:
    """A person renamed in the file beside a photo keeps the old name within it."""
    new, old = mwg([replace(ANN, name="Anna"), BEN]), mwg([ANN, BEN, NOBODY])
    found = names_of([packet(new), packet(old | people("Cid", "anna"))])
    assert close(found.regions) == close((replace(ANN, name="Anna"), BEN, NOBODY))
    assert found.people == ("Cid",)


def test_neighbours_who_overlap_stay_two() -> None:
    left, right = face("Ann", 0.0, 0.0, 0.5, 0.5), face("Ben", 0.2, 0.0, 0.7, 0.5)
    assert merged([left], [right]) == [left, right]
    assert merged([left, right], [right, left]) == [left, right]
    assert merged([left], [replace(left, name=None)]) == [left]


def test_a_bare_and_is_mended_and_said() -> None:
    """osxphotos writes names so; exiftool reads the file all the same."""
    said = packet(mwg([replace(ANN, name="Tom & Ann")]) | people("Ben &amp; Co"))
    broken = said.replace(b"Tom &amp; Ann", b"Tom & Ann")
    assert broken != said
    found = names_of([broken])
    assert close(found.regions) == close((replace(ANN, name="Tom & Ann"),))
    assert found.people == ("Ben &amp; Co",)
    assert found.fault == "it is not well formed, and was read after a repair"


@pytest.mark.parametrize("odd", ["Z\xf6e", "Z\x01e", "Z&nbsp;e"])
def test_letters_that_xml_does_not_know_are_mended(odd: str) -> None:
    broken = packet(mwg([replace(ANN, name="Zoe")]) | people("Ben"))
    found = names_of([broken.replace(b"Zoe", odd.encode("latin-1"))])
    assert "repair" in found.fault
    assert found.people == ("Ben",)
    assert found.regions[0].name == odd.replace("\x01", " ")


def test_a_packet_that_breaks_off_is_read_up_to_there() -> None:
    said = packet(mwg([ANN, BEN]))
    at = said.index(b"Ben")
    found = names_of([said[: at + 2]])
    assert close(found.regions) == close((ANN,))
    assert found.people == ()
    assert found.fault == "it is not well formed, and was read up to its fault"
    for end in range(0, len(said), 7):
        cut = names_of([said[:end]])
        assert {region.name for region in cut.regions} <= {"Ann", "Ben", None}
        assert all(region in close((ANN, BEN)) for region in close(cut.regions))


def test_entities_and_large_packets_are_refused() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "Ann"><!ENTITY c "&b;&b;&b;">]>' + packet(
        people("Ann"), wrapped=False
    ).replace(b">Ann<", b">&c;<")
    found = names_of([bomb])
    assert (found.regions, found.people) == ((), ())
    assert "declares a document type" in found.fault
    assert "too large" in names_of([b" <" + b" " * rdf.MAX_PACKET]).fault
    assert names_of([b"", b"\0 \n", b"\xef\xbb\xbf"])[:3] == ((), (), "")
    deep = packet(people("Ann")).replace(b"Ann", b"<rdf:li>" * 100_000)
    assert names_of([deep]).people == ()


def test_other_encodings_and_what_stands_around() -> None:
    said = packet(mwg([replace(ANN, name="Zoë")]), wrapped=False)
    wanted = close((replace(ANN, name="Zoë"),))
    for one in (said.decode().encode("utf-16"), b"\xef\xbb\xbf \n" + said, said + b"\0 \n\0" * 9):
        found = names_of([one])
        assert (close(found.regions), found.fault) == (wanted, "")


def test_many_regions_do_not_take_for_ever() -> None:
    many = [face(None, i / 2000, 0.0, (i + 1) / 2000, 0.1) for i in range(MAX_REGIONS + 50)]
    assert len(names_of([packet(mwg(many))]).regions) == MAX_REGIONS
