"""Reads what XMP, the XML block in picture files, says of the whole picture."""

from xml.parsers import expat

_LIMIT = 1 << 20  # bytes looked at; what concerns us stands near the start
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_ORIENTATION = "http://ns.adobe.com/tiff/1.0/ Orientation"
_OF_THE_PICTURE = [f"{_RDF} RDF", f"{_RDF} Description"]  # deeper ones tell of other pictures


class _UnwantedError(Exception):
    """The packet declares a document type, which XMP never does, and entities might follow."""


class _Reader:
    """Collects the values of a property, as an attribute or an element."""

    def __init__(self, name: str) -> None:
        self._wanted = name
        self.values: list[str] = []
        self._path: list[str] = []
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._text.clear()
        if self._path[-2:] == _OF_THE_PICTURE and self._wanted in attributes:
            self.values.append(attributes[self._wanted])

    def text(self, part: str) -> None:
        self._text.append(part)

    def end(self, _name: str) -> None:
        if self._path[-3:] == [*_OF_THE_PICTURE, self._wanted]:
            self.values.append("".join(self._text))
        self._path.pop()
        self._text.clear()


def orientation(packet: bytes) -> int | None:
    """`tiff:Orientation` of a packet, 1 to 8; None where it says none."""
    said = values(packet, _ORIENTATION)
    return next((int(value) for value in said if value in tuple("12345678")), None)


def values(packet: bytes, name: str) -> list[str]:
    """What a packet gives as a property of the whole picture, without the spaces around it.

    Any prefix, quotes and spelling of RDF will do. A packet that is broken further on, as some
    programs write them, counts up to there.

    Args:
        name: namespace and name of the property, a space between them.
    """
    reader = _Reader(name)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(packet[:_LIMIT].lstrip(b"\0 \r\n\t"), False)
    except (expat.ExpatError, ValueError, LookupError):
        pass  # an encoding nobody knows, or broken XML
    except _UnwantedError:
        return []
    return [value.strip() for value in reader.values]


def _refuse(*_declared: object) -> None:
    raise _UnwantedError
