"""What PhotoPrism's index.db says of faces."""

from collections.abc import Iterator
from pathlib import Path

from opqn_app.store.copied_database import copied_database

# Table → what is read of it. A backup as text has the same names.
COLUMNS = {
    "files": ("file_uid", "photo_uid", "file_name", "file_root", "file_missing", "deleted_at"),
    "subjects": ("subj_uid", "subj_name", "deleted_at"),
    "markers": (
        *("file_uid", "marker_type", "marker_invalid", "marker_name", "subj_uid"),
        *("x", "y", "w", "h"),
    ),
}


def photoprism_rows(path: Path) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Name of the table and the values by column, as text; raises CannotRead."""
    with copied_database(path, "PhotoPrism", frozenset(COLUMNS)) as connection:
        for table, columns in COLUMNS.items():
            as_text = ", ".join(f"CAST({column} AS TEXT)" for column in columns)
            for row in connection.execute(f"SELECT {as_text} FROM {table}"):
                yield table, dict(zip(columns, row, strict=True))
