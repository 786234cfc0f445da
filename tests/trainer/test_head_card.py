"""The card of a bundled model says what was measured, and what is shipped."""

import pytest

from opqn_app.opqn.config import OpqnConfig
from trainer.evaluate.leave_one_out import LeaveOneOut
from trainer.method.head import HeadSettings
from trainer.method.joint_head import JointHeadSettings
from trainer.recipes.head_card import NOT_TRAINED, HeadFigures, card_text


def figures(mean_ap: float) -> LeaveOneOut:
    return LeaveOneOut(0.9, mean_ap, 0.6, (0.7, 0.5), queries=1200, gallery=1202, skipped=3)


@pytest.mark.parametrize(("epochs", "best"), [((0.6, 0.5), 0), ((0.5, 0.6), 1)])
def test_the_card_says_whether_training_helped(epochs: tuple[float, ...], best: int) -> None:
    measured = HeadFigures(
        ours={"LFW": figures(0.8125)},
        controls={"LFW": {"faiss PQ 8×8": figures(0.75)}},
        reliability=[(0.25, 0.24, 0.01)],
        history=[(epoch, 0.8, mean_ap) for epoch, mean_ap in enumerate(epochs)],
        train_crops=35_000,
        train_people=5_000,
        seconds=120.0,
    )
    config = OpqnConfig(n_books=8, n_words=256, feature_dim=2048)
    card = card_text("bundled-64", config, HeadSettings(epochs=1), measured, match_share=0.01)
    assert (NOT_TRAINED in card) == (best == 0)
    assert f"epoch {best} did best" in card
    assert "1,203 crops, 1,200 queries; 3 crops have no match" in card
    assert "| **bundled-64** | 0.9000 | 0.8125 | 0.6000 | 0.700 | 0.500 |" in card
    assert "| faiss PQ 8×8 | 0.9000 | 0.7500 |" in card
    assert "where 1% of the faces" in card


def joint_card(settings: JointHeadSettings, *, starts: int = 1) -> str:
    measured = HeadFigures(
        ours={"LFW": figures(0.8125)},
        controls={"LFW": {"faiss OPQ 8×8": figures(0.75)}},
        reliability=[(0.25, 0.24, 0.01)],
        history=[(0, 0.8, 0.6)],
        train_crops=35_000,
        train_people=5_000,
        seconds=120.0,
        starts=starts,
    )
    config = OpqnConfig(8, 256, 256, query_form="linear", joint_words=True, length_weight=0.5)
    return card_text("bundled-64", config, settings, measured, match_share=0.01)


def test_the_card_of_a_joint_head_says_how_its_words_were_learned() -> None:
    settings = JointHeadSettings(
        directions=80, shrinkage=0.15, emphasis=0.75, made_faces=3, turns=14
    )
    card = joint_card(settings)
    assert "8 codebooks of 256 codewords: 8 bytes" in card
    assert "80 discriminant directions (shrinkage 0.15" in card
    assert "to the power 0.75" in card
    assert "words of a code are chosen together" in card
    assert "in 14 turns" in card
    assert "with 3 made ones" in card
    assert "Weight of lengths 0.5, chosen on the tuning half" in card
    assert "| **bundled-64** | 0.9000 | 0.8125 |" in card
    for of_separate_heads in ("Query temperature", "OPQN loss", "lift", "epoch", "starts, the"):
        assert of_separate_heads not in card


def test_the_card_says_of_how_many_starts_a_head_is_the_best() -> None:
    assert "of the same person: of 4 such starts, the one" in joint_card(
        JointHeadSettings(), starts=4
    )
    assert "of the same person.\n" in joint_card(JointHeadSettings())
    made = joint_card(JointHeadSettings(made_people=2))
    assert "of the same person and 2 of people who are nobody.\n" in made
