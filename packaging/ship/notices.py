"""Writes into the frozen folder what its parts are, and under which licences they are passed on."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import about
import licences
from parts import Part
from sbom import document

SBOM = "sbom.cdx.json"
FOLDER = "licences"
TEXTS = Path(__file__).with_name("texts")
_HEAD = """\
What this program is made of, and under which licence each part is passed on. The texts lie beside
this file, in a folder for each part. The program itself is under Apache-2.0: LICENSE, NOTICE.

Parts that are marked * are under licences that let you have their source and put a build of your
own in their place. Each of them is a file of its own in the folder lib. The source of a part
within a Python package comes with that package's source archive, or from the place named.
Qt is used under LGPL-3.0 alone.
"""


def write_notices(folder: Path, parts: Sequence[Part]) -> None:
    """Write the list of parts, its machine-readable form and the licence texts into `folder`.

    Raises:
        ValueError: a part may not be passed on, or brings no text of its licence.
    """
    wrong = faults(parts)
    if wrong:
        raise ValueError("\n".join(wrong))
    made = document(parts, version=about.version(), epoch=about.epoch())
    (folder / SBOM).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    for name in ("LICENSE", "NOTICE"):
        shutil.copyfile(about.ROOT / name, folder / name)
    place = folder / FOLDER
    place.mkdir(exist_ok=True)
    (place / "README.txt").write_text(_HEAD + "\n" + "\n".join(map(_line, parts)) + "\n", "utf-8")
    for part in parts:
        for text in texts_of(part):
            own = place / _plain(part.within or part.name) / text.name
            own.parent.mkdir(exist_ok=True)
            shutil.copyfile(text, own)


def faults(parts: Sequence[Part]) -> list[str]:
    """What hinders passing the parts on, each a sentence."""
    wrong = licences.forbidden((part.name, part.licence) for part in parts)
    wrong += [f"{part.name} brings no text of its licence." for part in parts if not texts_of(part)]
    wrong += [
        f"{part.name} has to name where its source can be had."
        for part in parts
        if licences.needs_source(part.licence) and not part.source
    ]
    return wrong


def texts_of(part: Part) -> list[Path]:
    """The licence texts of a part: its own, and the general ones that it is under."""
    chosen = part.licence.split(" OR ")[0]
    # LGPL-3.0 builds on GPL-3.0, whose name stands in its own.
    general = [file for file in sorted(TEXTS.glob("*.txt")) if file.stem in chosen]
    return [*part.texts, *general]


def _line(part: Part) -> str:
    mark = "*" if licences.needs_source(part.licence) else " "
    name = f"{part.name} {part.version}".strip()
    source = f"; source: {part.source}" if part.source else ""
    return f"{mark} {name}: {part.licence}{source}"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-")
