"""Small labelled sets of pictures that a small network can learn, and runs of seconds.

Any test may `from tiny_training import tiny_config`.
"""

import multiprocessing
import os
import sys
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from trainer.cli import commands as cli
from trainer.config import TrainConfig
from trainer.data.crop_set import CropSet
from trainer.data.loading import TrainingData, label_data
from trainer.data.splits import draw_split
from trainer.engine.runs import RunDir
from trainer.engine.train import train
from trainer.presets import preset


def draw_people(
    n_people: int, each: int, *, side: int = 20, seed: int = 0, noise: int = 24
) -> CropSet:
    """A coarse random pattern for each person, with noise on each picture."""
    rng = np.random.default_rng(seed)
    patterns = rng.integers(40, 216, (n_people, side // 4, side // 4, 3))
    patterns = patterns.repeat(4, 1).repeat(4, 2)
    images = patterns.repeat(each, 0) + rng.integers(-noise, noise + 1, (n_people * each, 1, 1, 3))
    images = images + rng.integers(-noise, noise + 1, images.shape)
    names = [f"p{i:02d}" for i in range(n_people) for _ in range(each)]
    files = [f"{name}/{i % each:02d}.png" for i, name in enumerate(names)]
    return CropSet(np.clip(images, 0, 255).astype(np.uint8), np.array(names), np.array(files))


def write_people(root: Path, pictures: CropSet) -> Path:
    """The same as identity folders of PNG files."""
    for file, image in zip(pictures.files, pictures.images, strict=True):
        (root / str(file)).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(root / str(file))
    return root


TINY: dict[str, dict[str, Any]] = {
    "method": {
        "backbone": "resnet20-narrow",
        "input_size": 16,
        "stored_size": 20,
        "n_books": 2,
        "n_words": 8,
        "feature_dim": 32,
    },
    "data": {"queries_per_person": 1, "val_per_person": 1},
    "engine": {"epochs": 2, "batch_size": 8, "eval_every": 1, "checkpoint_minutes": 0.0},
}


def tiny_config(**sections: dict[str, Any]) -> TrainConfig:
    """A run of seconds; sections are put on top."""
    config = preset("code").with_values(TINY)
    return config.with_values(sections)


def tiny_data(config: TrainConfig, pictures: CropSet | None = None) -> TrainingData:
    """Six people of six pictures, split and labelled as `load_data` would."""
    pictures = pictures or draw_people(6, 6)
    return label_data(pictures, draw_split(pictures, config.data), config)


def train_in_child(config: TrainConfig, folder: str, pipe: Connection) -> None:
    """Train in a process of its own, resumed if it can be; sends a message after every step."""
    torch.set_num_threads(1)
    path = Path(folder)
    run = RunDir.open(path) if (path / "config.json").exists() else RunDir.create(path, config)

    def tell() -> bool:
        pipe.send("step")
        return False

    for _ in train(config, run, data=tiny_data(config), is_resumed=True, should_stop=tell):
        pass
    pipe.send("end")


def train_in_world(config: TrainConfig, folder: str, rank: int, size: int, port: int) -> None:
    """Train as one of several processes, as torchrun would start it."""
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    path = Path(folder)
    run = RunDir.create(path, config) if rank == 0 else RunDir(path)
    for _ in train(config, run, data=tiny_data(config)):
        pass


def run_command(arguments: list[str], output: str) -> None:
    """A trainer command in a process of its own, stdout into a file, its status as exit status."""
    torch.set_num_threads(1)
    sys.stdout = open(output, "w", buffering=1)  # noqa: SIM115, PTH123 - until the process ends
    sys.exit(cli.run(arguments))


def child_context() -> ForkServerContext:
    """Starts processes that find torch already imported, which takes seconds otherwise."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["trainer.engine.session", "torch._dynamo"]
    )  # the optimiser needs both
    return context
