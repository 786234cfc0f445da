"""The text of a sidecar with names and boxes: a new one, or what others wrote with ours added.

Names are written as programs look for them: MWG regions (digiKam, Lightroom, Immich), Microsoft
regions (Windows, digiKam), PersonInImage, and keywords, flat and below "People". What stands in
the file already stays byte for byte, unknown regions and extensions too. Nothing here touches a
disk.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from opqn_app.core.types import Box
from opqn_app.exchange.xmp.people_words import NOBODY, PEOPLE
from opqn_app.exchange.xmp.regions import KINDS, FaceName, Regions
from opqn_app.exchange.xmp.spelling import (
    CATALOGS,
    DC,
    DIGIKAM,
    EMPTY,
    IPTC,
    LIGHTROOM,
    MICROSOFT_PHOTO,
    PARENT,
    Spelling,
    quoted,
    text_of,
)
from opqn_app.exchange.xmp.tree import RDF, NotXmpError, Tree
from opqn_app.people.facts import folded


@dataclass(frozen=True, slots=True)
class SidecarNames:
    """What is to be written of a photo.

    Attributes:
        size: width and height in pixels as the picture lies in its file.
    """

    size: tuple[int, int]
    faces: tuple[FaceName, ...]


@dataclass(frozen=True, slots=True)
class Clash:
    """A face that the sidecar gives another name.

    Attributes:
        there: the name in the sidecar.
        name: that of the library.
    """

    there: str
    name: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What becomes of a sidecar.

    Attributes:
        content: all of it; the bytes that it has where there is nothing to add.
        names: that come to stand in it.
        faces: those of ours that stand in it now.
        clashes: faces whose other name stays, or is replaced where that was asked for.
    """

    content: bytes
    names: tuple[str, ...]
    faces: tuple[FaceName, ...] = ()
    clashes: tuple[Clash, ...] = ()


def merged(existing: bytes | None, names: SidecarNames, *, replace: bool = False) -> Merged:
    """Add names to a sidecar.

    Args:
        existing: content of the file; None for a new one.
        replace: give faces that have another name there the library's. Else they are left as they
            are, and nothing is written of them.

    Raises:
        NotXmpError: the file can't be changed without harm; it says why.
    """
    tree = Tree(EMPTY if existing is None else existing)
    faces = [FaceName(face.name, box) for face in names.faces if (box := _inside(face.box))]
    kinds = [Regions(tree, kind, names.size) for kind in KINDS.values()]
    found = [kind.matches(faces) for kind in kinds]
    clashing: dict[int, str] = {}
    for matches in found:
        for at, known in matches.items():
            if known.name is not None and folded(known.name) != folded(faces[at].name):
                clashing.setdefault(at, known.name)
    going = [at for at in range(len(faces)) if replace or at not in clashing]
    came: set[str] = set()
    new: list[str] = []
    for kind, matches in zip(kinds, found, strict=True):
        changed, properties = kind.write([(faces[at], matches.get(at)) for at in going])
        came.update(changed)
        new += properties
    written = list(dict.fromkeys(faces[at].name for at in going))
    shown = {folded(known.name) for kind in kinds for known in kind.known if known.name}
    gone = {folded(clashing[at]) for at in going if at in clashing} - shown
    for words in _LISTS:
        changed, properties = words.write(tree, written, gone)
        came.update(changed)
        new += properties
    if new:
        tree.append(tree.root, _description(tree, new))
    clashes = tuple(Clash(there, faces[at].name) for at, there in sorted(clashing.items()))
    return Merged(
        tree.changed(),
        tuple(name for name in written if name in came),
        tuple(faces[at] for at in going),
        clashes,
    )


def begun_with(packet: bytes) -> bytes | None:
    """A sidecar that holds what the XMP within a photo says of people, and its keywords.

    Programs take such properties from a sidecar instead of from the photo where both have them. So
    a new sidecar with ours alone would hide what others wrote.

    Returns:
        None where the packet says nothing of that, or can't be followed.
    """
    try:
        known = Tree(packet.strip(b"\0 \r\n\t"))
    except NotXmpError:
        return None
    if known.root.scope.get("rdf", RDF) != RDF:
        return None  # a prefix that is needed here means something else there
    wanted = [kind.regions.whole for kind in KINDS.values()]
    wanted += [words.uri + words.local for words in _LISTS]
    tree = Tree(EMPTY)
    parts = []
    for name in wanted:
        element = known.property(name)
        if element is not None:
            spaces = "".join(
                f" xmlns{prefix and ':'}{prefix}={quoted(uri)}"
                for prefix, uri in element.scope.items()
                if prefix != "rdf"
            )
            raw = known.data[element.start : element.end].decode()
            parts.append(f'<rdf:Description rdf:about=""{spaces}>{raw}</rdf:Description>')
    if not parts:
        return None
    tree.append(tree.root, "\n".join(parts))
    return tree.changed()


def without(existing: bytes, name: str) -> bytes:
    """A sidecar in which nobody is called so: faces with all they hold, and keywords, are out.

    Raises:
        NotXmpError: the file can't be changed without harm; it says why.
    """
    tree = Tree(existing)
    for kind in KINDS.values():
        Regions(tree, kind, None).remove(name)
    for words in _LISTS:
        words.remove(tree, {folded(name)})
    return tree.changed()


def holds_text(content: bytes, name: str) -> bool:
    """Whether the bytes of a sidecar hold a name anywhere, in any capitals.

    Raises:
        NotXmpError: they can't be read.
    """
    text = folded(Tree(content).data.decode())
    return any(folded(each) in text for each in (name, text_of(name), quoted(name)[1:-1]))


def _inside(box: Box) -> Box | None:
    """The part of a box that lies on the picture; other programs refuse more."""
    cut = Box(max(box.left, 0.0), max(box.top, 0.0), min(box.right, 1.0), min(box.bottom, 1.0))
    return cut if cut.width > 0 and cut.height > 0 else None


@dataclass(frozen=True, slots=True)
class _List:
    """A property that lists names.

    Attributes:
        kind: of list, Bag or Seq.
        sign: what stands between the branches of a keyword; None where items are names.
        is_read: names are looked for in it only, and never added.
    """

    uri: str
    local: str
    kind: str
    sign: str | None = None
    is_read: bool = False

    def word(self, name: str) -> str | None:
        """The item of a name; None where it can't hold it.

        There is none for a name that holds the sign itself, or that digiKam takes for nobody's.
        """
        if self.is_read:
            return None
        if self.sign is None:
            return name
        is_name = self.sign not in name and name.casefold() not in NOBODY
        return f"{PARENT}{self.sign}{name}" if is_name else None

    def name_in(self, word: str) -> str | None:
        """Whom an item names, folded; None for a keyword that is not below "People"."""
        if self.sign is None:
            return folded(word)
        first, *groups = word.split(self.sign)
        return folded(groups[-1]) if groups and folded(first) in PEOPLE else None

    def remove(self, tree: Tree, names: AbstractSet[str]) -> None:
        """Take out the items of names, which are folded; in whatever group below "People"."""
        known = tree.property(self.uri + self.local)
        for item in [] if known is None else known.items():
            word = item.word()
            if folded(word) in names or self.name_in(word) in names:
                tree.remove(item)

    def write(
        self, tree: Tree, names: Sequence[str], gone: set[str]
    ) -> tuple[list[str], list[str]]:
        """Add names, and take out those that `gone` holds, folded.

        Returns:
            Names that came, and the text of properties that still have to be put into the file.
        """
        known = tree.property(self.uri + self.local)
        items = [] if known is None else known.items()
        self.remove(tree, gone)
        there = {self.name_in(item.word()) for item in items}
        words = {name: word for name in names if (word := self.word(name)) is not None}
        new = {name: word for name, word in words.items() if folded(name) not in there}
        if not new:
            return [], []
        if known is None:
            spelling = Spelling(tree.root.scope, (RDF, self.uri))
            items_text = spelling.items(new.values())
            listed = spelling.listed(self.uri, self.local, self.kind, items_text, spelling.declared)
            return list(new), [listed]
        array = known.array()
        if array is not None:
            spelling = Spelling(array.scope, (RDF,))
            tree.append(array, spelling.items(new.values(), spelling.declared))
        elif known.children or known.text.strip():
            raise NotXmpError(f"its {self.local} is written in a way that can't be added to")
        else:
            spelling = Spelling(known.scope, (RDF,))
            inside = spelling.array(self.kind, spelling.items(new.values()), spelling.declared)
            tree.replace_content(known, inside)
        return list(new), []


_LISTS = (
    _List(IPTC, "PersonInImage", "Bag"),
    _List(DIGIKAM, "TagsList", "Seq", "/"),
    _List(LIGHTROOM, "hierarchicalSubject", "Bag", "|"),
    _List(DC, "subject", "Bag"),
    *(_List(uri, "LastKeywordXMP", "Bag", "/", is_read=True) for uri in MICROSOFT_PHOTO),
    *(_List(uri, "CatalogSets", "Bag", "|", is_read=True) for uri in CATALOGS),
    *(_List(uri, "People", "Bag", is_read=True) for uri in CATALOGS),
)


def _description(tree: Tree, properties: Sequence[str]) -> str:
    """A description of the photo that the others are about too."""
    spelling = Spelling(tree.root.scope, (RDF,))
    tag, about = spelling.tag(RDF, "Description"), spelling.tag(RDF, "about")
    inside = "\n".join(properties)
    return f"<{tag} {about}={quoted(tree.about())}{spelling.declared}>\n{inside}\n</{tag}>"
