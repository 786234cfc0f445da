"""The faiss export ranks as the app does, up to the order of scores that float32 can't tell."""

import shutil
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opqn_app.core import paths
from opqn_app.core.errors import OpqnError
from opqn_app.opqn import lut as lut_scoring
from opqn_app.opqn.codebooks import orthonormal_codebooks
from opqn_app.opqn.model_folder import find_model
from opqn_app.opqn.torch.encoder import TorchEncoder
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.faiss_export import export_faiss, faiss_index, query_vectors
from opqn_app.store.library import Library
from tests.library_fakes import StoredLibrary, store_codes
from tests.sample_crops import sample_crops

faiss = pytest.importorskip("faiss")

ROUNDING = 4e-6  # of the largest score: what a sum of a table and a product of vectors may differ


def check_same(index: CodeIndex, peer: object, lut: np.ndarray, words: np.ndarray, k: int) -> None:
    """Scores agree place by place, and each id but for those whose scores are as good as equal."""
    scores, ids = (found[0] for found in peer.search(query_vectors([lut], words), k))  # type: ignore[attr-defined]
    ours, every = index.search(lut, limit=k), index.search(lut)
    slack = ROUNDING * max(float(np.abs(every.scores).max()), 1e-3)
    assert np.allclose(scores, ours.scores, rtol=0, atol=slack)
    own = dict(zip(every.face_ids.tolist(), every.scores.tolist(), strict=True))
    assert np.allclose([own[i] for i in ids.tolist()], ours.scores, rtol=0, atol=slack)
    clear = ours.face_ids[ours.scores > ours.scores[-1] + 2 * slack]
    assert set(clear.tolist()) <= set(ids.tolist())


@pytest.mark.parametrize(
    ("m", "k", "d"), [(8, 256, 256), (2, 16, 20), (3, 100, 128), (4, 512, 512)]
)
def test_random_codes(m: int, k: int, d: int) -> None:
    rng = np.random.default_rng(k)
    codes = rng.integers(0, k, (3000, m)).astype(np.uint8 if k <= 256 else np.uint16)
    ids = np.cumsum(rng.integers(1, 9, 3000))
    words = orthonormal_codebooks(m, k, d)
    index, peer = CodeIndex.of_codes("any", ids, codes), faiss_index(ids, codes, words)
    for peak in (0.05, 1.0, 30.0):
        check_same(index, peer, lut_scoring.snap(rng.dirichlet(np.full(k, peak), m)), words, 50)


@pytest.mark.slow
def test_real_codes_through_the_written_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = TorchEncoder.load(find_model("bundled-64"))
    crops = sample_crops()
    stored = store_codes(tmp_path / "library.sqlite", encoder.encode(crops), 256)
    gone = np.arange(len(crops)) % 5 == 0
    stored.delete_photos(gone)
    with Library.open(stored.path) as library:
        model_id = stored.model.model_id
        out = tmp_path / "export"
        n = export_faiss(library, model_id, "bundled-64", encoder.codebooks, out)
        index = CodeIndex.load(library, model_id)
    assert n == len(index) == np.count_nonzero(~gone)
    peer, words = faiss.read_index(str(out / "faces.faiss")), np.load(out / "words.npy")
    assert set(index.search(encoder.luts(crops[:1])[0]).face_ids.tolist()) == set(
        faiss.vector_to_array(faiss.downcast_index(peer).id_map).tolist()
    )
    for lut in encoder.luts(crops[:10]):
        check_same(index, peer, lut, words, 20)
    shutil.copy(next((paths.resource("sample") / "queries").glob("*.jpg")), out / "photo.jpg")
    monkeypatch.chdir(out)
    names = run_as_printed((out / "README.txt").read_text(encoding="utf-8"))
    assert names["face_ids"].shape == (1, 100)
    best = index.search(names["table"], limit=1)
    assert names["face_ids"][0, 0] == best.face_ids[0]
    assert names["scores"][0, 0] == pytest.approx(best.scores[0], rel=1e-5)


def run_as_printed(text: str) -> dict[str, Any]:
    """Run the program that a text holds, indented; returns its names."""
    program = textwrap.dedent("\n".join(line for line in text.splitlines() if line[:4] == "    "))
    names: dict[str, Any] = {}
    exec(program, names)
    return names


def test_a_library_without_codes_of_the_model(stored: StoredLibrary, tmp_path: Path) -> None:
    words = orthonormal_codebooks(8, 16, 16)
    with Library.open(stored.path) as library, pytest.raises(OpqnError, match="'other'"):
        export_faiss(library, "other-id", "other", words, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cant_be_written(stored: StoredLibrary, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    words = orthonormal_codebooks(8, 16, 16)
    with Library.open(stored.path) as library, pytest.raises(OpqnError, match="can't be written"):
        export_faiss(library, stored.model.model_id, "any", words, tmp_path / "out")
