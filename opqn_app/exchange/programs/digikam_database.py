"""Names from digiKam's own database, for those who never let it write into photos or sidecars."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qsl
from xml.parsers import expat

from opqn_app.core.errors import OpqnError
from opqn_app.core.types import Box
from opqn_app.exchange.cleaned import box_of, clean_name, gathered
from opqn_app.exchange.programs.elsewhere import Elsewhere
from opqn_app.exchange.records import Found, Frame, Problem, Progress, Region
from opqn_app.store.digikam_tables import DigikamImage, digikam_images

DATABASE_NAME = "digikam4.db"
_PATHS = ("path", "mountpath")  # parts of a root's identifier that say where it is
_STEP = 500  # photos, after which progress is told
_SIDEWAYS = 5  # EXIF values from here on exchange width and height


def names_of_digikam(place: Path, folders: Sequence[Path] = ()) -> Iterator[Found]:
    """What digiKam knows of its photos: confirmed faces, and people that photos are tagged with.

    Faces that digiKam only suggests a name for are left.

    Args:
        place: `digikam4.db`, or the folder it lies in.
        folders: where the photos may lie, if not where digiKam says.

    Raises:
        OpqnError: it is not there, or can't be read.
    """
    path = place / DATABASE_NAME if place.is_dir() else place
    if not path.is_file():
        raise OpqnError(
            f"There is no {DATABASE_NAME} in {place}. digiKam says where it is under Settings, "
            "Configure digiKam, Database."
        )
    elsewhere = Elsewhere(folders)
    yield Progress(0)
    for done, image in enumerate(digikam_images(path)):
        if done % _STEP == 0:
            yield Progress(done)
        photo = elsewhere.find(_path(image))
        boxes = [(name, _rectangle(value)) for name, value in image.regions]
        size = _upright_size(image, [box for _, box in boxes if box is not None])
        regions = [_region(name, box, size) for name, box in boxes]
        names = gathered(photo, regions, image.people, frame=Frame.UPRIGHT)
        if names is not None:
            yield names
        if size is None and image.regions:
            yield Problem(photo, "digiKam has not looked at its size, so its boxes were left.")


def _path(image: DigikamImage) -> str:
    """Where the photo is, as far as digiKam can say: a disk's own folder is not known to it."""
    scheme, _, query = image.root.partition(":?")
    said = dict(parse_qsl(query.replace("+", "%2B"))) if scheme else {}
    base = next((said[key] for key in _PATHS if key in said), "")
    parts = (base.rstrip("/"), *(folder.strip("/") for folder in image.folders), image.name)
    whole = "/".join(part for part in parts[1:] if part)
    return f"{parts[0]}/{whole}"


def _rectangle(value: str) -> Box | None:
    """In pixels: `<rect x="10" y="20" width="30" height="40"/>`."""
    found: dict[str, str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "rect" and not found:
            found.update(attributes)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parser.Parse(value, True)
        x, y, width, height = (int(found[side]) for side in ("x", "y", "width", "height"))
    except (expat.ExpatError, LookupError, ValueError):
        return None
    return Box(x, y, x + width, y + height) if width > 0 and height > 0 else None


def _upright_size(image: DigikamImage, boxes: Sequence[Box]) -> tuple[int, int] | None:
    """Boxes are in the upright photo, but the size is of the picture as it lies in the file.

    Should the boxes fit only the other way round, the size was upright already.
    """
    if image.size is None:
        return None
    width, height = image.size
    if (image.orientation or 1) < _SIDEWAYS:
        return width, height
    turned = (height, width)
    return image.size if not _fit(boxes, turned) and _fit(boxes, image.size) else turned


def _fit(boxes: Sequence[Box], size: tuple[int, int]) -> bool:
    return all(box.right <= size[0] and box.bottom <= size[1] for box in boxes)


def _region(name: str, box: Box | None, size: tuple[int, int] | None) -> Region:
    if box is None or size is None:
        return Region(clean_name(name), None)
    width, height = size
    sides = box.left / width, box.top / height, box.right / width, box.bottom / height
    return Region(clean_name(name), box_of(*sides))
