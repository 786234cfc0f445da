"""What names hold does not act on the terminal."""

import argparse
from pathlib import Path

import pytest

from opqn_app.cli import kit
from opqn_app.core.bidi import isolated
from opqn_app.core.harmless import in_line, in_lines, in_text

APP = Path(__file__).resolve().parents[1] / "opqn_app"
EVIL = "a\x1b[2J\nb\u202ec\x9b\r"


def test_active_characters_are_shown_as_escapes() -> None:
    assert in_line(EVIL) == r"a\x1b[2J\nb\u202ec\x9b\r"
    assert in_line("Zoë 李 – ‘x’ 👩‍👩‍👧") == "Zoë 李 – ‘x’ 👩‍👩‍👧"
    assert in_lines([EVIL, "b"]).count("\n") == 1
    assert in_text("a\nb\x1b") == "a\nb\\x1b"


def test_results_and_sentences_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    plain = argparse.Namespace(json=False)
    kit.emit(plain, {}, in_lines(["head", EVIL]))
    kit.say(EVIL)
    told = capsys.readouterr()
    assert told.out.count("\n") == 2
    assert told.err.count("\n") == 1
    assert not {"\x1b", "\x9b", "\u202e", "\r"} & set(told.out + told.err)


def test_no_command_joins_lines_by_itself() -> None:
    """A name with an end of line in it would make two rows of one."""
    joining = [
        file.name for file in (APP / "cli").glob("*.py") if '"\\n".join(' in file.read_text()
    ]
    assert joining == ["import_names.py"]  # the help, which holds no names


def test_a_name_that_is_set_apart_stays_so_and_no_sign_in_it_acts() -> None:
    name = isolated("אבא")
    assert in_line(f"{name}: 15 faces") == "\u2068אבא\u2069: 15 faces"
    for sign in ("\u202e", "\u2066", "\u2068", "\u2069", "\x1b"):
        said = in_line(f"{isolated(f'אבא{sign}')}: 15")
        assert said.count("\u2068") == said.count("\u2069") == 1
        assert sign not in said.replace("\u2068", "", 1).replace("\u2069", "", 1)
    assert in_line("\u2069a\u2068") == "\\u2069a\\u2068"
