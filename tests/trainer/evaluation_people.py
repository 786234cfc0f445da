"""Made-up people for the tests of the evaluation: block patterns, a little different each time."""

import tarfile
from pathlib import Path

import numpy as np
from PIL import Image


def draw_person(person: int, picture: int, side: int = 124) -> Image.Image:
    """A pattern of the person, with noise of the picture."""
    blocks = np.random.default_rng(person).integers(0, 256, (7, 7, 3))
    noise = np.random.default_rng((person, picture, 1)).integers(-12, 13, (7, 7, 3))
    pattern = np.clip(blocks + noise, 0, 255).astype(np.uint8)
    return Image.fromarray(pattern).resize((side, side), Image.Resampling.NEAREST)


def write_people(root: Path, counts: list[int], *, side: int = 124) -> Path:
    """root/pNN/MM.png: person NN has counts[NN] pictures."""
    for person, n in enumerate(counts):
        folder = root / f"p{person:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        for picture in range(n):
            draw_person(person, picture, side).save(folder / f"{picture:02d}.png")
    return root


def pack_tar(folder: Path, path: Path, mode: str = "w") -> Path:
    """The folder as a tar file."""
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        tar.add(folder, arcname=folder.name)
    return path
