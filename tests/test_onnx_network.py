"""The compiled form of a large network is kept, trusted only where it is whole, and equal."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from opqn_app.core import onnx_network, paths
from opqn_app.core.onnx_network import MOST_KEPT, Network

FILE = paths.resource("models/trunks/sface-tuned-mirrored.onnx")
WEIGHTS = FILE.with_name("sface-tuned.safetensors")
PICTURE = np.linspace(-1, 1, 3 * 112 * 112, dtype=np.float32).reshape(1, 3, 112, 112)


def run() -> NDArray[np.float32]:
    return Network(FILE, WEIGHTS).run(PICTURE).copy()


def kept() -> list[Path]:
    return sorted((paths.cache_dir() / "networks").glob("*"))


def test_the_kept_form_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = Network(FILE).run(PICTURE).copy()
    assert kept() == []
    np.testing.assert_array_equal(run(), expected)
    assert [file.suffix for file in kept()] == [".blob"]
    monkeypatch.setattr(onnx_network, "_keep", None)  # it is read now, not made
    for _ in range(2):
        np.testing.assert_array_equal(run(), expected)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_a_damaged_one_is_made_again(damage: str) -> None:
    expected = run()
    (file,) = kept()
    whole = file.read_bytes()
    bad = {"cut": whole[:-100], "changed": whole[:5000] + b"?" + whole[5001:], "empty": b""}
    file.write_bytes(bad[damage])
    np.testing.assert_array_equal(run(), expected)
    again = file.read_bytes()
    assert onnx_network._checksum(again[:-4]) == again[-4:]


@pytest.mark.slow
def test_other_weights_are_another_network(tmp_path: Path) -> None:
    run()
    for file in (FILE, WEIGHTS):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    changed = bytearray(WEIGHTS.read_bytes())
    changed[-1000:-900] = bytes(100)
    (tmp_path / WEIGHTS.name).write_bytes(changed)
    other = Network(tmp_path / FILE.name, tmp_path / WEIGHTS.name).run(PICTURE)
    assert np.abs(other - run()).max() > 0
    assert len(kept()) == 2


def test_only_a_few_stay() -> None:
    folder = paths.cache_dir() / "networks"
    for number in range(MOST_KEPT + 2):
        onnx_network._keep(folder / f"{number}.blob", b"")
    assert [file.name for file in kept()] == [f"{n}.blob" for n in range(2, MOST_KEPT + 2)]


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_to_is_done_without() -> None:
    expected = Network(FILE).run(PICTURE).copy()
    paths.cache_dir().mkdir(parents=True, exist_ok=True)
    (paths.cache_dir() / "networks").write_text("in the way", encoding="ascii")
    np.testing.assert_array_equal(run(), expected)
