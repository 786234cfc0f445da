"""On which folders the system tells of changes, by /proc/mounts as Linux writes it."""

import sys
from pathlib import Path

import pytest

from opqn_app.index.mounts import tells_of_changes

MOUNTS = r"""/dev/sda2 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
nas:/volume1 /mnt/nas nfs4 rw,vers=4.2 0 0
//nas/family /home/user/Our\040Photos cifs rw,vers=3.1.1 0 0
/dev/sdb1 /media/user/STICK fuseblk rw,default_permissions 0 0
/dev/sdc1 /mnt/nas/local ext4 rw 0 0
user@host:/photos /home/user/remote fuse.sshfs rw 0 0
gvfsd-fuse /run/user/1000/gvfs fuse.gvfsd-fuse rw 0 0
encfs /home/user/private fuse.gocryptfs rw 0 0
C:\134 /mnt/c 9p rw,aname=drvfs 0 0
old /mnt/twice nfs rw 0 0
/dev/sdd1 /mnt/twice btrfs rw 0 0
odd
"""


@pytest.fixture
def list_of_mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "platform", "linux")
    path = tmp_path / "mounts"
    path.write_text(MOUNTS, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("folder", "tells"),
    [
        ("/home/user/Pictures", True),
        ("/mnt/nas", False),
        ("/mnt/nas/2024/summer", False),
        ("/mnt/nas/local/2024", True),  # the innermost mount counts
        ("/mnt/nassau", True),  # a name that only begins alike
        ("/home/user/Our Photos/Anna", False),
        ("/media/user/STICK/DCIM", True),
        ("/home/user/remote", False),
        ("/run/user/1000/gvfs/smb-share:server=nas", False),
        ("/home/user/private/photos", True),
        ("/mnt/c/Users/photos", False),
        ("/mnt/twice/photos", True),  # the later one hides the first
    ],
)
def test_shares_are_told_from_disks(list_of_mounts: Path, folder: str, tells: bool) -> None:
    assert tells_of_changes(Path(folder), list_of_mounts) is tells


def test_where_nothing_is_known_nothing_is_said(
    list_of_mounts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tells_of_changes(Path("/home"), list_of_mounts / "none") is None
    monkeypatch.setattr(sys, "platform", "darwin")
    assert tells_of_changes(Path("/home"), list_of_mounts) is None
