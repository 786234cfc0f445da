"""Encoding on the processor: one crop at a time as the app does it, against other ways.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_encode [--faces N] [--runs N]

`plain` is what the app ran before: one crop, torch's default memory layout. For each way: crops a
second by process CPU time (median of interleaved runs), ratio to `plain`, the share of crops whose
code is that of `plain`, and whether a code depends on the faces it comes with. Two processes, one
on each core, are what the app runs; with both cores idle they make twice the crops.
ONNX Runtime and OpenVINO join in where they are installed. Crops: part val of ../shared/data, else
the sample's. The last line is one JSON object.
"""

import argparse
import importlib.util
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from opqn_app import paths
from opqn_app.opqn.checkpoint import load_model
from opqn_app.opqn.encoder import OpqnEncoder
from opqn_app.opqn.model import OpqnModel
from opqn_app.opqn.preprocess import to_network_input
from tests.benchmarks.bench_search import machine

MODEL = paths.resource("models/bundled-64")
Way = Callable[[NDArray[np.uint8]], NDArray[np.float32]]  # crops → features


def network(*, channels_last: bool) -> OpqnModel:
    model = load_model(MODEL).model.eval()
    return model.to(memory_format=torch.channels_last) if channels_last else model


def by_torch(size: int, *, channels_last: bool, bf16: bool = False) -> Way:
    """Batches of `size`, the last one filled up with its first crop, so that all have one shape."""
    model = network(channels_last=channels_last)

    @torch.inference_mode()
    def features(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = []
        for start in range(0, len(crops), size):
            batch = crops[start : start + size]
            full = np.concatenate([batch, np.repeat(batch[:1], size - len(batch), axis=0)])
            x = to_network_input(torch.from_numpy(full), model.config)
            if channels_last:
                x = x.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                parts.append(model.features(x).float().numpy()[: len(batch)])
        return np.concatenate(parts)

    return features


def exported(folder: Path) -> Path:
    """The network as ONNX, for any batch size."""
    model, path = network(channels_last=False), folder / "model.onnx"
    x = to_network_input(torch.zeros(1, 112, 112, 3, dtype=torch.uint8), model.config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (x,), str(path), dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "n"}}
        )
    return path


def by_onnxruntime(path: Path, size: int) -> Way:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    return batched(size, lambda x: session.run(None, {"x": x})[0])


def by_openvino(path: Path, size: int) -> Way:
    import openvino

    core = openvino.Core()
    model = core.read_model(str(path))
    model.reshape({"x": [size, 3, 112, 112]})
    options = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(model, "CPU", options).create_infer_request()
    return batched(size, lambda x: request.infer({0: x})[0].copy())


def batched(size: int, run: Callable[[Any], Any]) -> Way:
    config = network(channels_last=False).config

    def features(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = []
        for start in range(0, len(crops), size):
            batch = crops[start : start + size]
            full = np.concatenate([batch, np.repeat(batch[:1], size - len(batch), axis=0)])
            x = to_network_input(torch.from_numpy(full), config).numpy()
            parts.append(run(np.ascontiguousarray(x))[: len(batch)])
        return np.concatenate(parts)

    return features


def ways(folder: Path) -> dict[str, Way]:
    found: dict[str, Way] = {
        "plain": by_torch(1, channels_last=False),
        "app": OpqnEncoder.load(MODEL).features,
        "channels_last 1": by_torch(1, channels_last=True),
        "plain 16": by_torch(16, channels_last=False),
        "channels_last 8": by_torch(8, channels_last=True),
        "channels_last 16": by_torch(16, channels_last=True),
        "bf16 16": by_torch(16, channels_last=True, bf16=True),
    }
    has = {name: importlib.util.find_spec(name) for name in ("onnx", "onnxruntime", "openvino")}
    if has["onnx"] and (has["onnxruntime"] or has["openvino"]):
        path = exported(folder)
        for size in (1, 16):
            if has["onnxruntime"]:
                found[f"onnxruntime {size}"] = by_onnxruntime(path, size)
            if has["openvino"]:
                found[f"openvino {size}"] = by_openvino(path, size)
    return found


def crops_of(n: int) -> tuple[str, NDArray[np.uint8]]:
    from tests.benchmarks.bench_detect import val_crops
    from tests.sample_crops import sample_crops

    found = val_crops()
    if found is None:
        crops = sample_crops()
        return "the sample's crops", crops[np.arange(n) % len(crops)]
    return "real crops", np.ascontiguousarray(found[0][:n, 6:118, 6:118])


def measure(n: int, runs: int) -> dict[str, Any]:
    label, crops = crops_of(n)
    quantizer = network(channels_last=False).quantizer

    def codes(features: NDArray[np.float32]) -> NDArray[np.int64]:
        with torch.inference_mode():
            return quantizer.codes(torch.from_numpy(features)).numpy()

    with tempfile.TemporaryDirectory() as folder:
        found = ways(Path(folder))
        made = {name: codes(way(crops)) for name, way in found.items()}
        odd = crops[1:35]  # other companions, other places in the batch, a last batch not full
        alone = {name: codes(way(odd)) for name, way in found.items()}
        few = crops[:64]
        taken: dict[str, list[float]] = {name: [] for name in found}
        for _ in range(runs):
            for name, way in found.items():
                started = time.process_time()
                way(few)
                taken[name].append((time.process_time() - started) / len(few))
        features = {name: (way(odd), way(crops[:35])[1:]) for name, way in found.items()}
    plain = float(np.median(taken["plain"]))
    report: dict[str, Any] = {"machine": machine(), "crops": label, "n": n, "ways": {}}
    for name in found:
        each = float(np.median(taken[name]))
        report["ways"][name] = {
            "per_s": round(1 / each, 1),
            "per_s_two_cores_both_views": round(1 / each, 1),  # 2 cores, 2 passes a face
            "ratio": round(plain / each, 2),
            "same_codes": round(float((made[name] == made["plain"]).all(axis=1).mean()), 5),
            "same_words": round(float((made[name] == made["plain"]).mean()), 5),
            "same_with_others": bool(
                np.array_equal(alone[name], made[name][1:35]) and np.array_equal(*features[name])
            ),
        }
        print(f"{name:18}", report["ways"][name], flush=True)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=3000, help="whose codes are compared")
    parser.add_argument("--runs", type=int, default=7, help="of each timing")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(machine())
    print(json.dumps(measure(arguments.faces, arguments.runs)))


if __name__ == "__main__":
    main()
