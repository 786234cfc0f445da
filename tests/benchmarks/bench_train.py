"""Pictures per second of the trainer, against a straightforward loop of the released kind.

The plain loop is an own re-creation of how such code is commonly written: a DataLoader that decodes
pictures to float tensors, transforms of the whole batch, float32, a Python loop over the books in
the head and the loss (`plain_losses`), torch's own optimiser, and one `.item()` a step. Both train
the same network on the same pictures. They take turns, a few steps each, so that both meet the same
load of the machine. On a processor its own time is counted, not the clock's.

A third loop trains the trainer's network without any head. It is the bound: no head, however fast,
gives a larger ratio with this network.

    python -m tests.benchmarks.bench_train                    # OPQN, what this machine has
    python -m tests.benchmarks.bench_train --size 112 --batch 1024 --compile
    python -m tests.benchmarks.bench_train --method all --people 2000 --books 8 --words 256
"""

import argparse
import io
import itertools
import math
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from opqn_app.opqn.torch.prelu import PReLU
from tests.benchmarks.plain_losses import PLAIN
from trainer.config import TrainConfig, Values
from trainer.data.crop_set import CropSet
from trainer.data.loading import TrainingData, label_data
from trainer.data.splits import draw_split
from trainer.engine.distributed import World
from trainer.engine.runs import RunDir
from trainer.engine.train import Trainer
from trainer.method.networks import Network
from trainer.method.objective import Objective
from trainer.methods import METHODS
from trainer.presets import CodeLength, code_length, code_values, merge, preset

# bf16 without sparsity, in FLOP/s, by words of the device's name.
PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "4090": 165e12}
STEPS_A_TURN = {"cpu": 3, "cuda": 20}
LEAST_TURNS = 4
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

    def __init__(self, data: TrainingData, rows: NDArray[np.intp]) -> None:
        self.labels = data.labels[rows]
        self.files = []
        for image in data.pictures.images[rows]:
            buffer = io.BytesIO()
            Image.fromarray(image).save(buffer, "PNG", compress_level=1)
            self.files.append(buffer.getvalue())

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        with Image.open(io.BytesIO(self.files[row])) as image:
            pixels = np.array(image.convert("RGB"))
        return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255, int(self.labels[row])


class Plain:
    """The plain loop of a method; `steps` never ends and yields the pictures of each step."""

    def __init__(
        self, config: TrainConfig, data: TrainingData, device: torch.device, workers: int
    ) -> None:
        self.config, self.device = config, device
        self.network = Network(config.method, n_classes=len(data.classes)).to(device).train()
        for module in self.network.modules():
            if isinstance(module, PReLU):
                module.__class__ = nn.PReLU  # type: ignore[assignment]  # as such code has it
        made = PLAIN[config.method.name](self.network.sizes, len(data.classes))
        self.head = made.to(device).train()
        parameters = [*self.network.backbone.parameters(), *self.head.parameters()]
        engine = config.engine
        if engine.optimiser == "adam":
            self.optimiser: torch.optim.Optimizer = torch.optim.Adam(
                parameters, engine.lr, (engine.momentum, 0.999), weight_decay=engine.weight_decay
            )
        else:
            self.optimiser = torch.optim.SGD(
                parameters, engine.lr, engine.momentum, weight_decay=engine.weight_decay
            )
        roles = [data.split.train]
        if self.network.method.uses_unlabelled:
            roles.append(data.split.unlabelled)
        self.loaders: list[Any] = [
            torch.utils.data.DataLoader(
                PlainLoader(data, rows), engine.batch_size, shuffle=True, drop_last=True,
                num_workers=workers, persistent_workers=workers > 0,
            )
            for rows in roles
        ]  # fmt: skip

    def steps(self) -> Iterator[int]:
        while True:
            for batches in zip(*self.loaders, strict=True):
                images = torch.cat([pixels for pixels, _ in batches]).to(self.device)
                labels = batches[0][1].to(self.device)
                self.step(images, labels)
                yield len(images)

    def step(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        method = self.config.method
        slack, size = method.stored_size - method.input_size, method.input_size
        top, left = (int(v) for v in torch.randint(0, slack + 1, (2,)))
        images = images[:, :, top : top + size, left : left + size]
        if torch.rand(()) < 0.5:
            images = images.flip(3)
        x = self.network.features((images - 0.5) / 0.5)
        rest = x[len(labels) :] if len(x) > len(labels) else None
        loss = self.head(x[: len(labels)], labels, rest)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        assert math.isfinite(loss.item())


class TrunkAlone(nn.Module):
    """The trainer's network without words, classifier and loss: what no better head saves."""

    def __init__(self, objective: Objective) -> None:
        super().__init__()
        self.objective = objective

    def forward(
        self, pixels: torch.Tensor, labels: torch.Tensor, teacher: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        total = self.objective.features(pixels).square().mean()
        return total, total.detach().expand(len(self.objective.parts))


def our_steps(
    config: TrainConfig, data: TrainingData, folder: Path, *, has_head: bool = True
) -> Iterator[int]:
    """The trainer's own steps, without end."""
    trainer = Trainer(
        config,
        RunDir.create(folder, config),
        data,
        World(device=torch.device(config.engine.device)),
    )
    trainer.start(is_resumed=False)
    module = trainer.ready_module()
    if not has_head:
        module = TrunkAlone(trainer.objective)
    for epoch in itertools.count():
        for fed in trainer.feed.steps(epoch, 0):
            trainer.train_step(module, fed, 0.0)
            yield len(fed.pixels)


def rates(loops: list[Iterator[int]], device: torch.device, seconds: float) -> list[float]:
    """Median pictures per second of each loop, over all of its turns but the first."""
    turn = STEPS_A_TURN[device.type]
    found: list[list[float]] = [[] for _ in loops]
    started = time.perf_counter()
    while time.perf_counter() - started < seconds * len(loops) or len(found[0]) < LEAST_TURNS:
        for loop, values in zip(loops, found, strict=True):
            begun = clock(device)
            seen = sum(itertools.islice(loop, turn))
            values.append(seen / (clock(device) - begun))
    return [statistics.median(values[1:]) for values in found]


def clock(device: torch.device) -> float:
    """Seconds: the processor's own, or the clock's once a graphics card has done its work."""
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def config_of(arguments: argparse.Namespace, name: str) -> TrainConfig:
    """The paper's settings of a method, with what the command line says."""
    listed = METHODS[name]
    bits = 64 if arguments.size == 112 else 36
    code = code_length(bits, arguments.size)
    if arguments.books:
        code = CodeLength(arguments.books, arguments.words)
    if listed.is_binary:
        code = CodeLength(code.bits, 2)
    own: Values = {
        "method": {
            "name": name, "backbone": arguments.backbone, **code_values(code, arguments.size)
        },
        "data": {"queries_per_person": 0, "val_per_person": 0},
        "engine": {
            "batch_size": arguments.batch, "compile": arguments.compile,
            "precision": arguments.precision, "device": arguments.device, "drop_last": True,
        },
    }  # fmt: skip
    if name == "opqn":
        own["engine"]["lr"] = 0.01
    if name == "gpq":
        own["data"]["labelled_per_person"] = -(-arguments.pictures // arguments.people // 2)
    base = preset("paper", input_size=arguments.size)
    return base.with_values(merge(listed.settings, own))


def main() -> None:
    parser = argparse.ArgumentParser()
    has_cuda = torch.cuda.is_available()
    parser.add_argument("--device", default="cuda" if has_cuda else "cpu")
    parser.add_argument("--method", nargs="+", default=["opqn"], help="names, or all")
    parser.add_argument("--size", type=int, default=112 if has_cuda else 32)
    parser.add_argument("--batch", type=int, default=1024 if has_cuda else 32)
    parser.add_argument("--backbone", default="resnet20" if has_cuda else "resnet20-narrow")
    parser.add_argument("--pictures", type=int, default=65536 if has_cuda else 512)
    parser.add_argument("--people", type=int, default=371 if has_cuda else 40)
    parser.add_argument("--books", type=int, default=0, help="default: those of 64 or 36 bits")
    parser.add_argument("--words", type=int, default=256, help="of each book, with --books")
    parser.add_argument("--seconds", type=float, default=20.0 if has_cuda else 8.0)
    parser.add_argument("--workers", type=int, default=8 if has_cuda else 0)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--precision", default="auto", help="of the trainer: auto, bf16, fp32")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    threads = "" if device.type == "cuda" else f", {torch.get_num_threads()} threads"
    print(
        f"{name}{threads}: {arguments.backbone}, {arguments.size} px, batch {arguments.batch}, "
        f"{arguments.people} people, {arguments.precision}; images/s"
    )
    macs = MACS.get((arguments.backbone, arguments.size))
    peak = next((p for word, p in PEAKS.items() if word in name), None)
    for method in METHODS if arguments.method == ["all"] else arguments.method:
        config = config_of(arguments, method)
        data = make_data(config, arguments.pictures, arguments.people)
        with tempfile.TemporaryDirectory() as folder:
            loops = [
                Plain(config, data, device, arguments.workers).steps(),
                our_steps(config, data, Path(folder) / "run"),
                our_steps(config, data, Path(folder) / "trunk", has_head=False),
            ]
            plain, ours, trunk = rates(loops, device, arguments.seconds)
        print(
            f"  {METHODS[method].title:10} plain {plain:8,.0f}  trainer {ours:8,.0f}  "
            f"ratio {ours / plain:.2f}  trunk {100 * ours / trunk:3.0f} % of the step; "
            f"with a head that costs nothing {trunk / plain:.2f}",
            flush=True,
        )
        if macs and peak:
            share = ours * macs * 6 / peak
            print(f"  roofline    {100 * share:9.1f} % of {peak / 1e12:.0f} TFLOP/s bf16")


if __name__ == "__main__":
    main()
