"""How names and boxes are spelt in XMP: as text, with the prefixes of the place where they go."""

from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

from opqn_app.core.types import Box
from opqn_app.exchange.xmp.tree import RDF, X

MWG = "http://www.metadataworkinggroup.com/schemas/regions/"
AREA = "http://ns.adobe.com/xmp/sType/Area#"
DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
MP = "http://ns.microsoft.com/photo/1.2/"
MP_INFO = "http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
MP_REGION = "http://ns.microsoft.com/photo/1.2/t/Region#"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
DIGIKAM = "http://www.digikam.org/ns/1.0/"
LIGHTROOM = "http://ns.adobe.com/lightroom/1.0/"
DC = "http://purl.org/dc/elements/1.1/"

_PREFIXES = {
    RDF: "rdf",
    MWG: "mwg-rs",
    AREA: "stArea",
    DIMENSIONS: "stDim",
    MP: "MP",
    MP_INFO: "MPRI",
    MP_REGION: "MPReg",
    IPTC: "Iptc4xmpExt",
    DIGIKAM: "digiKam",
    LIGHTROOM: "lr",
    DC: "dc",
}
PARENT = "People"  # the keyword above all names, as digiKam and Picasa have it

EMPTY = (
    "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n"
    f'<x:xmpmeta xmlns:x="{X}">\n'
    f' <rdf:RDF xmlns:rdf="{RDF}">\n'
    " </rdf:RDF>\n"
    "</x:xmpmeta>\n"
    "<?xpacket end='w'?>\n"
).encode()


class Spelling:
    """Writes elements for one place of a file.

    Args:
        scope: prefix → namespace at that place.
        needed: namespaces of what is written.
    """

    def __init__(self, scope: Mapping[str, str], needed: Iterable[str]) -> None:
        known = {uri: prefix for prefix, uri in scope.items() if prefix}
        self._prefix = {uri: known.get(uri, _PREFIXES[uri]) for uri in needed}
        new = [uri for uri in self._prefix if uri not in known]
        self.declared = "".join(f' xmlns:{_PREFIXES[uri]}="{uri}"' for uri in new)

    def tag(self, uri: str, name: str) -> str:
        return f"{self._prefix[uri]}:{name}"

    def simple(self, uri: str, name: str, value: str, declared: str = "") -> str:
        tag = self.tag(uri, name)
        return f"<{tag}{declared}>{text_of(value)}</{tag}>"

    def structure(self, uri: str, name: str, fields: Sequence[str], declared: str = "") -> str:
        tag, resource = self.tag(uri, name), f'{self.tag(RDF, "parseType")}="Resource"'
        return f"<{tag}{declared} {resource}>{''.join(fields)}</{tag}>"

    def items(self, values: Iterable[str], declared: str = "") -> str:
        tag = self.tag(RDF, "li")
        return "\n".join(f"<{tag}{declared}>{text_of(value)}</{tag}>" for value in values)

    def array(self, kind: str, items: str, declared: str = "") -> str:
        tag = self.tag(RDF, kind)
        return f"<{tag}{declared}>\n{items}\n</{tag}>"

    def listed(self, uri: str, name: str, kind: str, items: str, declared: str = "") -> str:
        """A property that is a list."""
        tag = self.tag(uri, name)
        return f"<{tag}{declared}>{self.array(kind, items)}</{tag}>"

    def dimensions(self, size: tuple[int, int], declared: str = "") -> str:
        """The picture that boxes of MWG are fractions of, `size` in pixels."""
        fields = [
            self.simple(DIMENSIONS, "w", str(size[0])),
            self.simple(DIMENSIONS, "h", str(size[1])),
            self.simple(DIMENSIONS, "unit", "pixel"),
        ]
        return self.structure(MWG, "AppliedToDimensions", fields, declared)

    def mwg_region(self, name: str, box: Box, declared: str = "") -> str:
        """An item of `mwg-rs:RegionList`; the box in fractions of the stored picture."""
        area = [
            self.simple(AREA, "x", _number((box.left + box.right) / 2)),
            self.simple(AREA, "y", _number((box.top + box.bottom) / 2)),
            self.simple(AREA, "w", _number(box.width)),
            self.simple(AREA, "h", _number(box.height)),
            self.simple(AREA, "unit", "normalized"),
        ]
        fields = [
            self.simple(MWG, "Name", name),
            self.simple(MWG, "Type", "Face"),
            self.structure(MWG, "Area", area),
        ]
        return self.structure(RDF, "li", fields, declared)

    def mp_region(self, name: str, box: Box, declared: str = "") -> str:
        """An item of `MPRI:Regions`; the box in fractions of the stored picture."""
        sides = (box.left, box.top, box.width, box.height)
        fields = [
            self.simple(MP_REGION, "Rectangle", ", ".join(map(_number, sides))),
            self.simple(MP_REGION, "PersonDisplayName", name),
        ]
        return self.structure(RDF, "li", fields, declared)


def text_of(value: str) -> str:
    """A text as it stands in an element."""
    return escape(value)


def quoted(value: str) -> str:
    """A text as it stands in a tag, with its quotes."""
    return f'"{escape(value, {chr(34): "&quot;"})}"'


def _number(value: float) -> str:
    """To a millionth, without an exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".") or "0"
