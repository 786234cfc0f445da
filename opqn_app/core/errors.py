"""Errors that say something about the user's world; everything else that is raised is a bug.

OpqnError                        str(error) is a sentence fit to show: what happened, what to do
├─ PhotoUnreadable               one photo can't be read; indexing records it and goes on
├─ NoFaceFound                   a query photo shows no face
├─ LibraryError
│  ├─ LibraryTooNew              written by a newer version of the app
│  ├─ LibraryDamaged             SQLite says the file is broken
│  ├─ CodesDamaged               codes that are not what was written; they can be made again
│  ├─ CropsDamaged               so are pictures of faces
│  ├─ LedgerDamaged              what was said about faces is not what was written
│  ├─ LibraryLocked              another process is writing
│  ├─ LibraryReplaced            it is not the file any more that was opened
│  ├─ LibraryReadOnly            it can be searched, not changed
│  ├─ RemembersNoFaces           the user said so; no face can come into it
│  ├─ TracesLeft                 bytes of what was forgotten are still on the disk
│  └─ FolderUnavailable          a photo folder is missing, e.g. its disk is unplugged
├─ ModelError
│  ├─ ModelMissing               no model of that name or path
│  └─ ModelIncompatible          a checkpoint whose parts do not fit
├─ DataError                     a data set that is not laid out as stated
├─ SettingsError                 a setting that can't be used
└─ ExtraMissing                  a package is not installed
"""

from collections.abc import Sequence
from pathlib import Path

SHOWN = 10  # photos named in a sentence


class OpqnError(Exception):
    """The user's world is not as needed; the message is a plain sentence.

    Attributes:
        hint: what may be typed at a terminal; the window has other ways.
    """

    def __init__(self, *args: object, hint: str = "") -> None:
        super().__init__(*args)
        self.hint = hint


class PhotoUnreadable(OpqnError):
    """A photo that can't be read.

    Args:
        name: file name or path, for the message.
        reason: a plain clause, such as "the file is empty".
    """

    def __init__(self, name: Path | str, reason: str) -> None:
        super().__init__(f"Can't read {name}: {reason}.")
        self.name = str(name)
        self.reason = reason


class NoFaceFound(OpqnError):
    """A query photo without a face."""

    def __init__(self, name: Path | str) -> None:
        super().__init__(
            f"No face was found in {name}. "
            "Try a photo where the face is larger or turned to the front."
        )


class LibraryError(OpqnError):
    """Something about the library file."""


class LibraryTooNew(LibraryError):
    """The library was written by a newer version of this program."""

    def __init__(self, path: Path, unknown: str) -> None:
        super().__init__(
            f"The library {path} was written by a newer version of this program "
            f"(it has '{unknown}'). Update the program, or choose another library file."
        )


class LibraryDamaged(LibraryError):
    """SQLite can't read the file.

    Args:
        reason: a plain clause.
        is_lost: nothing of it can be saved.
    """

    def __init__(self, path: Path, reason: str, *, is_lost: bool = False) -> None:
        repair = "" if is_lost else "opqn check --repair saves what can be read. "
        super().__init__(
            f"The library {path} can't be read: {reason}. Move the file away and index your "
            "folders again; your photos are not touched.",
            hint=f"Or: {repair}opqn restore sets it aside and brings back what was backed up.",
        )


class CodesDamaged(LibraryError):
    """Codes of faces changed on the disk; an answer made of them could be any."""

    def __init__(self, path: Path, model: str) -> None:
        super().__init__(
            f"The library {path} is damaged: codes of the model '{model}' are not what was "
            "written, so nothing was searched. Index any folder, and they are made again from the "
            "stored faces. Copy the library to another disk if this one is failing.",
            hint="Or: opqn encode",
        )


class CropsDamaged(LibraryError):
    """Stored pictures of faces changed on the disk.

    Args:
        photos: those that show them.
    """

    def __init__(self, path: Path, n_faces: int, photos: Sequence[Path]) -> None:
        first = ", ".join(str(photo) for photo in photos[:SHOWN])
        more = f" and {len(photos) - SHOWN:,} more" if len(photos) > SHOWN else ""
        super().__init__(
            f"The library {path} is damaged: stored pictures of faces are not what was written "
            f"({n_faces:,}), so they can't be used. Those faces are on {first}{more}. All others "
            "are as they should be. Copy the library to another disk if this one is failing.",
            hint="Then: opqn check --repair, and index their folders; the photos are read again.",
        )


class LedgerDamaged(LibraryError):
    """Decisions about faces changed on the disk; followed, they would say what nobody said.

    Args:
        decisions: their ids.
    """

    def __init__(self, path: Path, decisions: Sequence[int]) -> None:
        self.decisions = list(decisions)
        first = ", ".join(str(each) for each in decisions[:SHOWN])
        more = f" and {len(decisions) - SHOWN:,} more" if len(decisions) > SHOWN else ""
        super().__init__(
            f"The library {path} is damaged: of what was said about faces, number {first}{more} is "
            "not what was written, so none of it is followed. Searching goes on. Close the window, "
            "then run: opqn check --repair. It takes what is lost from the newest backup."
        )


class LibraryLocked(LibraryError):
    """A second writer; `holder` says who holds the lock."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(
            f"The library {path} is being written by {holder}. Wait until it is done, or stop it."
        )
        self.holder = holder


class LibraryReplaced(LibraryError):
    """What was written is not in the file that lies at the library's place now."""

    def __init__(self, path: Path, *, is_there: bool) -> None:
        what = "was replaced by another file" if is_there else "was deleted or its disk went away"
        super().__init__(
            f"The library {path} {what} while it was written: what was done since then is not "
            "in it. Look that nothing else moves or restores this file, then start again."
        )


class LibraryReadOnly(LibraryError):
    """A library whose file or folder may not be written, such as one on a read-only disk."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The library {path} can't be written: {reason}. Make the file and its folder "
            "writable, or copy the file to a folder of your own and use the copy (--library COPY, "
            "or Library file in the window's settings)."
        )


class RemembersNoFaces(LibraryError):
    """The user said that no face is to be remembered, see `store.faces_switch`."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The library {path} remembers no faces, as you chose, so nothing can be indexed, "
            'searched or named. The window lets it again under Settings, "What this program '
            'keeps".',
            hint="Or: opqn remember-faces on",
        )


class TracesLeft(LibraryError):
    """What was forgotten is out of the library, but bytes of it are still in files beside it."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"It is out of the library, but bytes of it are still in {path}-wal: another program "
            "is reading the library as it was before, such as a search or a backup. End that "
            "program. What is left is then cleared when the library is next written.",
            hint="Or at once: opqn forget --traces",
        )


class FolderUnavailable(LibraryError):
    """A photo folder that is not there now; nothing of it is forgotten."""

    def __init__(self, path: Path, reason: str = "it is not there") -> None:
        super().__init__(
            f"The folder {path} can't be read: {reason}. Plug its disk in or check the path; "
            "what was indexed from it stays searchable."
        )
        self.reason = reason


class ModelError(OpqnError):
    """Something about a model file."""


class ModelMissing(ModelError):
    """No model of that name or at that path."""

    def __init__(self, name: Path | str) -> None:
        super().__init__(
            f"There is no model '{name}'. Name a bundled model or the folder of an imported one."
        )


class ModelIncompatible(ModelError):
    """A checkpoint whose parts do not fit together, or do not fit this program."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"The model {path} can't be used: {reason}.")
        self.reason = reason


class DataError(OpqnError):
    """A data set that is not laid out as stated; named by its path, or as "the training data"."""

    def __init__(self, path: Path | str, reason: str) -> None:
        name = str(path)
        subject = f"T{name[1:]}" if name.startswith("the ") else f"The data at {name}"
        super().__init__(f"{subject} can't be used: {reason}.")


class SettingsError(OpqnError):
    """A setting that can't be used."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The setting '{name}' can't be used: {reason}.")


class ExtraMissing(OpqnError):
    """A package is not there; `opqn_app.core.extras` raises it.

    Args:
        work: what needs it, as the subject of a sentence.
        package: its name for pip.
        reason: a plain clause, such as "which is not installed".
        command: what installs it.
    """

    def __init__(self, work: str, package: str, reason: str, command: str) -> None:
        super().__init__(
            f"{work} needs the package {package}, {reason}. Install it with: {command}"
        )
        self.package = package
