"""The paper's comparisons, as options of the OPQN loss; without torch, for configs and flags.

How their one-line definitions are read:

OPQN-A "loss on soft quantisation only (Eq. 7 alone)": Eq. 7 takes the place of Eq. 8; the entropy
    term stays, as OPQN-W is the variant that lacks it.
OPQN-C "one classifier on the concatenated vectors": one weight vector of D numbers a class, cosine
    and margin on the whole of x and on the whole of s; the entropy stays per book.
OPQN-S "plain softmax: no l2 normalisation, no margin": logits W·x_m and W·s_m without bias and
    without the scale r, which only exists to stretch cosines.
OPQN-W "without the entropy term": λ = 0.
OPQN-l2q: this loss unchanged; the words are learned (`trainer.method.codewords.LearnedWords`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LossOptions:
    """What a variant changes.

    Attributes:
        feature_share: weight of Eq. 6 against Eq. 7; ½ is Eq. 8, 0 leaves Eq. 7 alone.
        is_joint: one classifier on the concatenated vectors instead of one a sub-space.
        is_cosine: cosines with margin and scale; False is a plain softmax classifier.
        has_entropy: whether Eq. 9 is part of Eq. 10.
    """

    feature_share: float = 0.5
    is_joint: bool = False
    is_cosine: bool = True
    has_entropy: bool = True


VARIANTS = {
    "OPQN": LossOptions(),
    "OPQN-l2q": LossOptions(),
    "OPQN-A": LossOptions(feature_share=0.0),
    "OPQN-C": LossOptions(is_joint=True),
    "OPQN-S": LossOptions(is_cosine=False),
    "OPQN-W": LossOptions(has_entropy=False),
}
