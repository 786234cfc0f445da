"""A folder of photos as people have them: many sizes up to 50 megapixels, formats, known faces.

The portraits are those of the bundled sample, on backgrounds of soft colours and sensor noise.
"""

import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from opqn_app.core import paths
from opqn_app.core.types import Box

ORIENTATION = 0x0112
# width, height, format, how many of 40 photos
KINDS = (
    ((1280, 960), "JPEG", 4),
    ((1600, 1200), "JPEG", 4),
    ((3264, 2448), "JPEG", 8),
    ((4032, 3024), "JPEG", 14),
    ((6000, 4000), "JPEG", 4),
    ((8160, 6120), "JPEG", 2),
    ((4032, 3024), "HEIF", 2),
    ((4000, 3000), "PNG", 1),
    ((8160, 6120), "PNG", 1),
)
HEIGHTS = (0.06, 0.10, 0.16, 0.24, 0.36)  # of a portrait, as a share of the photo's height
SUFFIX = {"JPEG": ".jpg", "HEIF": ".heic", "PNG": ".png"}


@dataclass(frozen=True, slots=True)
class Known:
    """A photo and where its portraits lie, in pixels of the upright photo."""

    path: Path
    boxes: tuple[Box, ...]


def make_photos(folder: Path, n: int, *, seed: int = 0) -> list[Known]:
    """Write `n` photos of all kinds in turn; what `folder` holds already is kept."""
    pillow_heif.register_heif_opener()
    kinds = [(size, kind) for size, kind, count in KINDS for _ in range(count)]
    order = np.random.default_rng(seed).permutation(len(kinds))
    return [_photo(folder, i, *kinds[int(order[i % len(kinds)])], seed) for i in range(n)]


def multiply(photos: list[Known], folder: Path, n: int) -> None:
    """`n` names for the files of `photos`: links cost no space and are decoded all the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        source = photos[i % len(photos)].path
        os.link(source, folder / f"{i:06}{source.suffix}")


def _photo(folder: Path, i: int, size: tuple[int, int], kind: str, seed: int) -> Known:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{i:04}_{size[0] * size[1] // 1_000_000}mp{SUFFIX[kind]}"
    notes = path.with_suffix(".boxes")
    if not notes.exists():
        image, boxes = _scene(size, np.random.default_rng([seed, i]))
        path.write_bytes(_encoded(image, kind, turned=i % 5 == 0))
        notes.write_text(json.dumps([(b.left, b.top, b.right, b.bottom) for b in boxes]))
    return Known(path, tuple(Box(*box) for box in json.loads(notes.read_text())))


def _scene(size: tuple[int, int], rng: np.random.Generator) -> tuple[Image.Image, list[Box]]:
    width, height = size
    blobs = rng.integers(60, 200, (9, 12, 3), np.uint8)
    image = Image.fromarray(blobs).resize(size, Image.Resampling.BICUBIC)
    portraits = sorted((paths.resource("sample") / "photos").rglob("*.jpg"))
    n_faces = int(rng.integers(0, 7))
    boxes = []
    for place in range(n_faces):
        with Image.open(portraits[int(rng.integers(len(portraits)))]) as portrait:
            if portrait.width > portrait.height:
                continue  # a group photo of the sample
            tall = int(height * rng.choice(HEIGHTS))
            wide = min(tall * portrait.width // portrait.height, width // n_faces)
            tall = wide * portrait.height // portrait.width
            small = portrait.convert("RGB").resize((wide, tall), Image.Resampling.LANCZOS)
        left = place * (width // n_faces)
        top = int(rng.integers(0, height - tall))
        image.paste(small, (left, top))
        boxes.append(Box(left, top, left + wide, top + tall))
    return _with_noise(image, rng), boxes


def _with_noise(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Sensor noise, so that files are as large as a camera's; one tile serves all of the photo."""
    tile = rng.normal(0, 4, (512, 512, 3)).astype(np.int16)
    pixels = np.asarray(image)
    out = np.empty_like(pixels)
    for top in range(0, image.height, 512):
        for left in range(0, image.width, 512):
            part = pixels[top : top + 512, left : left + 512]
            noisy = part + tile[: part.shape[0], : part.shape[1]]
            out[top : top + 512, left : left + 512] = np.clip(noisy, 0, 255)
    return Image.fromarray(out)


def _encoded(image: Image.Image, kind: str, *, turned: bool) -> bytes:
    buffer = io.BytesIO()
    options: dict[str, object] = {"quality": 88} if kind != "PNG" else {"compress_level": 1}
    if turned and kind == "JPEG":
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        image = image.transpose(Image.Transpose.ROTATE_90)
        options["exif"] = exif.tobytes()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()
