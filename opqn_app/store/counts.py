"""How much is in a library: photos, faces, problems."""

from dataclasses import replace

from opqn_app.store.connection import Connection
from opqn_app.store.faces_switch import IS_OFF
from opqn_app.store.photo_table import DELETED, SHOWN, UNREACHABLE, UNSEARCHED, given_up
from opqn_app.store.records import LibraryStatus


def status(db: Connection) -> LibraryStatus:
    row = db.row(
        f"SELECT (SELECT COUNT(*) FROM photos WHERE {SHOWN}), "
        "(SELECT COUNT(*) FROM faces) - "
        f"(SELECT COALESCE(SUM(n_faces), 0) FROM photos WHERE {DELETED}), "
        "(SELECT COUNT(*) FROM failures WHERE NOT is_ignored), (SELECT COUNT(*) FROM roots), "
        "meta.model_id, models.name, meta.revision, "
        f"(SELECT COUNT(*) FROM photos WHERE {UNSEARCHED}) - "
        f"(SELECT COUNT(*) FROM ({given_up(UNSEARCHED)})), "
        f"(SELECT COUNT(*) FROM photos WHERE {UNREACHABLE}), "
        f"(SELECT COUNT(*) FROM photos WHERE {DELETED}), "
        f"NOT EXISTS (SELECT 1 FROM sqlite_master WHERE {IS_OFF}) "
        "FROM meta LEFT JOIN models ON models.model_id = meta.model_id"
    )
    assert row is not None, "the first migration fills meta"
    return replace(LibraryStatus(*row[:-1]), remembers_faces=bool(row[-1]))


def detectors(db: Connection) -> dict[str, int]:
    """How many photos each detector has searched, most first.

    A photo keeps its detector when the user chooses another. The thorough search may use
    another one than the first search. If it finds more faces, both count: "mtcnn+yunet".
    """
    rows = db.rows(
        f"SELECT detector, COUNT(*) FROM photos WHERE {SHOWN} GROUP BY detector ORDER BY 2 DESC, 1"
    )
    return {str(name): int(count) for name, count in rows}
