"""What digikam4.db says of faces."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opqn_app.store.copied_database import copied_database

_TABLES = frozenset(
    {
        *("AlbumRoots", "Albums", "Images", "ImageInformation"),
        *("Tags", "TagProperties", "ImageTags", "ImageTagProperties"),
    }
)
_NOBODY = ("unknownPerson", "unconfirmedPerson", "ignoredPerson")  # properties of such tags
_SHOWN = (1, 2)  # status of an image: visible or hidden, not in the bin, nor gone

# Person tags with their names: the property, which is of digiKam's own making, before the tag's.
_PEOPLE = f"""
SELECT Tags.id, CAST(COALESCE(NULLIF(MAX(person.value), ''), Tags.name) AS TEXT)
FROM Tags JOIN TagProperties AS person ON person.tagid = Tags.id AND person.property = 'person'
WHERE NOT EXISTS (
    SELECT 1 FROM TagProperties AS other
    WHERE other.tagid = Tags.id AND other.property IN {_NOBODY}
)
GROUP BY Tags.id
"""
_IMAGES = f"""
SELECT Images.id, CAST(AlbumRoots.identifier AS TEXT), CAST(AlbumRoots.specificPath AS TEXT),
    CAST(Albums.relativePath AS TEXT), CAST(Images.name AS TEXT),
    CAST(ImageInformation.width AS INTEGER), CAST(ImageInformation.height AS INTEGER),
    CAST(ImageInformation.orientation AS INTEGER)
FROM Images JOIN Albums ON Albums.id = Images.album
JOIN AlbumRoots ON AlbumRoots.id = Albums.albumRoot
LEFT JOIN ImageInformation ON ImageInformation.imageid = Images.id
WHERE Images.status IN {_SHOWN} AND (
    Images.id IN (SELECT imageid FROM ImageTagProperties WHERE property = 'tagRegion')
    OR Images.id IN (SELECT imageid FROM ImageTags WHERE tagid IN (
        SELECT tagid FROM TagProperties WHERE property = 'person'))
)
ORDER BY Images.id
"""
_REGIONS = """
SELECT imageid, tagid, CAST(value AS TEXT) FROM ImageTagProperties
WHERE property = 'tagRegion' AND value IS NOT NULL
"""
_TAGGED = """
SELECT imageid, tagid FROM ImageTags
WHERE tagid IN (SELECT tagid FROM TagProperties WHERE property = 'person')
"""


@dataclass(frozen=True, slots=True)
class DigikamImage:
    """A photo with people.

    Attributes:
        root: identifies the disk, or the folder on it: a URL such as "volumeid:?path=/photos".
        folders: below the root, then below the album's root; both begin with "/".
        size: width and height, as the file has them; None if digiKam has not looked.
        orientation: EXIF value, None if unknown.
        regions: name and box, as XML, of each confirmed face.
        people: names of all persons that the photo is tagged with.
    """

    root: str
    folders: tuple[str, str]
    name: str
    size: tuple[int, int] | None
    orientation: int | None
    regions: tuple[tuple[str, str], ...]
    people: tuple[str, ...]


def digikam_images(path: Path) -> Iterator[DigikamImage]:
    """All photos with people; raises CannotRead if it is no digikam4.db."""
    with copied_database(path, "digiKam", _TABLES) as connection:
        names = dict(connection.execute(_PEOPLE).fetchall())
        regions: dict[int, list[tuple[str, str]]] = {}
        for image, tag, value in connection.execute(_REGIONS):
            if tag in names:
                regions.setdefault(image, []).append((names[tag], value))
        people: dict[int, list[str]] = {}
        for image, tag in connection.execute(_TAGGED):
            if tag in names:
                people.setdefault(image, []).append(names[tag])
        for image, root, specific, relative, name, width, height, turn in connection.execute(
            _IMAGES
        ):
            if image in regions or image in people:
                yield DigikamImage(
                    root or "",
                    (specific or "/", relative or "/"),
                    name,
                    (width, height) if width and height and min(width, height) > 0 else None,
                    turn or None,
                    tuple(regions.get(image, ())),
                    tuple(people.get(image, ())),
                )
