"""The one place the app builds its detector and its encoder."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from threadpoolctl import threadpool_limits

from opqn_app.core.types import FaceDetector
from opqn_app.opqn.device import uses_cuda
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.opqn.load import load_encoder
from opqn_app.opqn.model_folder import find_model
from opqn_app.vision.detect import make_detector


@dataclass(frozen=True, slots=True)
class Engine:
    """What turns pictures into faces and faces into codes.

    Attributes:
        builder: builds an equal engine in another process; picklable. None where no other process
            should have one: a graphics card is shared best by one process.
        detector_name: what the library notes beside each photo.
    """

    detector: FaceDetector
    encoder: FaceEncoder
    builder: Callable[[], "Engine"] | None = None
    detector_name: str = "mtcnn"


def load_engine(
    model: str, device: str = "auto", detector: str = "mtcnn", *, is_lazy: bool = False
) -> Engine:
    """The detector and the encoder of a model.

    Args:
        model: a bundled model's name, an imported model's name, or a model folder.
        device: "auto" (a CUDA graphics card where there is one, and torch), "cpu" or "cuda".
        detector: "mtcnn" or "yunet".
        is_lazy: read networks when they are first used: a process that leaves the computing to
            others then never does.

    Raises:
        ModelMissing: no such model.
        ModelIncompatible: the model's files do not fit together.
        SettingsError: no such device or detector, or it is not installed.
    """
    # Faces are small pictures: sharing one among threads costs more than it saves.
    threadpool_limits(limits=1, user_api="blas")
    folder = find_model(model)
    if uses_cuda(device):
        from opqn_app.opqn.torch.encoder import TorchEncoder

        return Engine(
            make_detector(detector), TorchEncoder.load(folder, device="cuda"), None, detector
        )
    finder, encoder = make_detector(detector), load_encoder(folder)
    if not is_lazy:
        finder.prepare()
        encoder.prepare()
    return Engine(finder, encoder, engine_builder(str(folder), "cpu", detector), detector)


def engine_builder(model: str, device: str, detector: str) -> Callable[[], Engine]:
    """Builds the engine of one of many processes, here or on other machines.

    Nothing is loaded or looked for until it is called. Arguments are those of `load_engine`.
    """
    return partial(load_engine, model, device, detector)
