"""Forget photos one by one, or all that a library knows; whole folders `Library` forgets itself."""

from pathlib import Path

from opqn_app.core.errors import LibraryError
from opqn_app.core.files import real_path
from opqn_app.store import backups
from opqn_app.store.library import Library
from opqn_app.store.records import ForgetReport, name_before_deletion


def forget_path(library: Library, path: Path) -> ForgetReport:
    """Delete all that is known of a root, of a folder in one, or of a photo, as `forget_root` does.

    Raises:
        LibraryError: nothing is known there.
        TracesLeft: it is forgotten, but a reader keeps bytes of it.
    """
    path = real_path(path)
    found = library.root_for(path)
    if found is None:
        raise LibraryError(_not_known(library, path))
    root_id, root = found
    if path == root:
        return library.forget_root(path)
    photos = library.photo_table
    known = [p.id for p in photos.known_photos(root_id) if _is_in(root / p.rel_path, path)]
    known += [
        p.id
        for p in photos.deleted_photos()
        if p.root_id == root_id and _is_in(root / name_before_deletion(p.rel_path), path)
    ]
    failed = [
        failure.id
        for failure in library.failure_table.known_failures(root_id)
        if _is_in(root / failure.rel_path, path)
    ]
    if not (known or failed):
        raise LibraryError(_not_known(library, path))
    before = library.n_faces()
    with library.forgetting():
        library.writer.forget_photos(known)
        library.writer.rearrange(root_id, [], gone_failures=failed)
        library.code_store.purge()
        n_faces = before - library.n_faces()
    return ForgetReport(len(known), n_faces)


def forget_everything(library: Library) -> ForgetReport:
    """Delete all that is known of photos and people, as `forget_root` does.

    The file stays, and the names of models. No id is given twice.

    Raises:
        TracesLeft: it is forgotten, but a reader keeps bytes of it.
    """
    photos = library.photo_count() + len(library.photo_table.deleted_photos())
    faces = library.n_faces()
    with library.forgetting():
        n_backups = backups.delete_all(library.path)
        for root in library.watched_roots():
            library.remove_root(root)
        library.decision_table.erase_all()
        library.group_table.erase_all()
        for search in library.saved_searches.all():
            library.saved_searches.remove(search.name)
    return ForgetReport(photos, faces, backups_deleted=n_backups)


def _is_in(path: Path, place: Path) -> bool:
    return path == place or place in path.parents


def _not_known(library: Library, path: Path) -> str:
    known = ", ".join(str(root) for root in library.watched_roots())
    hint = f"Its folders are: {known}." if known else "It has no folders."
    return f"Nothing is known of {path} in the library {library.path}. {hint}"
