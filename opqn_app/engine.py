"""The one place the app builds its detector and its encoder."""

import ctypes
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PIL import Image

from opqn_app.core import allocator
from opqn_app.core.types import Codes, Crops, DetectedFace, FaceDetector, Floats
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.face_encoder import FaceEncoder


@dataclass(frozen=True, slots=True)
class Recipe:
    """How another process builds an equal engine.

    Attributes:
        build: picklable.
        modules: what `build` imports; a server of processes imports it once for all of them.
    """

    build: Callable[[], "Engine"]
    modules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Engine:
    """What turns pictures into faces and faces into codes.

    Attributes:
        recipe: None where no other process can have an equal one, or should not: a graphics card
            is shared best by one process.
        detector_name: what the library notes beside each photo.
    """

    detector: FaceDetector
    encoder: FaceEncoder
    recipe: Recipe | None = None
    detector_name: str = "mtcnn"


def load_engine(
    model: str, device: str = "auto", detector: str = "mtcnn", *, is_one_of_many: bool = False
) -> Engine:
    """Load detector and encoder; takes seconds, since it imports torch.

    Args:
        model: a bundled model's name, an imported model's name, or a checkpoint folder.
        device: "auto", "cpu" or "cuda".
        detector: "mtcnn" or "yunet".
        is_one_of_many: other processes share the processor with this one, which then computes
            with one thread even where OMP_NUM_THREADS, set for other programs, asks for more.

    Raises:
        ModelMissing: no such model.
        ModelIncompatible: the model's files do not fit together.
        SettingsError: no such detector, or it is not installed.
    """
    import torch

    from opqn_app.opqn.model_folder import find_model
    from opqn_app.opqn.torch.device import pick_device
    from opqn_app.opqn.torch.encoder import OpqnEncoder
    from opqn_app.vision.detect import make_detector

    chosen, folder = pick_device(device), find_model(model)
    if chosen == "cpu" and (is_one_of_many or "OMP_NUM_THREADS" not in os.environ):
        # Faces are small pictures: sharing one among threads costs more than it saves, and where
        # other work runs threads that wait for each other made indexing three times slower, and
        # two workers with two threads each on two cores eleven times.
        torch.set_num_threads(1)
    encoder = OpqnEncoder.load(folder, device=chosen)
    recipe = worker_recipe(str(folder), "cpu", detector) if chosen == "cpu" else None
    engine = Engine(make_detector(detector, chosen), encoder, recipe, detector)
    allocator.give_back_unused()  # 40 MB of reading the weights
    return engine


def deferred_engine(model: str, device: str = "auto", detector: str = "mtcnn") -> Engine:
    """An engine that knows what model it has, and is loaded when it is first used.

    A process that leaves the computing to its workers never loads torch, which is 400 MB.

    Raises:
        ModelMissing: no such model.
        ModelIncompatible: its folder is not that of a model.
    """
    if device != "cpu" and _may_have_cuda():
        return load_engine(model, device, detector)
    from opqn_app.opqn.config import OpqnConfig
    from opqn_app.opqn.model_folder import calibration_from_dict, find_model, read_description

    folder = find_model(model)
    said = read_description(folder)
    config = OpqnConfig.from_dict(said.get("config"), source=str(folder))
    parts = _Deferred(
        folder=folder,
        model_id=str(said.get("model_id")),
        name=str(said.get("name") or folder.name),
        n_books=config.n_books,
        n_words=config.n_words,
        calibration=calibration_from_dict(said.get("calibration"), folder),
        detector=detector,
    )
    return Engine(parts, parts, worker_recipe(str(folder), "cpu", detector), detector)


@dataclass(slots=True, eq=False)
class _Deferred:
    """Both a FaceDetector and a FaceEncoder; see `deferred_engine`."""

    folder: Path
    model_id: str
    name: str
    n_books: int
    n_words: int
    calibration: Calibration | None
    detector: str
    _loaded: list[Engine] = field(default_factory=list)

    def detect(self, image: Image.Image, pixels: int) -> list[DetectedFace]:
        return self._engine.detector.detect(image, pixels)

    def encode(self, crops: Crops) -> Codes:
        return self._engine.encoder.encode(crops)

    def luts(self, crops: Crops) -> Floats:
        return self._engine.encoder.luts(crops)

    @property
    def _engine(self) -> Engine:
        if not self._loaded:
            self._loaded.append(load_engine(str(self.folder), "cpu", self.detector))
        return self._loaded[0]


def worker_recipe(model: str, device: str, detector: str) -> Recipe:
    """The engine of one of many processes, here or on other machines; arguments as `load_engine`'s.

    Nothing is loaded or looked for until it is built.
    """
    modules = (
        "opqn_app.opqn.torch.encoder",
        "opqn_app.vision.mtcnn" if detector == "mtcnn" else "cv2",
    )
    return Recipe(partial(load_engine, model, device, detector, is_one_of_many=True), modules)


def _may_have_cuda() -> bool:
    """Whether NVIDIA's driver is installed; torch, which knows more, is slow to ask."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
