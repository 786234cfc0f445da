"""Pictures per second of the trainer, against a straightforward loop of the released kind.

The plain loop is an own re-creation of how such code is commonly written: a DataLoader that decodes
pictures to float tensors, transforms of the whole batch, float32, a Python loop over the books in
the head and the loss, and one `.item()` a step. Both train the same network on the same pictures.

    python tests/benchmarks/bench_train.py                    # what this machine has
    python tests/benchmarks/bench_train.py --size 112 --batch 1024 --compile
"""

import argparse
import io
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from opqn_app.opqn.codebooks import orthonormal_codebooks
from opqn_app.opqn.torch.prelu import PReLU
from trainer.config import TrainConfig
from trainer.data.crop_set import CropSet
from trainer.data.loading import TrainingData, label_data
from trainer.data.splits import draw_split
from trainer.engine.runs import RunDir
from trainer.engine.train import train
from trainer.method.networks import Network
from trainer.presets import code_length, code_values, preset

# bf16 without sparsity, in FLOP/s, by words of the device's name.
PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "4090": 165e12}
MACS = {("resnet20", 112): 2.03e9, ("resnet20", 32): 0.66e9}  # forward, convolutions


def make_data(config: TrainConfig, n: int, people: int) -> TrainingData:
    side = config.method.stored_size
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (n, side, side, 3), dtype=np.uint8)
    names = np.array([f"p{i % people:04d}" for i in range(n)])
    pictures = CropSet(images, names, np.array([f"{p}/{i:06d}" for i, p in enumerate(names)]))
    return label_data(pictures, draw_split(pictures, config.data), config)


class PlainLoader(torch.utils.data.Dataset[tuple[torch.Tensor, int]]):
    """PNG bytes decoded to floats one picture at a time by worker processes."""

    def __init__(self, data: TrainingData) -> None:
        self.labels = data.labels[data.split.train]
        self.files = []
        for image in data.pictures.images[data.split.train]:
            buffer = io.BytesIO()
            Image.fromarray(image).save(buffer, "PNG", compress_level=1)
            self.files.append(buffer.getvalue())

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        with Image.open(io.BytesIO(self.files[row])) as image:
            pixels = np.array(image.convert("RGB"))
        return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255, int(self.labels[row])


class PlainHead(nn.Module):
    """Assignment, soft quantisation and margin loss, a book at a time."""

    def __init__(self, n_classes: int, m: int, k: int, d: int, device: torch.device) -> None:
        super().__init__()
        self.f = nn.Parameter(nn.init.xavier_uniform_(torch.empty(m, d, k, device=device)))
        self.w = nn.Parameter(nn.init.xavier_uniform_(torch.empty(m, n_classes, d, device=device)))
        self.books = torch.from_numpy(orthonormal_codebooks(m, k, d)).to(device)

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        pieces = x.chunk(len(self.f), dim=1)
        total = x.new_zeros(())
        for m, piece in enumerate(pieces):
            p = (piece @ self.f[m]).softmax(1)
            soft = p @ self.books[m].T
            w = F.normalize(self.w[m], dim=1)
            target = F.one_hot(labels, len(w)).float()
            for vector in (piece, soft):
                cosine = (F.normalize(vector, dim=1) @ w.T).clamp(-1, 1)
                total = total + F.cross_entropy(40 * (cosine - 0.4 * target), labels) / 2
            total = total + 0.1 * torch.distributions.Categorical(p).entropy().mean()
        return total / len(self.f)


def plain_rate(config: TrainConfig, data: TrainingData, device: torch.device, seconds: float,
               workers: int) -> float:  # fmt: skip
    method = config.method
    network = Network(method).to(device).train()
    for module in network.modules():
        if isinstance(module, PReLU):
            module.__class__ = nn.PReLU  # type: ignore[assignment]  # as such code has it
    sizes = network.sizes
    head = PlainHead(len(data.classes), sizes.n_books, sizes.n_words, sizes.sub_dim, device)
    parameters = [*network.backbone.parameters(), *head.parameters()]
    optimiser = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=5e-4)
    loader: Any = torch.utils.data.DataLoader(
        PlainLoader(data), config.engine.batch_size, shuffle=True, drop_last=True,
        num_workers=workers, persistent_workers=workers > 0,
    )  # fmt: skip
    slack = method.stored_size - method.input_size

    def epoch() -> Any:
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            top, left = (int(v) for v in torch.randint(0, slack + 1, (2,)))
            size = method.input_size
            images = images[:, :, top : top + size, left : left + size]
            if torch.rand(()) < 0.5:
                images = images.flip(3)
            loss = head(network.features((images - 0.5) / 0.5), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            assert math.isfinite(loss.item())
            yield len(labels)

    return measured(epoch, device, seconds)


def our_rate(config: TrainConfig, data: TrainingData) -> float:
    """The trainer as it is run; the first epoch warms up and does not count."""
    with tempfile.TemporaryDirectory() as folder:
        run = RunDir.create(Path(folder) / "run", config)
        rates = [report.images_per_s for report in train(config, run, data=data)]
    return statistics.median(rates[1:])


def measured(epoch: Callable[[], Any], device: torch.device, seconds: float) -> float:
    """Pictures per second after one warm-up epoch's first steps."""
    for warmed, _ in enumerate(epoch()):
        if warmed >= (5 if device.type == "cuda" else 1):
            break
    wait(device)
    started, seen = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        for n in epoch():
            seen += n
            if time.perf_counter() - started > seconds:
                break
    wait(device)
    return seen / (time.perf_counter() - started)


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    parser = argparse.ArgumentParser()
    has_cuda = torch.cuda.is_available()
    parser.add_argument("--device", default="cuda" if has_cuda else "cpu")
    parser.add_argument("--size", type=int, default=112 if has_cuda else 32)
    parser.add_argument("--batch", type=int, default=1024 if has_cuda else 32)
    parser.add_argument("--backbone", default="resnet20" if has_cuda else "resnet20-narrow")
    parser.add_argument("--pictures", type=int, default=65536 if has_cuda else 512)
    parser.add_argument("--people", type=int, default=371 if has_cuda else 40)
    parser.add_argument("--seconds", type=float, default=20.0 if has_cuda else 4.0)
    parser.add_argument("--workers", type=int, default=8 if has_cuda else 0)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--precision", default="auto", help="of the trainer: auto, bf16, fp32")
    arguments = parser.parse_args()
    code = code_length(64 if arguments.size == 112 else 36, arguments.size)
    config = preset("paper", input_size=arguments.size).with_values(
        {
            "method": {"backbone": arguments.backbone, **code_values(code, arguments.size)},
            "data": {"queries_per_person": 0, "val_per_person": 0},
            "engine": {
                "batch_size": arguments.batch,
                "compile": arguments.compile,
                "precision": arguments.precision,
                "lr": 0.01,
                "epochs": 4,
                "device": arguments.device,
            },
        }
    )
    device = torch.device(arguments.device)
    data = make_data(config, arguments.pictures, arguments.people)
    plain = plain_rate(config, data, device, arguments.seconds, arguments.workers)
    ours = our_rate(config, data)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    threads = "" if device.type == "cuda" else f", {torch.get_num_threads()} threads"
    print(
        f"{name}{threads}: {arguments.backbone}, {arguments.size} px, batch {arguments.batch}"
        f", {arguments.precision}"
    )
    print(f"  plain loop  {plain:10,.0f} images/s")
    print(f"  trainer     {ours:10,.0f} images/s   ratio {ours / plain:.2f}")
    macs = MACS.get((arguments.backbone, arguments.size))
    peak = next((p for word, p in PEAKS.items() if word in name), None)
    if macs and peak:
        print(
            f"  roofline    {100 * ours * macs * 6 / peak:9.1f} % of {peak / 1e12:.0f} TFLOP/s bf16"
        )


if __name__ == "__main__":
    main()
