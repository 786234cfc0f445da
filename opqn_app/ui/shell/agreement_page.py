"""How two models compare on this library: the verdict, the figures, and what would change."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from opqn_app.core.progress import counted
from opqn_app.people.agreement_in_words import report_in_words
from opqn_app.ui.kit.controls import CutLabel, text_label, tool_button
from opqn_app.ui.kit.figure_table import FigureTable
from opqn_app.ui.kit.thumbnails import load_face_crops
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.shell.face_row import MOST, SIDE, FaceRow
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.people.agreement import AgreementReport

PEOPLE_SHOWN, GROUPS_SHOWN = 40, 10  # those that change most
NAME_WIDTH, WIDEST = 160, 1000  # pixels


class AgreementPage(QWidget):
    """Shows the report of the offered model, or of the one that took over last.

    What is to be done the bar at the window's foot asks.

    Signals:
        left: the user has seen enough, or has decided.
    """

    left = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._rows: list[FaceRow] = []
        self._report: AgreementReport | None = None
        self._build()
        session.switch.changed.connect(self._on_changed)
        self._on_changed()

    @property
    def report(self) -> "AgreementReport | None":
        """What is shown."""
        return self._report

    @property
    def rows(self) -> tuple[FaceRow, ...]:
        """The rows of faces from above: of a person the picture, then the old model's faces."""
        return tuple(self._rows)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._scroll.setFocus()  # so that the keyboard scrolls

    def _build(self) -> None:
        self._title = text_label(style="title", wraps=True)
        close = tool_button("close", "Close the report", self.left.emit)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._scroll = QScrollArea()
        self._scroll.setObjectName("clear")
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("How the two models compare")
        stack = QVBoxLayout(self)
        stack.setContentsMargins(24, 16, 8, 12)
        stack.setSpacing(12)
        stack.addLayout(top)
        stack.addWidget(self._scroll, 1)

    def _on_changed(self) -> None:
        offer, taken = self._session.switch.offer, self._session.switch.taken
        report = offer.report if offer is not None else taken.report if taken is not None else None
        if report is not None:
            self._show(report)
        elif self.isVisible():
            self.left.emit()

    def _show(self, report: "AgreementReport") -> None:
        if report is self._report:
            return
        self._report, self._rows = report, []
        self._title.setText(f"{report.new.model} beside {report.old.model}")
        content = QWidget()
        content.setObjectName("clear")
        content.setMaximumWidth(WIDEST)
        stack = QVBoxLayout(content)
        stack.setContentsMargins(0, 0, 16, 0)
        stack.setSpacing(8)
        for place, words in enumerate(report_in_words(report)):
            label = text_label(words, style="" if place else "heading", wraps=True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            stack.addWidget(label)
        if report.faces or report.rejected:
            stack.addWidget(_figures(report))
        self._add_changes(stack, report)
        stack.addStretch(1)
        self._scroll.setWidget(content)
        self._load_faces()

    def _add_changes(self, stack: QVBoxLayout, report: "AgreementReport") -> None:
        groups = report.groups
        if groups is None:
            return
        old, new = report.old.model, report.new.model
        if groups.people:
            stack.addSpacing(8)
            stack.addWidget(text_label("Suggestions that change", style="heading"))
            grid = _grid(("", f"Only by {old}", f"Only by {new}"))
            for line, change in enumerate(groups.people[:PEOPLE_SHOWN], 1):
                name = change.name or "Somebody without a name"
                grid.addLayout(self._person(name, change.picture), line, 0)
                for column, (model, faces) in enumerate(
                    ((old, change.lost), (new, change.gained)), 1
                ):
                    words = f"{name}: {len(faces):,} only by {model}"
                    grid.addWidget(self._row(faces, words), line, column)
            stack.addLayout(grid)
            more = len(groups.people) - PEOPLE_SHOWN
            if more > 0:
                stack.addWidget(text_label(f"and {more:,} more", is_quiet=True))
        for heading, number, found in (
            (f"Groups that {new} joins", groups.n_joined, groups.joined),
            (f"Groups that {new} cuts", groups.n_cut, groups.cut),
        ):
            if found:
                stack.addSpacing(8)
                stack.addWidget(text_label(heading, style="heading"))
                for place, pieces in enumerate(found[:GROUPS_SHOWN], 1):
                    stack.addLayout(self._pieces(pieces, f"{heading}, {place}"))
                more = number - GROUPS_SHOWN
                if more > 0:
                    stack.addWidget(text_label(f"and {more:,} more", is_quiet=True))

    def _person(self, name: str, picture: int) -> QHBoxLayout:
        face = self._row((picture,), name)
        face.setFixedWidth(SIDE)
        label = CutLabel()
        label.setText(name)
        label.setToolTip(plain(name))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(face)
        row.addWidget(label, 1)
        return row

    def _pieces(self, pieces: Sequence[tuple[int, ...]], name: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        for place, faces in enumerate(pieces[:3]):
            if place:
                row.addWidget(text_label("|", is_quiet=True))
            row.addWidget(self._row(faces, f"{name}: {counted(len(faces), 'face')}"), 1)
        return row

    def _row(self, face_ids: Sequence[int], name: str) -> FaceRow:
        row = FaceRow(face_ids, name)
        self._rows.append(row)
        return row

    def _load_faces(self) -> None:
        wanted = list(dict.fromkeys(i for row in self._rows for i in row.face_ids[:MOST]))
        if not wanted:
            return
        rows, path = self._rows, self._session.library_path
        task = self._session.runner.start("thumbs", load_face_crops, path, wanted)

        def show(images: Mapping[int, QImage]) -> None:
            if rows is self._rows:
                for row in rows:
                    row.show_images(images)

        task.succeeded.connect(show)


def _figures(report: "AgreementReport") -> FigureTable:
    old, new = report.old, report.new
    rows = [
        (
            "The most similar face is the same person",
            *_shares(old.nearest, new.nearest, report.faces),
        ),
        ("The person's faces come before all others", *_percent(old.precision, new.precision)),
    ]
    if report.rejected and old.refused is not None and new.refused is not None:
        shares = _shares(old.refused, new.refused, report.rejected)
        rows.append(("Suggested again after you said no", *shares))
    table = FigureTable("How the two models do on what you named")
    table.show_figures(("", old.model, new.model), rows)
    table.fit_height()
    return table


def _shares(old: int, new: int, total: int) -> tuple[str, str]:
    return f"{old:,} of {total:,}", f"{new:,} of {total:,}"


def _percent(old: float, new: float) -> tuple[str, str]:
    return f"{100 * old:.1f} %", f"{100 * new:.1f} %"


def _grid(heads: Sequence[str]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(8)
    grid.setColumnMinimumWidth(0, NAME_WIDTH)
    for column, words in enumerate(heads):
        head = CutLabel(is_quiet=True)
        head.setText(words)
        grid.addWidget(head, 0, column)
        grid.setColumnStretch(column, 3 if column else 1)
    return grid
