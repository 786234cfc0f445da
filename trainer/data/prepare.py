"""Photos of labelled people → aligned crops on disk, as the app cuts them."""

import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from opqn_app.core.errors import DataError
from opqn_app.core.progress import RateMeter
from opqn_app.core.types import FaceDetector
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES
from trainer.data.crop_folder import CropFolder
from trainer.data.picture_files import PictureFiles
from trainer.data.prepared import PrepareReport, PrepareSettings

AT_ONCE = 8  # photos between two yields


@dataclass(frozen=True, slots=True)
class PrepareProgress:
    """Photos of this run; `eta_s` is None until it can be told."""

    done: int
    total: int
    dropped: int
    photos_per_s: float
    eta_s: float | None


def prepare(
    source: Path,
    target: Path,
    settings: PrepareSettings,
    make_detector: Callable[[], FaceDetector],
) -> Generator[PrepareProgress, None, PrepareReport]:
    """Make the crops of `source` in `target`; only those that are missing or whose photo changed.

    Close it at any yield to stop; the next run goes on from there. `source` is only read.

    Args:
        source: folder or tar file of `PERSON/photo`, with any folders above; never written to.
        make_detector: called when there is a photo to look at.

    Raises:
        DataError: there are no photos, or `target` can't be used.
    """
    began = time.monotonic()
    _check_places(source, target)
    photos = PictureFiles(source, PHOTO_SUFFIXES)
    work = CropFolder(photos, target, settings)
    new = 0
    try:
        work.begin()
        # A second round only where a copy has lost its twin since the last run.
        while todo := work.missing():
            new += len(todo)
            yield from _rounds(work, todo, make_detector())
        return work.finish(new, began)
    except OSError as error:  # of photos it is caught where they are read
        raise DataError(target, f"crops can't be written there ({error})") from error
    finally:
        work.close()


def _rounds(
    work: CropFolder, todo: list[int], detector: FaceDetector
) -> Generator[PrepareProgress, None, None]:
    meter, dropped = RateMeter(), 0
    yield PrepareProgress(0, len(todo), 0, 0.0, None)
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(todo), AT_ONCE):
            part = todo[start : start + AT_ONCE]
            found = list(pool.map(lambda row: work.look(row, detector), part))
            work.keep(found)
            dropped += sum(not entry.crop for entry in found)
            meter.add(len(part))
            left = len(todo) - start - len(part)
            yield PrepareProgress(
                len(todo) - left, len(todo), dropped, meter.rate(), meter.eta_s(left)
            )


def _check_places(source: Path, target: Path) -> None:
    inside, outside = target.resolve(), source.resolve()
    if inside == outside:
        raise DataError(target, "the crops can't go where the photos are; name another folder")
    if outside in inside.parents:
        raise DataError(target, "it lies inside the folder of photos; name one outside of it")
    if inside in outside.parents:
        raise DataError(target, "the photos lie inside of it; name another folder for the crops")
