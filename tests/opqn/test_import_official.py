"""The authors' checkpoint format, on files of that layout made here."""

import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from opqn_app.core.errors import ModelIncompatible
from opqn_app.opqn.torch.backbone import ResNet20
from opqn_app.opqn.torch.checkpoint import load_model
from opqn_app.opqn.torch.import_official import import_official, infer_config

pytestmark = pytest.mark.slow

Content = dict[str, Any]


def official(n_books: int, d: int, n_words: int, size: int = 32) -> Content:
    """What the released code saves: a state dict with the parallel prefix, and F (M, d, K)."""
    torch.manual_seed(n_books)
    state = ResNet20(n_books * d, size).state_dict()
    for name, value in state.items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2.0)
    return {
        "backbone": {f"module.{name}": value for name, value in state.items()},
        "mlp": nn.Parameter(torch.randn(n_books, d, n_words) * 0.3),
    }


@pytest.fixture(scope="module")
def content() -> Content:
    """A 32 px network with a non-square head, 3 books of 8 words in 12 dimensions."""
    return official(3, 12, 8)


def saved(content: object, tmp_path: Path) -> Path:
    path = tmp_path / "official.tar"
    torch.save(content, path)
    return path


def changed(content: Content, **tensors: Tensor | None) -> Content:
    """`content` with tensors of the backbone replaced, or dropped for None; "__" stands for "."."""
    backbone = dict(content["backbone"])
    for name, value in tensors.items():
        key = "module." + name.replace("__", ".")
        if value is None:
            del backbone[key]
        else:
            backbone[key] = value
    return {**content, "backbone": backbone}


@pytest.mark.slow
def test_every_tensor_comes_over_bit_by_bit(content: Content, tmp_path: Path) -> None:
    report = import_official(saved(content, tmp_path), tmp_path / "mine")
    loaded = load_model(report.folder)
    assert loaded.model_id == report.model_id
    assert (report.name, report.folder) == ("mine", tmp_path / "mine")
    assert report.n_tensors == 157
    state = loaded.model.backbone.state_dict()
    assert len(state) == 156
    for name, value in content["backbone"].items():
        assert torch.equal(state[name.removeprefix("module.")], value)
        assert state[name.removeprefix("module.")].dtype == value.dtype
    assert torch.equal(loaded.model.quantizer.mlp, content["mlp"])


def test_the_imported_network_computes_what_the_original_did(
    content: Content, tmp_path: Path
) -> None:
    original = ResNet20(36, 32).eval()
    original.load_state_dict(
        {name.removeprefix("module."): value for name, value in content["backbone"].items()}
    )
    loaded = load_model(import_official(saved(content, tmp_path), tmp_path / "mine").folder)
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        features = original(x)
        assert torch.equal(loaded.model(x), features)
        codes = loaded.model.quantizer.codes(features)
    for i in range(2):
        for m in range(3):
            logits = features[i, 12 * m : 12 * (m + 1)] @ content["mlp"][m]
            assert codes[i, m] == logits.argmax()


@pytest.mark.slow
def test_all_sizes_and_the_preprocessing_are_inferred(content: Content, tmp_path: Path) -> None:
    config = import_official(saved(content, tmp_path), tmp_path / "mine").config
    assert (config.n_books, config.sub_dim, config.n_words) == (3, 12, 8)
    assert (config.backbone, config.input_size, config.resize_to) == ("resnet20", 32, 35)
    assert config.channel_order == "rgb"
    assert config.pixel_mean == pytest.approx((162.945, 122.145, 103.02))
    assert config.pixel_std == pytest.approx((55.08, 46.665, 43.605))
    assert config.query_temperature == 1.0
    assert config.query_form == "probabilities"


@pytest.mark.parametrize(
    ("n_books", "d", "n_words", "size"),
    [(4, 128, 64, 32), (6, 86, 64, 32), (3, 256, 256, 112), (4, 512, 512, 112), (8, 256, 256, 112)],
)
def test_the_published_heads_are_read_with_the_right_axes(
    n_books: int, d: int, n_words: int, size: int
) -> None:
    """Shapes only: the two non-square 32 px heads, and the 112 px ones, without memory."""
    with torch.device("meta"):
        state = ResNet20(n_books * d, size).state_dict()
        mlp = torch.empty(n_books, d, n_words)
    config = infer_config(state, mlp, Path("official.tar"))
    assert (config.n_books, config.sub_dim, config.n_words) == (n_books, d, n_words)
    assert config.input_size == size
    if size == 112:
        assert (config.resize_to, config.pixel_mean[0], config.pixel_std[0]) == (120, 127.5, 127.5)


@pytest.mark.slow
def test_a_full_size_24_bit_model_is_imported(tmp_path: Path) -> None:
    report = import_official(saved(official(4, 128, 64), tmp_path), tmp_path / "mine")
    assert report.n_parameters == 15_877_952 + 4 * 128 * 64
    assert report.config.code_bits == 24
    assert "4 books of 64 words (24 bits, 4 bytes a face), 512 features" in str(report)
    assert "24 bits, 4 bytes" in (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_files_of_older_pytorch_and_without_prefix_are_read(
    content: Content, tmp_path: Path
) -> None:
    plain = {n.removeprefix("module."): v for n, v in content["backbone"].items()}
    path = tmp_path / "old.tar"
    torch.save(
        {"backbone": plain, "mlp": content["mlp"].data}, path, _use_new_zipfile_serialization=False
    )
    ids = {
        import_official(path, tmp_path / "a").model_id,
        import_official(saved(content, tmp_path), tmp_path / "b").model_id,
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda c: changed(c, last_bn__bias=None), "'backbone.last_bn.bias' is missing"),
        (lambda c: changed(c, fc__weight=None), "'fc.weight' is missing"),
        (lambda c: changed(c, bn__weight=None), "'bn.weight' is missing"),
        (lambda c: changed(c, bn__weight=torch.ones(2048)), "2048 channels; 25088"),
        (lambda c: changed(c, bn__weight=torch.tensor(1.0)), "single number"),
        (lambda c: changed(c, extra=torch.ones(1)), "'backbone.extra' is not known"),
        (lambda c: changed(c, layer1__0__bias=torch.ones(3)), "layer1.0.bias' has the shape"),
        (lambda c: changed(c, fc__bias=torch.full((36,), torch.inf)), "not numbers"),
        (lambda c: changed(c, fc__weight=torch.ones(35, 8192)), "35 features, but 'mlp' needs 3"),
        (lambda c: {**c, "mlp": torch.ones(3, 36)}, "'mlp' has the shape"),
        (lambda c: {**c, "mlp": torch.ones(3, 8, 12)}, "books × 8 dimensions = 24"),
        (lambda c: {**c, "mlp": torch.ones(3, 12, 13)}, "orthonormal"),
        (lambda c: {**c, "mlp": "words"}, "'mlp' a tensor"),
        (lambda c: {**c, "backbone": [1]}, "state dict"),
        (lambda c: {"backbone": {1: torch.ones(1)}, "mlp": c["mlp"]}, "not a named tensor"),
        (lambda c: {"backbone": c["backbone"]}, "no 'mlp' .found: 'backbone'"),
        (lambda c: {"state_dict": {}, "mlp": c["mlp"]}, "no 'backbone' .found: 'state_dict'"),
        (lambda c: {}, "found: nothing"),
        (lambda c: c["mlp"], "dictionary"),
        (lambda c: [c], "dictionary"),
    ],
)
def test_what_does_not_fit_is_explained_and_leaves_nothing_behind(
    content: Content, tmp_path: Path, spoil: Callable[[Content], object], words: str
) -> None:
    with pytest.raises(ModelIncompatible, match=words) as caught:
        import_official(saved(spoil(content), tmp_path), tmp_path / "mine")
    assert "official.tar" in str(caught.value)
    assert not (tmp_path / "mine").exists()


def test_swapped_axes_are_recognised(content: Content, tmp_path: Path) -> None:
    swapped = {**content, "mlp": content["mlp"].transpose(1, 2)}
    with pytest.raises(ModelIncompatible, match="look swapped"):
        import_official(saved(swapped, tmp_path), tmp_path / "mine")


class Payload:
    """Would write a file if unpickled without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_a_file_that_wants_to_run_code_is_refused_and_runs_none(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = saved({"backbone": Payload(trace), "mlp": Payload(trace)}, tmp_path)
    with pytest.raises(ModelIncompatible, match="plain tensors"):
        import_official(path, tmp_path / "mine")
    path.write_bytes(pickle.dumps(Payload(trace)))
    with pytest.raises(ModelIncompatible, match="plain tensors") as caught:
        import_official(path, tmp_path / "mine")
    assert "weights_only" not in str(caught.value)
    assert not trace.exists()


def legacy_bytes(mlp: Tensor, tmp_path: Path) -> bytes:
    path = tmp_path / "legacy.tar"
    torch.save({"mlp": mlp.data[:1, :1, :1]}, path, _use_new_zipfile_serialization=False)
    return path.read_bytes()


def test_files_that_are_no_checkpoint_are_refused(content: Content, tmp_path: Path) -> None:
    """Text, pictures, real tar archives, cut-off and garbled files."""
    path = saved({"backbone": {"module.fc.weight": torch.ones(9, 9)}, "mlp": 1}, tmp_path)
    whole = path.read_bytes()
    samples = [b"", b"\0", b"hello", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n" * 9, b"\x80\x02}q\x00."]
    samples += [whole[:n] for n in range(1, len(whole), len(whole) // 40)]
    samples += [whole[:i] + b"\xff\x00" + whole[i + 2 :] for i in range(0, len(whole), 37)]
    old = legacy_bytes(content["mlp"], tmp_path)
    samples += [old[:n] for n in range(1, len(old), 7)]
    samples += [old[:i] + b"\xff" + old[i + 1 :] for i in range(0, len(old), 5)]
    samples += [pickle.dumps(value) for value in (3, "x", {"backbone": 1}, [None])]
    for sample in samples:
        path.write_bytes(sample)
        with pytest.raises(ModelIncompatible):
            import_official(path, tmp_path / "mine")
    with tarfile.open(path, "w") as archive:
        archive.add(__file__)
    with pytest.raises(ModelIncompatible, match="plain tensors"):
        import_official(path, tmp_path / "mine")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.tar", tmp_path):
        with pytest.raises(ModelIncompatible, match="no such file"):
            import_official(path, tmp_path / "mine")
