"""Which runs a comparison of methods is made of.

Each method first chooses its own learning rate: short runs at a few rates, on people who train, by
people who don't. Then every code length is trained from every seed, once with queries of people
who were trained on and once with people who were not. All runs have the same number of epochs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opqn_app.core.errors import SettingsError
from trainer.config import TrainConfig, Values
from trainer.engine.resume import config_to_go_on, is_finished
from trainer.engine.runs import RunDir
from trainer.engine.session import Job
from trainer.methods import METHODS
from trainer.presets import code_length, code_values, merge

SPLITS = ("single", "unseen")
RATES = (0.1, 0.3, 1.0, 3.0)  # times the method's own
SEARCH_SHARE = 0.5  # of the epochs, for choosing a rate
SEARCH_SEED = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared.

    Attributes:
        base: preset and data, without what a method implies.
        given: settings that hold for every method, such as the batch size.
        epochs: of each run that counts.
        seeds: one run each.
        rates: factors of the rate that a method brings.
        folder: of the runs and the page.
    """

    base: TrainConfig
    given: Values
    methods: tuple[str, ...]
    bits: tuple[int, ...]
    seeds: tuple[int, ...]
    epochs: int
    folder: Path
    rates: tuple[float, ...] = RATES

    def own_rate(self, method: str) -> float:
        """The learning rate that the method brings."""
        return self._own(method).engine.lr

    def searches(self, method: str) -> list[tuple[float, Job]]:
        """(rate, run) of a method; its longest code, the people to choose by not trained on."""
        found = []
        epochs = max(1, round(SEARCH_SHARE * self.epochs))
        for factor in self.rates:
            rate = factor * self.own_rate(method)
            config = self._config(
                method, max(self.bits), "unseen", seed=SEARCH_SEED, rate=rate, epochs=epochs
            )
            found.append((rate, job_at(self.folder / "rates" / f"{method}-{rate:g}", config)))
        return found

    def runs(self, rates: dict[str, float], split: str) -> Iterator[tuple[str, int, int, Job]]:
        """(method, bits, seed, run) of all that counts under a split.

        Args:
            rates: the learning rate chosen for each method.
        """
        for method in self.methods:
            for bits in self.bits:
                for seed in self.seeds:
                    config = self._config(
                        method, bits, split, seed=seed, rate=rates[method], epochs=self.epochs
                    )
                    name = f"{method}-{bits}bit-{split}-s{seed}"
                    yield method, bits, seed, job_at(self.folder / "runs" / name, config)

    def _own(self, method: str) -> TrainConfig:
        named: Values = {"method": {"name": method}}
        return self.base.with_values(merge(METHODS[method].settings, self.given, named))

    def _config(
        self, method: str, bits: int, split: str, *, seed: int, rate: float, epochs: int
    ) -> TrainConfig:
        own = self._own(method)
        size = own.method.input_size
        code = code_length(bits, size, is_binary=METHODS[method].is_binary)
        # The rate falls at the same share of the way, however long that is.
        step = max(1, round(own.engine.lr_step * epochs / own.engine.epochs))
        return own.with_values(
            {
                "data": {"split": split},
                "method": dict(code_values(code, size)),
                "engine": {"seed": seed, "lr": rate, "epochs": epochs, "lr_step": step},
            }
        )


def job_at(path: Path, config: TrainConfig) -> Job:
    """A run at a place, which goes on with what is there.

    Raises:
        SettingsError: another run is there.
    """
    if not (path / "config.json").is_file():
        return Job(path, config)
    run = RunDir.open(path)
    config = config_to_go_on(run, config)
    return Job(path, config, is_resumed=True, is_finished=is_finished(run, config))


def checked_methods(names: list[str]) -> tuple[str, ...]:
    """The methods by name; all of them if none is named.

    Raises:
        SettingsError: one is not there.
    """
    for name in names:
        if name not in METHODS:
            reason = f"'{name}' is not there; choose of {', '.join(METHODS)}"
            raise SettingsError("--methods", reason)
    return tuple(dict.fromkeys(names)) or tuple(METHODS)
