"""Reads the properties of a picture out of XMP, however they are spelled.

XMP is RDF in XML. One value may stand as an element or an attribute, in a nested description or
without one, in a list of any kind; prefixes and quotes are free.
"""

import re
from collections.abc import Set as AbstractSet
from xml.parsers import expat

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
MAX_PACKET = 64 << 20  # bytes
_ROOT, _DESCRIPTION = f"{RDF} RDF", f"{RDF} Description"
_ITEM, _VALUE = f"{RDF} li", f"{RDF} value"
_LISTS = (f"{RDF} Bag", f"{RDF} Seq", f"{RDF} Alt")
_NO_PROPERTIES = (RDF, "http://www.w3.org/XML/1998/namespace")
_BLANK = b"\0 \r\n\t"
_BARE_AND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_NO_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class PacketError(Exception):
    """A packet is no XMP; nothing of it is used."""


class Value:
    """What a property is: a text, a list or fields; which of them, whoever asks knows."""

    __slots__ = ("_attributes", "_children", "_name", "_text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self._name = name
        self._attributes = attributes
        self._children: list[Value] = []
        self._text: list[str] = []

    def text(self) -> str:
        """The first text of it, without the spaces around it."""
        one = self
        while True:
            inner = one._only_child()
            if inner is None:
                return one._attributes.get(_VALUE, "".join(one._text)).strip()
            one = inner

    def field(self, name: str) -> "Value | None":
        """A field, by namespace and name, a space between them."""
        one = self
        while True:
            if name in one._attributes:
                return _plain(name, one._attributes[name])
            inner = None
            for child in one._children:
                if child._name == name:
                    return child
                if child._name in (_DESCRIPTION, _VALUE):
                    inner = child
            if inner is None:
                return None
            one = inner

    def items(self) -> "list[Value]":
        """The members of a list; a lone value counts as a list of one."""
        one = self
        while True:
            inner = one._only_child()
            if inner is not None and inner._name in _LISTS:
                return [c for c in inner._children if c._name.startswith(f"{RDF} ")]
            if inner is None or inner._name not in (_DESCRIPTION, _VALUE):
                is_empty = not (one._children or one.text() or one._own_attributes())
                return [] if is_empty else [self]
            one = inner

    def _only_child(self) -> "Value | None":
        """What stands for the value in its place: a list, a description, one of its items."""
        for child in self._children:
            if child._name in (*_LISTS, _DESCRIPTION, _VALUE, _ITEM):
                return child
        return None

    def _own_attributes(self) -> bool:
        return any(not name.startswith(_NO_PROPERTIES) for name in self._attributes if " " in name)


def _plain(name: str, text: str) -> Value:
    value = Value(name, {})
    value._text.append(text)
    return value


class _Reader:
    """Collects the properties of the picture that are wanted; of others nothing is kept."""

    def __init__(self, wanted: AbstractSet[str]) -> None:
        self.found: list[tuple[str, Value]] = []
        self.is_whole = False
        self._wanted = wanted
        self._path: list[str] = []
        self._open: list[Value] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._open:
            value = Value(name, attributes)
            self._open[-1]._children.append(value)
            self._open.append(value)
            return
        around = self._path[-2:]
        self._path.append(name)
        if name == _DESCRIPTION and around[-1:] == [_ROOT]:
            for each in sorted(attributes.keys() & self._wanted):
                self.found.append((each, _plain(each, attributes[each])))
        elif name in self._wanted and around == [_ROOT, _DESCRIPTION]:
            self._open.append(Value(name, attributes))
            self.found.append((name, self._open[0]))

    def text(self, part: str) -> None:
        if self._open:
            self._open[-1]._text.append(part)

    def end(self, _name: str) -> None:
        if self._open:
            self._open.pop()
        if not self._open:
            self._path.pop()
            self.is_whole = not self._path

    def drop_unfinished(self) -> None:
        """Leave out the value that the packet breaks off in, and the item around it."""
        while self._open:
            broken = self._open.pop()
            if not self._open:
                if not broken._children:
                    self.found.pop()
                return
            self._open[-1]._children.remove(broken)
            if broken._name == _ITEM:
                return


def properties(packet: bytes, wanted: AbstractSet[str]) -> tuple[list[tuple[str, Value]], str]:
    """The properties of a packet that are wanted, in its order, and what is wrong with it.

    One that is not well formed is repaired where names hold a bare "&" or letters of an old
    encoding, else read up to its fault.

    Args:
        wanted: namespace and name of each, a space between them.

    Returns:
        Names and values; a clause on what is wrong, "" where nothing is.

    Raises:
        PacketError: it is too large, or declares a document type, which XMP never does. Entities
            could follow, which could fill the memory.
    """
    packet = packet.lstrip(_BLANK).removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    if len(packet) > MAX_PACKET:
        raise PacketError("it is too large to be XMP")
    if not packet.strip(_BLANK):
        return [], ""
    reader = _read(packet, wanted)
    if reader.is_whole:
        return reader.found, ""
    mended = _mended(packet)
    again = _read(mended, wanted) if mended != packet else reader
    if again.is_whole:
        return again.found, "it is not well formed, and was read after a repair"
    return again.found, "it is not well formed, and was read up to its fault"


def _read(packet: bytes, wanted: AbstractSet[str]) -> _Reader:
    reader = _Reader(wanted)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    parser.buffer_text = True
    try:
        parser.Parse(packet, True)
    except (expat.ExpatError, ValueError, LookupError):
        reader.drop_unfinished()  # where all was closed, what follows is there to fill up
    return reader


def _refuse(*_declared: object) -> None:
    raise PacketError("it declares a document type, which XMP never does")


def _mended(packet: bytes) -> bytes:
    try:
        text = packet.decode()
    except UnicodeDecodeError:
        if b"\0" in packet[:64]:
            return packet  # letters of two bytes
        text = packet.decode("cp1252", "replace")
    return _BARE_AND.sub("&amp;", _NO_XML.sub(" ", text)).encode()
