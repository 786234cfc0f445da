"""The generated part of docs/pages/log/models.md: tables of figures as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.checkpoint import LoadedModel
from trainer.evaluate.leave_one_out import LeaveOneOut
from trainer.recipes.people_figures import LIKELY, AbsentFigures, RelativesFigures, ReliabilityTable
from trainer.recipes.rankings import SHORTLIST, TwoPhotos
from trainer.recipes.table_goals import Verdict
from trainer.recipes.table_sets import CropsOfPeople

COLUMNS = ("rank-1", "mAP", "P@5", "TAR at FAR 1e-3", "1e-4")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a ranking table; a shipped model is set in bold."""

    label: str
    n_bytes: int | None
    figures: LeaveOneOut
    is_model: bool = False


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells as a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def models_text(models: Sequence[LoadedModel], sizes: Sequence[int]) -> str:
    """What is shipped.

    Args:
        sizes: bytes of each weights file.
    """
    rows = [
        (
            f"**{m.name}**",
            f"{m.model.config.n_books} × {m.model.config.n_words}",
            str(m.model.config.code_bytes),
            f"{m.model.config.feature_dim:,}",
            _setting(m.model.config),
            f"{size / 1e6:.1f} MB",
            f"`{m.model_id[:12]}`",
        )
        for m, size in zip(models, sizes, strict=True)
    ]
    head = ("model", "books × words", "bytes a face", "D", "chosen", "file", "model id")
    return markdown_table(head, rows)


def _setting(config: OpqnConfig) -> str:
    """What was chosen on the tuning half of the validation people."""
    if config.joint_words:
        return f"weight of lengths {config.length_weight:g}"
    return f"query temperature {config.query_temperature:g}"


def set_text(data: CropsOfPeople, first: LeaveOneOut) -> str:
    """How large a set is."""
    alone = len(data) - first.queries
    without = f"; {alone} crops have no match and are only searched" if alone else ""
    return f"{len(data):,} crops of {data.n_people:,} people, {first.queries:,} queries{without}."


def ranking_text(lines: Sequence[Line]) -> str:
    """Rows of figures."""
    rows = [
        (
            f"**{line.label}**" if line.is_model else line.label,
            "" if line.n_bytes is None else f"{line.n_bytes:,}",
            *_cells(line.figures),
        )
        for line in lines
    ]
    return markdown_table(("ranking", "bytes a face", *COLUMNS), rows)


def photos_text(found: Sequence[tuple[str, str, TwoPhotos]]) -> str:
    """One query photo against two: (set, model, figures)."""
    rows = [
        (where, model, photos, *(f"{value:.4f}" for value in values), f"{two.queries:,}")
        for where, model, two in found
        for photos, values in (("1", two.one), ("2", two.two))
    ]
    return markdown_table(("set", "model", "photos", *COLUMNS[:3], "queries"), rows)


def degraded_text(
    kinds: Sequence[str], found: Sequence[tuple[str, bool, Sequence[LeaveOneOut]]]
) -> str:
    """Rank-1 / mAP by kind: (label, whether a shipped model, figures in the order of `kinds`)."""
    rows = [
        (
            f"**{label}**" if is_model else label,
            *(f"{figures.rank1:.3f} / {figures.mean_ap:.3f}" for figures in row),
        )
        for label, is_model, row in found
    ]
    return markdown_table(("rank-1 / mAP", *kinds), rows)


def relatives_text(found: Sequence[tuple[str, bool, RelativesFigures]]) -> str:
    """How often relatives are taken for the person."""
    rows = [
        (
            f"**{label}**" if is_model else label,
            f"{kin.wrong:,} of {kin.queries:,}",
            f"{kin.are_relatives:,} ({_share(kin.are_relatives, kin.wrong)})",
            f"{kin.by_chance:.1%}",
            f"{kin.far:.2%}",
            f"{kin.far_others:.3%}",
        )
        for label, is_model, kin in found
    ]
    head = (
        "ranking",
        "wrong rank-1 answers",
        "of them relatives",
        "relatives by chance",
        "relatives accepted at FAR 1e-3",
        "other people accepted",
    )
    return markdown_table(head, rows)


def absent_text(found: Sequence[tuple[str, AbsentFigures | None]]) -> str:
    """What people are told who ask for somebody."""
    rows = [
        (
            label,
            f"{entry.told:.1%}",
            f"{entry.told_no_family:.1%}",
            f"{entry.wrongly_told:.1%}",
            f"{entry.likely_is_wrong:.1%}",
        )
        for label, entry in found
        if entry is not None
    ]
    head = (
        "model",
        "not there: told so",
        "not there, nor the family: told so",
        "there: told that nobody matches",
        "there: best face likely, but somebody else",
    )
    return markdown_table(head, rows)


def stated_text(found: Sequence[tuple[str, ReliabilityTable | None]]) -> str:
    """Stated probability against truth, ten bins, one column a model: true share (of pairs)."""
    known = [(label, entry.bins) for label, entry in found if entry is not None]
    rows = []
    for low in range(0, 100, 10):
        cells = []
        for _, bins in known:
            here = [b for b in bins if min(int(b[0] * 10), 9) * 10 == low]
            cells.append(
                f"{here[0][0]:.1%} → {here[0][1]:.1%} ({here[0][2]:.2%})" if here else "none"
            )
        rows.append((f"{low} to {low + 10} %", *cells))
    return markdown_table(("stated", *(f"{label}: mean stated → true" for label, _ in known)), rows)


def goals_text(verdicts: Sequence[Verdict]) -> str:
    """Floors and goals beside what was measured."""
    rows = [
        (
            v.what,
            v.measured,
            v.floor or "–",
            _said(v.meets_floor),
            v.goal or "–",
            _said(v.meets_goal),
        )
        for v in verdicts
    ]
    return markdown_table(("", "measured", "floor", "", "goal", ""), rows)


def explained() -> dict[str, str]:
    """Sentences that stand above the tables."""
    return {
        "protocol": (
            "Leave-one-out: every crop asks all the others of its set. Queries are tables of the"
            " app's encoder, the gallery is codes, scores are the app's, ties count in random"
            " order. Float rows rank by cosine. TAR at FAR over all pairs of the set in both"
            " directions. PQ and OPQ are faiss's, at equal bits, learned on the untouched trunk's"
            " features of training people, none of whom is searched here."
        ),
        "seen": (
            "Nobody of these sets was in our training. The untouched trunk was made on"
            " MS-Celeb-1M, photos of celebrities, and LFW, Pins, CelebA, Glint360k and CASIA show"
            " celebrities: it may have seen people of LFW and of the validation people who come"
            " from these. ORL and the family photos are the cleaner test."
        ),
        "flip": (
            "“Mirror at query”: the query's table comes from the mean features of face and mirror"
            " image. “Mirror at both”: codes do too. Models whose config says `mirror_average` are"
            f" shipped that way. “Then”: ranked by the first code, the best {SHORTLIST} again by"
            " the second."
        ),
        "kin": (
            "Families are labelled as a whole: parents, children, brothers, sisters and those who"
            " married in share one number, so kinds of kinship can't be told apart. “By chance”:"
            " share of relatives among the faces of other people. The threshold accepts 1 in 1,000"
            " of all pairs of two people of the set, relatives among them."
        ),
        "absent": (
            "A library of all other crops of the set. “Not there”: without the person's"
            " own faces; told so means that no face reaches"
            f" {LIKELY:.0%}, where the app says that nobody matches. The curve follows the library"
            " that is asked (`opqn_app.opqn.calibration.Calibration.among`); beside it the same"
            " curve, were it to stay as it is among family photos."
        ),
        "stated": (
            "For a library where 1 % of the faces show the person asked for, as the calibration"
            " assumes. In brackets: share of all pairs."
        ),
    }


def _cells(figures: LeaveOneOut) -> tuple[str, ...]:
    tar = ("–", "–") if figures.tar is None else tuple(f"{value:.4f}" for value in figures.tar)
    return (*(f"{v:.4f}" for v in (figures.rank1, figures.mean_ap, figures.p_at_5)), *tar)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "–"


def _said(meets: bool | None) -> str:
    return "" if meets is None else ("reached" if meets else "not reached")
