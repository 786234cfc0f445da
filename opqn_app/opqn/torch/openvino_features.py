"""Features computed by OpenVINO instead of torch: the same network, compiled for this processor.

The extra `openvino` brings it. The network is handed over in memory when a model is loaded, which
takes less than a second of processor time, so nothing is stored.
"""

import importlib.util
import logging
import os
import sys
import warnings
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import torch
from torch import Tensor

from opqn_app.opqn.torch.model import OpqnModel

logger = logging.getLogger(__name__)

VARIABLE = "OPQN_ENCODER"  # "torch" turns OpenVINO off
TELEMETRY = "openvino_telemetry"
OPTIONS = {
    "INFERENCE_NUM_THREADS": 1,  # as the app runs torch: processes share the cores, not threads
    "NUM_STREAMS": 1,
    "INFERENCE_PRECISION_HINT": "f32",
    "ENABLE_CPU_PINNING": False,  # two processes would pin themselves to the same core
}
TOLERANCE = 1e-4  # of the largest feature; what was measured is 2e-6


class CompiledFeatures:
    """(B, 3, S, S) prepared pictures → (B, D) features, each picture in a pass of its own.

    A picture's features are therefore the same bits whatever it comes with. One thread at a time.
    """

    def __init__(self, model: OpqnModel) -> None:
        """Compile the network of `model`, which is in evaluation mode on the CPU, and try it.

        Raises:
            Exception: whatever OpenVINO or torch say when they can't; RuntimeError when the
                compiled network gives other features than torch.
        """
        openvino = _openvino()
        trace: Any = torch.jit.trace  # deprecated, and still what OpenVINO reads best
        size = model.config.input_size
        example = torch.linspace(-1, 1, 3 * size * size).sin().reshape(1, 3, size, size)
        # OpenVINO prints what it does where the log is at DEBUG, which is up to the program that
        # loads us; stdout is for results.
        with torch.no_grad(), warnings.catch_warnings(), redirect_stdout(sys.stderr):
            warnings.simplefilter("ignore")
            traced = trace(model.backbone, example, check_trace=False)
            network = openvino.convert_model(traced, input=list(example.shape))
            expected = model.features(example)
        compiled = openvino.Core().compile_model(network, "CPU", OPTIONS)
        self._request: Any = compiled.create_infer_request()
        self._n_features = expected.shape[1]
        error = (self(example) - expected).abs().max() / expected.abs().max()
        if not error <= TOLERANCE:  # NaN too
            raise RuntimeError(f"its features differ from torch's by {float(error):.1g}")

    def __call__(self, x: Tensor) -> Tensor:
        out = np.empty((len(x), self._n_features), np.float32)
        for row, picture in zip(out, x.contiguous().numpy(), strict=True):
            row[:] = self._request.infer({0: picture[None]})[0][0]
        return torch.from_numpy(out)


def compiled_features(model: OpqnModel) -> CompiledFeatures | None:
    """The network of `model` in OpenVINO; None where it is not installed, not wanted or fails."""
    if os.environ.get(VARIABLE) == "torch" or importlib.util.find_spec("openvino") is None:
        return None
    try:
        return CompiledFeatures(model)
    except Exception as error:  # noqa: BLE001 - torch can do the same
        warn_of(error)
        return None


def warn_of(error: Exception) -> None:
    """One line, however much OpenVINO says."""
    said = str(error).strip().partition("\n")[0] or type(error).__name__
    logger.warning("OpenVINO can't run this model, torch encodes faces instead: %s", said[:200])


def _openvino() -> Any:
    """The package, kept from reporting its import and every conversion to its makers."""
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]  # importing it fails; a stub steps in
    import openvino

    return openvino
