"""Commands open no socket that leaves the machine, and need no network."""

import sys
from pathlib import Path

import pytest

from tests.trust import no_network
from tests.trust.sample_photos import copy_sample

needs_strace = pytest.mark.skipif(not no_network.has_strace(), reason="strace is not installed")


@needs_strace
@pytest.mark.slow
def test_indexing_and_searching_open_no_socket_to_others(tmp_path: Path) -> None:
    photos = copy_sample(tmp_path / "photos", range(2))
    library = ["--library", str(tmp_path / "data" / "library.sqlite")]
    program = [sys.executable, str(no_network.ROOT / "main.py")]
    alone = no_network.can_unshare()
    for words in (["index", *library, str(photos[0].parent)], ["search", *library, str(photos[0])]):
        ran = no_network.traced([*program, *words], tmp_path, without_network=alone)
        assert ran.status == 0, ran.said
        assert ran.outside == []


@needs_strace
def test_a_socket_to_others_is_seen(tmp_path: Path) -> None:
    code = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()"
    ran = no_network.traced([sys.executable, "-c", code], tmp_path, without_network=False)
    assert ran.status == 0
    assert ran.outside == ["AF_INET"]
