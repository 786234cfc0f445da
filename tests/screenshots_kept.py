"""Scenes of `tests.screenshots`: what the program keeps, and how that is forgotten."""

import shutil
from datetime import UTC, datetime, timedelta

from PySide6.QtWidgets import QWidget

from opqn_app.core import crash_reports
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.store import backups
from opqn_app.store.backups import Why
from opqn_app.store.library import Library
from opqn_app.ui.kit.listed_question import ListedQuestion, Question
from opqn_app.ui.shell.backups_dialog import RESTORE, BackupsDialog
from opqn_app.ui.shell.crash_dialog import CrashDialog
from opqn_app.ui.shell.kept_dialog import EVERYTHING, OFF, KeptDialog
from tests.screenshot_studio import NORMAL, SMALL, Studio


def kept(studio: Studio) -> None:
    """The page, its questions, and all pages while no faces are remembered."""
    folder = studio.room / f"Garden {studio.is_dark}"
    shutil.copytree(studio.sample / "photos" / "Parties", folder)

    def shoot_question(parent: QWidget, asked: Question) -> bool:
        question = ListedQuestion(asked, parent)
        question.show()
        studio.rest(session)
        studio.shoot(question, f"question-{asked.yes.lower().replace(' ', '-')}")
        question.close()
        return asked.title.startswith("Remember")

    with studio.window(f"kept-{studio.is_dark}") as window:
        session = window.search._session
        window.add_folder(folder)
        studio.wait(lambda: not session.is_indexing)
        for name, size in (("", NORMAL), ("-small", SMALL)):
            window.resize(*size)
            dialog = KeptDialog(session, ask=shoot_question, parent=window)
            dialog.show()
            studio.rest(session)
            studio.shoot(dialog, f"kept{name}")
            bar = dialog._scroll.verticalScrollBar()
            bar.setValue(bar.maximum())
            studio.shoot(dialog, f"kept-end{name}")
            if not name:
                dialog.close()
        _shoot_report(studio, dialog)
        dialog.cards["library"].buttons[EVERYTHING].click()
        dialog.faces.buttons[OFF].click()
        studio.wait(lambda: "Deleted" in dialog.messages.text)
        bar.setValue(0)
        studio.rest(session)
        studio.shoot(dialog, "kept-off")
        dialog.close()
        for page in ("search", "library", "people"):
            window.show_page(page)
            studio.rest(session)
            studio.shoot(window, f"no-faces-{page}")


def _shoot_report(studio: Studio, parent: QWidget) -> None:
    try:
        raise RuntimeError
    except RuntimeError as error:
        report = CrashDialog(crash_reports.write(error, "a picture is taken"), parent=parent)
    report.show()
    studio.shoot(report, "crash-report")
    report.close()


def backed_up(studio: Studio) -> None:
    """Backups of several days, a damaged one, what one would bring back, and what came."""
    folder = studio.room / f"Lake {studio.is_dark}"
    shutil.copytree(studio.sample / "photos" / "Parties", folder)

    def shoot_question(parent: QWidget, asked: Question) -> bool:
        question = ListedQuestion(asked, parent)
        question.show()
        studio.rest(session)
        studio.shoot(question, "backups-question")
        question.close()
        return True

    with studio.window(f"backups-{studio.is_dark}") as window:
        session = window.search._session
        window.add_folder(folder)
        studio.wait(lambda: not session.is_indexing)
        dialog = BackupsDialog(session, parent=window)
        dialog.show()
        studio.rest(session)
        studio.shoot(dialog, "backups-none")
        dialog.close()
        now = datetime.now(UTC)
        with Library.open(session.library_path, write=True) as library:
            for days, name in enumerate(("Anna", "Ben", "Carl")):
                gestures.name_faces(Ledger(library), [1 + 5 * days], name)
                library.back_up(Why.DAY if days else Why.MIGRATION, now - timedelta(days=9 - days))
            with library.writer.change():
                library.decision_table.erase_all()
        backups.files(session.library_path)[1].write_bytes(b"")
        for name, size in (("", NORMAL), ("-small", SMALL)):
            window.resize(*size)
            dialog = BackupsDialog(session, ask=shoot_question, parent=window)
            dialog.show()
            studio.rest(session)
            studio.shoot(dialog, f"backups{name}")
            if not name:
                dialog.close()
        dialog.cards[0].buttons[RESTORE].click()
        studio.wait(lambda: "Restored" in dialog.messages.text)
        studio.rest(session)
        studio.shoot(dialog, "backups-restored")
        dialog.close()
