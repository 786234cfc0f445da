"""What a photo is known by: the hash of its picture; until it is known, that of its whole file."""

from opqn_app.store.connection import Connection


def learn_picture(db: Connection, known_as: bytes, picture_hash: bytes) -> None:
    """Note the hash of a picture that was known by a file's; inside a transaction.

    Photos and decisions go along.
    """
    if known_as == picture_hash:
        return
    db.run(
        "UPDATE photos SET picture_hash = ? WHERE picture_hash = ?",
        [picture_hash, known_as],
    )
    moved = db.run(
        "UPDATE decision_faces SET content_hash = ? WHERE content_hash = ?",
        [picture_hash, known_as],
    )
    if moved:
        db.run("UPDATE meta SET erasures = erasures + 1")
