"""Networks that are trained, and that what the app gets is the same network."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from opqn_app.core.errors import ModelIncompatible, SettingsError
from opqn_app.opqn.torch.checkpoint import load_model, save_model
from opqn_app.opqn.torch.encoder import TorchEncoder
from opqn_app.opqn.torch.preprocess import normalise_pixels
from trainer.config import MethodConfig
from trainer.method.networks import Network, to_app_model
from trainer.method.objective import Objective
from trainer.method.opqn import Opqn
from trainer.method.trunks import load_trunk

pytestmark = pytest.mark.slow

SMALL = {"n_books": 2, "n_words": 8, "feature_dim": 32}


def method(**changes: object) -> MethodConfig:
    values = {**SMALL, **changes}
    return MethodConfig(**values)  # type: ignore[arg-type]


def shaken(network: Network) -> Network:
    """Statistics and weights that are not those of a fresh network."""
    torch.manual_seed(4)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.normal_(std=0.1)
            layer.running_var.uniform_(0.5, 1.5)
    return network.eval()


@pytest.mark.parametrize("flatten_bn", [True, False])
@pytest.mark.parametrize("variant", ["OPQN", pytest.param("OPQN-l2q", marks=pytest.mark.slow)])
@torch.inference_mode()
def test_the_app_gets_the_same_features_codes_and_tables(flatten_bn: bool, variant: str) -> None:
    """D6: a missing normalisation becomes a unit one; learned words become F."""
    network = shaken(Network(method(flatten_bn=flatten_bn, variant=variant)))
    app = to_app_model(network)
    x = torch.randn(5, 3, 32, 32)
    features = network.features(x)
    assert torch.allclose(app.features(x), features, atol=1e-4)
    assert torch.equal(app.quantizer.codes(features), network.quantizer.codes(features))
    assert torch.allclose(
        app.quantizer.tables(features), network.quantizer.tables(features), atol=1e-5
    )


def test_svd_books_are_used_in_training() -> None:
    fixed, drawn = Network(method()), Network(method(codebooks="svd"), seed=5)
    assert not torch.equal(fixed.quantizer.codebooks, drawn.quantizer.codebooks)
    again = Network(method(codebooks="svd"), seed=5)
    assert torch.equal(again.quantizer.codebooks, drawn.quantizer.codebooks)


def test_assignment_can_be_normalised_in_training() -> None:
    """D5: then the length of a feature has no say."""
    quantizer, x = Network(method()).quantizer, torch.randn(4, 32)
    with torch.no_grad():
        quantizer.mlp.normal_()
    for assignment in ("normalised", "raw"):
        used = Opqn(method(assignment=assignment))
        once, twice = (used.log_assignment(quantizer, n * x) for n in (1, 3))
        assert torch.allclose(once, twice, atol=1e-5) == (assignment == "normalised")


def test_a_trunk_file_fills_the_trunk_and_nothing_else(tmp_path: Path) -> None:
    source = Network(method(backbone="mobilefacenet", input_size=112, stored_size=112))
    target = Network(method(backbone="mobilefacenet", input_size=112, stored_size=112))
    embed = target.backbone.embed.weight.detach().clone()
    state = {f"module.{k}": v for k, v in source.trunk.state_dict().items()}
    torch.save(state, tmp_path / "trunk.pt")
    load_trunk(target.trunk, tmp_path / "trunk.pt")
    for name, value in source.trunk.state_dict().items():
        assert torch.equal(target.trunk.state_dict()[name], value)
    assert torch.equal(target.backbone.embed.weight, embed)


def test_a_trunk_that_does_not_fit_is_named(tmp_path: Path) -> None:
    network = Network(method())
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "trunk.pt")
    with pytest.raises(ModelIncompatible, match="do not fit the trunk"):
        load_trunk(network.trunk, tmp_path / "trunk.pt")
    (tmp_path / "broken.pt").write_bytes(b"no weights")
    with pytest.raises(ModelIncompatible, match="not a PyTorch file of plain tensors"):
        load_trunk(network.trunk, tmp_path / "broken.pt")
    with pytest.raises(ModelIncompatible, match="there is no such file"):
        load_trunk(network.trunk, tmp_path / "gone.pt")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backbone", "size"), [("resnet20-narrow", 48), ("inception-resnet-v1", 80), ("sface", 112)]
)
@torch.inference_mode()
def test_every_backbone_is_saved_and_loaded_by_the_app(
    backbone: str, size: int, tmp_path: Path
) -> None:
    network = shaken(Network(method(backbone=backbone, input_size=size, stored_size=size + 3)))
    model_id = save_model(tmp_path / "model", to_app_model(network), half=False)
    loaded = load_model(tmp_path / "model")
    assert loaded.model_id == model_id
    assert loaded.model.config.backbone == backbone
    x = torch.randn(2, 3, size, size)
    assert torch.equal(loaded.model.features(x), network.features(x))
    crops = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), np.uint8)
    assert TorchEncoder(loaded.model).luts(crops).shape == (2, 2, 8)


def test_a_picture_a_backbone_does_not_take_is_said() -> None:
    with pytest.raises(SettingsError, match="mobilefacenet takes pictures of 112 px, not 32"):
        Network(method(backbone="mobilefacenet"))
    with pytest.raises(SettingsError, match="takes pictures of 75 to 160 px, not 32"):
        Network(method(backbone="inception-resnet-v1"))


def test_sizes_that_can_not_be_are_said() -> None:
    with pytest.raises(SettingsError, match="K ≤ d"):
        Network(method(n_words=64))


def test_inception_takes_pictures_and_gives_features() -> None:
    network = Network(method(backbone="inception-resnet-v1", input_size=112, stored_size=112))
    with torch.inference_mode():
        assert network.eval().features(torch.randn(2, 3, 112, 112)).shape == (2, 32)
    assert sum(p.numel() for p in network.trunk.parameters()) > 20_000_000


def test_the_app_sees_the_same_part_of_a_face() -> None:
    """124 px crops with the 112 px template inside, stored whole at 35 px: 112 of 124 are 32."""
    network = Network(method(stored_size=35), template_share=112 / 124)
    assert network.sizes.resize_to == 32
    assert Network(method(stored_size=35)).sizes.resize_to == 35


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_pixels_are_prepared_as_in_the_app(order: str) -> None:
    network = Network(method(channel_order=order, pixel_mean=(10.0, 20.0, 30.0)))
    objective = Objective(network, 3)
    pixels = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    wanted = normalise_pixels(pixels.permute(0, 3, 1, 2).float(), network.sizes)
    assert torch.equal(objective.prepare(pixels), wanted)


def test_head_works_in_float32_whatever_the_trunk_does() -> None:
    torch.manual_seed(0)
    network = Network(method(backbone="resnet20-narrow"))
    seen = []
    network.backbone.fc.register_forward_hook(lambda _m, _i, out: seen.append(out.dtype))
    objective = Objective(network, 3, precision="bf16").eval()
    features = objective.features(torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8))
    assert seen == [torch.bfloat16]
    assert features.dtype == torch.float32
    exact = Objective(network, 3).eval().features(torch.zeros(2, 32, 32, 3, dtype=torch.uint8))
    mixed = objective.features(torch.zeros(2, 32, 32, 3, dtype=torch.uint8))
    assert torch.allclose(mixed, exact, atol=0.05)
