"""Disks that come and go in any order, and files that are moved and deleted meanwhile."""

import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opqn_app.core.errors import FolderUnavailable
from opqn_app.index.indexing import IndexReport, index_folder
from opqn_app.store.records import KEPT_DAYS
from tests.index.photo_disk import DAY, NOW, run_to_end
from tests.index.test_incremental import _png
from tests.library_fakes import (
    fake_engine,
)

PARTS = ("a", "b/c", "b/d", "link")
STEPS = st.one_of(
    st.tuples(
        st.just("unmount"), st.sampled_from(["bare", "marker", "gone"]), st.sampled_from(PARTS)
    ),
    st.tuples(st.just("mount"), st.none(), st.sampled_from(PARTS)),
    st.tuples(st.just("delete"), st.integers(0, 3), st.sampled_from(PARTS)),
    st.tuples(st.just("undelete"), st.none(), st.none()),
    st.tuples(st.just("rename"), st.integers(0, 3), st.sampled_from(PARTS)),
    st.tuples(st.just("index"), st.none(), st.sampled_from(["", "b", "a"])),
    st.tuples(st.just("later"), st.integers(0, KEPT_DAYS // 6), st.none()),
)


class Mounts:
    """Disks below one folder, of which each may be away, and a library that follows them."""

    def __init__(self, base: Path) -> None:
        self.root, self.base = base / "photos", base
        self.library = base / "library.sqlite"
        self.moment = NOW
        self.bin = base / "bin"
        self.bin.mkdir()
        self.root.mkdir()
        (self.root / "always.png").write_bytes(_png(999))
        for n, part in enumerate(PARTS):
            real = self._real(part)
            real.mkdir(parents=True)
            for i in range(10):
                (real / f"{i}.png").write_bytes(_png(20 * n + i))
        (self.root / "link").symlink_to(base / "target")

    def _real(self, part: str) -> Path:
        return self.base / "target" if part == "link" else self.root / part

    def _away(self, part: str) -> Path:
        return self.base / f"away-{part.replace('/', '-')}"

    def act(self, kind: str, how: Any, part: str) -> None:
        if kind == "index":
            self.index(part)
        elif kind == "later":
            self.moment += how * DAY
        elif kind == "undelete":
            for file in self.bin.iterdir():
                file.replace(self.root / file.name)
        elif kind == "unmount":
            if not self._away(part).exists():
                self._real(part).rename(self._away(part))
                if how != "gone":
                    self._real(part).mkdir()
                if how == "marker":
                    (self._real(part) / "README").touch()
        elif kind == "mount":
            if self._away(part).exists():
                shutil.rmtree(self._real(part), ignore_errors=True)
                self._away(part).rename(self._real(part))
        elif (self._real(part) / f"{how}.png").exists():
            name = f"{part.replace('/', '-')}{how}.png"
            (self._real(part) / f"{how}.png").replace(
                self.bin / name if kind == "delete" else self._real(part) / f"new-{how}.png"
            )

    def index(self, part: str = "") -> IndexReport | None:
        try:
            return run_to_end(
                index_folder(
                    self.library,
                    self.root / part,
                    fake_engine(n_faces=1),
                    clock=lambda: self.moment,
                )
            )
        except FolderUnavailable:
            return None

    def faces_by_content(self) -> dict[bytes, list[int]]:
        """Of shown photos."""
        with sqlite3.connect(self.library) as raw:
            rows = raw.execute(
                "SELECT p.content_hash, f.id FROM photos p JOIN faces f ON f.photo_id = p.id "
                "WHERE p.deleted_at IS NULL ORDER BY f.id"
            ).fetchall()
        raw.close()
        found: dict[bytes, list[int]] = {}
        for content_hash, face_id in rows:
            found.setdefault(content_hash, []).append(face_id)
        return found


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_no_face_id_of_a_file_that_exists_is_ever_lost(steps: list[tuple[str, Any, Any]]) -> None:
    """Deletions are undone within the time that they can be."""
    with tempfile.TemporaryDirectory() as name:
        mounts = Mounts(Path(name))
        mounts.index()
        before = mounts.faces_by_content()
        assert len(before) == 41
        spent = 0
        for kind, how, part in steps:
            if kind == "later":
                spent += how
                if spent >= KEPT_DAYS:
                    continue
            mounts.act(kind, how, part)
        mounts.act("undelete", None, "")
        for part in PARTS:
            mounts.act("mount", None, part)
        report = mounts.index()
        assert report is not None
        assert (report.decoded, report.unreachable) == (0, ())
        assert mounts.faces_by_content() == before
