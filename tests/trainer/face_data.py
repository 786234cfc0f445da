"""A set in the layout of the face data, small and drawn on the spot."""

import csv
import io
import tarfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from opqn_app.opqn.torch.mobilefacenet import MobileFaceNet


def write_face_data(folder: Path) -> None:
    """A set in the layout of the face data: a tar of coloured crops, a CSV, a trunk, LFW people."""
    chance = np.random.default_rng(0)
    rows = []
    with (
        tarfile.open(folder / "faces_0.tar", "w") as faces,
        tarfile.open(folder / "lfw_unseen.tar", "w") as lfw,
    ):
        for person in range(40):
            part = "train" if person < 26 else "val" if person < 36 else ""
            name = f"p{person:05d}"
            blocks = chance.integers(0, 255, (7, 7, 3))
            for photo in range(4):
                pixels = np.clip(blocks + chance.normal(0, 12, blocks.shape), 0, 255)
                image = Image.fromarray(pixels.astype(np.uint8)).resize((124, 124))
                data = io.BytesIO()
                image.save(data, "WEBP", quality=90)
                path = "/".join(filter(None, (part, name, f"{photo}.webp")))
                entry = tarfile.TarInfo(path)
                entry.size = data.tell()
                data.seek(0)
                (faces if part else lfw).addfile(entry, data)
            family = f"f{person // 2}" if part == "val" else ""
            source = "fiw" if person % 2 else "elsewhere"
            rows.append({"person": name, "family": family, "source": source})
    with (folder / "faces.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["person", "family", "source"])
        writer.writeheader()
        writer.writerows(rows)
    torch.manual_seed(1)
    torch.save(MobileFaceNet().state_dict(), folder / "mobilefacenet_facexzoo.pt")
