"""Going on with a run: what may change then, and what may not."""

import argparse
from dataclasses import replace

from opqn_app.core.errors import SettingsError
from trainer.config import TrainConfig, Values, flat
from trainer.engine.runs import RunDir

MAY_CHANGE = ("engine.device", "engine.epochs")
# These make several runs, or name a new one.
FOR_NEW_RUNS = {
    "lengths": "--len", "num": "--num", "words": "--words", "variant": "--variant",
    "codebooks": "--codebooks", "seeds": "--seeds", "name": "--name",
}  # fmt: skip


def config_to_resume(
    run: RunDir, arguments: argparse.Namespace, preset: str, given: Values
) -> TrainConfig:
    """The config that `--resume` goes on with.

    Args:
        arguments: of the command line.
        preset: the one it names, or "".
        given: the settings it states, from a file or flags.

    Raises:
        SettingsError: one of them would make it another run.
    """
    for name, flag in FOR_NEW_RUNS.items():
        if getattr(arguments, name):
            reason = (
                f"--resume goes on with {run.path} as it is; leave this out, or start a new run"
            )
            raise SettingsError(flag, reason)
    recorded = run.config()
    wanted = replace(recorded, preset=preset or recorded.preset).with_values(given)
    return config_to_go_on(run, wanted)


def config_to_go_on(run: RunDir, wanted: TrainConfig) -> TrainConfig:
    """`wanted`, if the run on disk can go on with it.

    Raises:
        SettingsError: it differs from the run's config in more than `MAY_CHANGE`, or asks for
            fewer epochs than are trained.
    """
    recorded, asked = flat(run.config()), flat(wanted)
    changed = [n for n in asked if asked[n] != recorded[n] and n not in MAY_CHANGE]
    if changed:
        first = changed[0]
        reason = (
            f"{run.path} was started with {recorded[first]!r} and goes on with that, not with "
            f"{asked[first]!r}; leave it out, or start a new run"
        )
        if changed[1:]:
            reason += f". The same holds for {', '.join(changed[1:])}"
        raise SettingsError(first, reason)
    done = sum(1 for _ in run.metrics())
    if wanted.engine.epochs < done:
        raise SettingsError("engine.epochs", f"{run.path} has trained {done} epochs already")
    return wanted


def is_finished(run: RunDir, wanted: TrainConfig) -> bool:
    """Whether nothing is left to do: it has a result, and no other number of epochs is asked."""
    has_result = (run.path / "result.json").is_file()
    return has_result and wanted.engine.epochs == run.config().engine.epochs


def go_on(run: RunDir, config: TrainConfig) -> None:
    """Record the config of a run that is not finished (any more)."""
    run.write("config.json", config.to_dict())
    (run.path / "result.json").unlink(missing_ok=True)
