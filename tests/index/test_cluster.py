"""A Ray cluster makes the library that one process makes, whatever becomes of its workers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import OpqnError
from opqn_app.index.cluster import Cluster
from opqn_app.index.indexing import index_folder
from opqn_app.index.plan import PendingFile
from opqn_app.vision.photo_folder import PhotoFile
from tests.index import cluster_run, worker_fakes
from tests.index.test_kill import content

ITEMS = [PendingFile(PhotoFile("a.png", 1, 1), None)]


def run_on_cluster(library: Path, folder: Path) -> dict[str, Any]:
    """The report; in a process of its own, since Ray talks over sockets and changes signals."""
    done = subprocess.run(
        [sys.executable, cluster_run.__file__, str(library), str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


@pytest.mark.slow
def test_a_local_cluster_makes_what_one_process_makes_though_workers_die(
    tmp_path: Path, own_folders: Path, folder: Path
) -> None:
    """One is killed midway and its photos are read again; one photo kills all that read it."""
    pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    (own_folders / "data").mkdir(exist_ok=True)
    widths = [*range(30, 45), worker_fakes.KILLS_ONCE, *range(45, 60)]
    for i, width in enumerate(widths):
        pixels = np.random.default_rng(i).integers(0, 255, (24, width, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:03}.png")
    (folder / "020.png").write_bytes(b"no picture")
    library, alone = tmp_path / "cluster.sqlite", tmp_path / "alone.sqlite"
    report = run_on_cluster(library, folder)
    assert (own_folders / "data" / "killed-once").exists()
    assert (report["added"], report["decoded"], len(report["failures"])) == (30, 31, 1)
    list(index_folder(alone, folder, worker_fakes.build(), workers=1))
    assert content(library) == content(alone)

    (folder / "000.png").unlink()
    Image.new("RGB", (worker_fakes.KILLS, 24)).save(folder / "100.png")
    Image.new("RGB", (61, 24)).save(folder / "101.png")
    again = run_on_cluster(library, folder)
    assert (again["added"], again["removed"], again["unchanged"]) == (1, 1, 29)
    assert "ended 3 times" in json.dumps(again["failures"])


def test_nothing_to_read_starts_nothing(tmp_path: Path) -> None:
    assert list(Cluster("nowhere:1", worker_fakes.build, "any")([], tmp_path)) == []


def test_without_ray_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(OpqnError, match=r"opqn-photo-search\[cluster\]"):
        list(Cluster("local:2", worker_fakes.build, "any")(ITEMS, tmp_path))


@pytest.mark.parametrize("address", ["local:", "local:0", "local:two"])
def test_an_address_that_is_none(address: str, tmp_path: Path) -> None:
    with pytest.raises(OpqnError, match="local:2"):
        list(Cluster(address, worker_fakes.build, "any")(ITEMS, tmp_path))
