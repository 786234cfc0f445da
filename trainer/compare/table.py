"""The rows of a comparison as tables of text: for the page, the terminal and the docs."""

from trainer.compare.compare import Compared, Row
from trainer.compare.plan import SPLITS

HEADS = {"single": "seen people", "unseen": "unseen people"}
MISSING = "–"


def heads(compared: Compared) -> list[str]:
    """Of `cells`."""
    t = compared.rows[0].figures[0].t
    figures = ("mAP", "rank-1", f"P@{t}")
    named = [f"{name}, {HEADS[split]}" for split in SPLITS for name in figures]
    return ["method", "bits", "rate", *named, "training, s"]


def cells(compared: Compared) -> list[list[str]]:
    """A line for each method and length: figures of seen and of unseen people side by side."""
    by_key: dict[tuple[str, int], dict[str, Row]] = {}
    for row in compared.rows:
        by_key.setdefault((row.kind, row.bits), {})[row.split] = row
    lines = []
    for found in by_key.values():
        one = next(iter(found.values()))
        shown = [
            _spread(found.get(split), name) for split in SPLITS for name in ("map", "rank1", "p_at")
        ]
        bits = MISSING if one.kind == "float" else str(one.bits)
        rate = f"{one.rate:g}" if one.rate else MISSING
        seconds = [value for row in found.values() for value in row.seconds]
        spent = f"{sum(seconds) / len(seconds):,.0f}" if seconds else MISSING
        lines.append([one.title, bits, rate, *shown, spent])
    return lines


def order(compared: Compared, split: str) -> list[str]:
    """Titles of the methods, the best mean mAP over all lengths first."""
    found: dict[str, list[float]] = {}
    for row in compared.rows:
        if row.split == split and row.seconds:
            found.setdefault(row.title, []).append(row.spread("map")[0])
    return sorted(found, key=lambda title: -sum(found[title]) / len(found[title]))


def markdown(compared: Compared) -> str:
    """The table for a page of the docs."""
    rows = [heads(compared), ["---"] * len(heads(compared)), *cells(compared)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def plain(compared: Compared) -> str:
    """The table for a terminal."""
    rows = [heads(compared), *cells(compared)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _spread(row: Row | None, name: str) -> str:
    if row is None:
        return MISSING
    mean, deviation = row.spread(name)
    return f"{mean:.3f}" if len(row.figures) == 1 else f"{mean:.3f} ± {deviation:.3f}"
