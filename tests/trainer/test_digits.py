"""The set of digits is the same each time, and one that training reads."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.data.picture_set import read_pictures
from trainer.recipes import digits


def test_digits_are_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "digits"
    assert digits.main([str(out)]) == 0
    assert capsys.readouterr().out == f"1,797 pictures in {out}\n"
    pictures = read_pictures([out], side=digits.SIDE)
    names, counts = np.unique(pictures.people, return_counts=True)
    assert names.tolist() == [str(digit) for digit in range(10)]
    assert counts.sum() == 1797
    assert counts.min() > 170
    with Image.open(out / "0" / "0000.png") as first:
        assert (first.mode, first.size) == ("RGB", (digits.SIDE, digits.SIDE))
        assert np.asarray(first).min() < 30
        assert np.asarray(first).max() == 255
    assert digits.main([str(out)]) == 1
    assert "is there already" in capsys.readouterr().err
