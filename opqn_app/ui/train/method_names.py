"""The methods as the Train page names them. A test holds them equal to `trainer.methods`, which the
window can't import."""

from collections.abc import Mapping
from typing import Any

MEASURED = "It is measured only: the app can't search with it."
METHODS = {
    "opqn": ("OPQN", "Fixed words, and a classifier with a margin on every part of the code."),
    "dpq": ("DPQ", f"Learned words, and one classifier on soft and hard codes. {MEASURED}"),
    "gpq": (
        "GPQ",
        "Words mixed from prototypes of the people. Pictures without a label can help.",
    ),
    "pqn": (
        "PQN",
        "Learned words, and triplets of pictures: each is compared with codes of others.",
    ),
    "csq": ("CSQ", f"Bits, pulled to a fixed code for each person. {MEASURED}"),
    "orthohash": (
        "OrthoHash",
        f"Bits, turned to a fixed code for each person with a margin. {MEASURED}",
    ),
    "dcdh": (
        "DCDH",
        f"Bits near the learned centre of each person, the centres apart. {MEASURED}",
    ),
    "dcwh": ("DCWH", f"Bits in a cloud around the mean of each person. {MEASURED}"),
    "ddqh": ("DDQH", f"Bits that a classifier reads. {MEASURED}"),
}


def method_of(settings: Mapping[str, Any]) -> str:
    """What the list of runs calls the method of a run: "GPQ"; of OPQN its variant.

    Args:
        settings: [method] of the run's config. One of before there were methods names none.
    """
    name = str(settings.get("name", "opqn"))
    if name == "opqn":
        return str(settings["variant"])
    return METHODS[name][0] if name in METHODS else name
