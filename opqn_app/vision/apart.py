"""Photos decoded in a process that may die alone: a crash, a hang or a flood of memory is a reason.

Whoever decodes what somebody else may have made comes here (decision 59). Only the workers of
indexing, which may die too, use `opqn_app.vision.images` themselves.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from opqn_app.core.apart import Died, Pool
from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision import decoders, images, reasons
from opqn_app.vision.images import Photo

T = TypeVar("T")

READERS = Pool(decoders.prepare)


def open_photo(path: Path, **options: Any) -> Photo:
    """`images.open_photo`, in a process apart."""
    return read(path, _opened, path, **options)


def read_photo(data: bytes, name: str, **options: Any) -> Photo:
    """`images.read_photo`, in a process apart."""
    return read(name, _read, data, name, **options)


def read(name: Path | str, function: Callable[..., T], *args: Any, **options: Any) -> T:
    """What a function makes of a file, in a process apart; both must be picklable.

    Raises:
        PhotoUnreadable: the process died of it, or as the function does; it has the name as given.
    """
    try:  # a process that waited is still in the folder where we were when it began
        args = tuple(part.absolute() if isinstance(part, Path) else part for part in args)
    except FileNotFoundError as error:  # the folder where we are was removed
        raise PhotoUnreadable(name, reasons.file_system(Path(name), error)) from error
    try:
        return READERS.call(function, *args, **options)
    except Died as death:
        raise PhotoUnreadable(name, str(death)) from death
    except PhotoUnreadable as error:
        raise PhotoUnreadable(name, error.reason) from error


def _opened(path: Path, **options: Any) -> Photo:
    return _plain(images.open_photo(path, **options))


def _read(data: bytes, name: str, **options: Any) -> Photo:
    return _plain(images.read_photo(data, name, **options))


def _plain(photo: Photo) -> Photo:
    """A picture of its format's own class, such as JPEG XL's, does not go through pipes."""
    is_plain = type(photo.image) is Image.Image
    return photo if is_plain else replace(photo, image=photo.image.copy())
