"""The card of a bundled model says what was measured, and what is shipped."""

import pytest

from opqn_app.opqn.config import OpqnConfig
from trainer.head import HeadRecipe
from trainer.metrics import LeaveOneOut
from trainer.recipes.head_card import NOT_TRAINED, Figures, card_text


def figures(mean_ap: float) -> LeaveOneOut:
    return LeaveOneOut(0.9, mean_ap, 0.6, {1e-3: 0.7, 1e-4: 0.5}, 1200, 3, 1203)


@pytest.mark.parametrize(("epochs", "best"), [((0.6, 0.5), 0), ((0.5, 0.6), 1)])
def test_the_card_says_whether_training_helped(epochs: tuple[float, ...], best: int) -> None:
    measured = Figures(
        ours={"LFW": figures(0.8125)},
        controls={"LFW": {"faiss PQ 8×8": figures(0.75)}},
        reliability=[(0.25, 0.24, 0.01)],
        history=[(epoch, 0.8, mean_ap) for epoch, mean_ap in enumerate(epochs)],
        train_crops=35_000,
        train_people=5_000,
        seconds=120.0,
    )
    config = OpqnConfig(n_books=8, n_words=256, feature_dim=2048)
    card = card_text("bundled-64", config, HeadRecipe(epochs=1), measured, match_share=0.01)
    assert (NOT_TRAINED in card) == (best == 0)
    assert f"epoch {best} did best" in card
    assert "1,203 crops, 1,200 queries; 3 crops have no match" in card
    assert "| **bundled-64** | 0.9000 | 0.8125 | 0.6000 | 0.700 | 0.500 |" in card
    assert "| faiss PQ 8×8 | 0.9000 | 0.7500 |" in card
    assert "where 1% of the faces" in card
