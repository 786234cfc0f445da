"""Hostile tar files as a person gives them: to `opqn evaluate`, within bounds of memory."""

import gzip
import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision import images
from tests.odd_files import corners, encoded
from tests.trust import hostile
from trainer.data.picture_files import PictureFiles

ROOT = Path(__file__).resolve().parents[2]
PEAK = """
import re, runpy, sys
from pathlib import Path
sys.argv = ["opqn", *sys.argv[1:]]
status = 0
try:
    runpy.run_module("opqn_app", run_name="__main__")
except SystemExit as end:
    status = end.code
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
sys.exit(status)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="VmHWM is told on Linux only")
def test_each_is_refused_in_words_or_measured(tmp_path: Path) -> None:
    """Each run loads a model, so of those that are much alike one stands for all."""
    left_out = {
        "cut off at 0.3",
        "cut off at 0.6",
        "cut off at 0.7",
        "text",
        "absolute",
        "a device",
    }
    for number, (name, data, sentence) in enumerate(hostile.tars()):
        if name in left_out:
            continue
        path = tmp_path / f"{number}.tar"
        path.write_bytes(data)
        done = subprocess.run(
            [sys.executable, "-c", PEAK, "evaluate", path, "--aligned", "--model", "bundled-64"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode in ((1,) if sentence else (0, 1)), (name, done.stderr)
        assert "Traceback" not in done.stderr, name
        assert sentence in done.stderr, name
        assert int(done.stdout.split()[-1]) < 1 << 20, name  # kB: below 1 GB
        assert "root:" not in done.stdout + done.stderr
    assert {path.suffix for path in tmp_path.rglob("*")} == {".tar"}


def _packed(*members: tuple[str, bytes, str]) -> bytes:
    """A packed tar file of names, contents and, for links, the targets."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data, target in members:
            entry = tarfile.TarInfo(name)
            entry.size, entry.linkname = len(data), target
            entry.type = tarfile.SYMTYPE if target else tarfile.REGTYPE
            tar.addfile(entry, io.BytesIO(data))
    return gzip.compress(out.getvalue())


def test_a_small_file_that_holds_a_huge_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MAX_FILE_BYTES", 1 << 20)
    path = tmp_path / "set.tar.gz"
    huge = encoded(corners(), "JPEG") + bytes(3 << 20)
    small = encoded(corners(), "PNG")
    path.write_bytes(
        _packed(("Anna/1.jpg", huge, ""), ("Anna/2.jpg", b"", "1.jpg"), ("Anna/3.png", small, ""))
    )
    assert path.stat().st_size < 20_000
    files = PictureFiles(path, frozenset({".jpg", ".png"}))
    assert files.files.tolist() == ["Anna/1.jpg", "Anna/2.jpg", "Anna/3.png"]
    for row in (0, 1):
        with pytest.raises(PhotoUnreadable, match=re.escape("and the limit is 1")):
            files.read(row)
    assert files.read(2) == small
