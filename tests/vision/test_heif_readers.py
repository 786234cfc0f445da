"""HEIC is read alike by pillow-heif and by pi-heif, which frozen programs have in its place."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = sorted((ROOT / "resources" / "sample" / "photos").rglob("*.heic"))
CODE = """
import hashlib, sys
from pathlib import Path
from opqn_app.vision.images import open_photo
for name in sys.argv[1:]:
    image = open_photo(Path(name)).image
    print(image.size, hashlib.sha256(image.tobytes()).hexdigest())
print(*sorted({"pillow_heif", "pi_heif"} & set(sys.modules)))
"""


def read_without(package: str) -> list[str]:
    """What a fresh process says of the sample's photos, where a package is missing."""
    path = os.pathsep.join([str(ROOT / "tests" / "no_torch"), str(ROOT), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, SAMPLE)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "OPQN_WITHOUT": package},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_both_readers_give_the_same_pixels() -> None:
    pytest.importorskip("pi_heif")
    assert len(SAMPLE) >= 3
    *usual, by = read_without("pi_heif")
    *frozen, by_other = read_without("pillow_heif")
    assert (by, by_other) == ("pillow_heif", "pi_heif")
    assert len(usual) == len(SAMPLE)
    assert usual == frozen
