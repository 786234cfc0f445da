"""Tooltips show names of files and people letter by letter."""

import ast
from pathlib import Path

from PySide6.QtGui import QTextDocument
from pytestqt.qtbot import QtBot

from opqn_app.ui.kit.tips import plain

UI = Path(__file__).resolve().parents[2] / "opqn_app" / "ui"
EVIL = "<b>Ann</b> & <img src='file:///etc/x.png'>\n2021"


def test_markup_is_shown_and_not_followed(qtbot: QtBot) -> None:
    shown = QTextDocument()
    shown.setHtml(plain(EVIL))
    assert shown.toPlainText().replace("\u2028", "\n") == EVIL
    assert "<img" not in plain(EVIL)
    assert plain("Ann & Bob\n2021") == "Ann & Bob\n2021"


def _open_ones(file: Path) -> list[str]:
    """Tooltips of a module that are neither fixed words nor made plain."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    given: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "setToolTip":
                given.append(node.args[0])
            elif node.func.attr == "showText":
                given.append(node.args[1])
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("ToolTipRole"):
            given += [each.value for each in ast.walk(node) if _is_of(each, node)]  # type: ignore[attr-defined]
    return [f"{file.name}:{each.lineno}" for each in given if not _is_safe(each)]


def _is_of(node: ast.AST, branch: ast.If) -> bool:
    return isinstance(node, ast.Return) and any(node in ast.walk(part) for part in branch.body)


def _is_safe(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "plain"
    return isinstance(value, ast.Constant) or (isinstance(value, ast.Name) and value.id.isupper())


def test_every_tooltip_is_fixed_or_made_plain() -> None:
    found = [each for file in sorted(UI.rglob("*.py")) for each in _open_ones(file)]
    assert found == []
    roles = [file for file in UI.rglob("*.py") if "ToolTipRole" in file.read_text(encoding="utf-8")]
    assert len(roles) == 6
