"""What the shipped models have to reach, and what they do."""

from collections.abc import Mapping
from dataclasses import dataclass

from trainer.evaluate.leave_one_out import LeaveOneOut

Pair = tuple[float, float]  # rank-1, mAP

FLOORS: Mapping[int, Pair] = {64: (0.945, 0.900), 128: (0.983, 0.965), 256: (0.992, 0.982)}
GOALS: Mapping[int, Pair] = {64: (0.975, 0.950), 128: (0.990, 0.978), 256: (0.995, 0.990)}
TRUNK_FLOOR: Pair = (0.994, 0.988)
TRUNK_GOAL: Pair = (0.996, 0.992)
TRUNK_GAIN = 0.05  # of rank-1 on the validation families, above the untouched trunk
CODE_GAIN = 0.10  # of rank-1 there at 64 bits, above faiss PQ on the untouched trunk


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure beside what it should be.

    Attributes:
        floor, goal: in words, "" where there is none.
        meets_floor, meets_goal: None where there is none.
    """

    what: str
    measured: str
    floor: str
    meets_floor: bool | None
    goal: str
    meets_goal: bool | None


def on_lfw(what: str, bits: int, found: LeaveOneOut) -> Verdict:
    """Rank-1 and mAP on all of LFW; `bits` 0 means the float features of the trunk."""
    floor = FLOORS.get(bits) if bits else TRUNK_FLOOR
    goal = GOALS.get(bits) if bits else TRUNK_GOAL
    have = (found.rank1, found.mean_ap)
    return Verdict(
        f"{what}, LFW: rank-1 / mAP",
        _pair(have),
        _pair(floor) if floor else "",
        _reaches(have, floor),
        _pair(goal) if goal else "",
        _reaches(have, goal),
    )


def gain_on_held(what: str, found: LeaveOneOut, control: LeaveOneOut, wanted: float) -> Verdict:
    """Points of rank-1 above a control on the reported half of the validation families."""
    gain = found.rank1 - control.rank1
    return Verdict(what, f"{100 * gain:+.1f}", f"+{100 * wanted:g}", gain >= wanted, "", None)


def _pair(values: Pair) -> str:
    return f"{values[0]:.4f} / {values[1]:.4f}"


def _reaches(have: Pair, wanted: Pair | None) -> bool | None:
    return None if wanted is None else have[0] >= wanted[0] and have[1] >= wanted[1]
