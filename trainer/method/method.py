"""What a method is: all that differs between ways to learn codes.

Network, engine, resuming, several processes, logging, calibration and export know a method by
`Method` and its words by `trainer.quantizer.Quantizer`, and by nothing else.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from torch import Tensor, nn

from opqn_app.core.errors import ModelError
from opqn_app.opqn.config import OpqnConfig
from trainer.config import MethodConfig
from trainer.methods import METHODS


class NotForTheApp(ModelError):
    """The app's model format can't hold what this method searches with."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The features of one step.

    Attributes:
        x: (B, D) of labelled pictures, float32.
        labels: (B,) int64, 0 to C - 1.
        unlabelled: (U, D) of pictures without a label; None where there are none.
    """

    x: Tensor
    labels: Tensor
    unlabelled: Tensor | None = None


class Method(Protocol):
    """One method, made for one run.

    Attributes:
        parts: names of what `loss` returns, "total" first; they are logged.
        query_form: how the app ranks with the words of `word_map`; see `OpqnConfig`.
        uses_unlabelled: pictures without a label are part of its batches, if the data have any.
    """

    parts: tuple[str, ...]
    query_form: str
    uses_unlabelled: bool

    def __init__(self, settings: MethodConfig) -> None: ...

    def quantizer(self, sizes: OpqnConfig, n_classes: int, seed: int) -> nn.Module:
        """A fresh `Quantizer`.

        Args:
            n_classes: C, the people who are trained on.
            seed: of the run, for what is drawn once and never learned.
        """
        ...

    def criterion(self, sizes: OpqnConfig, n_classes: int) -> nn.Module:
        """Fresh weights that only training needs, such as a classifier's."""
        ...

    def loss(self, quantizer: nn.Module, criterion: nn.Module, batch: Batch) -> tuple[Tensor, ...]:
        """The values named by `parts`, each 0-d; the first is what is made small.

        Where a term mixes pictures of a batch, `gathered` brings in those of other processes.
        """
        ...

    def word_map(self, quantizer: nn.Module) -> Tensor:
        """F (M, d, K) with which the app assigns and ranks as this method does.

        Raises:
            NotForTheApp: there is none.
        """
        ...


def make_method(settings: MethodConfig) -> Method:
    """The method that the settings name."""
    module, _, name = METHODS[settings.name].place.partition(":")
    made: Method = getattr(import_module(module), name)(settings)
    return made
