"""Pictures for the vision tests: odd files, and photos composed of the licensed ORL faces."""

from pathlib import Path

import pytest

from opqn_app.vision.detect import MtcnnDetector
from tests.odd_files import OddFile, write_odd_files
from tests.orl_scenes import Scene, make_scene


@pytest.fixture
def odd_files(tmp_path: Path) -> list[OddFile]:
    return write_odd_files(tmp_path / "odd")


@pytest.fixture(scope="session")
def scene() -> Scene:
    """Three faces of 260, 150 and 90 px on a 900×600 background."""
    return make_scene((900, 600), heights=(260, 150, 90))


@pytest.fixture(scope="session")
def detector() -> MtcnnDetector:
    return MtcnnDetector()
