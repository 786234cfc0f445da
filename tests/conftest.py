"""What every test gets: an offscreen Qt, folders of its own, and pictures made on the spot."""

import os
import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in `make test &`; children inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # faster than 2 for such small pictures

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from PIL import Image

from opqn_app.cli import commands
from tests.library_fakes import fake_engine

RunCommand = Callable[..., tuple[int, dict[str, Any], str]]
NETWORK = ("socket.connect", "socket.sendto", "socket.getaddrinfo")
LOOPBACK = ("127.0.0.1", "::1", "localhost", None)


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """No test reaches beyond this machine; two local processes may talk to each other."""
    if event in NETWORK:
        place = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        host = place[0] if isinstance(place, tuple) else place
        if event != "socket.getaddrinfo" and not isinstance(place, tuple):
            return  # a Unix socket
        assert host in LOOPBACK, f"a test reached for the network: {event} {host}"


sys.addaudithook(_refuse_network)

hypothesis.settings.register_profile(
    "any speed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any speed")


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data, cache and log folders in a temporary place: no test touches the user's own."""
    home = tmp_path_factory.mktemp("home")
    for name in ("DATA", "CACHE", "LOG"):
        monkeypatch.setenv(f"OPQN_{name}_DIR", str(home / name.lower()))
    monkeypatch.setattr("tempfile.tempdir", None)  # the program sets it as it starts
    return home


@pytest.fixture
def make_photo(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a small photo of seeded noise blocks and returns its path."""

    def write(name: str, *, seed: int = 0, size: tuple[int, int] = (64, 48)) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        blocks = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
        Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST).save(path)
        return path

    return write


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> RunCommand:
    """Run a command on a library in tmp_path with fake ML: status, JSON (if any), stderr."""
    monkeypatch.setattr("opqn_app.engine.load_engine", lambda *_, **__: fake_engine(n_faces=2))

    def go(*words: object) -> tuple[int, dict[str, Any], str]:
        command, *rest = (str(word) for word in words)
        status = commands.run([command, "--library", str(tmp_path / "library.sqlite"), *rest])
        out, err = capsys.readouterr()
        return status, json.loads(out) if out.startswith("{") else {"text": out}, err

    return go
