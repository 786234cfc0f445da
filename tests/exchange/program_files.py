"""Files as other programs write them, made by their rules for names that a test chooses."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from opqn_app.core.types import Box
from opqn_app.exchange.records import Found, PhotoNames, Problem, Progress

Said = PhotoNames | Problem
Faces = Sequence[tuple[str | None, Box | None]]  # who, and the box in fractions


def without_progress(found: Iterable[Found]) -> list[Said]:
    """What a reader says of photos and files."""
    return [each for each in found if not isinstance(each, Progress)]


def contact_of(name: str) -> str:
    """An id as Picasa gives it; the leading zero of some is dropped when it is written."""
    return format(sum(ord(sign) * 31**i for i, sign in enumerate(name)) % 2**56, "x")


def rect64(box: Box) -> str:
    """Sides over 65535, as hexadecimal digits without leading zeros."""
    sides = (box.left, box.top, box.right, box.bottom)
    return "".join(f"{round(side * 65535):04x}" for side in sides).lstrip("0")


def picasa_ini(photos: Mapping[str, Faces], *, contacts: bool = True) -> str:
    """`.picasa.ini` of a folder: file name → faces."""
    lines = ["[Picasa]", "name=A folder", "category=Folders on Disk"]
    names = {name for faces in photos.values() for name, _ in faces if name is not None}
    if contacts:
        lines += ["[Contacts2]", *(f"{contact_of(name)}={name};;" for name in sorted(names))]
    for photo, faces in photos.items():
        boxes = [
            f"rect64({rect64(box)}),{'f' * 16 if name is None else contact_of(name)}"
            for name, box in faces
            if box is not None
        ]
        lines += [f"[{photo}]", "backuphash=12345", f"faces={';'.join(boxes)}"]
    return "\r\n".join(lines) + "\r\n"


def takeout_json(folder: Path, json_name: str, title: str, people: Sequence[str]) -> Path:
    """What Takeout puts beside a photo."""
    told: dict[str, Any] = {
        "title": title,
        "description": "",
        "photoTakenTime": {"timestamp": "1577880000", "formatted": "01.01.2020, 12:00:00 UTC"},
        "geoData": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
        "url": "https://photos.google.com/photo/x",
    }
    if people:
        told["people"] = [{"name": name} for name in people]
    path = folder / json_name
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False), encoding="utf-8")
    return path


def apple_face(name: str | None, box: Box) -> dict[str, Any]:
    """A face as `osxphotos query --json` has it; width and height of the second are exchanged."""
    width, height = box.width, box.height
    return {
        "name": name,
        "center_x": box.left + width / 2,
        "center_y": 1 - (box.top + height / 2),  # Apple counts from the bottom
        "mwg_rs_area": {
            "x": box.left + width / 2,
            "y": box.top + height / 2,
            "w": width,
            "h": height,
        },
        "mpri_reg_rect": {"x": box.left, "y": box.top, "w": height, "h": width},
    }


def apple_photo(path: Path, faces: Faces, **more: object) -> dict[str, Any]:
    """A photo as `osxphotos query --json` has it."""
    return {
        "uuid": f"uuid of {path.name}",
        "original_filename": path.name,
        "path": str(path),
        "path_edited": None,
        "hasadjustments": False,
        "persons": sorted(name or "_UNKNOWN_" for name, _ in faces),
        "faces": [apple_face(name or "_UNKNOWN_", box) for name, box in faces if box is not None],
        **more,
    }


_DIGIKAM = """
CREATE TABLE AlbumRoots (id INTEGER PRIMARY KEY, label TEXT, status INTEGER NOT NULL,
    type INTEGER NOT NULL, identifier TEXT, specificPath TEXT);
CREATE TABLE Albums (id INTEGER PRIMARY KEY, albumRoot INTEGER NOT NULL,
    relativePath TEXT NOT NULL, date DATE, caption TEXT, collection TEXT, icon INTEGER);
CREATE TABLE Images (id INTEGER PRIMARY KEY, album INTEGER, name TEXT NOT NULL,
    status INTEGER NOT NULL, category INTEGER NOT NULL, modificationDate DATETIME,
    fileSize INTEGER, uniqueHash TEXT, manualOrder INTEGER);
CREATE TABLE ImageInformation (imageid INTEGER PRIMARY KEY, rating INTEGER,
    creationDate DATETIME, digitizationDate DATETIME, orientation INTEGER, width INTEGER,
    height INTEGER, format TEXT, colorDepth INTEGER, colorModel INTEGER);
CREATE TABLE Tags (id INTEGER PRIMARY KEY, pid INTEGER, name TEXT NOT NULL, icon INTEGER,
    iconkde TEXT, UNIQUE (name, pid));
CREATE TABLE TagProperties (tagid INTEGER, property TEXT, value TEXT);
CREATE TABLE ImageTags (imageid INTEGER NOT NULL, tagid INTEGER NOT NULL,
    UNIQUE (imageid, tagid));
CREATE TABLE ImageTagProperties (imageid INTEGER, tagid INTEGER, property TEXT, value TEXT);
INSERT INTO Tags VALUES (1, 0, 'People', NULL, NULL), (2, 1, 'Unknown', NULL, NULL),
    (3, 1, 'Unconfirmed', NULL, NULL), (4, 1, 'Family', NULL, NULL), (5, 0, 'Beach', NULL, NULL);
INSERT INTO TagProperties VALUES (2, 'person', 'Unknown'), (2, 'unknownPerson', NULL),
    (3, 'person', 'Unconfirmed'), (3, 'unconfirmedPerson', NULL);
"""


class DigikamDatabase:
    """A digikam4.db in the making."""

    def __init__(self, path: Path, root: Path, identifier: str | None = None) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.executescript(_DIGIKAM)
        said = f"volumeid:?path={root.as_posix()}" if identifier is None else identifier
        specific = "/" if identifier is None else root.as_posix()
        self.run("INSERT INTO AlbumRoots VALUES (1, 'Pictures', 0, 1, ?, ?)", said, specific)

    def run(self, sql: str, *values: object) -> int:
        with self._connection:
            return int(self._connection.execute(sql, values).lastrowid or 0)

    def person(self, name: str, *, tag: str | None = None) -> int:
        """The tag of a person, below People/Family."""
        found = self._connection.execute(
            "SELECT tagid FROM TagProperties WHERE property = 'person' AND value = ?", (name,)
        ).fetchone()
        if found:
            return int(found[0])
        made = self.run("INSERT INTO Tags (pid, name) VALUES (4, ?)", tag or name)
        self.run("INSERT INTO TagProperties VALUES (?, 'person', ?)", made, name)
        self.run("INSERT INTO TagProperties VALUES (?, 'faceEngineUuid', 'x')", made)
        return made

    def photo(
        self,
        rel_path: str,
        faces: Faces,
        size: tuple[int, int],
        *,
        orientation: int = 1,
        status: int = 1,
    ) -> int:
        """An image; boxes are in the upright photo, `size` is of the file."""
        folder, _, name = f"/{rel_path}".rpartition("/")
        album = self.run(
            "INSERT INTO Albums (albumRoot, relativePath) VALUES (1, ?)", folder or "/"
        )
        image = self.run(
            "INSERT INTO Images (album, name, status, category) VALUES (?, ?, ?, 1)",
            *(album, name, status),
        )
        self.run(
            "INSERT INTO ImageInformation (imageid, orientation, width, height)"
            " VALUES (?, ?, ?, ?)",
            *(image, orientation, *size),
        )
        upright = size[::-1] if orientation >= 5 else size
        for who, box in faces:
            tag = 2 if who is None else self.person(who)
            self.run("INSERT OR IGNORE INTO ImageTags VALUES (?, ?)", image, tag)
            if box is not None:
                self.region(image, tag, box, upright)
        return image

    def region(
        self,
        image: int,
        tag: int,
        box: Box,
        upright: tuple[int, int],
        property_name: str = "tagRegion",
    ) -> None:
        width, height = upright
        sides = (box.left * width, box.top * height, box.width * width, box.height * height)
        x, y, w, h = (round(side) for side in sides)
        value = f'<rect x="{x}" y="{y}" width="{w}" height="{h}"/>'
        self.run(
            "INSERT INTO ImageTagProperties VALUES (?, ?, ?, ?)", image, tag, property_name, value
        )

    def close(self) -> None:
        self._connection.close()


def postgres_copy(table: str, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> str:
    """A table in a dump of PostgreSQL."""
    named = ", ".join(f'"{c}"' if c != c.lower() else c for c in columns)

    def value(text: str | None) -> str:
        if text is None:
            return "\\N"
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")

    lines = ["\t".join(map(value, row)) for row in rows]
    body = "".join(f"{line}\n" for line in lines)
    comment = f"--\n-- Data for Name: {table}\n--\n\n"
    return f"{comment}COPY public.{table} ({named}) FROM stdin;\n{body}\\.\n\n"


def immich_dump(photos: Mapping[str, Faces], *, old_names: bool = False) -> str:
    """A backup of Immich: path within its container → faces."""
    assets, faces_of = ("assets", "asset_faces") if old_names else ("asset", "asset_face")
    people = sorted({name for faces in photos.values() for name, _ in faces if name})
    ids = {name: f"person-{i}" for i, name in enumerate(people)}
    rows: list[tuple[str | None, ...]] = []
    for i, faces in enumerate(photos.values()):
        for name, box in faces:
            if box is not None:
                sides = (box.left * 1440, box.top * 960, box.right * 1440, box.bottom * 960)
                numbers = ("1440", "960", *(str(round(side)) for side in sides))
                rows.append(
                    (f"asset-{i}", ids.get(name or ""), *numbers, f"face-{len(rows)}", None)
                )
    return "".join(
        (
            "--\n-- PostgreSQL database cluster dump\n--\n\n\\connect immich\n\n",
            postgres_copy(
                assets,
                ("id", "type", "originalPath", "originalFileName", "deletedAt"),
                [
                    (f"asset-{i}", "IMAGE", p, p.rpartition("/")[2], None)
                    for i, p in enumerate(photos)
                ],
            ),
            postgres_copy(
                faces_of,
                (
                    *("assetId", "personId", "imageWidth", "imageHeight"),
                    *("boundingBoxX1", "boundingBoxY1", "boundingBoxX2", "boundingBoxY2"),
                    *("id", "deletedAt"),
                ),
                rows,
            ),
            postgres_copy("kysely_migrations", ("name",), [("1744910873969-InitialMigration",)]),
            postgres_copy(
                "person", ("id", "ownerId", "name"), [(ids[name], "owner", name) for name in people]
            ),
        )
    )


_PHOTOPRISM = {
    "files": (
        *("id", "photo_uid", "file_uid", "file_name", "file_root", "file_missing", "deleted_at"),
        "file_orientation",
    ),
    "subjects": ("subj_uid", "subj_type", "subj_name", "deleted_at"),
    "markers": (
        *("marker_uid", "file_uid", "marker_type", "marker_name", "marker_invalid", "subj_uid"),
        *("embeddings_json", "x", "y", "w", "h"),
    ),
}


def photoprism_tables(photos: Mapping[str, Faces]) -> dict[str, list[tuple[object, ...]]]:
    """Rows of PhotoPrism's tables: path below its originals → faces."""
    people = sorted({name for faces in photos.values() for name, _ in faces if name})
    rows: dict[str, list[tuple[object, ...]]] = {"files": [], "markers": []}
    rows["subjects"] = [(f"js{name}", "person", name, None) for name in people]
    for i, (path, faces) in enumerate(photos.items()):
        rows["files"].append((i, f"ps{i}", f"fs{i}", path, "/", 0, None, 6))
        for name, box in faces:
            if box is not None:
                sides = (box.left, box.top, box.width, box.height)
                uid = f"ms{len(rows['markers'])}"
                subject = f"js{name}" if name else ""
                rows["markers"].append(
                    (uid, f"fs{i}", "face", name or "", 0, subject, b"[[0.1]]", *sides)
                )
    return rows


def photoprism_database(path: Path, rows: Mapping[str, Sequence[Sequence[object]]]) -> None:
    """`index.db` with these rows."""
    connection = sqlite3.connect(path)
    with connection:
        for table, columns in _PHOTOPRISM.items():
            quoted = ", ".join(f'"{c}" VARBINARY(42)' for c in columns)
            connection.execute(f'CREATE TABLE "{table}" ({quoted})')
            marks = ", ".join("?" * len(columns))
            connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows[table])
    connection.close()


def mariadb_dump(
    rows: Mapping[str, Sequence[Sequence[object]]], *, binary: str = "_binary "
) -> str:
    """The same as a backup of MariaDB, which says so before values of binary columns."""
    signs = {"\\": "\\\\", "'": "\\'", "\n": "\\n", '"': '\\"'}

    def value(each: object) -> str:
        if each is None:
            return "NULL"
        if isinstance(each, bytes):
            return f"{binary}'{each.decode()}'"
        if isinstance(each, str) and binary == "0x":
            return f"0x{each.encode().hex()}" if each else "''"
        if isinstance(each, str):
            return binary + f"'{''.join(signs.get(sign, sign) for sign in each)}'"
        return str(each)

    parts = ["-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB\n--\n"]
    for table, columns in _PHOTOPRISM.items():
        lines = [f"  `{column}` varbinary(42) DEFAULT NULL," for column in columns]
        keys = f"  PRIMARY KEY (`{columns[0]}`),\n  KEY `idx_{table}` (`{columns[1]}`)"
        defined = "\n".join(lines)
        parts.append(f"CREATE TABLE `{table}` (\n{defined}\n{keys}\n) ENGINE=InnoDB;\n")
        tuples = ",\n".join(f"({','.join(map(value, row))})" for row in rows[table])
        if tuples:
            parts.append(f"LOCK TABLES `{table}` WRITE;\nINSERT INTO `{table}` VALUES\n{tuples};\n")
    return "".join(parts)
