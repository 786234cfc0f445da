"""`opqn export`: photos, names and lists go out to folders and to other programs."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.cli.export_kit import add_part, going_out, rows_of, tell_problems, told_progress
from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.exchange.going.placing import Layout
    from opqn_app.exchange.going.selection import GoingPhoto


def add(parsers: Parsers) -> None:
    parts = parsers.group("export", "Take photos and names out, to folders and other programs.")
    photos = add_part(parts, "photos", run_photos, "Copy photos to a folder; begun again, go on.")
    photos.add_argument("out", type=Path, metavar="DIR", help="folder to copy to")
    photos.add_argument("--force", action="store_true", help="into a folder of the library, too")
    photos.add_argument("--folders", action="store_true", help="a folder a person")
    photos.add_argument(
        "--names", action="store_true", help="write who is on them into XMP files beside the copies"
    )
    _add_copies(photos)
    people = add_part(
        parts,
        "people",
        run_people,
        "Copy the photos of named people, a folder a person, with their names in XMP files.",
    )
    people.add_argument("out", type=Path, metavar="DIR", help="folder to copy to")
    _add_copies(people)
    xmp = add_part(
        parts, "xmp", run_xmp, "Write names into XMP files beside the photos, never into photos."
    )
    xmp.add_argument(
        "--replace", action="store_true", help="where another name stands, write the library's"
    )
    xmp.add_argument(
        "--take-out", metavar="NAME", help="take this name out of the XMP files, whoever wrote it"
    )
    xmp.add_argument("--undo", action="store_true", help="take the last such writing back")
    listed = add_part(parts, "list", run_list, "Write people, boxes, dates and paths as a list.")
    listed.add_argument("out", type=Path, metavar="FILE", help="ends in .csv or .json")
    _add_force(listed)
    zipped = add_part(parts, "zip", run_zip, "Put photos into one zip, to share it.")
    zipped.add_argument("out", type=Path, metavar="FILE", help="ends in .zip")
    _add_force(zipped)
    _add_copies(zipped)
    zipped.add_argument("--folders", action="store_true", help="a folder a person")
    sheet = add_part(parts, "sheet", run_sheet, "Draw a contact sheet.")
    sheet.add_argument("out", type=Path, metavar="FILE", help="ends in .pdf or .png")
    _add_force(sheet, "; a .png may lie in a folder of the library")


def _add_force(parser: argparse.ArgumentParser, more: str = "") -> None:
    text = f"replace the file if it is there; never a picture{more}"
    parser.add_argument("--force", action="store_true", help=text)


def _add_copies(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--copies", action="store_true", help="all photos of one file, under whatever name"
    )


def run_photos(arguments: argparse.Namespace) -> int:
    names, force = arguments.names, arguments.force
    photos, layout = going_out(arguments), _layout(arguments.folders)
    return _copy(arguments, photos, layout, names=names, force=force)


def run_people(arguments: argparse.Namespace) -> int:
    named = [going for going in going_out(arguments) if going.names]
    if not named:
        raise OpqnError("Nobody is named on these photos.", hint="Name faces: opqn name FACE NAME")
    return _copy(arguments, named, _layout(True), names=True, force=False)


def _copy(
    arguments: argparse.Namespace,
    photos: "Sequence[GoingPhoto]",
    layout: "Layout",
    *,
    names: bool,
    force: bool,
) -> int:
    from opqn_app.exchange.going.copying import copy_photos
    from opqn_app.exchange.going.sidecar_journal import Journal
    from opqn_app.exchange.going.targets import refuse_library
    from opqn_app.exchange.going.ways import folders_of
    from opqn_app.exchange.going.words import copied

    library = library_path(arguments)
    roots = folders_of(library)
    if arguments.dry_run:
        refuse_library(arguments.out, roots, names=names, force=force)
        return _show_plan(arguments, photos, layout)
    job = copy_photos(
        photos,
        arguments.out,
        layout=layout,
        names=names,
        copies=arguments.copies,
        roots=roots,
        force=force,
        journal=Journal(library=library),
    )
    report = told_progress(job)
    value = asdict(report) | {"problems": rows_of(report.problems)}
    emit(arguments, value, copied(report))
    tell_problems(report.problems)
    return 0


def run_xmp(arguments: argparse.Namespace) -> int:
    from opqn_app.exchange.going.sidecar_journal import Journal
    from opqn_app.exchange.going.sidecar_writing import plan_sidecars, write_sidecars
    from opqn_app.exchange.going.words import written

    if arguments.undo:
        return _undo(arguments)
    if arguments.take_out is not None:
        return _take_out(arguments)
    photos, replace = going_out(arguments), arguments.replace
    journal = Journal(library=library_path(arguments))
    job = (
        plan_sidecars(photos, replace=replace)
        if arguments.dry_run
        else write_sidecars(photos, replace=replace, journal=journal)
    )
    report = told_progress(job)
    text = written(report, is_plan=arguments.dry_run, replaces=replace)
    emit(arguments, asdict(report) | {"problems": rows_of(report.problems)}, text)
    tell_problems(report.problems)
    return 0


def _undo(arguments: argparse.Namespace) -> int:
    from opqn_app.exchange.going.sidecar_journal import undo_last
    from opqn_app.exchange.going.ways import folders_of
    from opqn_app.exchange.going.words import taken_back

    is_plan, library = arguments.dry_run, library_path(arguments)
    job = undo_last(library=library, roots=folders_of(library), is_plan=is_plan)
    report = told_progress(job)
    value = asdict(report) | {"problems": rows_of(report.problems)}
    emit(arguments, value, taken_back(report, is_plan=is_plan))
    tell_problems(report.problems)
    return 0


def _take_out(arguments: argparse.Namespace) -> int:
    from opqn_app.exchange.going.sidecar_journal import Journal
    from opqn_app.exchange.going.sidecar_writing import remove_name
    from opqn_app.exchange.going.words import taken_out

    name, is_plan = arguments.take_out, arguments.dry_run
    journal = Journal(library=library_path(arguments))
    job = remove_name(going_out(arguments), name, is_plan=is_plan, journal=journal)
    report = told_progress(job)
    value = {"sidecars": report.sidecars, "problems": rows_of(report.problems)}
    emit(arguments, value, taken_out(report, name, is_plan=is_plan))
    tell_problems(report.problems)
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    from opqn_app.exchange.going.listing import row_of_photo, write_csv, write_json
    from opqn_app.exchange.going.targets import refuse_what_is_there

    kinds = {".csv": write_csv, ".json": write_json}
    write = kinds.get(arguments.out.suffix.lower())
    if write is None:
        raise OpqnError(f"A list is a .csv or a .json, and {arguments.out.name} is neither.")
    refuse_what_is_there([arguments.out], force=arguments.force)
    photos = going_out(arguments)
    faces = sum(len(going.faces) for going in photos)
    what = f"{counted(faces, 'face')} of {counted(len(photos), 'photo')}"
    if arguments.dry_run:
        rows = [row_of_photo(going) for going in photos]
        emit(arguments, {"photos": rows}, f"{what} would be listed in {arguments.out}.")
        return 0
    told_progress(write(photos, arguments.out, force=arguments.force))
    value = {"out": arguments.out, "photos": len(photos), "faces": faces}
    emit(arguments, value, f"{what} listed in {arguments.out}.")
    return 0


def run_zip(arguments: argparse.Namespace) -> int:
    from opqn_app.exchange.going.targets import refuse_what_is_there
    from opqn_app.exchange.going.words import zipped
    from opqn_app.exchange.going.zipping import zip_photos

    photos, layout = going_out(arguments), _layout(arguments.folders)
    if arguments.dry_run:
        refuse_what_is_there([arguments.out], force=arguments.force)
        return _show_plan(arguments, photos, layout)
    force, copies = arguments.force, arguments.copies
    job = zip_photos(photos, arguments.out, layout=layout, copies=copies, force=force)
    report = told_progress(job)
    emit(arguments, asdict(report) | {"problems": rows_of(report.problems)}, zipped(report))
    tell_problems(report.problems)
    return 0


def run_sheet(arguments: argparse.Namespace) -> int:
    from opqn_app.core.display import has_display
    from opqn_app.exchange.going.ways import folders_of
    from opqn_app.exchange.going.words import drawn, sheet_of
    from opqn_app.ui.kit.contact_sheet import application, check_place, write_sheet

    photos, force = going_out(arguments), arguments.force
    roots = folders_of(library_path(arguments))
    if arguments.dry_run:
        paths = check_place(arguments.out, len(photos), roots, force=force)
        value = {"paths": paths, "photos": len(photos)}
        emit(arguments, value, drawn(len(photos), paths, is_plan=True))
        return 0
    if not has_display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    kept = application()
    title = sheet_of(photos, [*arguments.person, *arguments.together])
    job = write_sheet(photos, arguments.out, title, roots=roots, force=force)
    report = told_progress(job)
    del kept
    value = asdict(report) | {"problems": rows_of(report.problems)}
    emit(arguments, value, drawn(report.photos, report.paths))
    tell_problems(report.problems)
    return 0


def _layout(folders: bool) -> "Layout":
    from opqn_app.exchange.going.placing import Layout

    return Layout.PEOPLE if folders else Layout.FLAT


def _show_plan(
    arguments: argparse.Namespace, photos: "Sequence[GoingPhoto]", layout: "Layout"
) -> int:
    from opqn_app.exchange.going.placing import placed, without_twins
    from opqn_app.exchange.going.words import plan_of_copies

    items = placed(photos, layout)
    items = items if arguments.copies else without_twins(items)
    rows = [{"photo": item.going.photo.path, "folder": item.folder} for item in items]
    size = sum(item.going.photo.size for item in items)
    value = {"out": arguments.out, "bytes": size, "photos": rows}
    emit(arguments, value, plan_of_copies(items, arguments.out))
    return 0
