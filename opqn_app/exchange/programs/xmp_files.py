"""Names and boxes from the XMP of all photos below a folder: within them and beside them."""

import logging
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.files import real_path
from opqn_app.core.helpers import begin_helper
from opqn_app.core.machine import n_cores
from opqn_app.exchange.frames import turn_of, upright, without_margin
from opqn_app.exchange.records import FACE, Found, PhotoNames, Problem, Progress
from opqn_app.exchange.sidecars import Sidecars
from opqn_app.exchange.xmp.names import names_of
from opqn_app.exchange.xmp.packets import packets_of
from opqn_app.exchange.xmp.rdf import MAX_PACKET
from opqn_app.index.excludes import Excludes
from opqn_app.vision import reasons
from opqn_app.vision.photo_folder import FolderScan, ScanResult

logger = logging.getLogger(__name__)

BATCH = 250  # photos
MIN_FOR_PROCESSES = 2000  # photos a process; starting one takes as long as reading some hundreds
AHEAD = 4  # batches that wait for each process

_Answer = Future[list[PhotoNames | Problem]]


class Batch(NamedTuple):
    """Some photos of one folder.

    Attributes:
        names: of their files.
    """

    folder: Path
    names: tuple[str, ...]


def names_below(
    place: Path, folders: Sequence[Path] = (), excludes: Sequence[str] = ()
) -> Iterator[Found]:
    """What the XMP of the photos below a folder says, in their order.

    Which files are its photos is told as in indexing. Boxes are in the upright frame. Photos
    without names and marks are left out. Several processes read where there are many photos; they
    end when the generator is closed.

    Args:
        folders: of photos in the library.
        excludes: patterns of what the user does not want, as indexing has them: their paths begin
            at the folder of the library that holds `place`, or else at `place`.

    Raises:
        FolderUnavailable: the folder can't be listed.
    """
    top, start = place, ""
    real = real_path(place)
    above = [folder for folder in map(real_path, folders) if real.is_relative_to(folder)]
    if excludes and above:
        top = max(above, key=lambda folder: len(folder.parts))
        start = "" if real == top else real.relative_to(top).as_posix()
    scan = FolderScan(top, excludes=Excludes(excludes) if excludes else None)
    for _ in scan.steps(start):
        yield Progress(len(scan.files))
    result = scan.result()
    for folder in result.unreadable:
        yield Problem(top / folder, "It could not be listed, so its photos are left out.")
    done, total = 0, len(result.files)
    batches = _batches(top, result)
    for batch, some in zip(batches, _read_all(batches, total), strict=True):
        yield from some
        done += len(batch.names)
        yield Progress(done, total)


def read_batch(batch: Batch) -> list[PhotoNames | Problem]:
    """What the XMP of some photos of a folder says."""
    try:
        listed = os.listdir(batch.folder)  # noqa: PTH208 (names are what is wanted)
    except OSError:
        listed = list(batch.names)
    sidecars = Sidecars(batch.folder, listed)
    found: list[PhotoNames | Problem] = []
    for name in batch.names:
        found += names_of_photo(batch.folder / name, sidecars.of(name))
    return found


def names_of_photo(photo: Path, sidecars: Sequence[Path]) -> Iterator[PhotoNames | Problem]:
    """What the XMP of one photo says, in the upright frame; nothing where it says nothing.

    Args:
        sidecars: its XMP files; what they say counts more than what is within the photo.
    """
    sources: list[tuple[Path, tuple[bytes, ...]]] = []
    for path in (*sidecars, photo):
        try:
            packets = packets_of(path) if path == photo else (_content(path),)
        except OSError as error:
            yield Problem(path, f"No names were read: {reasons.file_system(path, error)}.")
            continue
        sources.append((path, packets))
    said = names_of(packet for _, packets in sources for packet in packets)
    if said.fault:
        yield from _faults(sources)
    if not (said.regions or said.people):
        return
    names = PhotoNames(photo, said.regions, said.people)
    try:
        names = without_margin(names, said.size)
        yield upright(names, turn_of(photo) if said.regions else 1)
    except PhotoUnreadable as error:
        yield Problem(photo, f"Its boxes could not be placed: {error.reason}.")
        people = (region.name for region in said.regions if region.kind == FACE and region.name)
        yield replace(names, regions=(), people=tuple(dict.fromkeys((*people, *said.people))))


def _content(sidecar: Path) -> bytes:
    if not sidecar.is_file():
        return b""  # a folder, or a pipe, which would be waited for
    with sidecar.open("rb") as file:
        return file.read(MAX_PACKET + 1)


def _faults(sources: Sequence[tuple[Path, tuple[bytes, ...]]]) -> Iterator[Problem]:
    for path, packets in sources:
        fault = names_of(packets).fault
        if fault:
            yield Problem(path, f"Its XMP is not as it should be: {fault}.")


def _batches(place: Path, result: ScanResult) -> list[Batch]:
    files = (file.rel_path.rpartition("/") for file in result.files if file.problem is None)
    batches: list[Batch] = []
    for folder, parts in groupby(files, key=lambda part: part[0]):
        names = [part[2] for part in parts]
        starts = range(0, len(names), BATCH)
        batches += (Batch(place / folder, tuple(names[at : at + BATCH])) for at in starts)
    return batches


def _read_all(batches: Sequence[Batch], total: int) -> Iterator[list[PhotoNames | Problem]]:
    n_processes = min(n_cores(), total // MIN_FOR_PROCESSES)
    if n_processes < 2:
        yield from map(read_batch, batches)
        return
    context = multiprocessing.get_context("spawn")  # forking is not safe beside threads
    pool = ProcessPoolExecutor(n_processes, context, initializer=begin_helper)
    waiting: deque[tuple[Batch, _Answer | None]] = deque()
    try:
        for batch in batches:
            waiting.append((batch, _asked(pool, batch)))
            if len(waiting) >= AHEAD * n_processes:
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _asked(pool: ProcessPoolExecutor, batch: Batch) -> _Answer | None:
    try:
        return pool.submit(read_batch, batch)
    except BrokenProcessPool:
        return None


def _result(batch: Batch, answer: _Answer | None) -> list[PhotoNames | Problem]:
    if answer is not None:
        try:
            return answer.result()
        except BrokenProcessPool:  # the system ended a process, perhaps for lack of memory
            logger.info("photos are read in this process, since another one has ended")
    return read_batch(batch)
