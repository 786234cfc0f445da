"""What the commands share: options, the result on stdout, words on stderr, the engine."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.core import settings
from opqn_app.core.harmless import in_line, in_text

if TYPE_CHECKING:
    from opqn_app.engine import Engine
    from opqn_app.store.records import Failure

Command = Callable[[argparse.Namespace], int]


class Parsers:
    """Adds commands to an argparse sub-parser collection, with the options that many have."""

    def __init__(self, commands: Any, *, are_parts: bool = False) -> None:
        """Add to a collection.

        Args:
            are_parts: of a command that has the options of all commands already.
        """
        self._commands = commands
        self._common, self._machine = _common(are_parts=are_parts), _machine(are_parts=are_parts)
        self._model = _model()

    def group(self, name: str, text: str) -> "Parsers":
        """A command that consists of others, each with a word of its own after it."""
        parents = [self._common, self._machine]
        parser = self._commands.add_parser(name, help=text, description=text, parents=parents)
        parts = parser.add_subparsers(dest="part", metavar="WHAT", required=True)
        return Parsers(parts, are_parts=True)

    def add(
        self,
        name: str,
        run: Command,
        text: str,
        *,
        has_json: bool = True,
        has_model: bool = False,
    ) -> argparse.ArgumentParser:
        """The parser of a new command.

        Args:
            run: gets the parsed arguments, returns the exit status.
            text: what the command does, one sentence.
            has_json: there is `--json`, see `emit`.
            has_model: there are `--model`, `--device` and `--detector`, see `engine_choices`.
        """
        parents = [self._common]
        parents += [self._machine] if has_json else []
        parents += [self._model] if has_model else []
        parser = self._commands.add_parser(name, help=text, description=text, parents=parents)
        parser.set_defaults(run=run)
        made: argparse.ArgumentParser = parser
        return made


def _common(*, are_parts: bool) -> argparse.ArgumentParser:
    parser = _optional(are_parts=are_parts)
    parser.add_argument("--library", type=Path, metavar="FILE", help="library file to use")
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")
    return parser


def _machine(*, are_parts: bool) -> argparse.ArgumentParser:
    parser = _optional(are_parts=are_parts)
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    return parser


def _optional(*, are_parts: bool) -> argparse.ArgumentParser:
    """A parser of options; those of a part leave alone what was said before its word."""
    default = argparse.SUPPRESS if are_parts else None
    return argparse.ArgumentParser(add_help=False, argument_default=default)


def _model() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--model", help="name or folder of the OPQN model")
    parser.add_argument("--device", choices=settings.CHOICES["device"], help="where to compute")
    parser.add_argument(
        "--detector",
        choices=settings.CHOICES["detector"],
        help="what finds faces; photos that are indexed keep theirs",
    )
    return parser


def say(text: str) -> None:
    """A sentence for the person at the terminal."""
    sys.stderr.write(in_line(text) + "\n")


def positive(text: str) -> int:
    """An argparse type: a whole number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def emit(arguments: argparse.Namespace, value: dict[str, Any], text: str) -> None:
    """The result on stdout: `value` as JSON when asked for, else `text`.

    Args:
        text: made of lines by `in_lines`, where a name could end one.
    """
    shown = json.dumps(value, default=str) if arguments.json else in_text(text)
    sys.stdout.write(shown + "\n")
    sys.stdout.flush()


def library_path(arguments: argparse.Namespace) -> Path:
    """The library file: of the command line, else of the settings."""
    return arguments.library or settings.load().library_path


def engine_choices(
    arguments: argparse.Namespace, chosen: settings.Settings
) -> tuple[str, str, str]:
    """Model, device and detector: of the command line, else of the settings."""
    return (
        arguments.model or chosen.model,
        arguments.device or chosen.device,
        arguments.detector or chosen.detector,
    )


def load_engine(arguments: argparse.Namespace) -> "Engine":
    """The engine that command line and settings ask for; takes seconds."""
    from opqn_app import engine

    return engine.load_engine(*engine_choices(arguments, settings.load()))


def problems(failures: Sequence["Failure"]) -> list[dict[str, str]]:
    """Failures as they stand in a JSON object."""
    return [{"photo": str(failure.path), "reason": failure.reason} for failure in failures]
