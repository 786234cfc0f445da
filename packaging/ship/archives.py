"""Archives that have the same bytes whenever they are made of the same files."""

import io
import lzma
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

# Of xz. With 1 an archive is a tenth larger and takes a tenth of the time, for trying things out.
PRESET = int(os.environ.get("XZ_PRESET", "6"))


def tar_xz(folder: Path, *, prefix: str, epoch: int) -> bytes:
    """A compressed tar of all that lies in `folder`.

    Args:
        prefix: what stands before each path, such as "./".
        epoch: the time of all that is in it, seconds since 1970.
    """
    made = io.BytesIO()
    with (
        lzma.LZMAFile(made, "w", preset=PRESET) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for path in below(folder):
            _add(tar, path, prefix + path.relative_to(folder).as_posix(), epoch)
    return made.getvalue()


def below(folder: Path) -> Iterator[Path]:
    """All that lies in a folder, in an order that is the same everywhere."""
    return iter(sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()))


def linked(program: Path, place: Path) -> None:
    """Have all files of the program below another folder too; they are linked, not copied."""
    for file in below(program):
        target = place / file.relative_to(program)
        if file.is_dir() and not file.is_symlink():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, target, follow_symlinks=False)


def _add(tar: tarfile.TarFile, path: Path, name: str, epoch: int) -> None:
    info = tarfile.TarInfo(name)
    info.mtime = epoch
    info.uname = info.gname = "root"
    if path.is_symlink():
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
        tar.addfile(info)
    elif path.is_dir():
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)
    else:
        info.size, info.mode = path.stat().st_size, _mode(path)
        with path.open("rb") as file:
            tar.addfile(info, file)


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & 0o100 else 0o644


def ar(members: Mapping[str, bytes], *, epoch: int) -> bytes:
    """An ar archive, which is what a .deb is."""
    made = bytearray(b"!<arch>\n")
    for name, content in members.items():
        made += f"{name:<16}{epoch:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        made += content + b"\n" * (len(content) % 2)
    return bytes(made)
