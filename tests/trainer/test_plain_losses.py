"""The plain losses that the trainer's speed is measured against are the trainer's own losses."""

import pytest
import torch
from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from tests.benchmarks.plain_losses import PLAIN
from trainer.config import TrainConfig
from trainer.method.method import Batch, make_method
from trainer.methods import METHODS

N, U, C = 8, 6, 12
LABELS = torch.tensor([0, 3, 11, 3, 5, 0, 0, 7])


def weights_of(quantizer: nn.Module, criterion: nn.Module) -> dict[str, Tensor]:
    """Of both, by the names that the plain module has."""
    state: dict[str, Tensor] = dict(quantizer.state_dict())
    own = criterion.state_dict()
    return state | ({f"classifier.{k}": v for k, v in own.items()} if "bias" in own else own)


def test_every_method_has_a_plain_one() -> None:
    assert set(PLAIN) == set(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_the_same_loss_and_gradient_twice(name: str) -> None:
    listed = METHODS[name]
    settings = TrainConfig().with_values({**listed.settings}).method
    settings = TrainConfig(method=settings).with_values({"method": {"name": name}}).method
    n_books, n_words = (16, 2) if listed.is_binary else (4, 8)
    sizes = OpqnConfig(n_books=n_books, n_words=n_words, feature_dim=64)
    torch.manual_seed(0)
    method = make_method(settings)
    quantizer, criterion = method.quantizer(sizes, C, 0), method.criterion(sizes, C)
    plain = PLAIN[name](sizes, C)
    fitting = {k: v for k, v in weights_of(quantizer, criterion).items() if k in plain.state_dict()}
    fixed = {"books"}  # made from the sizes alone
    assert plain.state_dict().keys() - fitting.keys() <= fixed
    plain.load_state_dict(fitting, strict=False)
    for _ in range(2):  # DCWH remembers a batch
        x, u = torch.randn(N, 64), torch.randn(U, 64) if method.uses_unlabelled else None
        found = []
        for loss in (
            lambda x, u=u: method.loss(quantizer, criterion, Batch(x, LABELS, u))[0],
            lambda x, u=u: plain(x, LABELS, u),
        ):
            given = x.clone().requires_grad_()
            value = loss(given)
            found.append((value, *torch.autograd.grad(value, given)))
        (ours, our_gradient), (its, its_gradient) = found
        assert its.item() == pytest.approx(ours.item(), rel=1e-5)
        assert torch.allclose(its_gradient, our_gradient, rtol=1e-3, atol=1e-6)
