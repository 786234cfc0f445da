"""Runs side by side: one line each, seeds of the same settings averaged, settings that differ."""

import statistics
from typing import Any

from trainer.config import flat, title_of
from trainer.engine.runs import RunDir
from trainer.presets import CodeLength

COLUMNS = ("variant", "books", "bits", "seeds", "epochs", "val mAP", "test mAP", "rank-1", "P@T")


def summaries(runs: list[RunDir]) -> list[dict[str, Any]]:
    """What each run is and has reached so far."""
    return [_summary(run) for run in runs]


def table_of_results(rows: list[dict[str, Any]]) -> str:
    """A text table; runs that differ by their seed only share a line: mean ± standard deviation."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        key = (row["variant"], row["codebooks"], row["bits"], _series(row))
        groups.setdefault(key, []).append(row)
    cells = [[*COLUMNS, "run"]]
    for (variant, books, bits, _), members in groups.items():
        has_fixed = variant.startswith("OPQN") and variant != "OPQN-l2q"
        shown = books if has_fixed else "learned"
        epochs = "/".join(str(m.get("epochs_done", m.get("best_epoch", ""))) for m in members)
        tests = [m.get("test") or {} for m in members]
        cells.append(
            [
                variant, shown, str(bits), str(len(members)), epochs,
                _spread([m.get("val_map") for m in members]),
                *(_spread([t.get(name) for t in tests]) for name in ("map", "rank1", "p_at")),
                members[0]["run"] + (" ..." if len(members) > 1 else ""),
            ]
        )  # fmt: skip
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)


def differences(runs: list[RunDir]) -> dict[str, list[Any]]:
    """Settings that are not the same in all `runs` → their values, in order of the runs."""
    settings = [flat(run.config()) for run in runs]
    names = settings[0] if settings else {}
    return {n: [s[n] for s in settings] for n in names if len({str(s[n]) for s in settings}) > 1}


def _summary(run: RunDir) -> dict[str, Any]:
    config, result = run.config(), run.read("result.json")
    lines = list(run.metrics())
    best = max((m["validation"]["map"] for m in lines if m["validation"]), default=None)
    return {
        "run": str(run.path),
        "method": config.method.name,
        "variant": title_of(config.method),
        "codebooks": config.method.codebooks,
        "bits": CodeLength(config.method.n_books, config.method.n_words).bits,
        "seed": config.engine.seed,
        "epochs_done": len(lines),
        "epochs": config.engine.epochs,
        "is_finished": bool(result),
        "val_map": best,
        "test": result.get("test"),
        "seconds": round(sum(m["seconds"] for m in lines), 1),
        "git": run.read("environment.json").get("git", ""),
    }


def _series(row: dict[str, Any]) -> str:
    """The run's name without its seed."""
    return str(row["run"]).rpartition("-s")[0] or str(row["run"])


def _spread(values: list[float | None]) -> str:
    known = [v for v in values if v is not None]
    if not known:
        return "–"
    mean = f"{statistics.fmean(known):.4f}"
    return mean if len(known) == 1 else f"{mean} ± {statistics.stdev(known):.4f}"
