"""Scenes of `tests.screenshots`: what the program keeps, and how that is forgotten."""

import shutil

from PySide6.QtWidgets import QWidget

from opqn_app.ui.kit.listed_question import ListedQuestion, Question
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
