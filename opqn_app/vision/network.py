"""A detector's network, read from ONNX and compiled for this processor by OpenVINO."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from opqn_app.types import Floats

OPTIONS = {
    "INFERENCE_NUM_THREADS": 1,  # processes share the cores, not threads
    "NUM_STREAMS": 1,
    "INFERENCE_PRECISION_HINT": "f32",
    "ENABLE_CPU_PINNING": False,  # two processes would pin themselves to the same core
}
TELEMETRY = "openvino_telemetry"


class Network:
    """One network for one shape of input.

    OpenVINO compiles for a shape and keeps what it compiled. With one shape it does so once,
    whatever the sizes of pictures, and its memory stays the same. One thread at a time.

    Attributes:
        input: float32 of the given shape; filled by the caller before each `run`.
    """

    def __init__(self, file: Path, shape: tuple[int, ...]) -> None:
        openvino = _openvino()
        core: Any = openvino.Core()
        model = core.read_model(file)
        model.reshape(list(shape))
        self._request = core.compile_model(model, "CPU", OPTIONS).create_infer_request()
        self.input: Floats = np.zeros(shape, np.float32)
        # The request reads `input` where it lies.
        self._request.set_input_tensor(openvino.Tensor(self.input, shared_memory=True))

    def run(self) -> Floats:
        """The network's one output for `input`; it is valid until the next run."""
        self._request.infer()
        output: Floats = self._request.get_output_tensor().data
        return output

    def run_all(self, inputs: Floats) -> Floats:
        """Outputs for any number of inputs, in as many runs as the shape's first number asks."""
        at_once = len(self.input)
        parts = []
        for start in range(0, len(inputs), at_once):
            few = inputs[start : start + at_once]
            self.input[: len(few)] = few  # what is left of the last run does no harm
            parts.append(self.run()[: len(few)].copy())
        return np.concatenate(parts)


def _openvino() -> ModuleType:
    """The package, kept from reporting its import to its makers."""
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]  # importing it fails; a stub steps in
    import openvino

    return openvino
