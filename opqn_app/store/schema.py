"""The library's tables, as migrations that are never edited once released."""

import glob
import logging
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.core import private
from opqn_app.core.errors import LibraryDamaged, LibraryError, LibraryTooNew
from opqn_app.store import checksums
from opqn_app.store.connection import Connection, translated_errors

if TYPE_CHECKING:
    from sqlite_utils import Database

logger = logging.getLogger(__name__)

Change = Callable[["Database"], None]

MIGRATION_SET = "opqn_library"
MIGRATIONS_TABLE = "_sqlite_migrations"  # where sqlite_utils keeps what was applied
APPLICATION_ID = 0x4F50514E  # "OPQN", what `file` and SQLite show for the file


def m0001_first_tables(db: "Database") -> None:
    """Roots, photos, faces, crops, models, codes, failures and the revision.

    rel_path and roots.path hold text, or the raw bytes of a name that is not valid UTF-8.
    Ids are never used twice, so that a face id kept elsewhere can't come to mean another face.
    """
    for statement in _FIRST_TABLES:
        db.execute(statement)
    db.execute("INSERT INTO meta (id, uuid) VALUES (1, ?)", [str(uuid.uuid4())])


_FIRST_TABLES = (
    """CREATE TABLE meta (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        uuid TEXT NOT NULL,
        revision INTEGER NOT NULL DEFAULT 0,
        model_id TEXT)""",
    """CREATE TABLE roots (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        path NOT NULL UNIQUE)""",
    """CREATE TABLE photos (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        root_id INTEGER NOT NULL REFERENCES roots (id) ON DELETE CASCADE,
        rel_path NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        content_hash BLOB NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        taken_at TEXT,
        sort_time TEXT NOT NULL,
        n_faces INTEGER NOT NULL,
        UNIQUE (root_id, rel_path))""",
    "CREATE INDEX photos_newest ON photos (sort_time, id)",
    "CREATE INDEX photos_newest_of_root ON photos (root_id, sort_time, id)",
    "CREATE INDEX photos_faces_of_root ON photos (root_id, n_faces)",
    """CREATE TABLE faces (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo_id INTEGER NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
        box_left REAL NOT NULL, box_top REAL NOT NULL,
        box_right REAL NOT NULL, box_bottom REAL NOT NULL,
        landmarks BLOB NOT NULL,
        size_px REAL NOT NULL, confidence REAL NOT NULL, sharpness REAL NOT NULL)""",
    "CREATE INDEX faces_of_photo ON faces (photo_id)",
    """CREATE TABLE crops (
        face_id INTEGER PRIMARY KEY REFERENCES faces (id) ON DELETE CASCADE,
        webp BLOB NOT NULL)""",
    """CREATE TABLE models (
        id INTEGER PRIMARY KEY,
        model_id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        n_books INTEGER NOT NULL,
        n_words INTEGER NOT NULL,
        dtype TEXT NOT NULL)""",
    """CREATE TABLE code_segments (
        id INTEGER PRIMARY KEY,
        model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
        first_face_id INTEGER NOT NULL,
        last_face_id INTEGER NOT NULL,
        n INTEGER NOT NULL,
        n_live INTEGER NOT NULL,
        ids BLOB NOT NULL,
        codes BLOB NOT NULL,
        dead BLOB NOT NULL)""",
    "CREATE INDEX code_segments_of_model ON code_segments (model, first_face_id)",
    """CREATE TABLE code_tail (
        face_id INTEGER NOT NULL REFERENCES faces (id) ON DELETE CASCADE,
        model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
        code BLOB NOT NULL,
        PRIMARY KEY (face_id, model)) WITHOUT ROWID""",
    """CREATE TABLE failures (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        root_id INTEGER NOT NULL REFERENCES roots (id) ON DELETE CASCADE,
        rel_path NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        reason TEXT NOT NULL,
        is_ignored INTEGER NOT NULL DEFAULT 0,
        UNIQUE (root_id, rel_path))""",
)


def m0002_detector_of_photo(db: "Database") -> None:
    """Which detector found a photo's faces; until then there was only MTCNN."""
    db.execute("ALTER TABLE photos ADD COLUMN detector TEXT NOT NULL DEFAULT 'mtcnn'")


def m0003_searched_px_of_photo(db: "Database") -> None:
    """How large the copy was that a photo's faces were looked for on; until then 1024×768.

    The index holds the photos that await the thorough search, see photo_table.UNSEARCHED.
    """
    db.execute("ALTER TABLE photos ADD COLUMN searched_px INTEGER NOT NULL DEFAULT 786432")
    db.execute(
        "CREATE INDEX photos_unsearched ON photos (root_id) "
        "WHERE searched_px < 7077888 AND searched_px < width * height"
    )


def m0004_photos_that_are_away(db: "Database") -> None:
    """Since when a photo's file can't be reached, and since when it counts as deleted.

    missing_since: seconds since 1970; the photo is shown and searched. deleted_at: such seconds;
    nobody sees the photo any more, and its rel_path is that of records.name_of_deleted. The
    indexes begin with deleted_at, so that they can leave the deleted ones out.
    """
    db.execute("ALTER TABLE photos ADD COLUMN missing_since INTEGER")
    db.execute("ALTER TABLE photos ADD COLUMN deleted_at INTEGER")
    for statement in _WITH_DELETED:
        db.execute(statement)


_WITH_DELETED = (
    "DROP INDEX photos_newest",
    "DROP INDEX photos_newest_of_root",
    "DROP INDEX photos_faces_of_root",
    "CREATE INDEX photos_newest ON photos (deleted_at, sort_time, id)",
    "CREATE INDEX photos_newest_of_root ON photos (root_id, deleted_at, sort_time, id)",
    "CREATE INDEX photos_faces_of_root ON photos (root_id, deleted_at, n_faces)",
    "CREATE INDEX photos_missing ON photos (root_id) WHERE missing_since IS NOT NULL",
    "CREATE INDEX photos_deleted ON photos (deleted_at, n_faces) WHERE deleted_at IS NOT NULL",
)


def m0005_decisions(db: "Database") -> None:
    """What the user said of faces, held by content; boxes are fractions of the upright photo.

    `erasures` counts how often rows were taken out, which only forgetting a person does.
    """
    for statement in _DECISION_TABLES:
        db.execute(statement)


_DECISION_TABLES = (
    """CREATE TABLE decisions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uid BLOB NOT NULL UNIQUE,
        gesture INTEGER NOT NULL,
        time TEXT NOT NULL,
        kind TEXT NOT NULL,
        person INTEGER, other INTEGER,
        name TEXT, source TEXT,
        is_twice INTEGER NOT NULL,
        target INTEGER)""",
    """CREATE TABLE decision_faces (
        decision INTEGER NOT NULL REFERENCES decisions (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        side INTEGER NOT NULL,
        content_hash BLOB NOT NULL,
        box_left REAL NOT NULL, box_top REAL NOT NULL,
        box_right REAL NOT NULL, box_bottom REAL NOT NULL,
        PRIMARY KEY (decision, position)) WITHOUT ROWID""",
    "CREATE INDEX decision_faces_of_content ON decision_faces (content_hash)",
    "CREATE INDEX photos_of_content ON photos (content_hash)",
    "ALTER TABLE faces ADD COLUMN is_drawn INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX faces_drawn ON faces (id) WHERE is_drawn",
    "ALTER TABLE meta ADD COLUMN erasures INTEGER NOT NULL DEFAULT 0",
)


def m0006_guesses(db: "Database") -> None:
    """What a model guesses of faces: which are near to each other, in one part, in one group.

    A row of `groupings` tells that a model's groups are made.
    """
    for statement in _GUESS_TABLES:
        db.execute(statement)


_GUESS_TABLES = (
    """CREATE TABLE guesses (
        face_id INTEGER NOT NULL REFERENCES faces (id) ON DELETE CASCADE,
        model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
        near BLOB NOT NULL,
        part INTEGER, grouped INTEGER,
        PRIMARY KEY (face_id, model)) WITHOUT ROWID""",
    """CREATE TABLE groupings (
        model INTEGER PRIMARY KEY REFERENCES models (id) ON DELETE CASCADE,
        edition INTEGER NOT NULL,
        decision INTEGER NOT NULL,
        erasures INTEGER NOT NULL,
        moment INTEGER NOT NULL)""",
)


def m0007_pictures(db: "Database") -> None:
    """What a photo is known by: the hash of its picture, which metadata does not change.

    Until a photo is read again it is that of its file. decision_faces.content_hash is the same.
    """
    db.execute("ALTER TABLE photos ADD COLUMN picture_hash BLOB")
    db.execute("UPDATE photos SET picture_hash = content_hash")
    db.execute("CREATE INDEX photos_of_picture ON photos (picture_hash)")


def m0008_photos_that_await_a_look(db: "Database") -> None:
    """Photos without a sure face were not yet searched turned and with a border; now they are.

    A face is sure as vision.turned_faces has it: in a photo with one nothing more is looked for.
    """
    db.execute("ALTER TABLE photos ADD COLUMN awaits_look INTEGER NOT NULL DEFAULT 0")
    db.execute(
        "UPDATE photos SET awaits_look = 1 WHERE NOT EXISTS (SELECT 1 FROM faces f "
        "WHERE f.photo_id = photos.id AND NOT f.is_drawn AND f.confidence >= "
        "CASE WHEN instr(photos.detector, 'mtcnn') THEN 0.98 ELSE 0.92 END)"
    )
    db.execute("CREATE INDEX photos_awaiting_look ON photos (root_id) WHERE awaits_look")


def m0009_watched_roots(db: "Database") -> None:
    """Whether a folder is looked at by itself while the window is open."""
    db.execute("ALTER TABLE roots ADD COLUMN is_watched INTEGER NOT NULL DEFAULT 1")


def m0010_saved_searches(db: "Database") -> None:
    """Searches that the user gave a name; `asked` is JSON of opqn_app.people.photo_filter."""
    db.execute(
        "CREATE TABLE saved_searches (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        "name TEXT NOT NULL UNIQUE COLLATE NOCASE, asked TEXT NOT NULL)"
    )


def m0011_checksums(db: "Database") -> None:
    """CRC-32 of codes, and of the crops of faces; see checksums.

    That of a crop stands with its face: the rows of crops are a hundred times as large.
    """
    raw = db.conn
    raw.create_function("crc_of_blobs", -1, checksums.of_blobs, deterministic=True)
    raw.create_function("crc_of_code", 2, checksums.of_code, deterministic=True)
    for table, column, value in (
        ("code_segments", "checksum", "crc_of_blobs(ids, codes, dead)"),
        ("code_tail", "checksum", "crc_of_code(face_id, code)"),
        ("faces", "crop_sum", "(SELECT crc_of_blobs(webp) FROM crops WHERE face_id = faces.id)"),
    ):
        db.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER")
        db.execute(f"UPDATE {table} SET {column} = {value}")


def m0012_moved_roots(db: "Database") -> None:
    """Where a folder was before the user said that it is elsewhere now, so that it can go back."""
    db.execute("ALTER TABLE roots ADD COLUMN moved_from")


def m0013_checksums_of_decisions(db: "Database") -> None:
    """CRC-32 of what the user said; see checksums."""
    raw = db.conn
    raw.create_function("crc_of_decision", -1, checksums.of_decision, deterministic=True)
    raw.create_function("crc_of_decided_face", 8, checksums.of_decided_face, deterministic=True)
    for table, value in (
        ("decisions", f"crc_of_decision({DECISION_COLUMNS}, {N_FACES})"),
        ("decision_faces", f"crc_of_decided_face({FACE_COLUMNS})"),
    ):
        db.execute(f"ALTER TABLE {table} ADD COLUMN checksum INTEGER")
        db.execute(f"UPDATE {table} SET checksum = {value}")


# What a checksum covers, in this order.
DECISION_COLUMNS = "id, uid, gesture, time, kind, person, other, name, source, is_twice, target"
FACE_COLUMNS = "decision, position, side, content_hash, box_left, box_top, box_right, box_bottom"
N_FACES = "(SELECT COUNT(*) FROM decision_faces WHERE decision = decisions.id)"


# In order; new ones go to the end.
CHANGES: tuple[Change, ...] = (
    m0001_first_tables,
    m0002_detector_of_photo,
    m0003_searched_px_of_photo,
    m0004_photos_that_are_away,
    m0005_decisions,
    m0006_guesses,
    m0007_pictures,
    m0008_photos_that_await_a_look,
    m0009_watched_roots,
    m0010_saved_searches,
    m0011_checksums,
    m0012_moved_roots,
    m0013_checksums_of_decisions,
)


def is_empty(connection: Connection) -> bool:
    """True for a file without tables, views and all else, but for a first run that was killed."""
    rows = connection.rows(
        "SELECT 1 FROM sqlite_master WHERE tbl_name NOT IN (?, 'sqlite_sequence')",
        [MIGRATIONS_TABLE],
    )
    return not rows


def needs_migration(connection: Connection, changes: Sequence[Change] = CHANGES) -> bool:
    """True if this build has changes the file does not have yet.

    Raises:
        LibraryTooNew: the file has a change this build does not know.
        LibraryDamaged: the file belongs to another program.
    """
    if is_empty(connection):
        return True
    applied = _applied(connection)
    known = {change.__name__ for change in changes}
    for name in applied:
        if name not in known:
            raise LibraryTooNew(connection.path, name)
    return bool(known - set(applied))


def migrate(connection: Connection, changes: Sequence[Change] = CHANGES) -> Path | None:
    """Bring the file up to date; a file that holds a library is copied beside itself first.

    The copy takes the place of earlier ones. Where the disk has no room for it, none is made: each
    change is made as a whole or not at all.

    Returns:
        The copy, None if none was needed, or made.
    """
    if not needs_migration(connection, changes):
        return None
    copy = None if is_empty(connection) else _copy_beside(connection, changes)
    bring_up_to_date(connection, changes)
    return copy


def backups(path: Path) -> list[Path]:
    """The copies `migrate` made of the library at `path`; more than one only of old versions."""
    return sorted(
        file
        for file in path.parent.iterdir()
        if file.name.startswith(f"{path.name}{_BACKUP_MARK}") and file.suffix != _UNFINISHED
    )


def drop_old_copies(path: Path, now: float) -> None:
    """Delete the copies that `migrate` made more than COPY_DAYS ago, and what it left unfinished.

    Args:
        now: in seconds since 1970.
    """
    for unfinished in path.parent.glob(f"{glob.escape(path.name)}{_BACKUP_MARK}*{_UNFINISHED}"):
        unfinished.unlink(missing_ok=True)
    for copy in backups(path):
        if copy.stat().st_mtime < now - COPY_DAYS * 24 * 3600:
            copy.unlink(missing_ok=True)


COPY_DAYS = 30
_BACKUP_MARK = ".before-"
_UNFINISHED = ".tmp"
_SPARE = 64 * 1024 * 1024  # bytes that a copy leaves free, beside those that a change may take


def bring_up_to_date(connection: Connection, changes: Sequence[Change] = CHANGES) -> None:
    """Make the changes that a file does not have yet, without a copy."""
    # Imported here, since a window that only reads should not wait 0.2 s for it.
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    migrations = Migrations(MIGRATION_SET)
    for change in changes:
        migrations(name=change.__name__)(change)
    with translated_errors(connection.path):
        connection.raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrations.apply(Database(connection.raw, execute_plugins=False))


def _copy_beside(connection: Connection, changes: Sequence[Change]) -> Path | None:
    applied = set(_applied(connection))
    first = next(change.__name__ for change in changes if change.__name__ not in applied)
    path = connection.path
    copy = path.with_name(f"{path.name}{_BACKUP_MARK}{first}")
    if shutil.disk_usage(path.parent).free < 2 * path.stat().st_size + _SPARE:
        logger.warning("the disk has no room for a copy of the library before it is changed")
        return None
    unfinished = copy.with_name(f"{copy.name}{_UNFINISHED}")
    unfinished.unlink(missing_ok=True)
    try:
        private.make_file(unfinished)
        with closing(sqlite3.connect(unfinished)) as target, translated_errors(copy):
            connection.raw.backup(target)
        unfinished.replace(copy)
    except LibraryDamaged:
        raise
    except (OSError, LibraryError):  # a full disk, or a quota that nobody can ask for
        logger.warning("no copy of the library could be made before it is changed")
        return None
    finally:
        unfinished.unlink(missing_ok=True)
    for other in backups(path):
        if other != copy:
            other.unlink(missing_ok=True)
    return copy


def _applied(connection: Connection) -> list[str]:
    if MIGRATIONS_TABLE not in _table_names(connection):
        raise LibraryDamaged(connection.path, "it was made by another program")
    rows = connection.rows(
        f"SELECT name FROM {MIGRATIONS_TABLE} WHERE migration_set = ? ORDER BY id",
        [MIGRATION_SET],
    )
    if not rows:
        raise LibraryDamaged(connection.path, "it was made by another program")
    return [row[0] for row in rows]


def _table_names(connection: Connection) -> set[str]:
    rows = connection.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row[0] for row in rows}
