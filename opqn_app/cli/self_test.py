"""What `opqn verify` runs in a process of its own: the program's work on the sample, watched."""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from opqn_app.cli.self_test_room import NAME, NOTES, OUT, SECRETS, Room
from opqn_app.core import watched


def main(words: list[str]) -> int:
    """Do the work in the room named; exit status 0 when all of it was done."""
    room = Room(Path(words[0]))
    is_apart = watched.without_network()
    _watch(room.place / NOTES)
    (room.place / "apart").write_text(str(is_apart), encoding="ascii")
    return _work(room)


def _watch(notes: Path) -> None:
    notes.mkdir(mode=0o700, exist_ok=True)
    watched.Watch(notes / f"{os.getpid()}.jsonl")


def _watched_engine(notes: Path, build: Callable[[], object]) -> object:
    _watch(notes)
    return build()


def _work(room: Room) -> int:
    from opqn_app.cli import commands

    def run(*words: object) -> None:
        command, *rest = (str(word) for word in words)
        status = commands.run([command, "--library", str(room.library), *rest])
        if status != 0:
            raise SystemExit(f"opqn {command} ended with status {status}")

    _watch_workers(room.place / NOTES)
    first = room.photos / "self-test-00.jpg"
    run("index", room.photos, "--workers", 2)
    run("search", first)
    _write_secrets(room)
    run("name", f"{first}#1", NAME)
    run("export", "people", room.place / OUT)
    run("forget", "--person", NAME)
    run("forget", "--everything")
    return 0


def _watch_workers(notes: Path) -> None:
    """Have each worker process watched from the moment it builds its engine."""
    from opqn_app import engine

    made = engine.engine_builder

    def builder(*arguments: str) -> Callable[[], object]:
        return partial(_watched_engine, notes, made(*arguments))

    engine.engine_builder = builder  # type: ignore[assignment]


def _write_secrets(room: Room) -> None:
    from opqn_app.store import secrets_of
    from opqn_app.store.library import Library

    with Library.open(room.library) as library:
        found = secrets_of.of_photos(library)
    found |= {"names": [NAME.encode()], "folders": [str(room.photos).encode()]}
    plain = {kind: [each.hex() for each in secrets] for kind, secrets in found.items()}
    (room.place / SECRETS).write_text(json.dumps(plain), encoding="ascii")


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main(sys.argv[1:]))
