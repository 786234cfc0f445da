"""Faces for tests: of the bundled sample, cut by their labelled boxes, and the AT&T ones."""

import json
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

TESTS = Path(__file__).resolve().parent
SAMPLE = TESTS.parent / "resources" / "sample"
ORL = TESTS / "data" / "orl_crops.tar"


def sample_crops() -> np.ndarray:
    """(162, 112, 112, 3) uint8 crops of the group photos."""
    groups = json.loads((SAMPLE / "labels.json").read_text(encoding="utf-8"))["groups"]
    crops = []
    for name, faces in sorted(groups.items()):
        with Image.open(SAMPLE / "photos" / name) as photo:
            image = photo.convert("RGB")
        crops += [np.asarray(image.crop(face["box"]).resize((112, 112))) for face in faces]
    return np.stack(crops)


def orl_crops() -> np.ndarray:
    """(400, 112, 112, 3) uint8 aligned crops of the AT&T faces, by name."""
    crops = []
    with tarfile.open(ORL) as packed:
        for member in sorted(packed.getmembers(), key=lambda member: member.name):
            file = packed.extractfile(member)
            if file is not None:
                with Image.open(file) as crop:
                    crops.append(np.asarray(crop.convert("RGB")))
    return np.stack(crops)
