"""A network, read from ONNX and compiled for this processor by OpenVINO."""

import hashlib
import importlib
import logging
import mmap
import os
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from opqn_app.core import paths, private
from opqn_app.core.files import replacing
from opqn_app.core.types import Floats

logger = logging.getLogger(__name__)

OPTIONS = {
    "INFERENCE_NUM_THREADS": 1,  # processes share the cores, not threads
    "NUM_STREAMS": 1,
    "INFERENCE_PRECISION_HINT": "f32",
    "ENABLE_CPU_PINNING": False,  # two processes would pin themselves to the same core
    "CPU_RUNTIME_CACHE_CAPACITY": 256,  # compiled layers, for about 40 shapes
}
MOST_AT_ONCE = 64
TELEMETRY = "openvino_telemetry"
KEPT_FROM = 8 << 20  # bytes of weights; smaller networks are compiled as fast as they are read
MOST_KEPT = 4  # compiled networks; about 40 MB each


class Network:
    """One network with one output. One thread at a time.

    OpenVINO compiles for each shape of input when it comes first, which takes milliseconds, and
    keeps what it compiled, about 0.2 MB. So callers ask for shapes from a small set.

    Args:
        file: ONNX.
        weights: the file beside it in which its weights lie. Where they are many, the compiled
            network is kept in the user's cache folder: reading it takes a seventh of the time.
    """

    def __init__(self, file: Path, weights: Path | None = None) -> None:
        self._openvino, memory = _openvino(), None
        core: Any = self._openvino.Core()
        if weights is not None and weights.stat().st_size >= KEPT_FROM:
            compiled, memory = _kept_or_compiled(core, self._openvino, file, weights)
        else:
            compiled = core.compile_model(core.read_model(file), "CPU", OPTIONS)
        self._request = compiled.create_infer_request()
        self._memory = memory  # the last, so that it outlives the request

    def run(self, inputs: Floats) -> Floats:
        """The output for `inputs`; it is valid until the next run."""
        # The request reads the array where it lies.
        self._request.set_input_tensor(self._openvino.Tensor(inputs, shared_memory=True))
        self._request.infer(share_outputs=True)  # else it copies the output for its own answer
        output: Floats = self._request.get_output_tensor().data
        return output

    def run_all(self, inputs: Floats) -> Floats:
        """Outputs for any number of inputs (n, …), which is at least 1."""
        parts, start = [], 0
        while start < len(inputs):
            end = start + _batch_size(len(inputs) - start)
            parts.append(self.run(inputs[start:end]).copy())
            start = end
        return np.concatenate(parts)


def _batch_size(n: int) -> int:
    """The most of `n` in one of the few sizes for which networks are compiled: 1 to 8, 16 to 64."""
    return min(n if n <= 8 else n // 8 * 8, MOST_AT_ONCE)


def _kept_or_compiled(core: Any, openvino: Any, file: Path, weights: Path) -> tuple[Any, Any]:
    """The compiled network from the cache folder, where it is put if it is not there.

    The second value is the memory in which its weights lie. OpenVINO reads it at every run and does
    not hold it: the caller has to.
    """
    processor = core.get_property("CPU", "FULL_DEVICE_NAME")
    known = f"{openvino.__version__} {processor} {OPTIONS}".encode()
    known += file.read_bytes() + _checksum(weights.read_bytes())
    key = hashlib.sha256(known).hexdigest()[:32]
    path = paths.cache_dir() / "networks" / f"{key}.blob"
    kept = _kept(core, openvino, path)
    if kept is not None:
        return kept
    compiled = core.compile_model(core.read_model(file), "CPU", OPTIONS)
    try:
        blob = compiled.export_model().getvalue()
        _keep(path, blob + _checksum(blob))
    except (OSError, RuntimeError) as error:  # a full disk, say; it is made again next time
        logger.info("a compiled network is not kept: %s", error)
        return compiled, None
    # What was read from a file is shared by all processes; what was compiled here is not.
    del blob
    return _kept(core, openvino, path) or (compiled, None)


def _kept(core: Any, openvino: Any, path: Path) -> tuple[Any, Any] | None:
    """The network kept in a file, and its memory; None where there is none or it is damaged."""
    try:
        if not path.is_file():
            return None
        content = np.memmap(path, np.uint8, "c")  # OpenVINO takes no read-only memory
        blob, checksum = content[:-4], content[-4:]
        if checksum.tobytes() != _checksum(blob):
            return None
        with suppress(OSError):  # somebody else's cache can be read and not written to
            os.utime(path)
        shared = openvino.Tensor(blob, shared_memory=True)
        compiled = core.import_model(shared, "CPU", OPTIONS)
        _forget_pages(content)
        return compiled, content
    except (OSError, RuntimeError, ValueError) as error:
        logger.info("a kept network can't be used: %s", error)
        return None


def _forget_pages(content: "np.memmap[Any, Any]") -> None:
    """Most weights were repacked: 38 MB are not read again. What is read comes back by itself."""
    if sys.platform == "linux":
        content._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]


def _checksum(content: Any) -> bytes:
    return zlib.crc32(content).to_bytes(4, "little")


def _keep(path: Path, content: bytes) -> None:
    """Write a file, then give it its name; only the newest few stay."""
    private.make_folder(path.parent)
    with replacing(path, durable=False, closed=True) as file:
        file.write(content)
    by_age = sorted(path.parent.glob("*.blob"), key=lambda each: each.stat().st_mtime)
    for old in by_age[:-MOST_KEPT]:
        old.unlink(missing_ok=True)


def _openvino() -> ModuleType:
    """The package, kept from reporting its import to its makers."""
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]  # importing it fails; a stub steps in
    return importlib.import_module("openvino")
