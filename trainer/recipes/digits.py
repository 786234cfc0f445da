"""Write scikit-learn's handwritten digits as labelled pictures: a general set that anybody has.

    python -m trainer.recipes.digits OUT

1,797 pictures of 8 × 8 px (UCI, "Optical Recognition of Handwritten Digits"), in a folder for each
digit, enlarged to what the networks take. The package holds them; nothing is fetched.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from opqn_app.core.errors import DataError, OpqnError
from opqn_app.core.extras import needed_for

SIDE = 40  # px, what a crop of 32 px is cut from
DARKEST = 16  # the largest value of a pixel there


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write scikit-learn's digits as pictures.")
    parser.add_argument("out", type=Path, help="new folder")
    arguments = parser.parse_args(argv)
    try:
        n = write_digits(arguments.out)
    except OpqnError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{n:,} pictures in {arguments.out}\n")
    return 0


def write_digits(out: Path) -> int:
    """Write them to a folder that is new or empty; returns how many there are.

    Raises:
        DataError: there is something in the folder.
        ExtraMissing: scikit-learn is not installed.
    """
    with needed_for("The set of digits"):
        from sklearn.datasets import load_digits
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(out, "it is there already; name a new folder")
    found = load_digits()
    for number, (image, digit) in enumerate(zip(found.images, found.target, strict=True)):
        grey = np.rint(255 - image * (255 / DARKEST)).astype(np.uint8)
        picture = Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        file = out / str(digit) / f"{number:04d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.convert("RGB").save(file)
    return len(found.images)


if __name__ == "__main__":
    sys.exit(main())
