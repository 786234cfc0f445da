"""The user's choices in one small form: it takes a Settings and gives back a new one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from opqn_app.core.settings import MAX_WORKERS, Settings
from opqn_app.ui.kit.choice_box import ChoiceBox
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.wording import DEVICES
from opqn_app.ui.work.tasks import TaskRunner

DETECTORS = {"mtcnn": "MTCNN, finds the smallest", "yunet": "YuNet, faster"}
THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}
CHANGED_AT_START = (
    "The library file, the device and what finds faces are used from the next start on, another "
    "model as soon as every face has been coded with it; if it is worse on the people you named, "
    "you are asked first. Photos in the library keep their faces."
)


def known_models() -> list[str]:
    """The names of the bundled and the imported models; it reads folders, so call it in a lane."""
    from opqn_app.opqn.model_folder import bundled_models, imported_models

    return [*bundled_models(), *imported_models()]


class SettingsDialog(QDialog):
    """A form over a Settings; `edited` is the result.

    Signals:
        kept_wanted: the user wants to see what this program keeps.

    Args:
        runner: lists the models off the GUI thread.
        opened: the library that is open; it is named where the settings mean another one.
        list_models: what there is to choose from.
        choose_file: asks for a library file.
    """

    kept_wanted = Signal()

    def __init__(
        self,
        settings: Settings,
        runner: TaskRunner,
        *,
        opened: Path | None = None,
        list_models: Callable[[], Sequence[str]] = known_models,
        choose_file: Callable[[QWidget, Path], Path | None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._opened = opened or settings.library_path
        self._choose_file = choose_file or choose_library_file
        self.setWindowTitle("Settings")
        self.setMinimumWidth(520)
        self._build()
        task = runner.start("load", list_models)
        task.succeeded.connect(self._show_models)

    @property
    def edited(self) -> Settings:
        """The settings as they stand in the form."""
        return replace(
            self._settings,
            library=self._library.text().strip(),
            model=self._model.currentData(),
            device=self._device.currentData(),
            detector=self._detector.currentData(),
            workers=self._workers.value(),
            theme=self._theme.currentData(),
            excludes=_lines(self._excludes.toPlainText()),
        )

    def edit_excludes(self) -> None:
        """Put the keyboard into the list of what is skipped."""
        self._excludes.setFocus()

    def _build(self) -> None:
        settings = self._settings
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._theme = _combo(THEMES, settings.theme, "Colours")
        self._device = _combo(DEVICES, settings.device, "Computed by")
        self._detector = _combo(DETECTORS, settings.detector, "Faces found by")
        self._model = _combo({settings.model: settings.model}, settings.model, "Model")
        form.addRow("&Colours", self._theme)
        form.addRow("&Model", self._model)
        form.addRow("Computed &by", self._device)
        form.addRow("&Faces found by", self._detector)
        self._workers = _worker_count(settings.workers)
        form.addRow("Photos read &at once", self._workers)
        form.addRow("&Library file", self._build_library())
        form.addRow("&Skip", self._build_excludes())
        buttons = QDialogButtonBox()
        kept = push_button("What this program keeps…", self.kept_wanted.emit)
        kept.setAutoDefault(False)
        buttons.addButton(kept, QDialogButtonBox.ButtonRole.ActionRole)
        save = push_button("Save", is_primary=True)
        save.setDefault(True)
        buttons.addButton(save, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QPushButton("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        stack = QVBoxLayout(self)
        stack.setContentsMargins(24, 24, 24, 16)
        stack.setSpacing(16)
        stack.addLayout(form)
        stack.addWidget(text_label(CHANGED_AT_START, is_quiet=True, wraps=True))
        stack.addWidget(buttons)
        # Qt's own minimum forgets that wrapped lines are high; the help would lie on the box.
        self.setMinimumHeight(stack.totalHeightForWidth(self.minimumWidth()))

    def _build_library(self) -> QWidget:
        self._library = QLineEdit(self._settings.library)
        self._library.setPlaceholderText(str(Settings().library_path))
        self._library.setAccessibleName("Library file")
        browse = push_button("Choose…", self._on_browse)
        browse.setAccessibleName("Choose the library file")
        browse.setAutoDefault(False)
        row = QHBoxLayout()
        row.addWidget(self._library, 1)
        row.addWidget(browse)
        holder = _FieldHolder(self._library)
        stack = QVBoxLayout(holder)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.addLayout(row)
        if self._opened != self._settings.library_path:
            words = f"Open now is another one: {self._opened}"
            stack.addWidget(text_label(words, is_quiet=True, wraps=True))
        return holder

    def _build_excludes(self) -> QWidget:
        self._excludes = QPlainTextEdit("\n".join(self._settings.excludes))
        self._excludes.setAccessibleName("Folders and files to skip, one pattern a line")
        self._excludes.setPlaceholderText("Screenshots\n*/private/*\n*.gif")
        self._excludes.setTabChangesFocus(True)
        self._excludes.setFixedHeight(88)
        holder = _FieldHolder(self._excludes)
        stack = QVBoxLayout(holder)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.addWidget(self._excludes)
        stack.addWidget(text_label(SKIP_HELP, is_quiet=True, wraps=True))
        return holder

    def _show_models(self, names: Sequence[str]) -> None:
        for name in names:
            if self._model.findData(name) < 0:
                self._model.addItem(name, name)

    def _on_browse(self) -> None:
        chosen = self._choose_file(self, self.edited.library_path)
        if chosen is not None:
            self._library.setText(str(chosen))


SKIP_HELP = (
    "One pattern a line, such as Screenshots or *.gif. Folders with a file named .nomedia or "
    ".noimage are always skipped."
)


class _FieldHolder(QWidget):
    """Several widgets in one place of a form; its label's shortcut goes to the first one."""

    def __init__(self, field: QWidget) -> None:
        super().__init__()
        self.setFocusProxy(field)


def choose_library_file(parent: QWidget, current: Path) -> Path | None:
    """Ask for a library file, old or new."""
    chosen, _kind = QFileDialog.getSaveFileName(
        parent,
        "Library file",
        str(current),
        "Library (*.sqlite)",
        options=QFileDialog.Option.DontConfirmOverwrite,  # an old library is opened, not replaced
    )
    return Path(chosen) if chosen else None


def _worker_count(chosen: int) -> QSpinBox:
    box = QSpinBox()
    box.setAccessibleName("Photos read at once")
    box.setRange(0, MAX_WORKERS)
    box.setSpecialValueText("As many as this machine can take")
    box.setValue(chosen)
    box.lineEdit().setTextMargins(6, 0, 6, 0)  # as the other fields have it; style sheets can't
    return box


def _combo(choices: dict[str, str], chosen: str, name: str) -> ChoiceBox:
    combo = ChoiceBox(name, choices)
    combo.setCurrentIndex(max(0, combo.findData(chosen)))
    return combo


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
