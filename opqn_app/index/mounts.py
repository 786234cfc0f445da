"""Which folders lie on a network share or belong to another system: nobody tells of changes."""

import re
import sys
from pathlib import Path

MOUNTS = Path("/proc/mounts")

_REMOTE = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "coda", "ceph", "lustre", "gfs2"),
        *("9p", "virtiofs", "vboxsf", "prl_fs", "vmhgfs", "drvfs"),  # folders of the host
    }
)
# Programs that show another folder of this machine; what they don't name may be far away.
_LOCAL_FUSE = frozenset(
    {
        *("mergerfs", "bindfs", "unionfs", "unionfs-fuse", "rofiles-fuse", "fuse-overlayfs"),
        *("encfs", "gocryptfs", "cryfs", "securefs", "vera", "veracrypt"),
        *("ntfs-3g", "ntfs", "exfat", "exfat-fuse", "ext2", "lxcfs", "snapfuse", "squashfuse"),
    }
)
_ESCAPE = re.compile(r"\\([0-7]{3})")


def tells_of_changes(folder: Path, mounts: Path = MOUNTS) -> bool | None:
    """Whether the system tells of every change below a folder.

    Args:
        folder: absolute, without links.
        mounts: the system's list of what is mounted where.

    Returns:
        False on a network share and a folder of a host. None where this can't be known, as on
        other systems than Linux.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        text = mounts.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return None
    kind, longest = "", -1
    for line in text.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        place = Path(_ESCAPE.sub(_letter, fields[1]))
        n_parts = len(place.parts)
        if n_parts >= longest and folder.is_relative_to(place):  # of two at one place the later
            kind, longest = fields[2], n_parts
    family, dot, program = kind.partition(".")
    if dot and family == "fuse":
        return program in _LOCAL_FUSE
    return kind not in _REMOTE


def _letter(escape: re.Match[str]) -> str:
    """/proc/mounts writes a space as \\040, and bytes of UTF-8 as they are."""
    return chr(int(escape.group(1), 8))
