import csv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from opqn_app.core import paths
from opqn_app.exchange.going.selection import Wanted
from opqn_app.exchange.going.ways import WAYS
from opqn_app.store.library import Library
from opqn_app.ui.exchange.export_dialog import GOING, GONE, STAYS, ExportDialog
from opqn_app.ui.exchange.offers import EVERYTHING, Offer
from opqn_app.ui.kit import dialogs
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session

TIMEOUT = 120_000
LEFT = Qt.MouseButton.LeftButton
Open = Callable[..., ExportDialog]


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Choices that are remembered, and former XMP files, are kept in the test's folder."""
    monkeypatch.setenv("OPQN_DATA_DIR", str(tmp_path / "data"))
    paths.data_dir().mkdir(parents=True, exist_ok=True)


@pytest.fixture
def faces(
    session: Session, varied_album: Path, index_folder_of: Callable[[Path], None], qtbot: QtBot
) -> dict[str, int]:
    """Name of a photo → its first face; the red one of a_red is Ann."""
    index_folder_of(varied_album)
    with Library.open(session.library_path) as library:
        found = {p.path.stem: library.faces_of(p.id)[0].id for p in library.photos()}
    with qtbot.waitSignal(session.people.told, timeout=TIMEOUT):
        session.people.name([found["a_red"]], "Ann")
    return found


@pytest.fixture
def open_dialog(session: Session, faces: dict[str, int], qtbot: QtBot) -> Open:
    def make(
        *offers: Offer,
        shown: list[Path] | None = None,
        confirm_stop: Callable[[QWidget, str], bool] = dialogs.confirm_stop,
    ) -> ExportDialog:
        def open_path(path: Path) -> bool:
            if shown is not None:
                shown.append(path)
            return True

        made = ExportDialog(
            session,
            offers or (EVERYTHING,),
            open_path=open_path,
            confirm_stop=confirm_stop,
        )
        qtbot.addWidget(made)
        made.show()
        qtbot.waitExposed(made)
        return made

    return make


def choose(dialog: ExportDialog, key: str) -> None:
    dialog.ways.setCurrentRow([way.key for way in WAYS].index(key))


def go(dialog: ExportDialog, target: Path | None, qtbot: QtBot) -> str:
    """Type where to, press the button, and wait for the end; what is said then."""
    if target is not None:
        dialog.target.setText("")
        qtbot.keyClicks(dialog.target, str(target))
    qtbot.mouseClick(dialog.go_button, LEFT)
    qtbot.waitUntil(lambda: dialog.sheets.currentIndex() != GOING, timeout=TIMEOUT)
    return (
        dialog.report.toPlainText()
        if dialog.sheets.currentIndex() == GONE
        else (dialog.messages.text)
    )


def test_photos_are_copied_and_shown(
    open_dialog: Open, varied_album: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    shown: list[Path] = []
    dialog = open_dialog(shown=shown)
    out = tmp_path / "out"
    said = go(dialog, out, qtbot)
    assert said == f"4 photos copied to {out}."
    for photo in varied_album.iterdir():
        assert (out / photo.name).read_bytes() == photo.read_bytes()
    qtbot.mouseClick(dialog.show_button, LEFT)
    assert shown == [out]


def test_the_same_again_goes_on_and_choices_are_remembered(
    open_dialog: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    out = tmp_path / "out"
    first = open_dialog()
    choose(first, "people")
    go(first, out, qtbot)
    again = open_dialog()
    assert again.way.key == "people"
    assert again.target.text() == str(out)
    assert "1 was there already." in go(again, None, qtbot)
    assert [each.name for each in out.iterdir()] == ["Ann"]


def test_copies_with_names_beside_them(open_dialog: Open, tmp_path: Path, qtbot: QtBot) -> None:
    dialog = open_dialog()
    choose(dialog, "photos")
    dialog.names.setChecked(True)
    said = go(dialog, tmp_path / "out", qtbot)
    assert "1 XMP file went along." in said
    assert "Ann" in (tmp_path / "out" / "a_red.png.xmp").read_text(encoding="utf-8")


def test_copies_go_to_the_library_only_after_a_warning(
    open_dialog: Open, varied_album: Path, qtbot: QtBot
) -> None:
    """! They doubled the library without a word."""
    dialog = open_dialog()
    choose(dialog, "photos")
    said = go(dialog, varied_album / "new", qtbot)
    assert "one more photo of it" in said
    assert "--" not in said
    assert not (varied_album / "new").exists()
    assert dialog.go_button.text() == "Copy all the same"
    dialog.target.setText(str(varied_album / "newer"))
    assert dialog.go_button.text() == "Copy the photos"
    dialog.target.setText(str(varied_album / "new"))
    dialog.names.setChecked(True)
    assert "beside your own photos" in go(dialog, None, qtbot)
    dialog.names.setChecked(False)
    said = go(dialog, None, qtbot)
    assert said.startswith("4 photos copied to")


def test_a_sheet_is_no_photo_of_the_library_unless_that_is_meant(
    open_dialog: Open, varied_album: Path, qtbot: QtBot
) -> None:
    dialog = open_dialog()
    choose(dialog, "sheet")
    assert "the sheet would be one more photo" in go(dialog, varied_album / "all.png", qtbot)
    assert not (varied_album / "all.png").exists()
    assert dialog.go_button.text() == "Draw it all the same"
    assert go(dialog, None, qtbot).endswith(" drawn in all.png.")
    assert (varied_album / "all.png").is_file()
    made = (varied_album / "all.png").read_bytes()
    dialog.back_button.click()
    assert dialog.go_button.text() == "Make the sheet"
    assert "no picture is ever replaced" in go(dialog, None, qtbot)
    assert dialog.go_button.text() == "Make the sheet"
    assert (varied_album / "all.png").read_bytes() == made
    choose(dialog, "sheet")
    go(dialog, varied_album / "all.pdf", qtbot)
    assert (varied_album / "all.pdf").is_file()


def test_only_what_is_offered_goes_out(
    open_dialog: Open, faces: dict[str, int], tmp_path: Path, qtbot: QtBot
) -> None:
    few = Offer("The selected photos", Wanted(faces=(faces["green"],)))
    dialog = open_dialog(few, EVERYTHING)
    choose(dialog, "zip")
    said = go(dialog, tmp_path / "some", qtbot)
    assert said.startswith("1 photo in ")
    with zipfile.ZipFile(tmp_path / "some.zip") as packed:
        assert packed.namelist() == ["green.png"]


@pytest.mark.parametrize(
    ("key", "name"),
    [("zip", "a.zip"), ("sheet", "a.pdf"), ("sheet", "a.png"), ("list", "a.csv"),
     ("list", "a.json")],
)  # fmt: skip
def test_a_file_is_written_and_never_replaced(
    open_dialog: Open, tmp_path: Path, qtbot: QtBot, key: str, name: str
) -> None:
    target = tmp_path / name
    dialog = open_dialog()
    choose(dialog, key)
    go(dialog, target, qtbot)
    assert dialog.sheets.currentIndex() == GONE
    made = target.read_bytes()
    assert made
    again = open_dialog()
    choose(again, key)
    said = go(again, target, qtbot)
    assert said.startswith(f"{target} is there already")
    assert "--" not in said  # nobody types at a window
    assert target.read_bytes() == made


def test_the_list_says_who_is_where(open_dialog: Open, tmp_path: Path, qtbot: QtBot) -> None:
    dialog = open_dialog()
    choose(dialog, "list")
    go(dialog, tmp_path / "a.csv", qtbot)
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert sum("Ann" in row for row in rows) == 1


def test_names_beside_photos_are_shown_first_written_and_undone(
    open_dialog: Open, varied_album: Path, qtbot: QtBot
) -> None:
    before = {path: path.read_bytes() for path in varied_album.iterdir()}
    dialog = open_dialog()
    choose(dialog, "xmp")
    assert dialog.target.isHidden()
    said = go(dialog, None, qtbot)
    sidecar = varied_album / "a_red.png.xmp"
    assert "Names would be written to 1 XMP file" in said
    assert f"{sidecar} (new): Ann" in said
    assert "opqn" not in said
    assert not sidecar.exists()
    assert dialog._gone_title.text() == "What would be written"
    qtbot.mouseClick(dialog.write_button, LEFT)
    qtbot.waitUntil(lambda: dialog.take_back_button.isVisible(), timeout=TIMEOUT)
    assert sidecar.exists()
    assert {path: path.read_bytes() for path in before} == before
    assert dialog._gone_title.text() == "What came of it"
    qtbot.mouseClick(dialog.take_back_button, LEFT)
    qtbot.waitUntil(lambda: dialog.sheets.currentIndex() == GONE, timeout=TIMEOUT)
    assert not sidecar.exists()
    qtbot.mouseClick(dialog.back_button, LEFT)
    assert dialog.sheets.currentIndex() == 0
    assert {path: path.read_bytes() for path in varied_album.iterdir()} == before


def test_a_folder_a_person_needs_somebody_named(
    open_dialog: Open, faces: dict[str, int], tmp_path: Path, qtbot: QtBot
) -> None:
    dialog = open_dialog(Offer("Green", Wanted(faces=(faces["green"],))))
    choose(dialog, "people")
    assert go(dialog, tmp_path / "out", qtbot).startswith("Nobody is named on these photos.")


def test_a_place_that_cannot_be_written_is_said_and_can_be_changed(
    open_dialog: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "file").write_text("no folder")
    dialog = open_dialog()
    choose(dialog, "photos")
    assert go(dialog, tmp_path / "file" / "in it", qtbot) != ""
    assert dialog.sheets.currentIndex() == 0
    assert go(dialog, tmp_path / "out", qtbot).startswith("4 photos")


def test_without_a_target_there_is_nothing_to_press(open_dialog: Open) -> None:
    dialog = open_dialog()
    choose(dialog, "zip")
    assert not dialog.go_button.isEnabled()
    choose(dialog, "xmp")
    assert dialog.go_button.isEnabled()


def test_stopping_leaves_whole_files_and_goes_back(
    open_dialog: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog = open_dialog()
    choose(dialog, "photos")
    dialog.target.setText(str(tmp_path / "out"))
    qtbot.mouseClick(dialog.go_button, LEFT)
    qtbot.keyClick(dialog.stop_button, Qt.Key.Key_Space)
    assert dialog.sheets.currentIndex() == 0
    assert dialog.messages.text.startswith("Stopped.")
    qtbot.waitUntil(lambda: not dialog._session.runner._tasks, timeout=TIMEOUT)
    left = tmp_path / "out"
    assert not left.exists() or all(each.suffix == ".png" for each in left.iterdir())


def test_names_go_along_as_said_last_and_always_at_first_for_people(
    open_dialog: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    first = open_dialog()
    choose(first, "photos")
    assert not first.names.isChecked()
    choose(first, "people")
    assert first.names.isChecked()
    first.names.setChecked(False)
    go(first, tmp_path / "people", qtbot)
    choose(first, "photos")
    first.names.setChecked(True)
    first._back()
    choose(first, "photos")
    first.names.setChecked(True)
    go(first, tmp_path / "photos", qtbot)
    again = open_dialog()
    assert again.names.isChecked()
    choose(again, "people")
    assert not again.names.isChecked()


@pytest.mark.parametrize("is_agreed", [False, True])
def test_photos_on_their_way_are_not_stopped_unasked(
    open_dialog: Open, tmp_path: Path, qtbot: QtBot, is_agreed: bool
) -> None:
    asked: list[str] = []

    def confirm(_parent: QWidget, words: str) -> bool:
        asked.append(words)
        return is_agreed

    dialog = open_dialog(confirm_stop=confirm)
    choose(dialog, "photos")
    dialog.target.setText(str(tmp_path / "out"))
    qtbot.mouseClick(dialog.go_button, LEFT)
    assert dialog.sheets.currentIndex() == GOING
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert asked == [f"Photos are on their way. {STAYS}"]
    assert dialog.isVisible() is not is_agreed
    dialog.close()
    assert len(asked) == 1 + (not is_agreed)
    assert dialog.isVisible() is not is_agreed
    if not is_agreed:
        qtbot.waitUntil(lambda: dialog.sheets.currentIndex() == GONE, timeout=TIMEOUT)
        assert len(list((tmp_path / "out").iterdir())) == 4
        dialog.close()
        assert len(asked) == 2, "nothing goes on any more"


def test_the_window_asks_too_before_it_closes_on_photos_on_their_way(
    session: Session, faces: dict[str, int], tmp_path: Path, qtbot: QtBot
) -> None:
    asked: list[str] = []

    def confirm(_parent: QWidget, words: str) -> bool:
        asked.append(words)
        return False

    window = MainWindow(session, confirm_close=confirm)
    qtbot.addWidget(window)
    window.show()
    window.open_export()
    (dialog,) = window.findChildren(ExportDialog)
    choose(dialog, "photos")
    dialog.target.setText(str(tmp_path / "out"))
    qtbot.mouseClick(dialog.go_button, LEFT)
    assert not window.close()
    assert asked == [f"Photos are on their way. {STAYS}"]
    qtbot.waitUntil(lambda: dialog.sheets.currentIndex() == GONE, timeout=TIMEOUT)
    assert window.lost_by_closing == ""
    window.close_now()
    assert len(asked) == 1
    assert not window.isVisible()
