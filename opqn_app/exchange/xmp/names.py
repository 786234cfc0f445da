"""People, and what else is marked on a photo, out of XMP packets of any program.

Marked faces stand in two vocabularies, of which many programs write both: that of the Metadata
Working Group, where a place is said by its centre, and Microsoft's, where it is said by its corner.
Names without a place stand in IPTC's list of people, in that of iView and Expression Media, and in
keywords below "People", a word that digiKam writes in the language of its user.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from opqn_app.core.types import SAME_FACE, Box
from opqn_app.exchange.cleaned import box_of, clean_name, folded, number
from opqn_app.exchange.records import FACE, Region
from opqn_app.exchange.xmp.people_words import NOBODY, PEOPLE
from opqn_app.exchange.xmp.rdf import PacketError, Value, properties

_MWG = "http://www.metadataworkinggroup.com/schemas/regions/"
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_SIZE = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_MP = "http://ns.microsoft.com/photo/1.2/"
_MP_REGIONS = f"{_MP}t/RegionInfo# Regions"
_MP_REGION = f"{_MP}t/Region#"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"

_MWG_LIST, _MP_LIST = f"{_MWG} Regions", f"{_MP} RegionInfo"
_PEOPLE, _PEOPLE_IN_FULL = f"{_IPTC} PersonInImage", f"{_IPTC} PersonInImageWDetails"
_MEDIAPRO = "http://ns.iview-multimedia.com/mediapro/1.0/"
_EXPRESSION = "http://ns.microsoft.com/expressionmedia/1.0/"
_LISTS_OF_PEOPLE = frozenset({_PEOPLE, f"{_MEDIAPRO} People", f"{_EXPRESSION} People"})
# Keywords in the shape of a tree → what stands between the branches.
_TREES = {
    "http://ns.adobe.com/lightroom/1.0/ hierarchicalSubject": "|",
    f"{_MEDIAPRO} CatalogSets": "|",
    f"{_EXPRESSION} CatalogSets": "|",
    "http://www.digikam.org/ns/1.0/ TagsList": "/",
    "http://ns.microsoft.com/photo/1.0/ LastKeywordXMP": "/",
    "http://ns.microsoft.com/photo/1.0 LastKeywordXMP": "/",
}
WANTED = frozenset({_MWG_LIST, _MP_LIST, *_LISTS_OF_PEOPLE, _PEOPLE_IN_FULL, *_TREES})

MAX_REGIONS = 1000  # of one vocabulary; more is no photo of people
SAME_PLACE = 0.6  # overlap from which two boxes are of one face, whatever their names


class XmpNames(NamedTuple):
    """What the XMP of a photo says.

    Attributes:
        regions: in the frame of the stored picture.
        people: on the photo, without a place; none of them is in `regions` as well.
        fault: a clause on what is wrong with a packet; "" where nothing is.
        size: width and height of the picture that the boxes are said for; None where none is said.
    """

    regions: tuple[Region, ...] = ()
    people: tuple[str, ...] = ()
    fault: str = ""
    size: tuple[float, float] | None = None


def names_of(packets: Iterable[bytes]) -> XmpNames:
    """People and marks of a photo from its packets, of which an earlier one counts more.

    A face that several packets or vocabularies mark is one region. Nothing is raised: what is
    wrong with a packet is said.
    """
    regions: list[Region] = []
    people: list[str] = []
    faults: list[str] = []
    nobody: set[str] = set()
    sizes: list[tuple[float, float]] = []
    for packet in packets:
        try:
            found, fault = properties(packet, WANTED)
        except PacketError as error:
            found, fault = [], str(error)
        faults += [fault] if fault else []
        trees: list[list[str]] = []
        for name, value in found:
            if name == _MWG_LIST:
                size = _sides(value.field(f"{_MWG} AppliedToDimensions"))
                sizes += [] if size is None else [size]
                _add_mwg(value, size, regions, people)
            elif name == _MP_LIST:
                _add_mp(value, regions, people)
            elif name in _LISTS_OF_PEOPLE:
                people += filter(None, (clean_name(each.text()) for each in value.items()))
            elif name == _PEOPLE_IN_FULL:
                people += filter(None, map(_name_in_full, value.items()))
            else:
                trees += (_branches(each.text(), _TREES[name]) for each in value.items())
        people += _leaves(trees)
        nobody |= _nobodies(trees)
    if nobody:
        regions = [_unnamed(region, nobody) for region in regions]
        people = [person for person in people if folded(person) not in nobody]
    marked = {folded(region.name) for region in regions if region.name is not None}
    once: dict[str, str] = {}
    for person in people:
        if folded(person) not in marked:
            once.setdefault(folded(person), person)
    fault, said_for = next(iter(faults), ""), next(iter(sizes), None)
    return XmpNames(tuple(regions), tuple(once.values()), fault, said_for)


def merged(regions: Sequence[Region], more: Sequence[Region]) -> list[Region]:
    """All regions, without those of `more` that mark what one of `regions` marks.

    Two mark the same where they overlap as boxes of one face do; with different names, only where
    they lie in one place. The first counts. Where it has no name, it gets that of the other.
    """
    kept = list(regions)
    pairs = sorted(
        (are_others, -overlap, i, j)
        for j, new in enumerate(more)
        for i, old in enumerate(regions)
        if (overlap := _overlap(old, new)) >= SAME_FACE
        and (not (are_others := _are_others(old, new)) or overlap >= SAME_PLACE)
    )
    free, done = set(range(len(kept))), set()
    for _, _, i, j in pairs:
        if i in free and j not in done:
            free.remove(i)
            done.add(j)
            kept[i] = replace(kept[i], name=kept[i].name or more[j].name)
    return kept + [new for j, new in enumerate(more) if j not in done]


def _overlap(one: Region, other: Region) -> float:
    if one.box is None or other.box is None or one.kind != other.kind:
        return 0.0
    return one.box.overlap(other.box)


def _are_others(one: Region, other: Region) -> bool:
    both = one.name is not None and other.name is not None
    return both and folded(one.name or "") != folded(other.name or "")


def _add_mwg(
    value: Value, sides: tuple[float, float] | None, regions: list[Region], people: list[str]
) -> None:
    new: list[Region] = []
    listed = value.field(f"{_MWG} RegionList")
    for item in islice(listed.items() if listed else (), MAX_REGIONS):
        name = clean_name(_text(item, f"{_MWG} Name"))
        kind = _text(item, f"{_MWG} Type").lower() or FACE
        area = item.field(f"{_MWG} Area")
        box = None if area is None else _box_around(area, sides)
        _take(new, people, name, box, kind)
    regions[:] = merged(regions, new)


def _add_mp(value: Value, regions: list[Region], people: list[str]) -> None:
    new: list[Region] = []
    listed = value.field(_MP_REGIONS)
    for item in islice(listed.items() if listed else (), MAX_REGIONS):
        name = clean_name(_text(item, f"{_MP_REGION} PersonDisplayName"))
        sides = [number(part) for part in _text(item, f"{_MP_REGION} Rectangle").split(",")]
        box = None
        if len(sides) == 4:
            left, top, width, height = sides
            box = box_of(left, top, left + width, top + height)
        _take(new, people, name, box, FACE)
    regions[:] = merged(regions, new)


def _take(
    regions: list[Region], people: list[str], name: str | None, box: Box | None, kind: str
) -> None:
    """Add what one item of a list says; some programs write an item twice."""
    new = Region(name, box, kind)
    if box is None:
        if name is not None and kind == FACE:
            people.append(name)
    elif not any(old.name == name and _overlap(old, new) >= SAME_FACE for old in regions):
        regions.append(new)


def _box_around(area: Value, sides: tuple[float, float] | None) -> Box | None:
    """The box of an area that is said by its centre; None where it says no box."""
    x, y, w, h = (number(_text(area, f"{_AREA} {side}")) for side in "xywh")
    if _text(area, f"{_AREA} unit").lower() == "pixel":
        if sides is None:
            return None
        x, y, w, h = x / sides[0], y / sides[1], w / sides[0], h / sides[1]
    return box_of(x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def _sides(size: Value | None) -> tuple[float, float] | None:
    if size is None:
        return None
    width, height = (number(_text(size, f"{_SIZE} {side}")) for side in "wh")
    return (width, height) if width > 0 and height > 0 else None


def _text(value: Value, name: str) -> str:
    found = value.field(name)
    return "" if found is None else found.text()


def _name_in_full(item: Value) -> str | None:
    return clean_name(_text(item, f"{_IPTC} PersonName"))


def _branches(keyword: str, between: str) -> list[str]:
    return [" ".join(part.split()) for part in keyword.split(between)]


def _leaves(trees: Sequence[Sequence[str]]) -> list[str]:
    """The names at the ends of the branches below "People"."""
    below = [tree for tree in trees if len(tree) > 1 and tree[0].casefold() in PEOPLE]
    stems = {tuple(tree[:end]) for tree in below for end in range(2, len(tree))}
    ends = (tree for tree in below if tuple(tree) not in stems)
    names = (clean_name(tree[-1]) for tree in ends if tree[-1].casefold() not in NOBODY)
    return [name for name in names if name is not None]


def _nobodies(trees: Sequence[Sequence[str]]) -> set[str]:
    """What digiKam calls faces that are nobody's, as the keywords of the photo have it.

    It marks a face that is to be ignored by a region of that name as well.
    """
    pairs = (tree for tree in trees if len(tree) == 2 and tree[0].casefold() in PEOPLE)
    return {folded(word) for _, word in pairs if word.casefold() in NOBODY}


def _unnamed(region: Region, nobody: AbstractSet[str]) -> Region:
    is_nobody = region.name is not None and folded(region.name) in nobody
    return replace(region, name=None) if is_nobody else region
