"""A library with codes and no photo files."""

from pathlib import Path

import numpy as np
import pytest

from tests.library_fakes import StoredLibrary, store_codes


@pytest.fixture
def stored(tmp_path: Path) -> StoredLibrary:
    """60 faces of 8 words below 16, three faces a photo."""
    codes = np.random.default_rng(3).integers(0, 16, (60, 8))
    return store_codes(tmp_path / "library.sqlite", codes, 16, faces_per_photo=3)
