"""What runs in the lanes: plain functions and generators that know the library and no widget."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from opqn_app.core.errors import OpqnError
from opqn_app.core.types import Crops, Floats, Ids, Lut
from opqn_app.ui.work.face_pictures import face_picture

if TYPE_CHECKING:  # the library and search layers are imported in the lanes, after the first paint
    from opqn_app.engine import Engine
    from opqn_app.index.indexing import IndexProgress, IndexReport
    from opqn_app.opqn.calibration import Calibration
    from opqn_app.opqn.several_photos import People
    from opqn_app.people.agreement import AgreementProgress, AgreementReport
    from opqn_app.search.code_index import CodeIndex, Ranking
    from opqn_app.store.library import Library
    from opqn_app.store.records import ForgetReport
    from opqn_app.vision.faces import FoundFace
    from opqn_app.vision.images import Photo

Result = TypeVar("Result")
Crop = NDArray[np.uint8]  # (112, 112, 3) RGB

_making = Lock()


@dataclass(frozen=True, slots=True, eq=False)
class SearchOutcome:
    """The answer to one query, with what is needed to explain it.

    Attributes:
        ranking: every face that can be compared, most alike first.
        index: the codes the ranking was made from; explains a face by its contributions.
        tables: of the query, (Q, M, K); a face scores the best of them.
        calibration: raw score → probability, for this query; None if the model has none.
        crops: the query faces, (n, 112, 112, 3).
        seconds: from the crops to the ranking.
        people: which of the query faces show one person.
        together: None where the faces are taken for one person.
    """

    ranking: "Ranking"
    index: "CodeIndex"
    tables: Floats
    calibration: "Calibration | None"
    crops: Crops
    seconds: float
    people: "People"
    together: "PhotosTogether | None" = None

    def asks_as(self, other: "SearchOutcome") -> bool:
        """Both answer one question, of a library that may have changed."""
        is_same_kind = (self.together is None) == (other.together is None)
        return is_same_kind and np.array_equal(self.crops, other.crops)

    def explain(self, face_id: int) -> tuple[Floats, Lut]:
        """What each word of a face's code adds, (M,), and the table (M, K) that says so."""
        from opqn_app.search.best_of_tables import winners

        tables = self.tables if self.together is None else self.together.tables_of(face_id)
        ids = np.array([face_id], np.int64)
        shares = np.stack([self.index.contributions(table, ids) for table in tables])
        best = int(winners(shares)[0])
        return shares[best, 0], tables[best]


@dataclass(frozen=True, slots=True, eq=False)
class PhotosTogether:
    """Photos with several people; each is shown by the face that is least likely one of them.

    Attributes:
        chances: (n,) of these faces, in the order of the ranking.
        person: face id → which of the people it may be.
        tables: of each person, (Q, M, K).
    """

    chances: Floats
    person: dict[int, int]
    tables: tuple[Floats, ...]

    def tables_of(self, face_id: int) -> Floats:
        return self.tables[self.person[face_id]]


@dataclass(frozen=True, slots=True, eq=False)
class OpenedPhoto:
    """A query photo, decoded, before its faces are known."""

    name: str
    path: Path | None
    photo: "Photo"


class EngineSlot:
    """Where lanes wait for the engine while the "load" lane builds it."""

    def __init__(self) -> None:
        self._future: Future[Engine] = Future()

    @property
    def is_ready(self) -> bool:
        return self._future.done() and not self._future.cancelled() and not self._future.exception()

    def reopen(self) -> None:
        """After a failure: let the next ones wait for another try."""
        if self._future.done() and not self.is_ready:
            self._future = Future()

    def fill(self, factory: "Callable[[], Engine]") -> "Engine":
        """Build the engine here and wake whoever waits; called on the "load" lane."""
        try:
            engine = factory()
        except BaseException as error:
            if not self._future.done():
                self._future.set_exception(error)
            raise
        if not self._future.done():
            self._future.set_result(engine)
        return engine

    def replace(self, engine: "Engine") -> None:
        """From now on everybody gets `engine`; whoever waits for the old one gets it too."""
        if self._future.done():
            self._future = Future()
        self._future.set_result(engine)

    def wait(self) -> "Engine":
        """The engine, as soon as it is there; raises what kept it from loading."""
        try:
            return self._future.result()
        except CancelledError:
            raise OpqnError("The window was closed before the model was loaded.") from None

    def loaded(self) -> "Engine | None":
        """The engine, as soon as it is there; None where it can't be loaded."""
        try:
            return self.wait()
        except Exception:
            if self._future.cancelled():
                raise
            return None

    def close(self) -> None:
        """Wake whoever waits, with nothing; for shutdown."""
        self._future.cancel()


def load_engine(detector: str, model: str, device: str) -> "Engine":
    """On a lane: what it imports would keep the first picture waiting."""
    from opqn_app import engine
    from opqn_app.vision import apart

    apart.READERS.warm()
    return engine.load_engine(model, device, detector=detector)


def ensure_library(path: Path) -> None:
    """Make the library file if it is missing; the lanes of this process wait for each other."""
    from opqn_app.store.library import Library

    with _making:  # a file that is there may have no tables yet
        if not path.exists():
            Library.open(path, write=True).close()


def read_library(path: Path, job: Callable[["Library"], Result]) -> Result:
    """Run `job` on a short-lived read connection; an absent library is made first."""
    from opqn_app.store.library import Library

    ensure_library(path)
    with Library.open(path) as library:
        return job(library)


def write_library(path: Path, job: Callable[["Library"], Result]) -> Result:
    """Run `job` on the writing connection; only for the "index" lane."""
    from opqn_app.store.library import Library

    ensure_library(path)
    with Library.open(path, write=True) as library:
        return job(library)


def forget_root(path: Path, root: Path) -> "ForgetReport":
    """Remove a folder and every face code of it from the library; the photos stay."""
    from opqn_app.exchange.going.forgotten_sidecars import forget_path

    return write_library(path, lambda library: forget_path(library, root))


def index_root(
    path: Path, root: Path, slot: EngineSlot, *, folder: Path | None = None, **options: Any
) -> Generator["IndexProgress", None, "IndexReport"]:
    """`index_folder`, once the engine is there, then boxes drawn by hand that have no face yet.

    Args:
        folder: of the root, if not all of it is to be indexed; if it has gone, what held it.
    """
    from opqn_app.index.indexing import index_folder
    from opqn_app.index.looking import nearest_folder
    from opqn_app.people.drawing import draw_all_missing

    ensure_library(path)
    engine = slot.wait()
    below = nearest_folder(root, folder) if folder is not None else root
    report = yield from index_folder(path, below, engine, **options)
    draw_all_missing(path, engine)
    return report


def switch_model(
    path: Path, load: "Callable[[], Engine]", slot: EngineSlot, *, is_compared: bool
) -> "Generator[IndexProgress | AgreementProgress, None, tuple[Engine, AgreementReport | None]]":
    """Load another model, give every face a code of it, and let it answer if it is no worse.

    The engine changes here, on the lane that writes: no face can come in between with a code of
    the old model only. It does not where the report says that it needs the user's word.

    Args:
        is_compared: with the engine that answers, which is there or under way.
    """
    from opqn_app.people.switching import prepare_switch

    ensure_library(path)
    engine = load()
    report = yield from prepare_switch(path, slot.loaded() if is_compared else None, engine)
    if report is None or not report.needs_word:
        slot.replace(engine)
    return engine, report


def open_query(
    source: Path | bytes | QImage, name: str, slot: EngineSlot
) -> Generator[OpenedPhoto, None, tuple[OpenedPhoto, list["FoundFace"]]]:
    """Decode a query photo (yielded, so that it can be shown), then find its faces.

    Raises:
        PhotoUnreadable: not a photo this program can read.
        NoFaceFound: a photo without a face.
    """
    from opqn_app.search.query import faces_in

    photo = _photo_of(source, name)
    opened = OpenedPhoto(name, source if isinstance(source, Path) else None, photo)
    yield opened
    detector = slot.wait().detector
    yield opened  # a newer query has come meanwhile: this one ends here
    return opened, faces_in(photo, detector, name=name)


def _photo_of(source: Path | bytes | QImage, name: str) -> "Photo":
    from opqn_app.vision.apart import open_photo, read_photo

    if isinstance(source, Path):
        return open_photo(source)
    return read_photo(source, name) if isinstance(source, bytes) else photo_of_image(source)


def photo_of_image(image: QImage) -> "Photo":
    """Pixels from the clipboard or a browser as a photo, bounded like any other."""
    from PIL import Image

    from opqn_app.vision.images import MAX_SIDE, Photo

    shown = image.convertToFormat(QImage.Format.Format_RGB888)
    if max(shown.width(), shown.height()) > MAX_SIDE:
        keep, smooth = (
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        shown = shown.scaled(MAX_SIDE, MAX_SIDE, keep, smooth)
    size, stride = (shown.width(), shown.height()), shown.bytesPerLine()
    pixels = Image.frombytes("RGB", size, bytes(shown.constBits()), "raw", "RGB", stride)
    return Photo(pixels, image.width(), image.height(), None)


def crops_of_faces(path: Path, face_ids: Sequence[int]) -> list[tuple[Crop, QImage]]:
    """The stored aligned crops of library faces, to be used as queries, and how they are shown."""
    from opqn_app.search.query import crop_of_face

    return read_library(
        path,
        lambda library: [(crop_of_face(library, i), face_picture(library, i)) for i in face_ids],
    )


class Searcher:
    """Keeps the codes of the library in memory and up to date; searches on the "query" lane."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._index: CodeIndex | None = None

    def search(
        self, crops: Sequence[Crop], slot: EngineSlot, people: "People" = ()
    ) -> SearchOutcome:
        """Rank the whole library against the person on `crops`.

        Args:
            people: of each the places of its crops, where photos with all of them are wanted.
        """
        if people:
            return self._search_together(crops, slot, people)
        from opqn_app.search.query import curve_of, question_of

        encoder = slot.wait().encoder
        start = perf_counter()
        asked = question_of(encoder, crops)
        tables = asked.tables
        index = self._fresh_index(encoder.model_id)
        ranking = index.search(tables)
        seconds = perf_counter() - start
        return SearchOutcome(
            ranking=ranking,
            index=index,
            tables=tables,
            calibration=curve_of(encoder.calibration, index, tables),
            crops=np.stack(crops),
            seconds=seconds,
            people=asked.people,
        )

    def _search_together(
        self, crops: Sequence[Crop], slot: EngineSlot, people: "People"
    ) -> SearchOutcome:
        """Rank the photos on which all `people` are, see `search.together`."""
        from opqn_app.search.code_index import Ranking
        from opqn_app.search.query import question_of
        from opqn_app.search.together import photos_together

        encoder = slot.wait().encoder
        start = perf_counter()
        asked = question_of(encoder, crops)
        tables = tuple(asked.of_person(photos) for photos in people)
        index = self._fresh_index(encoder.model_id)
        curve = encoder.calibration
        found = read_library(
            self._path, lambda library: photos_together(library, index, tables, curve)
        )
        shown = [photo.faces[photo.least].id for photo in found]
        chances = np.array([photo.chance for photo in found], np.float32)
        person = {face_id: photo.least for face_id, photo in zip(shown, found, strict=True)}
        together = PhotosTogether(chances, person, tables)
        ids = np.array(shown, np.int64)
        return SearchOutcome(
            ranking=Ranking(ids, _scores_of(index, together, ids)),
            index=index,
            tables=asked.tables,
            calibration=curve,
            crops=np.stack(crops),
            seconds=perf_counter() - start,
            people=people,
            together=together,
        )

    def _fresh_index(self, model_id: str) -> "CodeIndex":
        index = read_library(self._path, lambda library: self._current(library, model_id))
        self._index = index
        return index

    def _current(self, library: "Library", model_id: str) -> "CodeIndex":
        from opqn_app.search.code_index import CodeIndex

        if not library.faces_switch.is_on:
            self.forget()
        library.faces_switch.refuse_if_off()
        held = self._index
        if held is not None and held.model_id == model_id:
            return held.refreshed(library)
        return CodeIndex.load(library, model_id)

    def forget(self) -> None:
        """Keep no code in memory."""
        self._index = None

    @property
    def n_faces(self) -> int:
        """How many faces the codes in memory are of."""
        return 0 if self._index is None else len(self._index)

    def prepare(self, slot: EngineSlot) -> None:
        """Have the codes in memory, and the loops compiled, before the first query asks."""
        if self._path.exists():
            self._fresh_index(slot.wait().encoder.model_id).prepare()


def _scores_of(index: "CodeIndex", together: PhotosTogether, face_ids: Ids) -> Floats:
    """(n,) raw scores of faces, each by the tables of its person."""
    scores = np.empty(len(face_ids), np.float32)
    person = np.array([together.person[face_id] for face_id in face_ids.tolist()], np.int64)
    for number, tables in enumerate(together.tables):
        rows = np.flatnonzero(person == number)
        scores[rows] = index.contributions(tables, face_ids[rows]).sum(axis=1)
    return scores
