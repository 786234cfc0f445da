"""The programs that names come from: how people call them, what to choose, and how it is read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opqn_app.exchange.digikam_database import names_of_digikam
from opqn_app.exchange.folder_names import names_below
from opqn_app.exchange.immich import names_of_immich
from opqn_app.exchange.osxphotos import names_of_osxphotos
from opqn_app.exchange.photoprism import names_of_photoprism
from opqn_app.exchange.picasa import names_of_picasa
from opqn_app.exchange.records import Found
from opqn_app.exchange.takeout import names_of_takeout

Reader = Callable[[Path, Sequence[Path]], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class Program:
    """A program that knows people on photos.

    Attributes:
        key: what `opqn import` calls it.
        name: what people call it; it stands in the ledger as the source of each name.
        is_file: a file is chosen, and no folder.
        how: one sentence: what to choose, and how it is got out of the program.
        read: what it knows, from the place chosen and the folders of photos that are known here.
    """

    key: str
    name: str
    is_file: bool
    how: str
    read: Reader


PROGRAMS = (
    Program(
        key="xmp",
        name="XMP",
        is_file=False,
        how="Choose the folder of photos: names that a program wrote into them, or into the XMP "
        "files beside them, are read from there.",
        read=names_below,
    ),
    Program(
        key="picasa",
        name="Picasa",
        is_file=False,
        how="Choose the folder of photos: Picasa has left a file .picasa.ini in each folder whose "
        "faces it knows.",
        read=names_of_picasa,
    ),
    Program(
        key="digikam",
        name="digiKam",
        is_file=True,
        how="Close digiKam, and choose its file digikam4.db; under Settings, Configure digiKam, "
        "Database it says where that lies.",
        read=names_of_digikam,
    ),
    Program(
        key="takeout",
        name="Google Photos",
        is_file=False,
        how="Let takeout.google.com make archives of Google Photos, unpack all of them into one "
        "folder, and choose it; names come without boxes.",
        read=names_of_takeout,
    ),
    Program(
        key="apple",
        name="Apple Photos",
        is_file=True,
        how="Let the free program osxphotos write a file on your Mac, by the command "
        "'osxphotos query --json > photos.json', and choose that file.",
        read=names_of_osxphotos,
    ),
    Program(
        key="immich",
        name="Immich",
        is_file=True,
        how="Choose the newest backup that Immich has made of its database: a file "
        "immich-db-backup in the folder 'backups' of its server.",
        read=names_of_immich,
    ),
    Program(
        key="photoprism",
        name="PhotoPrism",
        is_file=True,
        how="Choose a backup of its database, which 'photoprism backup -i' writes into the folder "
        "storage/backup, or its file index.db; its YAML files hold no people.",
        read=names_of_photoprism,
    ),
)


def program(key: str) -> Program:
    """The program of a key.

    Raises:
        KeyError: there is none.
    """
    return {each.key: each for each in PROGRAMS}[key]
