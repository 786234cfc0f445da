"""Photos as a contact sheet, PDF or PNG: a grid of small pictures with who is on them and when.

`write_sheet` is a generator of `Progress`; closing it stops it, and no half file is left. It
may run beside the window's thread. Qt draws the text, so that all scripts are right.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
)

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.files import replacing
from opqn_app.core.progress import counted
from opqn_app.exchange.going.exports import ExportError, Pace, unwritten
from opqn_app.exchange.going.selection import GoingPhoto
from opqn_app.exchange.going.targets import refuse_sheet_in_library, refuse_what_is_there
from opqn_app.exchange.records import Problem, Progress
from opqn_app.ui.kit.thumbnails import image_of_photo

A4 = QSizeF(595.0, 842.0)  # points, the unit of all that is drawn here
COLUMNS, ROWS = 4, 5
MARGIN, TITLE, FOOT, GAP = 36.0, 34.0, 18.0, 10.0
CAPTION_LINES, CAPTION = 3, 9.0  # lines below a picture, and the size of their letters
PDF_DPI, PNG_SCALE = 300, 2.0
SIDE = 520  # pixels of a picture: the cell at 300 dots an inch
_INK, _QUIET, _EMPTY = QColor("#1b1b1b"), QColor("#666666"), QColor("#e6e6e6")


@dataclass(frozen=True, slots=True)
class SheetReport:
    """What was drawn.

    Attributes:
        paths: the file; of a PNG with several pages a file a page.
        problems: photos that can't be read now; a grey field stands for each.
    """

    paths: tuple[Path, ...]
    photos: int
    problems: tuple[Problem, ...] = ()


def application() -> QGuiApplication:
    """The application that letters need; made where there is none. Keep it while you draw."""
    found = QGuiApplication.instance()
    return found if isinstance(found, QGuiApplication) else QGuiApplication(["opqn"])


def pages_of(n_photos: int) -> int:
    """How many pages so many photos take."""
    return -(-n_photos // (COLUMNS * ROWS))


def paths_of(path: Path, n_photos: int) -> tuple[Path, ...]:
    """The files of a sheet: "sheet.pdf"; "sheet.png", or "sheet-1.png", "sheet-2.png"."""
    n = pages_of(n_photos)
    if path.suffix.lower() == ".pdf" or n == 1:
        return (path,)
    return tuple(path.with_name(f"{path.stem}-{page}{path.suffix}") for page in range(1, n + 1))


def check_place(
    path: Path, n_photos: int, roots: Iterable[Path] = (), *, force: bool = False
) -> tuple[Path, ...]:
    """The files of a sheet, if it may be written there; see `write_sheet`.

    Raises:
        ExportError: it may not.
    """
    paths = paths_of(path, n_photos)
    refuse_what_is_there(paths, force=force)
    refuse_sheet_in_library(path, roots, force=force)
    return paths


def write_sheet(
    photos: Sequence[GoingPhoto],
    path: Path,
    title: str,
    *,
    roots: Iterable[Path] = (),
    force: bool = False,
) -> Generator[Progress, None, SheetReport]:
    """Draw photos on pages of A4.

    Args:
        photos: one or more.
        path: ends in ".pdf" or ".png". A PNG has a file a page.
        roots: the folders of the library.
        force: a PDF that is there is replaced, and a PNG may lie in one of `roots`; a PNG that is
            there is never replaced.

    Raises:
        ExportError: it can't be written, or ends otherwise.
    """
    if path.suffix.lower() not in (".pdf", ".png"):
        raise ExportError(f"A contact sheet is a .pdf or a .png, and {path.name} is neither.")
    assert QGuiApplication.instance() is not None, "letters need an application"
    sheet = _Sheet(photos, title)
    paths = check_place(path, len(photos), roots, force=force)
    try:
        if path.suffix.lower() == ".pdf":
            with replacing(path, among_others=True) as file:
                with _pdf(Path(file.name), title) as (painter, writer):
                    for page in range(sheet.pages):
                        if page:
                            writer.newPage()
                        yield from sheet.draw(painter, page)
                if not Path(file.name).read_bytes().rstrip().endswith(b"%%EOF"):  # Qt is silent
                    raise OSError(None, "the disk did not take all of it")
        else:
            for page, target in enumerate(paths):
                image = QImage((A4 * PNG_SCALE).toSize(), QImage.Format.Format_RGB32)
                image.fill(Qt.GlobalColor.white)
                painter = QPainter(image)
                painter.scale(PNG_SCALE, PNG_SCALE)
                try:
                    yield from sheet.draw(painter, page)
                finally:
                    painter.end()
                with replacing(target, among_others=True) as file:
                    # The stubs want bytes, and PySide wants text.
                    if not image.save(str(file.name), "PNG"):  # type: ignore[call-overload]
                        raise OSError(None, "the disk did not take all of it")
    except OSError as error:
        raise unwritten(path, error) from error
    return SheetReport(paths, len(photos), tuple(sheet.problems))


@contextmanager
def _pdf(path: Path, title: str) -> Iterator[tuple[QPainter, QPdfWriter]]:
    writer = QPdfWriter(str(path))
    writer.setTitle(title)
    writer.setCreator("OPQN Photo Search")
    writer.setResolution(PDF_DPI)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF()
        )
    )
    painter = QPainter()
    if not painter.begin(writer):
        raise OSError(None, "its disk takes no file of this name")
    painter.scale(PDF_DPI / 72, PDF_DPI / 72)
    try:
        yield painter, writer
    finally:
        painter.end()


class _Sheet:
    """Draws the pages of one sheet."""

    def __init__(self, photos: Sequence[GoingPhoto], title: str) -> None:
        self.pages = pages_of(len(photos))
        self.problems: list[Problem] = []
        self._photos, self._title = photos, title
        self._pace = Pace(len(photos), len(photos))

    def draw(self, painter: QPainter, page: int) -> Iterator[Progress]:
        """One page; yields after each photo."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        width = A4.width() - 2 * MARGIN
        self._heading(painter, QRectF(MARGIN, MARGIN - 10, width, TITLE))
        foot = QRectF(MARGIN, A4.height() - MARGIN - FOOT + 10, width, FOOT)
        _line(painter, foot, f"{page + 1} / {self.pages}", CAPTION, _QUIET)
        top, height = MARGIN + TITLE, A4.height() - 2 * MARGIN - TITLE - FOOT
        cell = QSizeF((width - (COLUMNS - 1) * GAP) / COLUMNS, (height - (ROWS - 1) * GAP) / ROWS)
        first = page * COLUMNS * ROWS
        for place, going in enumerate(self._photos[first : first + COLUMNS * ROWS]):
            row, column = divmod(place, COLUMNS)
            left = MARGIN + column * (cell.width() + GAP)
            self._cell(
                painter,
                QRectF(left, top + row * (cell.height() + GAP), cell.width(), cell.height()),
                going,
            )
            yield self._pace.at(going.photo.path.name, photos=1, work=1)

    def _heading(self, painter: QPainter, place: QRectF) -> None:
        n = f" · {counted(len(self._photos), 'photo')}"
        metrics = QFontMetricsF(_font(15.0, bold=True))
        room = place.width() - metrics.horizontalAdvance(n)
        shown = metrics.elidedText(isolated(self._title), Qt.TextElideMode.ElideRight, room)
        _line(painter, place, shown + n, 15.0, _INK, bold=True)

    def _cell(self, painter: QPainter, place: QRectF, going: GoingPhoto) -> None:
        lines = captions(going)
        height = 1.3 * CAPTION
        picture = place.adjusted(0, 0, 0, -CAPTION_LINES * height - 4)
        self._picture(painter, picture, going)
        for at, (text, colour) in enumerate(lines):
            line = QRectF(place.left(), picture.bottom() + 4 + at * height, place.width(), height)
            _line(painter, line, text, CAPTION, colour)

    def _picture(self, painter: QPainter, place: QRectF, going: GoingPhoto) -> None:
        from opqn_app.vision.apart import open_photo

        path = going.photo.path
        try:
            image = image_of_photo(open_photo(path, max_side=SIDE), SIDE)
        except PhotoUnreadable as error:
            self.problems.append(Problem(path, str(error)))
            painter.fillRect(place, _EMPTY)
            _line(painter, place, "not there now", CAPTION, _QUIET)
            return
        size = QSizeF(image.size()).scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        shown = QRectF(0, 0, size.width(), size.height())
        shown.moveCenter(place.center())
        shown.moveBottom(place.bottom())
        painter.drawImage(shown, image)


def captions(going: GoingPhoto) -> list[tuple[str, QColor]]:
    """The lines below a picture: who is on it, when it was taken, its name."""
    names = ", ".join(isolated(name) for name in going.names)
    day = (going.photo.taken_at or "").partition("T")[0]
    found = [(names, _INK), (day, _QUIET), (isolated(going.photo.path.name), _QUIET)]
    return [(text, colour) for text, colour in found if text]


def isolated(name: str) -> str:
    """A name that keeps its own direction beside others."""
    return f"\u2068{name}\u2069"


def _font(size: float, *, bold: bool = False) -> QFont:
    font = QFont(QGuiApplication.font())
    font.setPixelSize(round(size))  # the painter counts in points
    font.setBold(bold)
    return font


def _line(
    painter: QPainter, place: QRectF, text: str, size: float, colour: QColor, *, bold: bool = False
) -> None:
    """One line in the middle of a place, cut where it is too long."""
    font = _font(size, bold=bold)
    painter.setFont(font)
    painter.setPen(colour)
    shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(place, flags, shown)
