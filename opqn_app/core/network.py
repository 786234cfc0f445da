"""A network, read from ONNX and compiled for this processor by OpenVINO."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from opqn_app.core.types import Floats

OPTIONS = {
    "INFERENCE_NUM_THREADS": 1,  # processes share the cores, not threads
    "NUM_STREAMS": 1,
    "INFERENCE_PRECISION_HINT": "f32",
    "ENABLE_CPU_PINNING": False,  # two processes would pin themselves to the same core
    "CPU_RUNTIME_CACHE_CAPACITY": 256,  # compiled layers, for about 40 shapes
}
MOST_AT_ONCE = 64
TELEMETRY = "openvino_telemetry"


class Network:
    """One network with one output. One thread at a time.

    OpenVINO compiles for each shape of input when it comes first, which takes milliseconds, and
    keeps what it compiled, about 0.2 MB. So callers ask for shapes from a small set.
    """

    def __init__(self, file: Path) -> None:
        self._openvino = _openvino()
        core: Any = self._openvino.Core()
        compiled = core.compile_model(core.read_model(file), "CPU", OPTIONS)
        self._request = compiled.create_infer_request()

    def run(self, inputs: Floats) -> Floats:
        """The output for `inputs`; it is valid until the next run."""
        # The request reads the array where it lies.
        self._request.set_input_tensor(self._openvino.Tensor(inputs, shared_memory=True))
        self._request.infer()
        output: Floats = self._request.get_output_tensor().data
        return output

    def run_all(self, inputs: Floats) -> Floats:
        """Outputs for any number of inputs (n, …), which is at least 1."""
        n, parts = len(inputs), []
        for start in range(0, n, MOST_AT_ONCE):
            few = inputs[start : start + MOST_AT_ONCE]
            n_few, n_more = len(few), _batch_size(len(few)) - len(few)
            if n_more:
                few = np.concatenate([few, np.zeros((n_more, *few.shape[1:]), np.float32)])
            parts.append(self.run(few)[:n_few].copy())
        return np.concatenate(parts)


def _batch_size(n: int) -> int:
    """The next of the few sizes for which networks are compiled: 1 to 8, 16, 24 to 64."""
    return n if n <= 8 else -(-n // 8) * 8


def _openvino() -> ModuleType:
    """The package, kept from reporting its import to its makers."""
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]  # importing it fails; a stub steps in
    return importlib.import_module("openvino")
