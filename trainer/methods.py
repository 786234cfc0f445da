"""The methods that can be trained; without torch, for configs, flags and pages.

A method is a class that fits `trainer.method.method.Method`, in a file of its own, and a line here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Settings = Mapping[str, Mapping[str, Any]]  # section → field → value


@dataclass(frozen=True, slots=True)
class ListedMethod:
    """Where a method is, and what it is.

    Attributes:
        place: "module:Class".
        sentence: what it does, for people who choose.
        settings: what it takes in place of the preset's.
    """

    place: str
    sentence: str
    settings: Settings = field(default_factory=dict)


DPQ: Settings = {"engine": {"lr": 0.01}}
# Published: no weight decay; the rate falls by 5 % every 10 epochs of 10 steps.
GPQ: Settings = {"engine": {"optimiser": "adam", "lr": 2e-4, "momentum": 0.5, "weight_decay": 0.0,
                            "lr_step": 10, "lr_decay": 0.95}}  # fmt: skip

METHODS = {
    "opqn": ListedMethod("trainer.method.opqn:Opqn", "Fixed words, and a classifier with a margin on every part of the code."),  # noqa: E501
    "dpq": ListedMethod("trainer.method.dpq:Dpq", "Learned words, and one classifier on soft and hard codes. It is measured only: the app can't search with it.", DPQ),  # noqa: E501
    "gpq": ListedMethod("trainer.method.gpq:Gpq", "Words mixed from prototypes of the people. Pictures without a label can help.", GPQ),  # noqa: E501
}  # fmt: skip
