"""Writes XMP as programs do, in any spelling that RDF allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from opqn_app.core.types import Box
from opqn_app.exchange.records import Region

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NAMESPACES = {
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "expressionmedia": "http://ns.microsoft.com/expressionmedia/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
}

Fields = dict[str, "str | Fields | list[str] | list[Fields]"]
Shape = Literal["elements", "attributes", "description", "resource"]


@dataclass(frozen=True)
class Spelling:
    """One of the ways to write the same.

    Attributes:
        shape: of what has fields.
        listed: the kind of lists.
        prefix: comes before all prefixes but the usual ones.
        rdf: the prefix of RDF itself.
        quote: around values of attributes.
        gap: between elements.
    """

    shape: Shape = "resource"
    listed: str = "Bag"
    prefix: str = ""
    rdf: str = "rdf"
    quote: str = '"'
    gap: str = "\n "


USUAL = Spelling()


def packet(properties: Fields, how: Spelling = USUAL, *, wrapped: bool = True) -> bytes:
    """A packet with these properties of the picture, named such as "mwg-rs:Regions"."""
    spaces = " ".join(
        f"xmlns:{how.prefix}{short}={how.quote}{long}{how.quote}"
        for short, long in NAMESPACES.items()
    )
    body = how.gap.join(_element(name, value, how) for name, value in properties.items())
    rdf = (
        f"<{how.rdf}:RDF xmlns:{how.rdf}={how.quote}{RDF}{how.quote}>{how.gap}"
        f"<{how.rdf}:Description {how.rdf}:about={how.quote}{how.quote} {spaces}>{body}"
        f"</{how.rdf}:Description></{how.rdf}:RDF>"
    )
    meta = f"<x:xmpmeta xmlns:x={how.quote}adobe:ns:meta/{how.quote}>{rdf}</x:xmpmeta>"
    if not wrapped:
        return meta.encode()
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    return f'{begin}{meta}<?xpacket end="w"?>'.encode()


def mwg(regions: Sequence[Region], size: tuple[int, int] | None = (640, 480)) -> Fields:
    """Regions of the Metadata Working Group; `size` is that of the stored picture."""
    listed: list[Fields] = []
    for region in regions:
        fields: Fields = {}
        if region.box is not None:
            box = region.box
            fields["mwg-rs:Area"] = {
                "stArea:x": repr((box.left + box.right) / 2),
                "stArea:y": repr((box.top + box.bottom) / 2),
                "stArea:w": repr(box.width),
                "stArea:h": repr(box.height),
                "stArea:unit": "normalized",
            }
        if region.name is not None:
            fields["mwg-rs:Name"] = region.name
        fields["mwg-rs:Type"] = region.kind.capitalize()
        listed.append(fields)
    value: Fields = {"mwg-rs:RegionList": listed}
    if size is not None:
        value["mwg-rs:AppliedToDimensions"] = {
            "stDim:w": str(size[0]),
            "stDim:h": str(size[1]),
            "stDim:unit": "pixel",
        }
    return {"mwg-rs:Regions": value}


def mp(regions: Sequence[Region]) -> Fields:
    """Regions of Microsoft."""
    listed: list[Fields] = []
    for region in regions:
        fields: Fields = {}
        if region.box is not None:
            box = region.box
            sides = (box.left, box.top, box.width, box.height)
            fields["MPReg:Rectangle"] = ", ".join(map(repr, sides))
        if region.name is not None:
            fields["MPReg:PersonDisplayName"] = region.name
        listed.append(fields)
    return {"MP:RegionInfo": {"MPRI:Regions": listed}}


def people(*names: str) -> Fields:
    return {"Iptc4xmpExt:PersonInImage": list(names)}


def face(name: str | None, left: float, top: float, right: float, bottom: float) -> Region:
    return Region(name, Box(left, top, right, bottom))


def _element(name: str, value: "str | Fields | list[str] | list[Fields]", how: Spelling) -> str:
    tag = how.prefix + name
    if isinstance(value, str):
        return f"<{tag}>{escape(value)}</{tag}>"
    if isinstance(value, list):
        items = how.gap.join(_element_of(f"{how.rdf}:li", item, how) for item in value)
        return f"<{tag}><{how.rdf}:{how.listed}>{items}</{how.rdf}:{how.listed}></{tag}>"
    return _element_of(tag, value, how)


def _element_of(tag: str, value: "str | Fields", how: Spelling) -> str:
    """An element that holds a text or fields."""
    if isinstance(value, str):
        return f"<{tag}>{escape(value)}</{tag}>"
    simple = {name: each for name, each in value.items() if isinstance(each, str)}
    rest = {name: each for name, each in value.items() if not isinstance(each, str)}
    inner = how.gap.join(_element(name, each, how) for name, each in rest.items())
    texts = how.gap.join(_element(name, each, how) for name, each in simple.items())
    attributes = "".join(f" {how.prefix}{n}={_quoted(v, how)}" for n, v in simple.items())
    description = f"{how.rdf}:Description"
    if how.shape == "attributes" and not rest:
        return f"<{tag}{attributes}/>"
    if how.shape == "attributes":
        return f"<{tag}><{description}{attributes}>{inner}</{description}></{tag}>"
    if how.shape == "description":
        return f"<{tag}><{description}>{texts}{how.gap}{inner}</{description}></{tag}>"
    resource = f"{how.rdf}:parseType={how.quote}Resource{how.quote}"
    if how.shape == "elements":  # some simple fields stand as attributes, all others as elements
        first = next(iter(simple), None)
        one = f" {how.prefix}{first}={_quoted(simple[first], how)}" if first else ""
        others = how.gap.join(_element(n, v, how) for n, v in simple.items() if n != first)
        return f"<{tag}><{description}{one}>{others}{how.gap}{inner}</{description}></{tag}>"
    return f"<{tag} {resource}>{texts}{how.gap}{inner}</{tag}>"


def _quoted(value: str, how: Spelling) -> str:
    entities = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
    if how.quote == '"':
        return f'"{escape(value, entities | {chr(34): "&quot;"})}"'
    return f"'{escape(value, entities | {chr(39): '&apos;'})}'"
