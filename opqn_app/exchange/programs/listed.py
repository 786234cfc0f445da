"""The programs that names come from: how people call them, what to choose, and how it is read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opqn_app.exchange.records import Found


class Reader(Protocol):
    """Reads what a program knows, from the place chosen.

    Args:
        folders: of photos in the library.
        excludes: patterns of what the user does not want from these.
    """

    def __call__(
        self, place: Path, folders: Sequence[Path], excludes: Sequence[str] = (), /
    ) -> Iterator["Found"]: ...


@dataclass(frozen=True, slots=True)
class Program:
    """A program that knows people on photos.

    Attributes:
        key: what `opqn import` calls it.
        name: what people call it; it stands in the ledger as the source of each name.
        is_file: a file is chosen; its folder will do as well.
        how: what to choose, and how it is got out of the program; a sentence or two.
        read: what it knows.
    """

    key: str
    name: str
    is_file: bool
    how: str
    read: Reader

    def wrong_place(self, place: Path) -> str:
        """Why a place can't be what is needed, and what is; "" if it may be."""
        is_right = place.exists() if self.is_file else place.is_dir()
        if is_right:
            return ""
        wrong = f"{place} is not there" if not place.exists() else f"{place} is not what is needed"
        return f"{wrong}. {self.how}"


def _xmp(place: Path, folders: Sequence[Path], excludes: Sequence[str] = ()) -> Iterator["Found"]:
    from opqn_app.exchange.programs.xmp_files import names_below

    return names_below(place, folders, excludes)


def _picasa(
    place: Path, folders: Sequence[Path], _excludes: Sequence[str] = ()
) -> Iterator["Found"]:
    from opqn_app.exchange.programs.picasa import names_of_picasa

    return names_of_picasa(place, folders)


def _digikam(
    place: Path, folders: Sequence[Path], _excludes: Sequence[str] = ()
) -> Iterator["Found"]:
    from opqn_app.exchange.programs.digikam_database import names_of_digikam

    return names_of_digikam(place, folders)


def _takeout(
    place: Path, folders: Sequence[Path], _excludes: Sequence[str] = ()
) -> Iterator["Found"]:
    from opqn_app.exchange.programs.takeout import names_of_takeout

    return names_of_takeout(place, folders)


def _apple(
    place: Path, folders: Sequence[Path], _excludes: Sequence[str] = ()
) -> Iterator["Found"]:
    from opqn_app.exchange.programs.osxphotos import names_of_osxphotos

    return names_of_osxphotos(place, folders)


def _immich(
    place: Path, folders: Sequence[Path], _excludes: Sequence[str] = ()
) -> Iterator["Found"]:
    from opqn_app.exchange.programs.immich import names_of_immich

    return names_of_immich(place, folders)


def _photoprism(
    place: Path, folders: Sequence[Path], _excludes: Sequence[str] = ()
) -> Iterator["Found"]:
    from opqn_app.exchange.programs.photoprism import names_of_photoprism

    return names_of_photoprism(place, folders)


# In the order in which they are offered. A reader is imported when it reads: help is quick.
PROGRAMS = (
    Program(
        key="xmp",
        name="XMP",
        is_file=False,
        how="Choose the folder of photos. Names that a program wrote into them, or into the XMP "
        "files beside them, are read.",
        read=_xmp,
    ),
    Program(
        key="picasa",
        name="Picasa",
        is_file=False,
        how="Choose the folder of photos. Picasa has left a file .picasa.ini in each folder whose "
        "faces it knows.",
        read=_picasa,
    ),
    Program(
        key="digikam",
        name="digiKam",
        is_file=True,
        how="Close digiKam, and choose its file digikam4.db. Under Settings, Configure digiKam, "
        "Database it says where that lies.",
        read=_digikam,
    ),
    Program(
        key="takeout",
        name="Google Photos",
        is_file=False,
        how="Let takeout.google.com make archives of Google Photos, unpack all of them into one "
        "folder, and choose it. Google tells no boxes.",
        read=_takeout,
    ),
    Program(
        key="apple",
        name="Apple Photos",
        is_file=True,
        how="Let the free program osxphotos write a file on your Mac, by the command "
        "'osxphotos query --json > photos.json', and choose that file.",
        read=_apple,
    ),
    Program(
        key="immich",
        name="Immich",
        is_file=True,
        how="Choose the newest backup that Immich has made of its database: a file "
        "immich-db-backup in the folder 'backups' of its server.",
        read=_immich,
    ),
    Program(
        key="photoprism",
        name="PhotoPrism",
        is_file=True,
        how="Choose a backup of its database, which 'photoprism backup -i' writes into the folder "
        "storage/backup, or its file index.db. Its YAML files hold no people.",
        read=_photoprism,
    ),
)
