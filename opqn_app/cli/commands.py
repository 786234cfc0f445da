"""The command line: parse, call, print. Results on stdout, words on stderr, status 0, 1 or 2."""

import argparse
import io
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from opqn_app import __version__
from opqn_app.cli import (
    backup,
    check,
    demo_command,
    draw,
    encode,
    export,
    export_faiss,
    find,
    forget,
    gui,
    hide,
    history,
    import_checkpoint,
    import_names,
    index,
    merge,
    model,
    name,
    not_person,
    people,
    picture,
    privacy,
    redo,
    relocate,
    remember_faces,
    restore,
    search,
    split,
    status,
    undo,
    verify,
    who,
)
from opqn_app.cli.kit import Command, Parsers, library_path, say
from opqn_app.core import crash_reports, logs, paths
from opqn_app.core.errors import OpqnError
from opqn_app.core.extras import needed_for

# In the order of `opqn --help`. What a command needs it imports when it runs: help is quick.
COMMANDS = (
    index,
    encode,
    search,
    people,
    who,
    find,
    name,
    not_person,
    merge,
    split,
    hide,
    picture,
    draw,
    import_names,
    export,
    undo,
    redo,
    relocate,
    history,
    status,
    backup,
    restore,
    check,
    model,
    forget,
    remember_faces,
    import_checkpoint,
    export_faiss,
    privacy,
    verify,
    demo_command,
    gui,
)


def build_parser(add_more: Callable[[Any], None] | None = None) -> argparse.ArgumentParser:
    """The parser of all commands of the app, and of those that `add_more` adds."""
    parser = argparse.ArgumentParser(
        prog="opqn",
        description="Find a face in your own photos. Everything stays on this machine.",
        epilog="Without a command, the window opens.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    parsers = Parsers(commands)
    for command in COMMANDS:
        command.add(parsers)
    if add_more is not None:
        add_more(commands)
    return parser


def run(argv: Sequence[str], *, add_more: Callable[[Any], None] | None = None) -> int:
    """Run one command line. Returns 0 when done, 1 for a known problem, 2 for wrong usage.

    Args:
        add_more: adds further commands to the sub-parser collection it is given; each sets `run`
            to a function of the parsed arguments, as the app's own do.
    """
    parser = build_parser(add_more)
    arguments = parser.parse_args(list(argv) or ["gui"])
    if arguments.command is None:
        parser.error("name a command")
    _allow_any_file_name()
    signal.signal(signal.SIGTERM, _interrupt)
    command: Command = arguments.run
    try:
        logs.configure(verbose=arguments.verbose, log_dir=paths.log_dir())
        with needed_for(f"opqn {arguments.command}"):
            status = command(arguments)
        _back_up(arguments)
        return status
    except OpqnError as error:
        say(f"{error} {error.hint}".rstrip())
        return 1
    except KeyboardInterrupt:
        say("Stopped. Everything done so far is kept; run the command again to go on.")
        return 1
    except BrokenPipeError:  # the reader of stdout went away, e.g. `| head`
        sys.stderr.close()
        return 1
    except Exception as error:
        _report(error, arguments.command)
        raise


def _report(error: Exception, command: str) -> None:
    """Say where a fault of the program is written down."""
    path = crash_reports.write(error, f"opqn {command}")
    where = f" A report without names, paths of photos and faces is in {path}." if path else ""
    say(
        f"This is a fault of the program, not of what you did.{where} It was sent to nobody; what "
        "follows here may hold names."
    )


def _back_up(arguments: argparse.Namespace) -> None:
    """Make the backup of the day if it is due; what hinders it is said and fails nothing."""
    if not hasattr(arguments, "library"):
        return  # a command that knows no library
    from opqn_app.store.daily_backup import make_if_due

    try:
        make_if_due(library_path(arguments))
    except OpqnError as error:
        say(f"The backup of today was not made. {error}")


def _allow_any_file_name() -> None:
    """A file name that is not UTF-8 is shown with escapes instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
