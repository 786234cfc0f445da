"""The training loop: one generator that yields a report an epoch and can be stopped anywhere.

What is promised: the same config, data, machine and number of processes give the same weights, and
a run that was killed and resumed gives the same bits as one that was not (on CUDA with
`engine.deterministic`). Every draw comes from a seed and a position, or from a generator whose
state is in the checkpoint.
"""

import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from opqn_app.core.errors import ModelIncompatible, SettingsError
from opqn_app.core.files import remove_unfinished
from opqn_app.opqn.torch.device import pick_device
from trainer.config import EngineConfig, TrainConfig
from trainer.data.loading import TrainingData, describe, load_data
from trainer.data.splits import save_split
from trainer.engine.diagnostics import BookReport
from trainer.engine.distributed import World, joined_world
from trainer.engine.environment import environment
from trainer.engine.feed import Fed, Feed
from trainer.engine.optimise import AveragedWeights, build_optimiser, clip, set_rates
from trainer.engine.reports import EpochReport, StepProgress, Stopped
from trainer.engine.runs import RunDir
from trainer.engine.schedule import is_trunk_frozen, learning_rate, trunk_learning_rate
from trainer.engine.split_figures import evaluate_split
from trainer.engine.state import State, load_state, random_state, restore_random_state, save_state
from trainer.engine.validation import Diverged, ValidationFigures
from trainer.method.networks import Network
from trainer.method.objective import Objective
from trainer.method.trunks import load_trunk

logger = logging.getLogger(__name__)

AGREE_EVERY = 10  # steps between which several processes agree on stopping and saving
SHOW_EVERY_S = 0.25


def train(
    config: TrainConfig,
    run: RunDir,
    *,
    data: TrainingData | None = None,
    is_resumed: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    on_step: Callable[[StepProgress], None] = lambda _: None,
) -> Iterator[EpochReport]:
    """Train; yields after each epoch, when everything about it is on disk.

    Args:
        run: the folder that takes the result.
        data: loaded before; otherwise read as `config` says.
        is_resumed: go on from the run's last checkpoint, if there is one.
        should_stop: asked after every step; True saves a checkpoint and raises `Stopped`.
        on_step: called a few times a second.

    Raises:
        Stopped: after `should_stop`.
        OpqnError: the data, the config or the checkpoint do not fit, or the loss diverged.
    """
    device = pick_device(config.engine.device)
    _prepare_process(config.engine, device)
    with joined_world(device) as world:
        split_file = run.split if is_resumed and run.split.is_file() else None
        data = data or load_data(config, split_file=split_file)
        trainer = Trainer(config, run, data, world)
        trainer.start(is_resumed=is_resumed)
        while trainer.epoch < config.engine.epochs:
            yield trainer.run_epoch(should_stop, on_step)


class Trainer:
    """The state of a run between two steps.

    Args:
        world: this process among all; only the main one writes.
    """

    def __init__(self, config: TrainConfig, run: RunDir, data: TrainingData, world: World) -> None:
        self.config, self.run, self.data, self.world = config, run, data, world
        self.engine = config.engine
        self.epoch = 0  # finished epochs
        self.step = 0  # finished steps of the current one
        self.best: float | None = None
        torch.manual_seed(self.engine.seed)
        self.objective = build_objective(config, data, world)
        torch.manual_seed(self.engine.seed + 1 + world.rank)  # dropout differs by process
        self.generator = torch.Generator().manual_seed(self.engine.seed)
        self.optimiser = build_optimiser(self.objective, self.engine)
        ema = self.engine.ema
        self.ema = AveragedWeights(self.objective.network, ema) if ema else None
        self.sums = torch.zeros(
            len(self.objective.parts) + 1, dtype=torch.float64, device=world.device
        )
        self.feed = Feed(
            config,
            data,
            world,
            uses_unlabelled=self.objective.network.method.uses_unlabelled,
            generator=self.generator,
        )
        self._saved_at = time.monotonic()

    def start(self, *, is_resumed: bool) -> None:
        """Read the checkpoint, or record what this run is."""
        if is_resumed and self.run.last.is_file():
            self._restore(load_state(self.run.last))
        elif self.world.is_main:
            save_split(self.run.split, self.data.split, self.data.pictures)
            record = environment(self.world.device) | {"processes": self.world.size}
            self.run.write("environment.json", record | {"data": describe(self.data)})
        if self.world.is_main:
            remove_unfinished(self.run.path)
            self.run.keep_metrics_before(self.epoch + 1)
        self.world.barrier()

    def run_epoch(
        self, should_stop: Callable[[], bool], on_step: Callable[[StepProgress], None]
    ) -> EpochReport:
        """Finish the current epoch, validate when it is time, save."""
        started = time.monotonic()
        self._saved_at = started
        seen = self._train_epoch(should_stop, on_step)
        self.sums.cpu()  # waits for the device, so that the clock is right
        seconds = time.monotonic() - started
        self.epoch, self.step = self.epoch + 1, 0
        report = self._report(started, seen / max(seconds, 1e-9))
        self.sums.zero_()
        if self.world.is_main:
            self.run.add_metrics(report.to_dict())
        self.save()
        return report

    def save(self) -> None:
        """Write the checkpoint; all processes take part."""
        states = self.world.gather(random_state())
        if self.world.is_main:
            save_state(self.run.last, self._state(states))
        self._saved_at = time.monotonic()
        self.world.barrier()

    def _train_epoch(
        self, should_stop: Callable[[], bool], on_step: Callable[[StepProgress], None]
    ) -> int:
        """The steps that are left of this epoch; returns the pictures they took."""
        module = self.ready_module()
        n_steps = len(self.feed.bounds())
        shown = _Pace(self, n_steps, on_step)
        seen = 0
        for fed in self.feed.steps(self.epoch, self.step):
            self.train_step(module, fed, self.step / n_steps)
            self.step += 1
            seen += fed.n_global
            shown.after_step(seen)
            self._agree(should_stop, is_last=self.step == n_steps)
        return seen

    def train_step(self, module: nn.Module, fed: Fed, progress: float) -> None:
        """One step: forward, backward, new weights. Nothing in it waits for the device.

        Args:
            module: of `ready_module`.
            progress: share of the epoch that is done, 0 to 1.
        """
        set_rates(self.optimiser, self.engine, self.epoch, progress)
        total, parts = module(fed.pixels, fed.labels, fed.teacher)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = clip(self.objective, self.engine.clip_norm)
        self.optimiser.step()
        if self.ema is not None:
            self.ema.update()
        self.sums += fed.n_global * torch.cat([parts, norm[None]]).double()

    def ready_module(self) -> nn.Module:
        """The objective in training mode, what is frozen standing still, wrapped for the world."""
        frozen = is_trunk_frozen(self.engine, self.epoch)
        self.objective.train()
        if self.engine.batch_norm == "frozen":
            for layer in self.objective.modules():
                if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                    layer.eval()
        trunk = self.objective.network.trunk
        trunk.requires_grad_(not frozen)
        if frozen:
            trunk.eval()
        if self.world.size == 1:
            return self.objective
        ids = [self.world.device] if self.world.device.type == "cuda" else None
        # Wrapped anew each epoch: what requires a gradient may have changed.
        return DistributedDataParallel(self.objective, device_ids=ids, broadcast_buffers=False)

    def _agree(self, should_stop: Callable[[], bool], *, is_last: bool) -> None:
        """Stop or save in the middle of an epoch, all processes together."""
        if self.world.size > 1 and self.step % AGREE_EVERY and not is_last:
            return
        if self.world.any(should_stop()):
            self.save()
            raise Stopped(self.run, self.epoch + 1, self.step)
        steps, minutes = self.engine.checkpoint_steps, self.engine.checkpoint_minutes
        is_due = bool(steps) and self.step % steps == 0
        is_due |= 0 < minutes * 60 < time.monotonic() - self._saved_at
        if not is_last and self.world.any(is_due):
            self.save()

    def _report(self, started: float, images_per_s: float) -> EpochReport:
        seen = float(self.feed.bounds()[-1][1])  # all steps of an epoch went into the sums
        means = (self.world.mean(self.sums) / seen).tolist()
        loss = dict(zip(self.objective.parts, means, strict=False))
        if not math.isfinite(loss["total"]):
            raise Diverged(f"the loss of epoch {self.epoch} is no number")
        figures, books = self._validate() if self._is_validation_due() else (None, None)
        is_best = self._keep_if_best(loss["total"], figures)
        last = self.epoch - 1
        return EpochReport(
            epoch=self.epoch,
            epochs=self.engine.epochs,
            lr=learning_rate(self.engine, last, 1.0),
            trunk_lr=trunk_learning_rate(self.engine, last, 1.0),
            loss=loss,
            gradient_norm=means[-1],
            images_per_s=images_per_s,
            seconds=time.monotonic() - started,
            validation=figures,
            books=books,
            is_best=is_best,
        )

    def _is_validation_due(self) -> bool:
        is_turn = self.epoch % self.engine.eval_every == 0 or self.epoch == self.engine.epochs
        return is_turn and len(self.data.split.val) > 0 and self.world.is_main

    def _validate(self) -> tuple[ValidationFigures, BookReport]:
        with self.ema.in_place() if self.ema else nullcontext():
            return evaluate_split(self.objective, self.data, self.config, "val", self.world.device)

    def _keep_if_best(self, loss: float, figures: ValidationFigures | None) -> bool:
        """Main process: write best.pt when the named figure has risen."""
        if self.engine.best_by == "loss":
            value: float | None = -loss
        elif not len(self.data.split.val):  # nothing to choose by: the latest is kept
            value = float(self.epoch)
        else:
            value = float(getattr(figures, self.engine.best_by)) if figures else None
        if not self.world.is_main or value is None or (self.best is not None and value < self.best):
            return False
        self.best = value
        weights = self.ema.state if self.ema else self.objective.network.state_dict()
        named = {"config": self.config.to_dict(), "people": [str(p) for p in self.data.classes]}
        share = self.data.template_share
        state = {**named, "network": weights, "epoch": self.epoch, "template_share": share}
        save_state(self.run.best, state)
        return True

    def _state(self, random: list[State]) -> State:
        return {
            "config": self.config.to_dict(),
            "people": [str(p) for p in self.data.classes],
            "template_share": self.data.template_share,
            "epoch": self.epoch,
            "step": self.step,
            "best": self.best,
            "network": self.objective.network.state_dict(),
            "loss": self.objective.loss.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "ema": self.ema.state if self.ema else None,
            "augment": self.generator.get_state(),
            "random": random,
            "sums": self.sums.cpu(),
        }

    def _restore(self, state: State) -> None:
        if state["people"] != [str(p) for p in self.data.classes]:
            raise ModelIncompatible(self.run.last, "it was trained on other people")
        if len(state["random"]) != self.world.size:
            reason = f"it was saved by {len(state['random'])} processes, not {self.world.size}"
            raise ModelIncompatible(self.run.last, reason)
        self.objective.network.load_state_dict(state["network"])
        self.objective.loss.load_state_dict(state["loss"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.ema is not None:
            self.ema.restore(state["ema"])
        self.generator.set_state(state["augment"])
        restore_random_state(state["random"][self.world.rank])
        self.sums.copy_(state["sums"])
        self.epoch, self.step, self.best = state["epoch"], state["step"], state["best"]


class _Pace:
    """Speed and time left, told a few times a second; reading the loss then is the only wait."""

    def __init__(
        self, trainer: Trainer, steps: int, on_step: Callable[[StepProgress], None]
    ) -> None:
        self._trainer, self._steps, self._tell = trainer, steps, on_step
        self._first = trainer.step
        self._started = self._told = time.monotonic()

    def after_step(self, seen: int) -> None:
        now = time.monotonic()
        trainer = self._trainer
        if now - self._told < SHOW_EVERY_S or not trainer.world.is_main:
            return
        self._told = now
        done = trainer.step - self._first
        per_step = (now - self._started) / done
        to_do = self._steps * (trainer.engine.epochs - trainer.epoch) - trainer.step
        pictures = trainer.step * seen / done
        self._tell(
            StepProgress(
                epoch=trainer.epoch + 1,
                epochs=trainer.engine.epochs,
                step=trainer.step,
                steps=self._steps,
                loss=float(trainer.sums[0]) / pictures,
                images_per_s=seen / (now - self._started),
                eta_s=per_step * to_do,
            )
        )


def build_objective(config: TrainConfig, data: TrainingData, world: World) -> Objective:
    """Network and loss on the device of `world`, ready to be trained.

    Raises:
        SettingsError: the options do not fit each other or the device.
    """
    engine = config.engine
    network = Network(
        config.method,
        template_share=data.template_share,
        seed=engine.seed,
        n_classes=len(data.classes),
    )
    if config.method.trunk_file:
        load_trunk(network.trunk, Path(config.method.trunk_file).expanduser())
    if engine.batch_norm == "sync" and world.size > 1:
        if world.device.type != "cuda":
            reason = "statistics over several processes need CUDA; on the CPU use frozen"
            raise SettingsError("engine.batch_norm", reason)
        network.backbone = nn.SyncBatchNorm.convert_sync_batchnorm(network.backbone)  # type: ignore[no-untyped-call]
        network.keep_head_in_float32()
    objective = Objective(network, len(data.classes), precision=precision(engine, world.device))
    objective = objective.to(world.device)
    if engine.channels_last:
        objective = objective.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if engine.compile:
        network.backbone.compile()
    return objective


def precision(engine: EngineConfig, device: torch.device) -> str:
    """ "bf16" or "fp32" for the trunk."""
    if engine.precision != "auto":
        return engine.precision
    return "bf16" if device.type == "cuda" else "fp32"


def _prepare_process(engine: EngineConfig, device: str) -> None:
    if engine.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it
        torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = device == "cuda" and not engine.deterministic
