"""What a photo is known by: the hash of its picture; until it is known, that of its whole file."""

from opqn_app.store import checksums
from opqn_app.store.connection import Connection
from opqn_app.store.decision_records import FaceKey, same_faces

KEY_COLUMNS = "content_hash, box_left, box_top, box_right, box_bottom"


def learn_picture(db: Connection, known_as: bytes, picture_hash: bytes) -> None:
    """Note the hash of a picture that was known by a file's; inside a transaction.

    Photos and decisions go along. A face that was decided on in a copy too gets the copy's box.
    """
    if known_as == picture_hash:
        return
    db.run(
        "UPDATE photos SET picture_hash = ? WHERE picture_hash = ?",
        [picture_hash, known_as],
    )
    moving = {key._replace(content_hash=picture_hash): key for key in _decided(db, known_as)}
    if not moving:
        return
    same = same_faces(moving, _decided(db, picture_hash))
    db.raw.create_function("crc", 8, checksums.of_decided_face, deterministic=True)
    place = "decision, position, side"
    db.run_many(  # what is not what was written stays so
        f"UPDATE decision_faces SET checksum = crc({place}, ?, ?, ?, ?, ?), "
        f"({KEY_COLUMNS}) = (?, ?, ?, ?, ?) WHERE ({KEY_COLUMNS}) = (?, ?, ?, ?, ?) "
        f"AND checksum = crc({place}, {KEY_COLUMNS})",
        [(*same.get(new, new), *same.get(new, new), *old) for new, old in moving.items()],
    )
    db.run("UPDATE meta SET erasures = erasures + 1")


def _decided(db: Connection, content_hash: bytes) -> set[FaceKey]:
    rows = db.rows(
        f"SELECT DISTINCT {KEY_COLUMNS} FROM decision_faces WHERE content_hash = ?", [content_hash]
    )
    return {FaceKey._make(row) for row in rows}
