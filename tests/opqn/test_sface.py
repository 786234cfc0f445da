"""The SFace trunk, mirrored averages, and a trunk that several models share."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from opqn_app.core.errors import ModelIncompatible
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.model_folder import bundled_models, find_model
from opqn_app.opqn.torch.backbone import EmbeddedTrunk, build_backbone, mirror_mean
from opqn_app.opqn.torch.checkpoint import load_model, save_model
from opqn_app.opqn.torch.model import OpqnModel
from opqn_app.opqn.torch.sface import SFace

pytestmark = pytest.mark.slow


class TinyTrunk(nn.Module):
    """Means of the left and the right half of each channel: mirroring swaps them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        left, right = x.chunk(2, dim=3)
        return torch.cat([left.mean((2, 3)), right.mean((2, 3))], dim=1)


def test_sface_halves_four_times_and_gives_128_numbers() -> None:
    net = SFace().eval()
    with torch.inference_mode():
        before = net.blocks(net.prelu(net.bn(net.conv(torch.randn(1, 3, 112, 112)))))
        assert before.shape == (1, 1024, 7, 7)
        assert net(torch.randn(2, 3, 112, 112)).shape == (2, 128)
    assert sum(p.numel() for p in net.parameters()) == 9_642_880


def test_a_face_and_its_mirror_image_have_the_same_averaged_features() -> None:
    net = EmbeddedTrunk(TinyTrunk(), 6, 32, mirror_average=True).eval()
    x = torch.rand(4, 3, 8, 8)
    torch.testing.assert_close(net(x), net(x.flip(3)))
    plain = EmbeddedTrunk(TinyTrunk(), 6, 32).eval()
    assert not torch.allclose(plain(x), plain(x.flip(3)))


def test_the_mirror_mean_halves_the_angle() -> None:
    a, b = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 0.5]])
    torch.testing.assert_close(mirror_mean(a, b), torch.full((1, 2), 0.5**0.5))


def test_mirroring_is_refused_where_there_is_no_trunk() -> None:
    with pytest.raises(ValueError, match="mirror_average"):
        OpqnConfig(2, 16, 32, backbone="resnet20", input_size=32, mirror_average=True)


def test_models_made_before_keep_their_config() -> None:
    config = OpqnConfig(2, 16, 32)
    assert "mirror_average" not in config.to_dict()
    mirrored = OpqnConfig(2, 16, 32, mirror_average=True)
    assert OpqnConfig.from_dict(mirrored.to_dict()) == mirrored
    assert OpqnConfig.from_dict(config.to_dict()) == config


def test_a_family_shares_its_trunk(tmp_path: Path) -> None:
    short, long = shared_family(tmp_path)
    trunk = tmp_path / "trunks" / "face.safetensors"
    assert trunk.stat().st_size > 5 * (short / "model.safetensors").stat().st_size
    x = torch.randn(1, 3, 112, 112)
    for folder, n_books in ((short, 2), (long, 4)):
        loaded = load_model(folder)
        assert loaded.model.config.n_books == n_books
        with torch.inference_mode():
            assert loaded.model.features(x).isfinite().all()
    first, second = (load_model(folder).model for folder in (short, long))
    assert torch.equal(
        first.trunk.state_dict()["fc.weight"], second.trunk.state_dict()["fc.weight"]
    )


@pytest.mark.slow
def test_another_trunk_is_not_written_over(tmp_path: Path) -> None:
    shared_family(tmp_path)
    torch.manual_seed(9)
    stranger = OpqnModel(OpqnConfig(2, 16, 32, backbone="sface"))
    with pytest.raises(ModelIncompatible, match="another trunk"):
        save_model(tmp_path / "stranger", stranger, trunk="face")


@pytest.mark.parametrize(
    "name", ["../face", *(pytest.param(n, marks=pytest.mark.slow) for n in ("Face", "", 3))]
)
def test_a_trunk_is_only_looked_for_beside_the_models(tmp_path: Path, name: object) -> None:
    short, _ = shared_family(tmp_path)
    edit(short, trunk=name)
    with pytest.raises(ModelIncompatible, match="trunk"):
        load_model(short)


@pytest.mark.slow
def test_a_lost_trunk_is_named(tmp_path: Path) -> None:
    short, _ = shared_family(tmp_path)
    (tmp_path / "trunks" / "face.safetensors").unlink()
    with pytest.raises(ModelIncompatible, match=r"no face\.safetensors"):
        load_model(short)


@pytest.mark.slow
def test_the_folder_of_trunks_is_no_model() -> None:
    assert "trunks" not in bundled_models()
    assert all(load_model(find_model(name)).name == name for name in bundled_models())


def shared_family(parent: Path) -> tuple[Path, Path]:
    torch.manual_seed(3)
    first = OpqnModel(OpqnConfig(2, 16, 32, backbone="sface", mirror_average=True))
    second = OpqnModel(OpqnConfig(4, 16, 64, backbone="sface", mirror_average=True))
    second.trunk.load_state_dict(first.trunk.state_dict())
    for folder, model in ((parent / "short", first), (parent / "long", second)):
        save_model(folder, model, trunk="face")
    return parent / "short", parent / "long"


def edit(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_build_backbone_knows_sface() -> None:
    net = build_backbone(OpqnConfig(2, 16, 32, backbone="sface", mirror_average=True))
    assert isinstance(net, EmbeddedTrunk)
    assert isinstance(net.trunk, SFace)
