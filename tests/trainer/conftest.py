"""A small labelled set on disk."""

from pathlib import Path

import pytest

from tests.tiny_training import draw_people, write_people


@pytest.fixture
def people_folder(tmp_path: Path) -> Path:
    """Six people of six pictures as folders."""
    return write_people(tmp_path / "people", draw_people(6, 6))
