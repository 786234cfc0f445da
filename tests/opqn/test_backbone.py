"""The networks: the published counts, and the order of the layers."""

import pytest
import torch
from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.backbone import EmbeddedTrunk, ResidualBlock, ResNet20, build_backbone


def empty_resnet(feature_dim: int, size: int) -> ResNet20:
    with torch.device("meta"):
        return ResNet20(feature_dim, size)


def n_parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    ("feature_dim", "size", "flat", "count"),
    [(2048, 112, 25088, 63_102_272), (512, 32, 8192, 15_877_952)],
)
def test_the_papers_network_has_the_published_size(
    feature_dim: int, size: int, flat: int, count: int
) -> None:
    """Invariant 11."""
    net = empty_resnet(feature_dim, size)
    assert n_parameters(net) == count
    assert net.bn.num_features == flat
    state = net.state_dict()
    assert len(state) == 156
    per_stage = [sum(name.startswith(f"layer{s}.") for name in state) for s in (1, 2, 3, 4)]
    assert per_stage == [22, 36, 64, 22]
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert len(convolutions) == 20
    assert sum(c.bias is not None for c in convolutions) == 4
    body = sum(n_parameters(s) for s in (net.layer1, net.layer2, net.layer3, net.layer4))
    assert body == pytest.approx(11_666_000, rel=1e-3)


@pytest.mark.parametrize(("size", "side"), [(112, 7), (32, 4)])
def test_the_stages_end_in_the_flattened_map(size: int, side: int) -> None:
    net = empty_resnet(64, size)
    x = torch.empty(2, 3, size, size, device="meta")
    for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
        x = stage(x)
    assert x.shape == (2, 512, side, side)
    assert net.eval()(torch.empty(2, 3, size, size, device="meta")).shape == (2, 64)


def test_a_picture_of_the_other_size_does_not_fit() -> None:
    with pytest.raises(RuntimeError):
        empty_resnet(64, 112).eval()(torch.empty(2, 3, 32, 32, device="meta"))


def test_a_block_ends_with_the_sum() -> None:
    """No activation follows it: with a branch of zeros, negative inputs pass unchanged."""
    block = ResidualBlock(3).eval()
    nn.init.zeros_(block.conv2.weight)
    x = torch.linspace(-2, 2, 3 * 16).reshape(1, 3, 4, 4)
    assert torch.equal(block(x), x)


def test_a_block_is_conv_bn_prelu_twice() -> None:
    """Against the six functions written out."""
    torch.manual_seed(0)
    block = ResidualBlock(2).eval()
    block.bn1.running_mean = torch.tensor([0.3, -0.2])
    block.prelu1.weight = nn.Parameter(torch.tensor([0.5, -0.1]))
    x = torch.randn(1, 2, 5, 5)

    def prelu(v: Tensor, slope: Tensor) -> Tensor:
        return torch.where(v > 0, v, v * slope[:, None, None])

    y = nn.functional.conv2d(x, block.conv1.weight, padding=1)
    y = (y - block.bn1.running_mean[:, None, None]) / (1 + 1e-5) ** 0.5
    y = prelu(y, block.prelu1.weight)
    y = nn.functional.conv2d(y, block.conv2.weight, padding=1) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(block(x), x + prelu(y, block.prelu2.weight))


def test_the_head_is_bn_dropout_fc_bn() -> None:
    net = ResNet20(8, 32).eval()
    flat = torch.randn(2, 8192)
    for stage in ("layer1", "layer2", "layer3"):
        setattr(net, stage, nn.Identity())
    net.layer4 = nn.Sequential(nn.Unflatten(1, (512, 4, 4)))
    expected = net.last_bn(net.fc(net.bn(flat)))
    torch.testing.assert_close(net(flat), expected)
    net.train()
    assert net.drop.p == 0.5
    assert not torch.equal(net(flat), net(flat))


@pytest.mark.slow
def test_the_trunk_is_a_part_of_its_own() -> None:
    net = build_backbone(OpqnConfig(4, 16, 96)).eval()
    assert isinstance(net, EmbeddedTrunk)
    x = torch.randn(2, 3, 112, 112)
    embedding = net.trunk(x)
    assert embedding.shape == (2, 512)
    assert torch.equal(net(x), net.from_embedding(embedding))
    net.trunk.requires_grad_(False)
    trainable = {name for name, p in net.named_parameters() if p.requires_grad}
    assert trainable == {"embed.weight", "last_bn.weight", "last_bn.bias"}
