"""A tar file that was cut off is refused, wherever it was cut."""

import io
import tarfile
from pathlib import Path

import pytest

from opqn_app.core.errors import DataError
from opqn_app.core.tars import open_whole
from opqn_app.ui.kit.labelled_data import look_at
from trainer.data.picture_files import PictureFiles

SUFFIXES = frozenset({".png"})


def _tar(mode: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for i in range(6):
            entry = tarfile.TarInfo(f"person{i % 2}/{i}.png")
            entry.size = 1000
            tar.addfile(entry, io.BytesIO(bytes(range(250)) * 4))
    return out.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.55, 0.9])
def test_a_tar_file_that_was_cut_off_is_refused(tmp_path: Path, mode: str, share: float) -> None:
    path = tmp_path / "set.tar"
    content = _tar(mode)
    path.write_bytes(content)
    tar, members = open_whole(path)
    tar.close()
    assert len(members) == 6
    length = int(share * (6 * 1536 if mode == "w" else len(content)))
    path.write_bytes(content[:length])
    for read in (look_at, lambda each: PictureFiles(each, SUFFIXES)):
        with pytest.raises(DataError, match=r"cut off|neither a folder nor a tar file"):
            read(path)


def test_a_tar_file_cut_between_two_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "set.tar"
    path.write_bytes(_tar("w")[: 3 * 1536])
    with pytest.raises(DataError, match="cut off or is damaged, 3 files"):
        PictureFiles(path, SUFFIXES)
