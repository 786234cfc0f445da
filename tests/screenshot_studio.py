"""Opens the real window off screen, waits until it rests, and takes its picture."""

import io
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, QEventLoop, QIODevice, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from opqn_app.core import paths
from opqn_app.core.errors import ModelMissing
from opqn_app.core.settings import Settings
from opqn_app.engine import Engine, load_engine
from opqn_app.ui.kit import theme
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session

NORMAL, SMALL, LARGE = (1280, 800), (900, 600), (1600, 1000)
MAX_BYTES = 200_000
PATIENCE_S = 180.0
QUIET_S = 0.5  # no task for so long: everything is drawn; more than the session's COALESCE_MS


class Studio:
    """Opens windows on libraries of its own and takes their pictures."""

    def __init__(self, out: Path, only: str) -> None:
        self.out = out
        self.only = only
        self.room = Path(tempfile.mkdtemp(prefix="opqn-screenshots-"))
        for name in ("DATA", "CACHE", "LOG"):
            os.environ[f"OPQN_{name}_DIR"] = str(self.room / name.lower())
        self.app = QApplication(sys.argv[:1])
        self.engine = _engine()
        self.sample = paths.resource("sample")
        self.is_dark = False

    @contextmanager
    def window(self, library: str, size: tuple[int, int] = NORMAL) -> Iterator[MainWindow]:
        """A started window; closed at the end."""
        shade = "dark" if self.is_dark else "light"
        theme.apply_theme(self.app, shade)
        settings = Settings(library=str(self.room / f"{library}.sqlite"), theme=shade)
        session = Session(settings, engine_factory=lambda _model, _device: self.engine)
        window = MainWindow(session)
        window.resize(*size)
        window.show()
        session.refresh_status()
        session.load_engine()
        self.rest(session)
        yield window
        window.close()

    def labelled_faces(self) -> Path:
        """The sample's portraits as aligned crops in a folder for each person, made once."""
        from trainer.data.prepare import prepare
        from trainer.data.prepared import PrepareSettings

        photos, faces = self.room / "photos", self.room / "Faces"
        if not faces.is_dir():
            labels = json.loads((self.sample / "labels.json").read_text(encoding="utf-8"))
            for path, one in labels["singles"].items():
                target = photos / one["person"] / Path(path).name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(self.sample / "photos" / path, target)
            for _ in prepare(photos, faces, PrepareSettings(), lambda: self.engine.detector):
                pass
        return faces

    def rest(self, session: Session) -> None:
        """Wait until the lanes have had nothing to do for a moment."""
        quiet_since = time.monotonic()
        end = quiet_since + PATIENCE_S
        while time.monotonic() - quiet_since < QUIET_S:
            _turn(30)
            if session.runner._tasks:
                quiet_since = time.monotonic()
            if time.monotonic() > end:
                raise TimeoutError("the window does not come to rest")

    def wait(self, is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Wait for something to become so."""
        end = time.monotonic() + patience_s
        while not is_so():
            if time.monotonic() > end:
                raise TimeoutError("what the picture should show does not happen")
            _turn(10)

    def shoot(self, widget: QWidget, name: str) -> None:
        """Save what `widget` shows now."""
        suffix = "-dark" if self.is_dark else ""
        path = self.out / f"{name}{suffix}.png"
        size = _save_small(_picture_of(widget), path)
        sys.stderr.write(f"{path.name}: {size / 1000:.0f} kB\n")


def _engine() -> Engine:
    try:
        return load_engine(Settings().model)
    except ModelMissing as error:
        from opqn_app.vision.detect import MtcnnDetector
        from tests.library_fakes import PixelEncoder

        sys.stderr.write(f"{error} The codes in these pictures mean nothing.\n")
        return Engine(MtcnnDetector(), PixelEncoder())


def _turn(milliseconds: int) -> None:
    """Let Qt and the lanes work (QTest.qWait would keep Python's threads waiting)."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _picture_of(widget: QWidget) -> Image.Image:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().save(buffer, "PNG")
    return Image.open(io.BytesIO(bytes(data.data()))).convert("RGB")


def _save_small(picture: Image.Image, path: Path) -> int:
    """Write a palette PNG with as many colours as `MAX_BYTES` allows; returns its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    smooth, plain = Image.Dither.FLOYDSTEINBERG, Image.Dither.NONE
    for colours, dither in ((256, smooth), (256, plain), (128, plain), (64, plain)):
        palette = picture.quantize(colours, dither=plain)
        picture.quantize(colours, palette=palette, dither=dither).save(path, optimize=True)
        if path.stat().st_size <= MAX_BYTES:
            break
    return path.stat().st_size
