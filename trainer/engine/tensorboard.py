"""Curves for TensorBoard, where it is installed; a run has everything in metrics.jsonl anyway."""

from typing import Any

from trainer.engine.reports import EpochReport
from trainer.engine.runs import RunDir


class Curves:
    """Writes scalars next to a run, or does nothing when TensorBoard is missing."""

    def __init__(self, run: RunDir) -> None:
        self._writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(run.path / "tensorboard"))

    def add(self, report: EpochReport) -> None:
        """One epoch."""
        if self._writer is None:
            return
        values = {f"loss/{name}": value for name, value in report.loss.items()}
        values |= {"rate/head": report.lr, "rate/trunk": report.trunk_lr}
        values |= {"speed/images_per_s": report.images_per_s, "gradient": report.gradient_norm}
        if report.validation:
            values |= {f"val/{n}": getattr(report.validation, n) for n in ("map", "rank1", "p_at")}
        for name, value in values.items():
            self._writer.add_scalar(name, value, report.epoch)

    def close(self) -> None:
        """Write out what is left."""
        if self._writer is not None:
            self._writer.close()
