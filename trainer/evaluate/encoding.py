"""Pictures through a model once: features, and from them codes and tables as the app makes them."""

import hashlib
import json
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.errors import ModelIncompatible, NoFaceFound, PhotoUnreadable
from opqn_app.core.extras import needed_for
from opqn_app.core.machine import n_cores
from opqn_app.core.scratch import scratch_folder
from opqn_app.core.types import Codes, Crops, Floats
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.encoder import OnnxEncoder
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.opqn.links import Links
from opqn_app.opqn.load import load_encoder
from opqn_app.opqn.model_folder import find_model
from trainer.data.picture_files import Dropped
from trainer.data.pictures import Crop, PictureSource

READ_ON_CPU = 16  # pictures between two signs of progress
READ_ON_GPU = 256
MOST_ENCODERS = 8  # of one model side by side, about 90 MB each
MOST_IN_ALL = 16  # of all models
WORTH_ONE = 32  # pictures that take longer than making one more of them


class ModelEncoder(FaceEncoder, Protocol):
    """A FaceEncoder whose steps can be taken one by one."""

    @property
    def config(self) -> OpqnConfig: ...
    @property
    def links(self) -> Links | None: ...  # None: the model has none
    @property
    def codebooks(self) -> Floats: ...  # (M, d, K): the orthonormal words
    @property
    def words(self) -> Floats: ...  # (M, d, K): the learned maps F_m
    def features(self, crops: Crops) -> Floats: ...  # (n, S, S, 3) → (n, D)
    def codes_of(self, features: Floats) -> Codes: ...  # (n, D) → (n, M)
    def tables_of(self, features: Floats) -> Floats: ...  # (n, D) → (n, M, K)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A model under evaluation.

    Attributes:
        name: for people.
        device: where the encoder computes, "cpu" or "cuda".
        folder: from which the app's encoder can be made again; None where torch computes.
    """

    name: str
    encoder: ModelEncoder
    device: str
    folder: Path | None = None

    @property
    def model_id(self) -> str:
        return self.encoder.model_id

    @property
    def config(self) -> OpqnConfig:
        return self.encoder.config


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What a model makes of pictures.

    Attributes:
        rows: (n,) rows of the listing that could be read, ascending.
        codes: (n, M).
        tables: (q, M, K) float32, snapped: of those that ask, in the same order.
        features: (n, D) float32, or None when nobody wants them.
        digests: (n,) of the pixels: equal ones are the same picture.
        dropped: the others.
        ms_per_picture: time of the network, in milliseconds.
    """

    rows: NDArray[np.intp]
    codes: Codes
    tables: Floats
    features: Floats | None
    digests: NDArray[Any]
    dropped: list[Dropped]
    ms_per_picture: float


def load_candidate(name: str, device: str) -> Candidate:
    """A bundled or imported model, a model folder, a training run, or the authors' .tar file.

    The app's own encoder makes the codes. Only a graphics card and .tar files need torch.

    Raises:
        ModelMissing, ModelIncompatible: it is not there, or does not fit.
        ExtraMissing: torch is needed and not installed.
    """
    path = Path(name)
    if path.is_file():
        return _from_released_file(path, device)
    if (path / "model" / "config.json").is_file():  # a run: what it exported
        return replace(_from_folder(path / "model", device), name=path.name)
    if (path / "metrics.jsonl").is_file():  # a run that exported nothing
        raise ModelIncompatible(path, _why_no_model(path / "result.json"))
    return _from_folder(find_model(name), device)


def _why_no_model(result: Path) -> str:
    try:
        told = json.loads(result.read_text(encoding="utf-8"))["not_exported"]
    except (OSError, ValueError, KeyError):
        told = "Write its best weights so far with: opqn export RUN DIR"
    return f"this run has written no model. {told}".rstrip(".")


def _from_folder(folder: Path, device: str) -> Candidate:
    if device == "cpu":
        encoder = load_encoder(folder)
        encoder.prepare()  # a damaged file shows now and not after the first pictures
        return Candidate(encoder.name, encoder, device, folder)
    from opqn_app.opqn.torch.encoder import TorchEncoder

    on_card = TorchEncoder.load(folder, device)
    return Candidate(on_card.name, on_card, device)


def _from_released_file(path: Path, device: str) -> Candidate:
    with needed_for(f"Reading {path.name}"):
        from opqn_app.opqn.torch.encoder import TorchEncoder
        from opqn_app.opqn.torch.import_official import import_official

    with scratch_folder() as folder:
        import_official(path, folder / "model")
        return Candidate(path.stem, TorchEncoder.load(folder / "model", device), device)


def encode(
    model: Candidate,
    source: PictureSource,
    rows: NDArray[np.intp],
    *,
    asking: NDArray[np.intp],
    wants_features: bool = False,
) -> Generator[int, None, Encoded]:
    """Read and encode `rows`; yields how many are done. See `encode_by_each`."""
    job = encode_by_each([model], source, rows, asking=asking, wants_features=wants_features)
    (encoded,) = yield from job
    return encoded


def encode_by_each(
    models: Sequence[Candidate],
    source: PictureSource,
    rows: NDArray[np.intp],
    *,
    asking: NDArray[np.intp],
    wants_features: bool = False,
) -> Generator[int, None, list[Encoded]]:
    """Read `rows` once and encode them by each model; yields how many are done.

    Args:
        rows: of the listing, ascending.
        asking: those of them that need tables.
        wants_features: keep the features of all; 4·D bytes a picture and model.

    Returns:
        What each model makes, in the order of `models`.
    """
    size = READ_ON_CPU if any(model.device == "cpu" for model in models) else READ_ON_GPU
    most, asks = max(1, min(MOST_ENCODERS, MOST_IN_ALL // len(models))), np.isin(rows, asking)
    with ThreadPoolExecutor() as pool:
        parts = [
            _Parts(_side_by_side(model, len(rows), most, pool), pool, asks, wants_features)
            for model in models
        ]
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            found = list(pool.map(lambda row: read_crop(source, row), batch))
            for part in parts:
                part.add(start, batch, found)
            yield start + len(batch)
    return [part.result() for part in parts]


def _side_by_side(
    model: Candidate, n_pictures: int, most: int, pool: ThreadPoolExecutor
) -> list[ModelEncoder]:
    """The model's encoder, and more of the same where there are cores and pictures for them."""
    if model.folder is None:
        return [model.encoder]
    n_more = min(n_cores(), most, n_pictures // WORTH_ONE) - 1
    more = [load_encoder(model.folder) for _ in range(n_more)]
    list(pool.map(OnnxEncoder.prepare, more))
    return [model.encoder, *more]


def read_crop(source: PictureSource, row: int) -> Crop | Dropped:
    """The crop of a row, or why there is none."""
    try:
        return source.crop(int(row))
    except PhotoUnreadable as failure:
        return Dropped(str(source.files[row]), failure.reason)
    except NoFaceFound:
        return Dropped(str(source.files[row]), "no face was found")


class _Parts:
    """Codes, tables and features as they come."""

    def __init__(
        self,
        encoders: list[ModelEncoder],
        pool: ThreadPoolExecutor,
        asks: NDArray[np.bool_],
        wants_features: bool,
    ) -> None:
        self._encoders, self._pool = encoders, pool
        self._asks = asks
        self._wants_features = wants_features
        self._rows: list[int] = []
        self._digests: list[str] = []
        self._codes: list[Codes] = []
        self._tables: list[Floats] = []
        self._features: list[Floats] = []
        self._dropped: list[Dropped] = []
        self._seconds = 0.0

    def add(self, start: int, rows: NDArray[np.intp], found: list[Crop | Dropped]) -> None:
        self._dropped += [entry for entry in found if isinstance(entry, Dropped)]
        good = [i for i, entry in enumerate(found) if not isinstance(entry, Dropped)]
        crops = [entry for entry in found if not isinstance(entry, Dropped)]
        if not crops:
            return
        began = time.perf_counter()
        asks = self._asks[start : start + len(rows)][good]
        shares = np.array_split(np.arange(len(crops)), min(len(self._encoders), len(crops)))
        crops_of = [[crops[i] for i in share] for share in shares]
        asks_of = [asks[share] for share in shares]
        coded = self._pool.map(_encoded, self._encoders, crops_of, asks_of)
        for features, codes, tables in coded:
            self._codes.append(codes)
            self._tables.append(tables)
            if self._wants_features:
                self._features.append(features)
        self._seconds += time.perf_counter() - began
        self._rows += rows[good].tolist()
        self._digests += [
            hashlib.blake2b(crop.tobytes(), digest_size=16).hexdigest() for crop in crops
        ]

    def result(self) -> Encoded:
        config = self._encoders[0].config
        shape = (0, config.n_books, config.n_words)
        empty_codes = np.empty((0, config.n_books), config.code_dtype)
        return Encoded(
            rows=np.array(self._rows, np.intp),
            codes=np.concatenate([empty_codes, *self._codes]),
            tables=np.concatenate([np.empty(shape, np.float32), *self._tables]),
            features=np.concatenate(self._features) if self._features else None,
            digests=np.array(self._digests, dtype="U32"),
            dropped=self._dropped,
            ms_per_picture=1e3 * self._seconds / max(len(self._rows), 1),
        )


def _encoded(
    encoder: ModelEncoder, crops: list[Crop], asks: NDArray[np.bool_]
) -> tuple[Floats, Codes, Floats]:
    """Features and codes of crops that may differ in size, and the tables of those that ask."""
    if len({crop.shape for crop in crops}) == 1:
        features = encoder.features(np.stack(crops))
    else:
        features = np.concatenate([encoder.features(crop[None]) for crop in crops])
    return features, encoder.codes_of(features), encoder.tables_of(features[asks])
