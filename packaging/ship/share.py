"""What a desktop finds of the program below /usr/share: its entry, icons, description, pages."""

import shutil
from pathlib import Path

import about
from icons import write_icons


def write_share(share: Path, site: Path | None) -> None:
    """Write it below `share`.

    Args:
        site: the pages that `mkdocs` built; without them there are only the screenshots.
    """
    for file in sorted(about.LINUX.glob("*.desktop")):
        _copy(file, share / "applications" / file.name)
    told = (about.LINUX / f"{about.APP_ID}.metainfo.xml").read_text(encoding="utf-8")
    place = share / "metainfo" / f"{about.APP_ID}.metainfo.xml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(about.filled(told), encoding="utf-8")
    write_icons(share / "icons" / "hicolor")
    doc = share / "doc" / about.NAME
    for shot in sorted((about.ROOT / "docs" / "pages" / "screenshots").glob("*.png")):
        _copy(shot, doc / "screenshots" / shot.name)
    if site is not None:
        shutil.copytree(site, doc / "html", dirs_exist_ok=True)


def _copy(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)
