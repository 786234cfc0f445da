"""The one place the app builds its detector and its encoder."""

import os
from dataclasses import dataclass

from opqn_app.types import FaceDetector, FaceEncoder


@dataclass(frozen=True, slots=True)
class Engine:
    """What turns pictures into faces and faces into codes."""

    detector: FaceDetector
    encoder: FaceEncoder


def load_engine(model: str, device: str = "auto") -> Engine:
    """Load detector and encoder; takes seconds, since it imports torch.

    Args:
        model: a bundled model's name, an imported model's name, or a checkpoint folder.
        device: "auto", "cpu" or "cuda".

    Raises:
        ModelMissing: no such model.
        ModelIncompatible: the model's files do not fit together.
    """
    import torch

    from opqn_app.opqn.checkpoint import find_model
    from opqn_app.opqn.device import pick_device
    from opqn_app.opqn.encoder import OpqnEncoder
    from opqn_app.vision.detect import MtcnnDetector

    chosen = pick_device(device)
    if chosen == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        # Faces are small pictures: sharing one among threads costs more than it saves, and where
        # other work runs threads that wait for each other made indexing three times slower.
        torch.set_num_threads(1)
    encoder = OpqnEncoder.load(find_model(model), device=chosen)
    return Engine(detector=MtcnnDetector(device=chosen), encoder=encoder)
