"""The methods that can be trained, one line each; without torch, for configs, flags and pages.

A method is a class that fits `trainer.method.method.Method`, in a file of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ListedMethod:
    """Where a method is, and what it is.

    Attributes:
        place: "module:Class".
        sentence: what it does, for people who choose.
        settings: section → field → value, in place of the preset's.
    """

    place: str
    sentence: str
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


# As published: without weight decay; the rate falls by 5 % every 10 epochs of 10 steps.
ADAM = {"engine": {"optimiser": "adam", "lr": 2e-4, "momentum": 0.5, "weight_decay": 0.0,
                   "lr_step": 10, "lr_decay": 0.95}}  # fmt: skip

METHODS = {
    "opqn": ListedMethod("trainer.method.opqn:Opqn", "Fixed orthonormal words; a margin classifier on every sub-space before and after quantisation."),  # noqa: E501
    "dpq": ListedMethod("trainer.method.dpq:Dpq", "Learned words and a classifier on their soft mixture and on the nearest word (Klein and Wolf 2019).", {"engine": {"lr": 0.01}}),  # noqa: E501
    "gpq": ListedMethod("trainer.method.gpq:Gpq", "Words mixed from prototypes of the classes; pictures without a label help (Jang and Cho 2020).", ADAM),  # noqa: E501
}  # fmt: skip
