"""The whole network: parts, names, and what a checkpoint of it holds."""

import torch

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.mobilefacenet import MobileFaceNet
from opqn_app.opqn.torch.model import OpqnModel


def test_features_are_those_of_the_backbone(tiny_model: OpqnModel) -> None:
    x = torch.randn(2, 3, 112, 112)
    with torch.no_grad():
        features = tiny_model.features(x)
        assert features.shape == (2, 96)
        assert torch.equal(tiny_model(x), features)
        assert torch.equal(tiny_model.backbone(x), features)


def test_the_trunk_is_what_was_trained_before(tiny_model: OpqnModel) -> None:
    assert isinstance(tiny_model.trunk, MobileFaceNet)
    assert tiny_model.trunk(torch.zeros(1, 3, 112, 112)).shape == (1, 512)
    small = OpqnModel(OpqnConfig(2, 8, 16, "resnet20", 32, 35, "rgb"))
    assert small.trunk is small.backbone


def test_the_state_holds_backbone_and_assignment_but_no_codebooks(tiny_model: OpqnModel) -> None:
    parts = {name.split(".")[0] for name in tiny_model.state_dict()}
    assert parts == {"backbone", "quantizer"}
    assert [n for n in tiny_model.state_dict() if n.startswith("quantizer")] == ["quantizer.mlp"]
