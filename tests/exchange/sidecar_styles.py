"""Sidecars as other programs write them, in all spellings that XMP allows."""

from dataclasses import dataclass
from typing import Any

from opqn_app.core.types import Box
from opqn_app.exchange.xmp.regions import KINDS, Regions
from opqn_app.exchange.xmp.spelling import (
    AREA,
    DC,
    DIGIKAM,
    DIMENSIONS,
    IPTC,
    LIGHTROOM,
    MP,
    MP_INFO,
    MP_REGION,
    MWG,
)
from opqn_app.exchange.xmp.tree import RDF, Tree

SIZE = (400, 300)
EXTRA = "http://example.org/ns/"


@dataclass(frozen=True)
class Style:
    """How a sidecar is written.

    Attributes:
        fields: of structures: "elements" with parseType, "description" with elements within, or
            "attributes" of a description.
        array: Bag or Seq.
        quote: of attributes.
        prefixed: other prefixes than the usual ones.
        end: of lines.
        indent: before each level.
        encoding: of the file.
        mark: it begins with a byte order mark.
    """

    fields: str = "elements"
    array: str = "Bag"
    quote: str = '"'
    prefixed: bool = False
    end: str = "\n"
    indent: str = " "
    encoding: str = "utf-8"
    mark: bool = False


@dataclass(frozen=True)
class Other:
    """A region of another program; the box in fractions of the stored picture."""

    name: str | None
    box: Box | None
    kind: str | None = "Face"


class Foreign:
    """Writes one sidecar."""

    def __init__(self, style: Style) -> None:
        self.style = style
        usual = {"rdf": RDF, "m": MWG, "a": AREA, "d": DIMENSIONS, "p": MP, "i": MP_INFO}
        usual |= {"r": MP_REGION, "x": IPTC, "k": DIGIKAM, "l": LIGHTROOM, "c": DC, "e": EXTRA}
        self.prefix = {
            uri: f"n{at}" if style.prefixed else name
            for at, (name, uri) in enumerate(usual.items())
        }

    def q(self, uri: str, name: str) -> str:
        return f"{self.prefix[uri]}:{name}"

    def attribute(self, name: str, value: str) -> str:
        return f" {name}={self.style.quote}{value}{self.style.quote}"

    def element(self, name: str, content: str, attributes: str = "") -> str:
        return f"<{name}{attributes}>{content}</{name}>"

    def structure(self, name: str, simple: dict[str, str], inner: str = "") -> str:
        """A structure with simple fields, and with elements that can be no attributes."""
        style = self.style
        if style.fields == "attributes":
            given = "".join(self.attribute(key, value) for key, value in simple.items())
            held = self.element(self.q(RDF, "Description"), inner, given)
            return self.element(name, held)
        held = "".join(self.element(key, value) for key, value in simple.items()) + inner
        if style.fields == "description":
            return self.element(name, self.element(self.q(RDF, "Description"), held))
        return self.element(name, held, self.attribute(self.q(RDF, "parseType"), "Resource"))

    def array(self, items: list[str]) -> str:
        name = self.q(RDF, self.style.array)
        if not items:
            return f"<{name} />"
        line = self.style.end + self.style.indent
        return self.element(name, line + line.join(items) + self.style.end)

    def words(self, uri: str, name: str, words: list[str]) -> str:
        items = [self.element(self.q(RDF, "li"), word) for word in words]
        return self.element(self.q(uri, name), self.array(items))

    def mwg(self, others: list[Other], size: tuple[int, int] | None = SIZE) -> str:
        items = []
        for other in others:
            simple = {} if other.name is None else {self.q(MWG, "Name"): other.name}
            simple |= {} if other.kind is None else {self.q(MWG, "Type"): other.kind}
            inner = (
                ""
                if other.box is None
                else self.structure(
                    self.q(MWG, "Area"),
                    {
                        self.q(AREA, "x"): str((other.box.left + other.box.right) / 2),
                        self.q(AREA, "y"): str((other.box.top + other.box.bottom) / 2),
                        self.q(AREA, "w"): str(other.box.width),
                        self.q(AREA, "h"): str(other.box.height),
                    },
                )
            )
            inner += self.structure(
                self.q(MWG, "Extensions"), {self.q(EXTRA, "mood"): "keeps &amp; stays"}
            )
            items.append(self.structure(self.q(RDF, "li"), simple, inner))
        listed = self.element(self.q(MWG, "RegionList"), self.array(items))
        if size is not None:
            sides = {self.q(DIMENSIONS, "w"): str(size[0]), self.q(DIMENSIONS, "h"): str(size[1])}
            listed += self.structure(self.q(MWG, "AppliedToDimensions"), sides)
        return self.structure(self.q(MWG, "Regions"), {}, listed)

    def microsoft(self, others: list[Other]) -> str:
        items = []
        for other in others:
            simple = (
                {} if other.name is None else {self.q(MP_REGION, "PersonDisplayName"): other.name}
            )
            if other.box is not None:
                sides = (other.box.left, other.box.top, other.box.width, other.box.height)
                simple[self.q(MP_REGION, "Rectangle")] = ", ".join(map(str, sides))
            items.append(self.structure(self.q(RDF, "li"), simple))
        listed = self.element(self.q(MP_INFO, "Regions"), self.array(items))
        return self.structure(self.q(MP, "RegionInfo"), {}, listed)

    def file(self, *properties: str, about: str = "uuid:1&amp;2") -> bytes:
        """A whole sidecar, with things in it that nobody knows."""
        style = self.style
        spaces = "".join(
            self.attribute(f"xmlns:{prefix}", uri) for uri, prefix in self.prefix.items()
        )
        own = self.attribute(self.q(RDF, "about"), about) + self.attribute(self.q(EXTRA, "at"), "'")
        own = own.replace("'''", '"\'"')
        body = style.end.join(["<!-- a note -->", *properties, f"<{self.q(EXTRA, 'odd')}  />"])
        rdf = self.element(
            self.q(RDF, "RDF"),
            self.element(self.q(RDF, "Description"), body, own) + style.end,
            spaces,
        )
        text = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{style.end}{rdf}</x:xmpmeta>{style.end}"
        if style.encoding != "utf-8":
            text = f'<?xml version="1.0" encoding="{style.encoding.partition("-le")[0]}"?>{text}'
        data = text.encode(style.encoding)
        return "\ufeff".encode(style.encoding) + data if style.mark else data


def faces_in(
    content: bytes, kind: str, size: tuple[int, int] = SIZE
) -> list[tuple[str | None, Box]]:
    """Names and boxes of the faces that one kind of regions holds."""
    return [(known.name, known.box) for known in Regions(Tree(content), KINDS[kind], size).known]


def words_in(content: bytes, name: str) -> list[str]:
    """The items of a property that is a list."""
    found = Tree(content).property(name)
    return [] if found is None else [item.word() for item in found.items()]


def lies_within(part: bytes, whole: bytes) -> bool:
    """Whether all bytes of `part` are in `whole` in their order."""
    rest: Any = iter(whole)
    return all(byte in rest for byte in part)
