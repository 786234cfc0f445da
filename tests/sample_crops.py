"""The faces of the bundled sample, cut out by their labelled boxes: no detector, no alignment."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLE = Path(__file__).resolve().parent.parent / "resources" / "sample"


def sample_crops() -> np.ndarray:
    """(162, 112, 112, 3) uint8 crops of the group photos."""
    groups = json.loads((SAMPLE / "labels.json").read_text(encoding="utf-8"))["groups"]
    crops = []
    for name, faces in sorted(groups.items()):
        with Image.open(SAMPLE / "photos" / name) as photo:
            image = photo.convert("RGB")
        crops += [np.asarray(image.crop(face["box"]).resize((112, 112))) for face in faces]
    return np.stack(crops)
