"""A search of files for bytes that should be gone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WHOLE = 500  # bytes; what is longer may be cut up by SQLite, so pieces of it are looked for
PIECE = 24  # bytes
STEP = 160  # bytes from one piece to the next


@dataclass(frozen=True, slots=True)
class Residue:
    """What a file still holds.

    Attributes:
        kind: of the bytes, such as "crops".
        n: how many of that kind are in it, at least in part.
    """

    path: Path
    kind: str
    n: int


def find(wanted: Mapping[str, Sequence[bytes]], files: Iterable[Path]) -> list[Residue]:
    """Look into every file for each of `wanted`, by kind."""
    found = []
    for file in files:
        try:
            content = file.read_bytes()
        except OSError:
            continue  # it has just been deleted
        for kind, secrets in wanted.items():
            n = sum(any(piece in content for piece in pieces(secret)) for secret in secrets)
            if n:
                found.append(Residue(file, kind, n))
    return found


def pieces(secret: bytes) -> list[bytes]:
    """Parts of what is long, each of which gives it away; what is short as a whole."""
    if len(secret) <= WHOLE:
        return [secret]
    return [secret[at : at + PIECE] for at in range(0, len(secret) - PIECE + 1, STEP)]
