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
        title: what tables call it.
        sentence: what it does, for people who choose.
        settings: what it takes in place of the preset's.
        is_binary: its codes are bits: books of two words, ranked by Hamming distance.
    """

    place: str
    title: str
    sentence: str
    settings: Settings = field(default_factory=dict)
    is_binary: bool = False


# Published: no weight decay; the rate falls by 5 % every 10 epochs of 10 steps.
GPQ: Settings = {"engine": {"optimiser": "adam", "lr": 2e-4, "momentum": 0.5, "weight_decay": 0.0,
                            "lr_step": 10, "lr_decay": 0.95}}  # fmt: skip
ADAM: Settings = {"engine": {"optimiser": "adam", "lr": 1e-3, "weight_decay": 1e-4}}
# DPQ was published with SGD at 0.01, which learned little on ORL: docs/pages/log/methods.md.
DPQ: Settings = ADAM
# Both compare distances as they are: noise of dropout in them outweighs what is learned.
PQN: Settings = {**ADAM, "method": {"assignment_scale": 10.0, "dropout": 0.0}}
DCWH: Settings = {**ADAM, "method": {"dropout": 0.0}}

MEASURED = "It is measured only: the app can't search with it."

METHODS = {
    "opqn": ListedMethod("trainer.method.opqn:Opqn", "OPQN", "Fixed words, and a classifier with a margin on every part of the code."),  # noqa: E501
    "dpq": ListedMethod("trainer.method.dpq:Dpq", "DPQ", f"Learned words, and one classifier on soft and hard codes. {MEASURED}", DPQ),  # noqa: E501
    "gpq": ListedMethod("trainer.method.gpq:Gpq", "GPQ", "Words mixed from prototypes of the people. Pictures without a label can help.", GPQ),  # noqa: E501
    "pqn": ListedMethod("trainer.method.pqn:Pqn", "PQN", "Learned words, and triplets of pictures: each is compared with codes of others.", PQN),  # noqa: E501
    "csq": ListedMethod("trainer.method.csq:Csq", "CSQ", f"Bits, pulled to a fixed code for each person. {MEASURED}", ADAM, is_binary=True),  # noqa: E501
    "orthohash": ListedMethod("trainer.method.orthohash:OrthoHash", "OrthoHash", f"Bits, turned to a fixed code for each person with a margin. {MEASURED}", ADAM, is_binary=True),  # noqa: E501
    "dcdh": ListedMethod("trainer.method.dcdh:Dcdh", "DCDH", f"Bits near the learned centre of each person, the centres apart. {MEASURED}", ADAM, is_binary=True),  # noqa: E501
    "dcwh": ListedMethod("trainer.method.dcwh:Dcwh", "DCWH", f"Bits in a cloud around the mean of each person. {MEASURED}", DCWH, is_binary=True),  # noqa: E501
    "ddqh": ListedMethod("trainer.method.ddqh:Ddqh", "DDQH", f"Bits that a classifier reads. {MEASURED}", ADAM, is_binary=True),  # noqa: E501
}  # fmt: skip
