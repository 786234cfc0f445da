"""Faces with boxes in an XMP file, of both kinds that programs know: found, added, renamed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from opqn_app.core.types import SAME_FACE, Box
from opqn_app.exchange.cleaned import clean_name
from opqn_app.exchange.xmp.spelling import (
    AREA,
    DIMENSIONS,
    MP,
    MP_INFO,
    MP_REGION,
    MWG,
    Spelling,
    quoted,
    text_of,
)
from opqn_app.exchange.xmp.tree import RDF, Element, NotXmpError, Tree
from opqn_app.people.facts import folded

SAME_SHAPE = 0.01  # by how much the shape may differ of the picture that boxes were written for


@dataclass(frozen=True, slots=True)
class FaceName:
    """A name and its place, in fractions of the picture as it lies in its file."""

    name: str
    box: Box


@dataclass(slots=True, eq=False)
class Known:
    """A face that stands in the file with a box."""

    item: Element
    name: str | None
    box: Box


class _Name(NamedTuple):
    uri: str
    local: str

    @property
    def whole(self) -> str:
        return self.uri + self.local


@dataclass(frozen=True, slots=True)
class Kind:
    """How faces are spelt.

    Attributes:
        regions: the property, a structure.
        listing: its field with the list of faces.
        name: the field of a face with the name.
        needed: all namespaces.
        box: of an item of the list, for the size of the picture that boxes are for; None for what
            is no face or has no box.
        item: the text of a new item.
        has_size: the structure says for which size of the picture its boxes are.
    """

    regions: _Name
    listing: _Name
    name: _Name
    needed: tuple[str, ...]
    box: Callable[[Element, tuple[float, float]], Box | None]
    item: Callable[[Spelling, str, Box, str], str]
    has_size: bool


class Regions:
    """The faces of one kind in a file.

    Attributes:
        known: those with a box.

    Raises:
        NotXmpError: boxes are there for a picture of another shape.
    """

    def __init__(self, tree: Tree, kind: Kind, size: tuple[int, int] | None) -> None:
        """Find them.

        Args:
            size: of the picture as it lies in its file, in pixels; None where nothing is added.
        """
        self._tree, self._kind, self._size = tree, kind, size
        self._property = tree.property(kind.regions.whole)
        fields = None if self._property is None else self._property.fields()
        self._list = None if fields is None else fields.child(kind.listing.whole)
        items = [] if self._list is None else self._list.items()
        applied = _applied_size(self._property, size)
        self.known = [
            Known(item, clean_name(item.value(kind.name.whole)), box)
            for item in items
            if (box := kind.box(item, applied)) is not None
        ]

    def matches(self, faces: Sequence[FaceName]) -> dict[int, Known]:
        """Place in `faces` → the same face in the file, by name and overlap; none is so twice."""
        pairs = sorted(
            (not _is_called(known, face.name), -overlap, at, place)
            for at, face in enumerate(faces)
            for place, known in enumerate(self.known)
            if (overlap := known.box.overlap(face.box)) >= SAME_FACE
        )
        found: dict[int, Known] = {}
        taken: set[int] = set()
        for *_, at, place in pairs:
            if at not in found and place not in taken:
                found[at] = self.known[place]
                taken.add(place)
        return found

    def write(self, faces: Sequence[tuple[FaceName, Known | None]]) -> tuple[list[str], list[str]]:
        """Add faces, each with what stands in the file for it.

        Returns:
            Names that came, and the text of properties that still have to be put into the file.
        """
        changed = [
            face.name
            for face, known in faces
            if known is not None and self._rename(known, face.name)
        ]
        fresh = [face for face, known in faces if known is None]
        changed += [face.name for face in fresh]
        if not fresh:
            return changed, []
        if self._property is None:
            return changed, [self._whole(fresh)]
        self._add(self._property, fresh)
        return changed, []

    def remove(self, name: str) -> None:
        """Take out whatever is called so, with all it holds; boxes or not."""
        for item in [] if self._list is None else self._list.items():
            if folded(item.value(self._kind.name.whole) or "") == folded(name):
                self._tree.remove(item)

    def _rename(self, known: Known, name: str) -> bool:
        if _is_called(known, name):
            return False
        holder, field = known.item.fields(), self._kind.name
        known.name = name
        element = holder.child(field.whole)
        if field.whole in holder.attributes:
            self._tree.replace_attribute(holder, field.whole, quoted(name))
        elif element is not None:
            self._tree.replace_content(element, text_of(name))
        else:
            spelling = Spelling(holder.scope, [field.uri])
            self._tree.append(holder, spelling.simple(*field, name, spelling.declared))
        return True

    def _add(self, known: Element, fresh: Sequence[FaceName]) -> None:
        array = None if self._list is None else self._list.array()
        if array is not None:
            spelling = Spelling(array.scope, self._kind.needed)
            self._tree.append(array, self._items(spelling, fresh, spelling.declared))
            self._complete(known, [])
        elif self._list is not None:
            raise NotXmpError("its list of faces is written in a way that can't be added to")
        else:
            spelling = Spelling(known.fields().scope, self._kind.needed)
            self._complete(known, [self._listed(spelling, fresh, spelling.declared)])

    def _complete(self, known: Element, more: list[str]) -> None:
        """Put fields into the structure, the size of the picture too if it lacks it."""
        holder = known.fields()
        size = MWG + "AppliedToDimensions"
        if self._kind.has_size and holder.child(size) is None:
            spelling = Spelling(holder.scope, self._kind.needed)
            assert self._size is not None, "whoever adds says the size"
            more = [spelling.dimensions(self._size, spelling.declared), *more]
        if not more:
            return
        inside = "\n".join(more)
        if holder is not known or f"{RDF}parseType" in known.attributes:
            self._tree.append(holder, inside)
        elif known.children or known.attributes:
            raise NotXmpError("its faces are written in a way that can't be added to")
        else:
            spelling = Spelling(known.scope, [RDF])
            tag = spelling.tag(RDF, "Description")
            self._tree.append(known, f"<{tag}{spelling.declared}>\n{inside}\n</{tag}>")

    def _whole(self, faces: Sequence[FaceName]) -> str:
        kind = self._kind
        spelling = Spelling(self._tree.root.scope, kind.needed)
        size = [spelling.dimensions(self._size)] if kind.has_size and self._size else []
        fields = [*size, self._listed(spelling, faces)]
        return spelling.structure(*kind.regions, fields, spelling.declared)

    def _listed(self, spelling: Spelling, faces: Sequence[FaceName], declared: str = "") -> str:
        items = self._items(spelling, faces)
        return spelling.listed(*self._kind.listing, "Bag", items, declared)

    def _items(self, spelling: Spelling, faces: Sequence[FaceName], declared: str = "") -> str:
        item = self._kind.item
        return "\n".join(item(spelling, face.name, face.box, declared) for face in faces)


def _is_called(known: Known, name: str) -> bool:
    return known.name is not None and folded(known.name) == folded(name)


def _mwg_box(item: Element, size: tuple[float, float]) -> Box | None:
    area = item.fields().child(f"{MWG}Area")
    kind = item.value(f"{MWG}Type")
    if area is None or (kind or "face").lower() != "face":
        return None
    sides = [_number(area.value(f"{AREA}{name}")) for name in ("x", "y", "w", "h")]
    if None in sides:
        return None
    x, y, width, height = (side or 0.0 for side in sides)
    if area.value(f"{AREA}unit") == "pixel":
        x, y, width, height = x / size[0], y / size[1], width / size[0], height / size[1]
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _mp_box(item: Element, _size: tuple[float, float]) -> Box | None:
    sides = [_number(part) for part in (item.value(f"{MP_REGION}Rectangle") or "").split(",")]
    if len(sides) != 4 or None in sides:
        return None
    left, top, width, height = (side or 0.0 for side in sides)
    return Box(left, top, left + width, top + height)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) else None


def _applied_size(regions: Element | None, size: tuple[int, int] | None) -> tuple[float, float]:
    """For which size of the picture boxes are; `size` of the photo where that is not said."""
    name = f"{MWG}AppliedToDimensions"
    found = None if regions is None else regions.fields().child(name)
    if found is None or size is None:
        return size or (1, 1)
    width, height = (_number(found.value(f"{DIMENSIONS}{side}")) or 0.0 for side in ("w", "h"))
    if min(width, height) <= 0:
        return size
    if abs(width * size[1] / (height * size[0]) - 1) > SAME_SHAPE:
        raise NotXmpError(
            f"its boxes are for a picture of {width:.0f} × {height:.0f} pixels, and the photo "
            f"has {size[0]} × {size[1]}"
        )
    return width, height


KINDS: Mapping[str, Kind] = {
    "mwg": Kind(
        regions=_Name(MWG, "Regions"),
        listing=_Name(MWG, "RegionList"),
        name=_Name(MWG, "Name"),
        needed=(RDF, MWG, AREA, DIMENSIONS),
        box=_mwg_box,
        item=Spelling.mwg_region,
        has_size=True,
    ),
    "microsoft": Kind(
        regions=_Name(MP, "RegionInfo"),
        listing=_Name(MP_INFO, "Regions"),
        name=_Name(MP_REGION, "PersonDisplayName"),
        needed=(RDF, MP, MP_INFO, MP_REGION),
        box=_mp_box,
        item=Spelling.mp_region,
        has_size=False,
    ),
}
