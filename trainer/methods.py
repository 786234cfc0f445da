"""The methods that can be trained, one line each; without torch, for configs, flags and pages.

A method is a class that fits `trainer.method.method.Method`, in a file of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListedMethod:
    """Where a method is, and what it is.

    Attributes:
        place: "module:Class".
        sentence: what it does, for people who choose.
    """

    place: str
    sentence: str


METHODS = {
    "opqn": ListedMethod("trainer.method.opqn:Opqn", "Fixed orthonormal words; a margin classifier on every sub-space before and after quantisation."),  # noqa: E501
}  # fmt: skip
