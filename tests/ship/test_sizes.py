"""A build that has grown by more than a tenth fails, and says so."""

import tomllib
from pathlib import Path

import pytest
import sizes


def test_a_size_may_grow_by_a_tenth(tmp_path: Path) -> None:
    stored = tmp_path / "sizes.toml"
    stored.write_text("folder = 100.0\ndeb = 50.0\n", encoding="utf-8")
    assert sizes.grown({"folder": 110.0, "deb": 40.0}, stored) == []
    (said,) = sizes.grown({"folder": 110.1, "deb": 55.0}, stored)
    assert said.startswith("The folder has grown from 100.0 to 110.1 MB")
    with pytest.raises(KeyError):
        sizes.grown({"archive": 1.0}, stored)


def test_a_link_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 1_500_000)
    (tmp_path / "link").symlink_to("file")
    assert sizes.megabytes(tmp_path) == 1.5


def test_the_stored_sizes_keep_to_the_goals() -> None:
    """Issue 20: 350 MB unpacked, 140 MB to download."""
    stored = tomllib.loads(sizes.STORED.read_text(encoding="utf-8"))
    assert set(stored) == {"folder", "archive", "deb"}
    assert stored["folder"] <= 350
    assert max(stored["archive"], stored["deb"]) <= 140
