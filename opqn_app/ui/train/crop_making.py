"""Makes face crops of labelled photos beside the window, by `opqn prepare`, to train on."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from opqn_app.core import paths
from opqn_app.core.progress import counted
from opqn_app.ui.kit.controls import push_button
from opqn_app.ui.kit.work_bar import WorkBar
from opqn_app.ui.work.child import ChildEnd, ChildProcess


def crops_folder() -> Path:
    """Where the window keeps the crops it makes."""
    return paths.data_dir() / "crops"


def crops_place(photos: Path) -> Path:
    """Where the crops of these photos go: the same place again, so that a stopped run goes on."""
    key = hashlib.blake2b(str(photos.resolve()).encode(errors="surrogateescape"), digest_size=4)
    return crops_folder() / f"{photos.name}-{key.hexdigest()}"


class CropMaking(QObject):
    """One folder of photos at a time, with a bar and Cancel.

    Args:
        program: how the command is started; this very program by default.

    Signals:
        ended: it does not run any more.
        made: the folder of crops (Path), and what is in it, in words.
        told: what there is to say, in words; nothing went wrong.
        failed: why there are no crops, in words.
    """

    ended = Signal()
    made = Signal(object, str)
    told = Signal(str)
    failed = Signal(str)

    def __init__(
        self, *, program: Sequence[str] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.child = ChildProcess(program=program, parent=self)
        self.cancel_button = push_button("Cancel", self.cancel)
        self.cancel_button.setAccessibleName("Cancel the making of face crops")
        self.work = WorkBar("Progress of the face crops", self.cancel_button)
        self._target = Path()
        self._result: dict[str, Any] | None = None
        self.child.told.connect(self._on_told)
        self.child.finished.connect(self._on_finished)

    def start(self, photos: Path) -> None:
        """Begin, or go on where it was stopped."""
        self._target, self._result = crops_place(photos), None
        self.cancel_button.setEnabled(True)
        self.work.start("Looking for photos …")
        self.child.start(["prepare", str(photos), str(self._target), "--json-lines"])

    def cancel(self) -> None:
        """Stop between two photos; the crops that are made stay."""
        self.cancel_button.setEnabled(False)
        self.work.say("Stopping …")
        self.child.stop()

    def _on_told(self, event: dict[str, Any]) -> None:
        if event.get("event") == "progress" and not self.child.is_stopping:
            done, total = int(event["done"]), int(event["total"])
            words = f"Finding faces: {done:,} of {counted(total, 'photo')}"
            if event["dropped"]:
                words += f", {event['dropped']:,} without a face to train on"
            self.work.show_progress(words, done, total, event["eta_s"])
        elif event.get("event") == "result":
            self._result = event

    def _on_finished(self, end: ChildEnd) -> None:
        self.work.end()
        self.ended.emit()
        if end.status == "stopped":
            self.told.emit("Stopped. The crops so far are kept; the same photos go on from there.")
        elif end.status == "failed":
            self.failed.emit(end.words)
        elif self._result is None:
            self.failed.emit("The crops were not finished; the log file says more.")
        else:
            self.made.emit(self._target, made_in_words(self._result))


def made_in_words(result: dict[str, Any]) -> str:
    """What the command told: "380 of 400 photos became face crops of 40 people." """
    people = counted(int(result["people"]), "person").replace("persons", "people")
    photos = counted(int(result["found"]), "photo")
    words = f"{int(result['kept']):,} of {photos} became face crops of {people}."
    lost = result["people_without_a_crop"]
    return f"{words} Nothing is left of {counted(len(lost), 'person')}." if lost else words
