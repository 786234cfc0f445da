"""Make the rows of a library fit each other again, in a copy: what can't be true is taken out."""

from collections.abc import Collection, Iterator
from uuid import uuid4

import numpy as np

from opqn_app.core.depth import FAST
from opqn_app.core.progress import counted
from opqn_app.store import checking
from opqn_app.store.code_store import CodeStore
from opqn_app.store.connection import Connection, chunks, marks
from opqn_app.store.decision_table import DecisionTable
from opqn_app.store.index_writer import IndexWriter


def drop_damaged_decisions(db: Connection) -> int:
    """Take out the decisions that are not what was written; returns how many."""
    damaged = DecisionTable(db).damaged()
    for chunk in chunks(damaged):
        db.run(f"DELETE FROM decision_faces WHERE decision IN ({marks(chunk)})", chunk)
        db.run(f"DELETE FROM decisions WHERE id IN ({marks(chunk)})", chunk)
    return len(damaged)


def fill(db: Connection, backup: Connection, tables: Collection[str]) -> int:
    """Put in what a backup of the same library holds and these tables do not; returns the rows."""
    before = db.raw.total_changes
    for table in tables:
        names = [row[1] for row in backup.rows(f"PRAGMA table_info({table})")]
        db.run_many(
            f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks(names)})",
            backup.stream(f"SELECT {', '.join(names)} FROM {table}"),
        )
    return db.raw.total_changes - before


def mend(db: Connection) -> list[str]:
    """Take out what does not fit; returns what was done, each a sentence.

    Args:
        db: of this version, without damaged pages, where foreign keys are off.
    """
    codes = CodeStore(db)
    with db.transaction():
        if db.value("SELECT COUNT(*) FROM meta") == 0:
            db.run("INSERT INTO meta (id, uuid) VALUES (1, ?)", [str(uuid4())])
        db.run("UPDATE meta SET revision = revision + 1")
        done = [
            *_damaged_codes(db, codes),
            *_orphans(db),
            *_strange_codes(db, codes),
            *_pictures(db, IndexWriter(db, codes)),
            *_guesses(db),
        ]
        db.run(
            "UPDATE photos SET n_faces = (SELECT COUNT(*) FROM faces WHERE photo_id = photos.id) "
            "WHERE n_faces != (SELECT COUNT(*) FROM faces WHERE photo_id = photos.id)"
        )
        DecisionTable(db).mend_gestures()
    return done


def _damaged_codes(db: Connection, codes: CodeStore) -> Iterator[str]:
    before = _n_codes(db)
    for (model_id,) in db.rows("SELECT model_id FROM models"):
        codes.drop_damaged(model_id)
    n = before - _n_codes(db)
    if n:
        words = f"{counted(n, 'code')} went, which did not fit or followed one that did not."
        yield f"{words} {checking.MADE_AGAIN}"


def _n_codes(db: Connection) -> int:
    return int(
        db.value(
            "SELECT (SELECT COALESCE(SUM(n_live), 0) FROM code_segments) + COUNT(*) FROM code_tail"
        )
    )


def _orphans(db: Connection) -> Iterator[str]:
    """Rows of what is not there; their own rows follow, so all tables are looked at again."""
    tables = [row[0] for row in db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    links = [
        (table, own, parent, key)
        for table in tables
        for _, _, parent, own, key, *_ in db.rows(f"PRAGMA foreign_key_list({table})")
    ]
    gone: dict[str, int] = {}
    n = 1
    while n:
        n = 0
        for table, own, parent, key in links:
            of_this = db.run(f"DELETE FROM {table} WHERE {own} NOT IN (SELECT {key} FROM {parent})")
            if of_this:
                gone[table] = gone.get(table, 0) + of_this
            n += of_this
    for table, of_this in gone.items():
        yield f"{counted(of_this, 'row')} of {table} belonged to nothing and went."


def _strange_codes(db: Connection, codes: CodeStore) -> Iterator[str]:
    """Codes in segments of faces that are not there."""
    known = np.array([row[0] for row in db.rows("SELECT id FROM faces ORDER BY id")], np.int64)
    strange: set[int] = set()
    for ids, dead in db.stream("SELECT ids, dead FROM code_segments"):
        living = np.frombuffer(ids, "<i8")[~np.frombuffer(dead, np.bool_)]
        strange.update(np.setdiff1d(living, known, assume_unique=True).tolist())
    if strange:
        codes.bury(sorted(strange))
        codes.purge()
        yield f"{counted(len(strange), 'code')} of faces that are not there went."


def _pictures(db: Connection, writer: IndexWriter) -> Iterator[str]:
    """Faces whose picture is lost stay, with their codes, until their photo is read again.

    What the user drew is made again from the decision about it.
    """
    damaged = list(checking.damaged_crops(db))
    for chunk in chunks(damaged):
        db.run(f"DELETE FROM crops WHERE face_id IN ({marks(chunk)})", chunk)
    without = "id NOT IN (SELECT face_id FROM crops)"
    drawn = [row[0] for row in db.rows(f"SELECT id FROM faces WHERE is_drawn AND {without}")]
    if drawn:
        writer.remove_faces(drawn)
    n = int(db.value(f"SELECT COUNT(*) FROM faces WHERE {without}")) + len(drawn)
    db.run(
        "UPDATE photos SET awaits_look = 1, searched_px = MIN(searched_px, ?) "
        f"WHERE id IN (SELECT photo_id FROM faces WHERE {without})",
        [FAST.pixels],
    )
    if n:
        yield f"{counted(n, 'face')} lost their picture. {checking.READ_AGAIN}"


def _guesses(db: Connection) -> Iterator[str]:
    """All are made anew when one can't be right."""
    is_odd = bool(checking.damaged_guesses(db)) or bool(
        db.value(
            "SELECT COUNT(*) FROM groupings WHERE decision > "
            "(SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'decisions')"
        )
    )
    if is_odd:
        db.run("DELETE FROM guesses")
        db.run("DELETE FROM groupings")
        yield "The guesses about who is who did not fit; they are made anew when faces are grouped."
