"""Hostile and odd inputs as tables: what is made, and what is said of it.

Each entry has a name, what it is made of, and a piece of the sentence that refuses it; "" where it
is taken, or where only that it is refused in words counts. How many there are:

    python -m tests.trust.hostile
"""

import io
import json
import os
import random
import sqlite3
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from opqn_app.core import paths
from opqn_app.store import schema
from tests.odd_files import corners, encoded, png_claiming, write_odd_files

Library = tuple[str, Callable[[bytes], bytes], str]

DEEP = "[" * 100_000
SETTINGS: dict[str, bytes] = {
    "nothing": b"",
    "zeros": bytes(400),
    "not JSON": b"{library: yes",
    "a list": b"[1, 2]",
    "a number": b"7",
    "a text": b'"settings"',
    "null": b"null",
    "nested deeply": DEEP.encode(),
    "nested deeply in a value": f'{{"version": 1, "theme": {DEEP}'.encode(),
    "objects nested deeply": b'{"a":' * 60_000,
    "not UTF-8": b'{"theme": "\xff\xfe"}',
    "with a byte order mark": b'\xef\xbb\xbf{"theme": "dark"}',
    "UTF-16": '{"theme": "dark"}'.encode("utf-16"),
    "a photo": encoded(corners(), "JPEG"),
    "a huge number": b'{"workers": 1' + b"0" * 5000 + b"}",
    "a number without end": b'{"min_probability": NaN}',
    "infinity": b'{"min_probability": Infinity, "workers": -Infinity}',
    "a half character": b'{"theme": "\\ud800"}',
    "an end of line": b'{"model": "a\\nb\\u001b[31m"}',
    "a name with a null": b'{"library": "a\\u0000b"}',
    "keys twice": b'{"theme": "dark", "theme": "light"}',
    **{
        f"{key} is {text[:12]}": f'{{"version": 1, "{key}": {text}}}'.encode()
        for key in ("workers", "theme", "excludes", "min_probability", "copies_once", "version")
        for text in ("null", "[[]]", '"\\u202e"', "-1", "1e400", "{}")
    },
}


def flipped(place: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        at = random.Random(f"flip {place}").randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << place % 8]) + data[at + 1 :]

    return change


def overwritten(place: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        rng = random.Random(f"overwrite {place}")
        at = rng.randrange(len(data) - 64)
        return data[:at] + rng.randbytes(64) + data[at + 64 :]

    return change


def head(at: int, value: int) -> Callable[[bytes], bytes]:
    """One byte of SQLite's first page; each says something of the whole file."""
    return lambda data: data[:at] + bytes([value]) + data[at + 1 :]


def cut(share: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(share * len(data))]


def edited(sql: str) -> Callable[[bytes], bytes]:
    """The library after somebody's SQL."""

    def change(data: bytes) -> bytes:
        raw = sqlite3.connect(":memory:")
        if data:
            raw.deserialize(data[:18] + b"\1\1" + data[20:])  # in memory there is no WAL
        raw.executescript(sql)
        raw.commit()
        changed = raw.serialize()
        raw.close()
        return changed

    return change


def no_text(data: bytes) -> bytes:
    return data.replace(b"CREATE TABLE roots", b"CREATE \xff\xfeBLE roots", 1)


def foreign(sql: str) -> Callable[[bytes], bytes]:
    return lambda _: edited(sql)(b"")


NEWER = f"UPDATE {schema.MIGRATIONS_TABLE} SET name = 'm9999_later' WHERE name = 'm0011_checksums'"
HEADS = (16, 18, 19, 20, 21, 44, 47, 56)
TRIGGER = "CREATE TRIGGER t AFTER INSERT ON photos BEGIN DELETE FROM faces; END"
NO_TEXT = "UPDATE photos SET rel_path = CAST(x'ff1b5b33316d0a' AS TEXT) WHERE id = 1"
LIBRARIES: list[Library] = [
    *((f"flip {i}", flipped(i), "") for i in range(60)),
    *((f"overwritten {i}", overwritten(i), "") for i in range(30)),
    *((f"cut to {share:.0%}", cut(share), "") for share in (0.1, 0.3, 0.5, 0.7, 0.9, 0.99)),
    *(
        (f"head {at} = {v}", head(at, v), "")
        for at in (16, 18, 19, 20, 21, 44, 47, 56)
        for v in (0, 7, 255)
    ),
    ("nothing left", cut(0), "can't be read"),
    ("a byte left", lambda data: data[:1], "can't be read"),
    ("half a head", lambda data: data[:50], "can't be read"),
    ("a text", lambda _: b"Dear diary,\n" * 99, "can't be read"),
    ("a photo", lambda _: encoded(corners((400, 400)), "PNG"), "can't be read"),
    ("zeros", lambda data: bytes(len(data)), "can't be read"),
    ("a newer version", edited(NEWER), "newer version"),
    ("a view alone", foreign("CREATE VIEW v AS SELECT 1"), "another program"),
    ("a table of others", foreign("CREATE TABLE photos (a)"), "another program"),
    (
        "a trigger that deletes",
        edited(TRIGGER),
        "",
    ),
    (
        "a schema that is no text",
        no_text,
        "",
    ),
    (
        "names that are no text",
        edited(NO_TEXT),
        "",
    ),
    ("days that are no days", edited("UPDATE photos SET taken_at = char(27) || '[31m'"), ""),
    ("no photos", edited("PRAGMA foreign_keys = OFF; DELETE FROM photos"), ""),
    ("a table gone", edited("DROP TABLE code_segments"), ""),
]


def _tar(*members: tuple[tarfile.TarInfo, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for entry, data in members:
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _member(
    name: str, data: bytes = b"", *, kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, link, len(data)
    return entry, data


def tars() -> Iterator[tuple[str, bytes, str]]:
    jpeg = encoded(corners((112, 112)), "JPEG")
    good = _tar(*(_member(f"Anna/{i}.jpg", jpeg) for i in range(6)))
    nothing, no_tar, broken = (
        "holds no pictures",
        "neither a folder nor a tar",
        "cut off or is damaged",
    )
    yield "whole", good, ""
    for share in (0.3, 0.5, 0.6, 0.7):
        yield f"cut off at {share}", good[: int(share * 6 * (512 + 1024))], broken
    yield "cut off in the first head", good[:300], no_tar
    yield "no end", good[: 512 + (len(jpeg) + 511) // 512 * 512], broken
    yield "text", b"Dear diary\n" * 100, no_tar
    yield "nothing", b"", no_tar
    yield "upwards", _tar(_member("../../Anna/1.jpg", jpeg), _member("Ben/1.jpg", jpeg)), ""
    yield "absolute", _tar(_member("/etc/Anna/1.jpg", jpeg), _member("Ben/1.jpg", jpeg)), ""
    for name, kind in (("link", tarfile.SYMTYPE), ("hard link", tarfile.LNKTYPE)):
        yield f"a {name} out", _tar(_member("Anna/1.jpg", kind=kind, link="/etc/passwd")), ""
    for name, kind in (("pipe", tarfile.FIFOTYPE), ("device", tarfile.CHRTYPE)):
        yield f"a {name}", _tar(_member("Anna/1.jpg", kind=kind)), nothing
    huge = bytearray(_tar(_member("Anna/1.jpg", jpeg)))
    huge[124:136] = b"\x80" + (1 << 60).to_bytes(11)
    huge[148:156] = b" " * 8
    huge[148:156] = f"{sum(huge[:512]):06o}\0 ".encode()
    yield "a huge member", bytes(huge), broken
    yield "packed zeros", zlib.compress(bytes(1 << 24), wbits=31), ""
    bomb = _tar(_member("Anna/1.png", png_claiming(60_000, 60_000)), mode="w:gz")
    yield "a picture that is a bomb", bomb, ""


NAMES = [
    *("\x1b[31mred.jpg", "a\nb.jpg", "a\rb.jpg", "\x07bell.jpg", "\x9b31m.jpg", "a\tb.jpg"),
    *("\u202egpj.exe.jpg", "\u2066a.jpg", "\u2028line.jpg", "<b>bold.jpg", "<img src=x>.jpg"),
    *("%s%n.jpg", "{0}{name}.jpg", "'; DROP TABLE photos;--.jpg", "$(touch here).jpg", "-rf.jpg"),
    *("--json.jpg", "~.jpg", " .jpg", "..jpg", "CON.jpg", "\udcff\udcfe.jpg", "é\u0301.jpg"),
    *("a" * 250 + ".jpg", "\u200b.jpg", "=cmd|' C calc'!A0.jpg", "\x7f.jpg", "\ufeff.jpg"),
]

# Names as somebody may write them, of files, people and data sets, to be shown to people.
SHOWN = {
    "a tag": "<b>bold</b>",
    "a picture": "<img src=file:///etc/passwd onerror=alert(1)>",
    "a script": "</title><script>alert(1)</script>",
    "an end of a comment": "--><svg onload=alert(1)>",
    "an attribute": "\" onmouseover='alert(1)' x=\"",
    "entities": "&lt;b&gt; &amp; &#x202e;",
    "a template": "{{ 7 * 7 }}{% raw %}",
    "colours of a terminal": "\x1b[31mred\x1b[0m",
    "a bell": "ring\x07",
    "a control of one byte": "\x9b2J",
    "a line more": "Anna\nBen",
    "a line back": "Anna\rBen",
    "separators of lines": "a\u2028b\u2029c",
    "read backwards": "photo_\u202egpj.exe",
    "set apart without an end": "\u2066Anna\u2067Ben",
    "an end of what was set apart": "Anna\u2069\u202c",
    "a null": "An\0na",
    "a mnemonic": "&File && &Edit",
    "a link": "javascript:alert(1)",
    "marks upon marks": "e" + "\u0301" * 500,
    "very long": "wide" * 1500,
    "very long words": "a name " * 900,
    "nothing to see": "\u200b\ufeff",
}


def model_configs(config: bytes) -> Iterator[tuple[str, bytes]]:
    """Damaged copies of a model's config.json."""
    values = json.loads(config)
    for key in values:
        yield f"without {key}", json.dumps({k: v for k, v in values.items() if k != key}).encode()
        yield f"{key} is a list", json.dumps({**values, key: [[]]}).encode()
    yield "nested deeply", DEEP.encode()
    yield "nothing", b""
    yield "a list", b"[]"
    yield "not UTF-8", b"\xff" + config
    yield "cut off", config[: len(config) // 2]
    yield "a huge number", json.dumps({**values, "n_books": 10**30}).encode()


def pipes_and_such(room: Path) -> dict[str, str]:
    """What is no folder of photos → a piece of the sentence that says so; on POSIX."""
    (room / "file").write_bytes(b"x")
    (room / "empty").mkdir()
    (room / "loop").symlink_to("loop")
    (room / "dangling").symlink_to("nowhere")
    os.mkfifo(room / "pipe")
    return {
        "a\0b": ".",
        str(room / "file"): "is a file",
        str(room / "empty"): "",
        str(room / "loop"): ".",
        str(room / "dangling"): ".",
        str(room / "pipe"): ".",
        str(room / "nowhere"): ".",
        "/dev/null": ".",
        "/dev/zero": ".",
        str(room / ("x" * 300)): ".",
        str(room / "/".join(["deep"] * 2000)): ".",
        "": "",
    }


def counts(room: Path) -> dict[str, int]:
    """How many inputs there are of each kind; `room` is a folder to make some in."""
    config = paths.resource(f"models/{paths.DEFAULT_MODEL}") / "config.json"
    (room / "odd").mkdir()
    (room / "places").mkdir()
    return {
        "photos and files": len(write_odd_files(room / "odd")),
        "settings": len(SETTINGS),
        "libraries": len(LIBRARIES),
        "tar files": len(list(tars())),
        "models": len(list(model_configs(config.read_bytes()))),
        "names of files": len(NAMES),
        "names that are shown": len(SHOWN),
        "folders that are none": len(pipes_and_such(room / "places")),
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="opqn-hostile-") as room:
        found = counts(Path(room))
    for kind, number in found.items():
        sys.stdout.write(f"{kind:24}{number:5}\n")
    sys.stdout.write(f"{'together':24}{sum(found.values()):5}\n")


if __name__ == "__main__":
    main()
