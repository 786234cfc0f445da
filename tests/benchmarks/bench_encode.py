"""Encoding on the processor: what the app does, with and without OpenVINO, against other ways.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_encode [--faces N] [--runs N] [--model NAME]

`torch` is what the app runs without the extra `openvino`, one crop at a time; `openvino` what it
runs with it. For each way: faces a second of process CPU time (median of interleaved runs; both
views of a face where the model takes both), ratio to `torch`, and the share of faces and of words
whose code is `torch`'s. For the two the app has, also: the largest difference of tables, whether
features depend on what comes with a face, and faces a second of two processes that make codes, by
CPU and by wall time. `choosing` is what the words of a code cost. ONNX Runtime joins in where it is
installed. Crops: ../shared/data, half of part val and half of LFW, else the sample's. The last line
is one JSON object.
"""

import argparse
import importlib.util
import json
import multiprocessing
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from opqn_app.opqn.model_folder import find_model
from opqn_app.opqn.torch.checkpoint import load_model
from opqn_app.opqn.torch.encoder import TorchEncoder
from opqn_app.opqn.torch.preprocess import to_network_input
from tests.benchmarks.bench_search import machine

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
OTHERS = 200  # faces whose codes are compared in ways the app does not have
TIMED = 32  # faces of one timing
Pixels = NDArray[np.uint8]
Way = Callable[[Pixels], NDArray[np.float32]]  # crops → features


def by_torch(folder: Path, size: int, *, bf16: bool = False) -> Way:
    """Batches of `size`, channels last; the last one is filled up, so that all have one shape."""
    model = load_model(folder).model.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def features(crops: Pixels) -> NDArray[np.float32]:
        parts = []
        for start in range(0, len(crops), size):
            batch = crops[start : start + size]
            full = np.concatenate([batch, np.repeat(batch[:1], size - len(batch), axis=0)])
            x = to_network_input(torch.from_numpy(full), model.config)
            x = x.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                parts.append(model.features(x).float().numpy()[: len(batch)])
        return np.concatenate(parts)

    return features


def by_onnxruntime(folder: Path, scratch: Path) -> Way:
    import onnxruntime

    model, path = load_model(folder).model, scratch / "model.onnx"
    x = to_network_input(torch.zeros(1, 112, 112, 3, dtype=torch.uint8), model.config)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (x,), str(path), dynamo=False, input_names=["x"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])

    def features(crops: Pixels) -> NDArray[np.float32]:
        x = to_network_input(torch.from_numpy(crops), model.config).numpy()
        return np.concatenate([session.run(None, {"x": each[None]})[0] for each in x])

    return features


def crops_of_sample(n: int) -> Pixels:
    from tests.sample_crops import sample_crops

    crops = sample_crops()
    return crops[np.arange(n) % len(crops)]


def crops_of(n: int) -> tuple[str, Pixels]:
    """(n, 112, 112, 3), spread over as many people as there are."""
    from trainer.data.picture_set import read_crops

    shards, lfw = sorted(SHARED.glob("faces_*.tar")), SHARED / "lfw_unseen.tar"
    if not shards or not lfw.is_file():
        return "the sample's crops", crops_of_sample(n)
    parts = []
    for found, count in ((read_crops(shards, part="val"), n - n // 2), (read_crops([lfw]), n // 2)):
        chosen = np.linspace(0, len(found.images) - 1, count).round().astype(int)
        parts.append(found.images[chosen][:, 6:118, 6:118])
    crops = np.concatenate(parts)
    return "real crops", np.ascontiguousarray(crops[np.random.default_rng(0).permutation(n)])


def cpu_seconds(ways: dict[str, Way], crops: Pixels, runs: int) -> dict[str, float]:
    """Of one face: median of `runs` interleaved runs."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            started = time.process_time()
            way(crops)
            taken[name].append((time.process_time() - started) / len(crops))
    return {name: float(np.median(each)) for name, each in taken.items()}


def one_of_two(folder: Path, openvino: bool, n: int, start: Any, said: Any) -> None:
    """A process that encodes n faces once the other one is ready too."""
    torch.set_num_threads(1)
    encoder, crops = TorchEncoder.load(folder, openvino=openvino), crops_of_sample(n)
    encoder.encode(crops[:4])
    start.wait()
    wall, cpu = time.perf_counter(), time.process_time()
    encoder.encode(crops)
    said.put((time.perf_counter() - wall, time.process_time() - cpu))


def two_processes(folder: Path, openvino: bool, n: int) -> dict[str, float]:
    """Faces a second of both together."""
    context = multiprocessing.get_context("spawn")
    start, said = context.Barrier(2), context.SimpleQueue()
    both = [
        context.Process(target=one_of_two, args=(folder, openvino, n, start, said))
        for _ in range(2)
    ]
    for process in both:
        process.start()
    times = [said.get() for _ in both]
    for process in both:
        process.join()
    return {
        "by_cpu": round(sum(n / cpu for _, cpu in times), 1),
        "by_wall": round(2 * n / max(wall for wall, _ in times), 1),
    }


def measure(folder: Path, n: int, runs: int) -> dict[str, Any]:
    label, crops = crops_of(n)
    torchs, config = TorchEncoder.load(folder, openvino=False), load_model(folder).model.config
    app = {"torch": torchs}
    if importlib.util.find_spec("openvino"):
        app["openvino"] = TorchEncoder.load(folder)
    ways: dict[str, Way] = {name: encoder.features for name, encoder in app.items()}
    ways |= {"torch 16": by_torch(folder, 16), "bf16 16": by_torch(folder, 16, bf16=True)}
    report: dict[str, Any] = {
        "machine": machine(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "model": folder.name,
        "both_views": config.mirror_average,
        "crops": label,
        "choosing_ms": choosing(torchs, torchs.features(crops[:TIMED])),
        "ways": {},
    }
    print("choosing the words, ms of CPU a face:", report["choosing_ms"])
    with tempfile.TemporaryDirectory() as scratch:
        if importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnx"):
            ways["onnxruntime"] = by_onnxruntime(folder, Path(scratch))
        taken = cpu_seconds(ways, crops[:TIMED], runs)
        print({name: f"{1e3 * each:.1f} ms of CPU a face" for name, each in taken.items()})
        expected = torchs.features(crops)
        for name, way in ways.items():
            some = crops if name in app else crops[:OTHERS]
            features = expected if name == "torch" else way(some)
            figures = {"per_s": round(1 / taken[name], 1)}
            figures["ratio"] = round(taken["torch"] / taken[name], 2)
            figures |= agreement(torchs, features, expected[: len(some)])
            if name in app:
                few = way(crops[3:12][::-1])[::-1]
                figures["same_with_others"] = bool(np.array_equal(few, features[3:12]))
                figures["two_processes"] = two_processes(folder, name == "openvino", 2 * TIMED)
            report["ways"][name] = figures
            print(f"{name:12}", figures, flush=True)
    return report


@torch.inference_mode()
def choosing(encoder: TorchEncoder, features: NDArray[np.float32]) -> dict[str, float]:
    """CPU ms a face, one at a time and all together."""
    quantizer, x = encoder._model.quantizer, torch.from_numpy(features)
    quantizer.codes(x[:2])
    taken = {}
    for name, size in (("alone", 1), ("together", len(x))):
        started = time.process_time()
        for some in x.split(size):
            quantizer.codes(some)
        taken[name] = round(1e3 * (time.process_time() - started) / len(x), 1)
    return taken


@torch.inference_mode()
def agreement(
    encoder: TorchEncoder, features: NDArray[np.float32], expected: NDArray[np.float32]
) -> dict[str, Any]:
    """Of codes and tables made from features with those made from the expected ones."""
    quantizer = encoder._model.quantizer
    ours, theirs = torch.from_numpy(features), torch.from_numpy(expected)
    same = quantizer.codes(ours) == quantizer.codes(theirs)
    worst = 0.0
    for one, other in zip(ours.split(64), theirs.split(64), strict=True):
        worst = max(worst, float((quantizer.tables(one) - quantizer.tables(other)).abs().max()))
    return {
        "faces": len(same),
        "same_codes": round(float(same.all(dim=1).float().mean()), 5),
        "same_words": round(float(same.float().mean()), 6),
        "tables_apart": float(f"{worst:.1e}"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=2100, help="whose codes are compared")
    parser.add_argument("--runs", type=int, default=5, help="of each timing")
    parser.add_argument("--model", default="bundled-64")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(machine())
    print(json.dumps(measure(find_model(arguments.model), arguments.faces, arguments.runs)))


if __name__ == "__main__":
    main()
