"""What training tells while it runs, and how it says that it stopped."""

from dataclasses import asdict, dataclass
from typing import Any

from opqn_app.core.errors import OpqnError
from trainer.engine.diagnostics import BookReport
from trainer.engine.runs import RunDir
from trainer.engine.validation import ValidationFigures


@dataclass(frozen=True, slots=True)
class StepProgress:
    """Where an epoch stands; `loss` is the mean since it began."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    images_per_s: float
    eta_s: float


@dataclass(frozen=True, slots=True)
class EpochReport:
    """One epoch, counted from 1.

    Attributes:
        lr: rate of the head at the end.
        trunk_lr: rate of the trunk.
        loss: the names of `Objective.parts` → mean over the epoch.
        gradient_norm: mean length of the gradient before clipping.
        images_per_s: of all processes, training steps only.
        seconds: validation and all.
        validation: figures of the validation split, when it was this epoch's turn.
        books: what the codebooks do on it.
        is_best: these weights are the best so far.
    """

    epoch: int
    epochs: int
    lr: float
    trunk_lr: float
    loss: dict[str, float]
    gradient_norm: float
    images_per_s: float
    seconds: float
    validation: ValidationFigures | None
    books: BookReport | None
    is_best: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a line of metrics.jsonl."""
        values = asdict(self)
        values["books"] = self.books.to_dict() if self.books else None
        return values


class Stopped(OpqnError):
    """Training was asked to stop and has saved where it stands."""

    def __init__(self, run: RunDir, epoch: int, step: int) -> None:
        super().__init__(
            f"Stopped and saved in epoch {epoch}, step {step}. "
            f"Go on with: opqn train --resume {run.path}"
        )
