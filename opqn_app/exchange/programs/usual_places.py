"""Where what a program knows lies on most machines."""

from collections.abc import Sequence
from pathlib import Path

_DATABASE = "digikam4.db"


def usual_place(key: str, folders: Sequence[Path], home: Path) -> Path | None:
    """What is most likely to be chosen for a program; None where nobody can know.

    Args:
        key: of the program.
        folders: of photos in the library; what lies in them is looked for first.
        home: of the user.
    """
    if key in {"xmp", "picasa"}:
        return next((folder for folder in folders if folder.is_dir()), None)
    if key == "digikam":
        places = [*folders, home / "Pictures", home, home / ".local/share/digikam"]
        return next((each / _DATABASE for each in places if (each / _DATABASE).is_file()), None)
    return None
