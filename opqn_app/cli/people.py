"""`opqn people`: list everybody, and groups without a name; take over another library's names."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.cli.kit import Parsers, emit, library_path, positive, say
from opqn_app.cli.people_kit import (
    GROUP,
    grouping_encoder,
    open_ledger,
    person_row,
    read_ledger,
)
from opqn_app.core.errors import LibraryReadOnly
from opqn_app.core.harmless import in_lines
from opqn_app.core.progress import counted, duration_in_words, run_with_progress

if TYPE_CHECKING:
    from opqn_app.opqn.face_encoder import FaceEncoder
    from opqn_app.people.guessing import GroupingProgress
    from opqn_app.people.ledger import Ledger

SHOWN = 20  # groups, unless another number is asked for


def add(parsers: Parsers) -> None:
    parser = parsers.add("people", run, "List everybody who was named.")
    parser.add_argument(
        "--take-over",
        type=Path,
        metavar="FILE",
        help="first add what was decided in another library file, such as a backup or one "
        "from before a rebuild; doing it twice adds nothing",
    )
    parser.add_argument(
        "--all", action="store_true", help="those too of whom every face was taken away"
    )
    parser.add_argument(
        "--groups",
        type=positive,
        nargs="?",
        const=SHOWN,
        metavar="N",
        help="first put together the faces that look like one person, then list the N largest "
        f"groups that nobody has named too (default {SHOWN}); name one: opqn name group:N NAME",
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.take_over is not None:
        _take_over(arguments)
    encoder = None if arguments.groups is None else _grouped(arguments)
    with read_ledger(arguments) as ledger:
        rows = [person_row(ledger, person) for person in ledger.persons(every=arguments.all)]
        groups = [] if encoder is None else _groups(ledger, encoder)
        n_faces = ledger.library.status().faces
    rows.sort(key=lambda row: (row["name"] is None, (row["name"] or "").casefold(), row["id"]))
    text = _table(rows, n_faces, is_grouped=encoder is not None)
    value: dict[str, Any] = {"people": rows}
    if encoder is not None:
        value["groups"] = groups[: arguments.groups]
        text = f"{text}\n\n{_table_of_groups(groups, arguments.groups)}"
    emit(arguments, value, text)
    return 0


def _grouped(arguments: argparse.Namespace) -> "FaceEncoder":
    """Group what is new; returns the encoder by whose codes it was done."""
    from opqn_app.people.guessing import update_groups
    from opqn_app.store.library import Library

    encoder = grouping_encoder()
    if getattr(encoder, "links", None) is None:
        say(f"The model {encoder.name} finds faces again, but can't group them: opqn model MODEL")
    try:
        with Library.open_to_decide(library_path(arguments)) as library:
            run_with_progress(update_groups(library, encoder), _grouping_in_words)
    except LibraryReadOnly:
        say("The library can't be written, so faces that are new are in no group yet.")
    return encoder


def _grouping_in_words(progress: "GroupingProgress") -> str:
    if progress.stage != "lists":
        return "Putting the faces of each person together"
    words = f"{progress.done:,}/{counted(progress.total, 'face')} compared"
    return (
        words if progress.eta_s is None else f"{words} · {duration_in_words(progress.eta_s)} left"
    )


def _groups(ledger: "Ledger", encoder: "FaceEncoder") -> list[dict[str, Any]]:
    """Groups of two faces or more, largest first."""
    from opqn_app.people.guesses import Guesses

    groups = Guesses.load(ledger.library, encoder).unnamed(ledger)
    groups = [group for group in groups if len(group.faces) > 1]
    pictures = ledger.library.faces([group.picture for group in groups])
    photos = {face.id: str(face.photo.path) for face in pictures}
    return [
        {
            "group": f"{GROUP}{group.picture}",
            "faces": list(group.faces),
            "photos": group.photos,
            "picture": group.picture,
            "photo": photos.get(group.picture),
        }
        for group in groups
    ]


def _take_over(arguments: argparse.Namespace) -> None:
    from opqn_app.people.replay import take_over
    from opqn_app.store.backup_file import is_backup
    from opqn_app.store.library import Library

    opened = Library.of_backup if is_backup(arguments.take_over) else Library.open
    with opened(arguments.take_over) as other:
        decisions, pictures = other.decision_table.decisions(), other.decision_table.pictures()
    with open_ledger(arguments) as ledger:
        say(f"{counted(take_over(decisions, ledger, pictures), 'decision')} taken over.")


def _table(rows: list[dict[str, Any]], n_faces: int, *, is_grouped: bool) -> str:
    if not rows and not n_faces:
        return "Nobody is named yet, and no face is in the library. Index a folder: opqn index DIR"
    if not rows:
        how = (
            "" if is_grouped else " `opqn people --groups` puts together who looks like one person."
        )
        return f"Nobody is named yet.{how} Say who a face is: opqn name FACE NAME"
    lines = ["   id  photos  faces  name"]
    for row in rows:
        name = row["name"] or "–"
        notes = ["hidden"] if row["is_hidden"] else []
        if row["waiting"]:
            notes.append(f"{counted(row['waiting'], 'face')} not in the library now")
        note = f"  ({', '.join(notes)})" if notes else ""
        lines.append(f"{row['id']:5d}  {row['photos']:6d}  {len(row['faces']):5d}  {name}{note}")
    return in_lines(lines)


def _table_of_groups(groups: list[dict[str, Any]], limit: int) -> str:
    if not groups:
        return "There is no group of two faces or more that nobody has named."
    width = max(len(row["group"]) for row in groups[:limit])
    lines = [f"{'group':{width}}  photos  faces  the clearest face is on"]
    for row in groups[:limit]:
        n_faces = len(row["faces"])
        lines.append(
            f"{row['group']:{width}}  {row['photos']:6d}  {n_faces:5d}  {row['photo'] or '–'}"
        )
    if len(groups) > limit:
        lines.append(f"{counted(len(groups) - limit, 'more group')}: --groups {len(groups)}")
    lines.append(f"Say who one is: opqn name {groups[0]['group']} NAME")
    return in_lines(lines)
