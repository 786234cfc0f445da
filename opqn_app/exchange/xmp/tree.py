"""An XMP file as a tree that knows which bytes each element is, and changes of those bytes alone.

Whatever is not changed stays byte for byte: order, spaces, comments, prefixes, quotes. No document
type is read, so no entity is expanded.
"""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

X = "adobe:ns:meta/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
_ATTRIBUTE = re.compile(rb"""([^\s=<>/]+)\s*=\s*("[^"]*"|'[^']*')""")
_START = re.compile(rb"""<([^\s/>]+)(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*(/?)>""")


class NotXmpError(Exception):
    """A file that can't be changed safely; the message is a clause."""


@dataclass(slots=True, eq=False)
class Element:
    """An element; places are bytes of `Tree.data`.

    Attributes:
        name: namespace and local name, joined.
        attributes: likewise named, without those that declare prefixes.
        scope: prefix → namespace, as it is inside.
        start, end: of the whole element.
        inner: where its content begins; the end of its only tag where it has none.
        inner_end: where its content ends.
        tag: its name as it is written.
        is_closed: it is written as one tag, without content.
        text: its own characters.
    """

    name: str
    attributes: Mapping[str, str]
    scope: Mapping[str, str]
    start: int
    parent: "Element | None" = None
    end: int = 0
    inner: int = 0
    inner_end: int = 0
    tag: str = ""
    is_closed: bool = False
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def child(self, name: str) -> "Element | None":
        return next((each for each in self.children if each.name == name), None)

    def fields(self) -> "Element":
        """What holds the fields of a structure: itself, or a Description within."""
        inside = self.child(f"{RDF}Description")
        return self if inside is None else inside

    def value(self, name: str) -> str | None:
        """A simple field of a structure, an attribute or an element; None where it is missing."""
        holder = self.fields()
        if name in holder.attributes:
            return holder.attributes[name].strip()
        found = holder.child(name)
        if found is None:
            return None
        return found.word()

    def word(self) -> str:
        """The text of a simple value, whatever else is said of it."""
        inside = self.fields().child(f"{RDF}value")
        return (self if inside is None else inside).text.strip()

    def items(self) -> "list[Element]":
        """The items of a list: of a Bag, Seq or Alt; none where it holds none."""
        held = self.array()
        return [] if held is None else [each for each in held.children if each.name == f"{RDF}li"]

    def array(self) -> "Element | None":
        kinds = (f"{RDF}Bag", f"{RDF}Seq", f"{RDF}Alt")
        return next((each for each in self.children if each.name in kinds), None)


class Tree:
    """A whole XMP file.

    Attributes:
        data: UTF-8, whatever the file is in.
        root: `rdf:RDF`.
    """

    def __init__(self, content: bytes) -> None:
        """Parse a file.

        Raises:
            NotXmpError: it is not well formed, is no XMP, declares a document type, or is not in
                the encoding that it says.
        """
        self._encoding, self._mark = _encoding_of(content)
        self.data = self._decoded(content)
        self._edits: list[tuple[int, int, int, str]] = []  # start, end, order, text
        self.root = self._parsed()

    def descriptions(self) -> list[Element]:
        """The elements that hold the properties of the photo."""
        return [each for each in self.root.children if each.name == f"{RDF}Description"]

    def about(self) -> str:
        """What all descriptions are about, which is usually ""."""
        names = (f"{RDF}about", "about")  # old files leave the prefix out
        found = (each.attributes.get(name) for each in self.descriptions() for name in names)
        return next((value for value in found if value is not None), "")

    def property(self, name: str) -> Element | None:
        """The first element of that name that is a property of the photo."""
        found = (each.child(name) for each in self.descriptions())
        return next((each for each in found if each is not None), None)

    def append(self, into: Element, text: str) -> None:
        """Put text at the end of an element's content, on a line of its own."""
        if into.is_closed:
            tag_end = self.data.rindex(b"/", into.start, into.end)
            self._edits.append((tag_end, into.end, len(self._edits), f">\n{text}\n</{into.tag}>"))
            return
        at = into.inner_end
        while at > into.inner and self.data[at - 1 : at] in (b" ", b"\t"):
            at -= 1  # before what indents the end tag
        starts_line = at > into.inner and self.data[at - 1 : at] == b"\n"
        before = "" if starts_line else "\n"
        self._edits.append((at, at, len(self._edits), f"{before}{text}\n"))

    def replace_content(self, of: Element, text: str) -> None:
        """Put text in place of all that is within an element."""
        if of.is_closed:
            self.append(of, text)
        else:
            self._edits.append((of.inner, of.inner_end, len(self._edits), text))

    def replace_attribute(self, of: Element, name: str, value: str) -> None:
        """Another value of an attribute that is there, with its quotes."""
        tag = _START.match(self.data, of.start)
        assert tag is not None
        for match in _ATTRIBUTE.finditer(self.data, of.start + 1 + len(of.tag.encode()), tag.end()):
            prefix, _, local = match[1].decode().rpartition(":")
            if of.scope.get(prefix, "") + local == name and prefix:
                self._edits.append((match.start(2), match.end(2), len(self._edits), value))

    def remove(self, element: Element) -> None:
        """Take an element out, and the line that it leaves empty."""
        start, end = element.start, element.end
        while start > 0 and self.data[start - 1 : start] in (b" ", b"\t"):
            start -= 1
        if start > 0 and self.data[start - 1 : start] == b"\n":
            start -= 1 + (self.data[start - 2 : start - 1] == b"\r")
        else:
            start = element.start
        self._edits.append((start, end, len(self._edits), ""))

    def changed(self) -> bytes:
        """The file with all changes made, in the encoding it came in.

        Raises:
            NotXmpError: that encoding lacks letters which came.
        """
        parts, at = [], 0
        for start, end, _, text in sorted(self._edits):
            assert start >= at, "no two changes of the same bytes"
            parts += [self.data[at:start], text.encode()]
            at = end
        whole = b"".join([*parts, self.data[at:]]).decode()
        try:
            return self._mark + whole.encode(self._encoding)
        except UnicodeEncodeError as error:
            raise NotXmpError(f"its encoding, {self._encoding}, can't hold the name") from error

    def _decoded(self, content: bytes) -> bytes:
        try:
            text = content[len(self._mark) :].decode(self._encoding)
            if text.encode(self._encoding) == content[len(self._mark) :]:
                return text.encode()
        except (UnicodeError, LookupError):
            pass
        raise NotXmpError("its letters are not in the encoding that it says")

    def _parsed(self) -> Element:
        reader = _Reader(self.data)
        try:
            reader.parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise NotXmpError(f"it is not well-formed XML, see line {error.lineno}") from error
        roots = [each for each in reader.found if each.name == f"{RDF}RDF"]
        tops = [each for each in roots if each.parent is None or each.parent.name == f"{X}xmpmeta"]
        if not tops:
            raise NotXmpError("it is XML, but no XMP")
        return tops[0]


class _Reader:
    """Collects the elements that expat reports, with their places."""

    def __init__(self, data: bytes) -> None:
        self.found: list[Element] = []
        self._data = data
        self._open: list[Element] = []
        self._declared: dict[str, str] = {}
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.StartNamespaceDeclHandler = self._declare
        self.parser.StartElementHandler = self._start
        self.parser.CharacterDataHandler = self._text
        self.parser.EndElementHandler = self._end

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._declared[prefix or ""] = uri or ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1] if self._open else None
        scope = parent.scope if parent is not None else {}
        if self._declared:
            scope = {**scope, **self._declared}
            self._declared = {}
        at = self.parser.CurrentByteIndex
        own = {_joined(key): value for key, value in attributes.items()}
        element = Element(_joined(name), own, scope, at, parent)
        tag = _START.match(self._data, at)
        if tag is None:
            raise NotXmpError("it is written in a way that can't be followed")
        element.inner, element.is_closed = tag.end(), bool(tag[2])
        element.tag = tag[1].decode()
        if parent is not None:
            parent.children.append(element)
        self.found.append(element)
        self._open.append(element)

    def _text(self, text: str) -> None:
        self._open[-1].text += text

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if element.is_closed:
            element.inner_end = element.end = element.inner
        else:
            element.inner_end = self.parser.CurrentByteIndex
            element.end = self._data.index(b">", element.inner_end) + 1


def _joined(name: str) -> str:
    return name.replace(" ", "", 1)


def _encoding_of(content: bytes) -> tuple[str, bytes]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding, mark
    declared = _DECLARED.match(content[:200])
    return (declared[1].decode().lower() if declared else "utf-8"), b""


def _refuse(*_declared: object) -> None:
    raise NotXmpError("it declares a document type, which XMP never does")
