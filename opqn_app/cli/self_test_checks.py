"""What `opqn verify` looks for once its self-test has run, each check a function of its own."""

import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from opqn_app.cli.self_test_room import NAME, OUT, SECRETS, Room
from opqn_app.core import places, private, residue, scratch
from opqn_app.core.files import UNFINISHED
from opqn_app.core.places import Place
from opqn_app.core.progress import counted
from opqn_app.core.watched import Seen

SHOWN = 5  # of each kind of fault
SETTLED_S = 3600.0  # an unfinished file that is so old is nobody's any more
WAIT_S = 10.0  # for helper processes to end
HARMLESS = ("/dev/null/", "/dev/tty/", "/proc/")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table.

    Attributes:
        faults: sentences that say what is wrong and what to do; none if it passed.
        said: what was seen where all is right.
    """

    title: str
    said: str
    faults: tuple[str, ...] = ()

    @property
    def has_passed(self) -> bool:
        return not self.faults


def work(status: int, words: str) -> Check:
    fault = f"The self-test could not do its work: {words.strip() or f'status {status}'}"
    hint = " Look at the sentence above, or report it as a fault of the program."
    said = "indexed, searched, named, exported, forgot"
    return Check("The program works", said, (fault + hint,) if status else ())


def network(seen: Sequence[Seen], *, is_apart: bool) -> Check:
    faults = [
        f"Something asked for the network ({each.what}). This program never does: look at what is "
        "installed beside it, and report it."
        for each in seen
        if each.kind == "network"
    ]
    more = "; the kernel let it have none" if is_apart else ""
    return Check("No network", f"0 sockets but those within this machine{more}", _few(faults))


def photos_are_read(seen: Sequence[Seen], room: Room) -> Check:
    photos = str(room.photos) + os.sep
    touched = [each for each in seen if each.what.startswith(photos)]
    faults = [
        f"The photo {each.what} was opened to be written. Report it as a fault of the program."
        for each in touched
        if each.kind == "written"
    ]
    return Check("Photos are only read", f"{counted(len(touched), 'photo')} read", _few(faults))


def written_places(seen: Sequence[Seen], room: Room) -> Check:
    own = str(room.place) + os.sep
    written = [each.what for each in seen if each.kind == "written"]
    strange = [what for what in written if not f"{what}{os.sep}".startswith((own, *HARMLESS))]
    faults = [
        f"{what} was written, outside the folders of the program. Report it as a fault."
        for what in strange
    ]
    return Check(
        "Writes where it says",
        f"{counted(len(written), 'file')}, all in its own folders",
        _few(faults),
    )


def rights(title: str, kept: Iterable[Place]) -> Check:
    """Whether others on the machine may read a personal file, or list a folder of such."""
    entries = {
        each
        for place in kept
        if place.is_personal
        for each in place.entries()
        if place.key != "temporary" or each.parent == place.folder  # which is closed as a whole
    }
    n_seen, faults = 0, []
    for path in sorted(entries):
        try:
            mode = path.lstat().st_mode
        except OSError:
            continue
        n_seen += 1
        if os.name == "posix" and not path.is_symlink() and mode & private.OTHERS:
            faults.append(
                f"Others on this machine may open {path}. Close it: chmod go= {path}",
            )
    return Check(title, f"{counted(n_seen, 'file')} closed to others", _few(faults))


def folders(title: str, kept: Iterable[Place]) -> Check:
    """Whether the folders of the program are closed to others."""
    beside = ("library", "copies", "damaged", "backups")  # a library may lie anywhere
    own = {each.folder for each in kept if each.key not in beside and each.folder.is_dir()}
    open_ones = [
        folder
        for folder in sorted(own)
        if os.name == "posix" and folder.stat().st_mode & private.OTHERS
    ]
    faults = [
        f"Others on this machine may list {folder}. Close it, if it holds nothing of others: "
        f"chmod go= {folder}"
        for folder in open_ones
    ]
    return Check(title, f"{counted(len(own), 'folder')} closed to others", _few(faults))


def nothing_left(room: Room) -> Check:
    """A byte search of all that the self-test wrote, but for what it exported."""
    try:
        plain = json.loads((room.place / SECRETS).read_text(encoding="ascii"))
    except OSError:
        return Check("Forgetting leaves nothing", "", ("What to look for was not written down.",))
    wanted = {kind: [bytes.fromhex(each) for each in some] for kind, some in plain.items()}
    left_out = {room.photos, room.place / OUT, room.place / "notes", room.place / SECRETS}
    files = [
        file
        for file in room.place.rglob("*")
        if file.is_file() and left_out.isdisjoint((file, *file.parents))
    ]
    faults = [
        f"{each.path} still holds {counted(each.n, 'trace')} of what was forgotten ({each.kind}). "
        "Report it as a fault of the program."
        for each in residue.find(wanted, files)
    ]
    n = sum(len(some) for some in wanted.values())
    exported = any(NAME in str(path) for path in (room.place / OUT).rglob("*"))
    if not exported or not wanted.get("crops"):
        faults.append("The self-test had nothing to forget. Report it as a fault of the program.")
    return Check(
        "Forgetting leaves nothing",
        f"{counted(n, 'piece')} looked for in {counted(len(files), 'file')}",
        _few(faults),
    )


def leftovers(library: Path) -> Check:
    """What runs that were killed left in the user's own folders."""
    now, left = time.time(), scratch.left_over()
    for place in places.places(library):
        left += [
            file
            for file in place.files()
            if file.name.endswith(UNFINISHED) and now - file.stat().st_mtime > SETTLED_S
        ]
    faults = [f"{path} was left by a run that was killed. Delete it: rm -r {path}" for path in left]
    return Check("No leftovers of killed runs", "none found", _few(faults))


def processes(mark: str) -> Check:
    """Whether a helper of the self-test is still there; known by a variable of its environment."""
    title, proc = "Helper processes are gone", Path("/proc")
    if not (proc / "self" / "environ").exists():
        return Check(title, "this system does not tell")
    until = time.monotonic() + WAIT_S
    while left := _marked(proc, mark):
        if time.monotonic() > until:
            faults = [f"The process {pid} is still running. End it: kill {pid}" for pid in left]
            return Check(title, "", _few(faults))
        time.sleep(0.1)
    return Check(title, "none is left")


def _marked(proc: Path, mark: str) -> list[str]:
    found = []
    for each in proc.glob("[0-9]*/environ"):
        try:
            if mark.encode() in each.read_bytes() and each.parent.name != str(os.getpid()):
                found.append(each.parent.name)
        except OSError:
            continue  # it has ended, or is somebody else's
    return found


def _few(faults: Sequence[str]) -> tuple[str, ...]:
    shown = list(faults[:SHOWN])
    if len(faults) > SHOWN:
        shown.append(f"And {len(faults) - SHOWN:,} more like this.")
    return tuple(shown)
