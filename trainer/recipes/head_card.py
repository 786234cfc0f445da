"""The model card: data, licence, choices and measured figures of a bundled model, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from opqn_app.opqn.config import OpqnConfig
from trainer.evaluate.leave_one_out import LeaveOneOut
from trainer.method.head import HeadSettings
from trainer.method.joint_head import JointHeadSettings
from trainer.recipes.head_curve import FOLLOWING

SFACE = (
    "Trunk: SFace (Zhong et al. 2021) as published in OpenCV's model zoo, 128 numbers a face,"
    " Apache-2.0 (see NOTICE), {what}shared by the models of this family. It was trained on"
    " celebrities, so people of LFW may have been among them; the validation families are the"
    " cleaner test. A face's features are the mean of its own and its mirror image's."
)
TRUNKS = {
    "sface": SFACE.format(what=""),
    "sface-tuned": SFACE.format(
        what="its last seven blocks and what follows them tuned on the same faces as the head and"
        " mixed half and half with the published ones (`trainer.recipes.tuned_trunk`), "
    ),
    "mobilefacenet": (
        "Trunk: MobileFaceNet of FaceX-Zoo, 512 numbers a face, Apache-2.0 (see NOTICE). It was"
        " trained on celebrities (MS-Celeb-1M), so people of LFW may have been among them; the"
        " validation families are the cleaner test."
    ),
}  # by the name of the shared file
OTHER_TRUNK = (
    "Trunk: `{name}`, weights of our own for the network {backbone}, shared by the models of this"
    " family. What it was trained on is not known to the recipe that wrote this card."
)
PERCENTAGES, LIMITS = "## Percentages", "## Known limits"
NOT_TRAINED = (
    "So the head that is shipped is the start itself: with a frozen trunk, training with the OPQN"
    " loss did not help people it had not seen."
)


@dataclass(frozen=True, slots=True)
class HeadFigures:
    """What was measured.

    Attributes:
        ours: evaluation set → figures of the model as it is stored.
        controls: evaluation set → ranking → figures.
        reliability: (mean stated probability, share truly the same, weight) of ten bins.
        history: (epoch, rank-1, mAP) on the tuning half; epoch 0 is the start.
        starts: of the head, of which the best on the tuning half was taken.
        seconds: the whole recipe, embedding included where it was not kept from before.
        trunk: name of its file, see `TRUNKS`; by default the backbone's as published.
    """

    ours: dict[str, LeaveOneOut]
    controls: dict[str, dict[str, LeaveOneOut]]
    reliability: list[tuple[float, float, float]]
    history: list[tuple[int, float, float]]
    train_crops: int
    train_people: int
    seconds: float
    starts: int = 1
    trunk: str = ""


def card_text(
    name: str,
    config: OpqnConfig,
    settings: HeadSettings | JointHeadSettings,
    figures: HeadFigures,
    *,
    match_share: float,
) -> str:
    """The card of model `name`."""
    lines = [
        f"# {name}",
        "",
        f"OPQN, {config.n_books} codebooks of {config.n_words} codewords: {config.code_bytes} bytes"
        " a face.",
        "",
        "## How it was made",
        "",
        _trunk(figures.trunk or config.backbone, config.backbone),
        "",
        f"Head: {figures.train_crops:,} crops of {figures.train_people:,} people from Families in"
        " the Wild, Pins, CelebA, Glint360k and CASIA-WebFace samples, research sets of photos"
        " found on the web, numbered and without names; terms: research use. None of them is in"
        " the project. No person of an evaluation set was trained on.",
        "",
        *_head(config, settings, figures),
        "The recipe: `trainer.recipes.bundled_head`; this head took"
        f" {figures.seconds / 60:.0f} minutes of a shared 2-core machine, embedding not counted.",
        "",
        "## Figures",
        "",
        "Leave-one-out: every photo queries all others. Queries keep their tables,"
        " the gallery is codes. TAR at FAR over all pairs of the set, in both directions.",
    ]
    for title, ours in figures.ours.items():
        lines += [
            "",
            f"### {title}",
            "",
            _set_in_words(ours),
            "",
            _table(name, ours, figures, title),
        ]
    lines += [
        "",
        PERCENTAGES,
        "",
        *percentages(figures.reliability, match_share),
        "",
        LIMITS,
        "",
        "Parents and children, brothers and sisters, and faces with sunglasses or masks are"
        " confused more often. Codes lose a part of what the float features know, the shorter the"
        " more: see the first row of each table.",
        "",
    ]
    return "\n".join(lines)


def percentages(rows: Sequence[tuple[float, float, float]], match_share: float) -> list[str]:
    """What stands below `PERCENTAGES`, of (mean stated, share truly the same, weight) of bins."""
    return [
        "The app shows a probability: a logistic curve of the score, fitted on the tuning half for"
        f" a library where {match_share:.0%} of the faces show the person asked for. In a library"
        " whose strangers score higher or lower with a query than is usual, as in portraits of one"
        f" studio, the curve moves by {FOLLOWING:g} of the difference"
        " (`opqn_app.opqn.calibration.Calibration.among`). On the"
        " reported half, pairs said to be the same person with probability p really are:",
        "",
        "| said | true | share of all pairs |",
        "|---|---|---|",
        *(f"| {said:.1%} | {true:.1%} | {share:.2%} |" for said, true, share in rows),
    ]


def with_percentages(
    card: str, rows: Sequence[tuple[float, float, float]], match_share: float
) -> str:
    """A card with this part written anew.

    Raises:
        ValueError: it is not a card that `card_text` made.
    """
    before, _, rest = card.partition(f"{PERCENTAGES}\n")
    _, _, after = rest.partition(f"\n{LIMITS}\n")
    if not after:
        raise ValueError("the card has no such part")
    lines = [PERCENTAGES, "", *percentages(rows, match_share), "", LIMITS]
    return before + "\n".join(lines) + "\n" + after


def _trunk(name: str, backbone: str) -> str:
    return TRUNKS.get(name) or OTHER_TRUNK.format(name=name, backbone=backbone)


def _head(
    config: OpqnConfig, settings: HeadSettings | JointHeadSettings, figures: HeadFigures
) -> list[str]:
    """How the head was made, in paragraphs."""
    best_of = (
        f": of {figures.starts} such starts, the one with the best mAP on the tuning half of"
        " the validation people."
        if figures.starts > 1
        else "."
    )
    if isinstance(settings, JointHeadSettings):
        return [
            f"It has {settings.directions} discriminant directions (shrinkage"
            f" {settings.shrinkage:g}, weighed by their spread to the power {settings.emphasis:g})."
            " Training faces are taken relative to the mean of their collection, any other"
            " relative to that of family photos."
            " Every book reads all of them, and the words of a code are chosen together: an"
            " additive quantiser in the frame of OPQN (`opqn_app.opqn.joint_codes`)."
            f" The words were learned in {settings.turns} turns of coding and least squares"
            f" (`trainer.method.joint_head`), for each real face with {_made(settings.made_faces)}"
            f" of the same person{_of_nobody(settings)}{best_of}",
            "",
            f"Weight of lengths {config.length_weight:g}, chosen on the tuning half of the"
            " validation people.",
        ]
    return [
        f"It starts from {settings.directions} discriminant directions (shrinkage"
        f" {settings.shrinkage:g}), an OPQ rotation, a lift of {settings.lift:g} (see"
        f" `trainer.method.head`) and spherical k-means{best_of}",
        "",
        *_training(settings, figures),
        f"Query temperature {config.query_temperature:g}, chosen on the tuning half of the"
        " validation people.",
    ]


def _made(n: int) -> str:
    return "1 made one" if n == 1 else f"{n} made ones"


def _of_nobody(settings: JointHeadSettings) -> str:
    return f" and {settings.made_people} of people who are nobody" if settings.made_people else ""


def _training(settings: HeadSettings, figures: HeadFigures) -> list[str]:
    if not settings.epochs:
        return ["It was not trained further with the OPQN loss.", ""]
    best = max(figures.history, key=lambda row: row[2])[0]
    return [
        f"It was then trained with the OPQN loss (margin {settings.margin}, scale"
        f" {settings.scale:g}, entropy weight {settings.entropy_weight:g}, learning rate"
        f" {settings.learning_rate:g}). Of the start (epoch 0) and {settings.epochs} epochs, epoch"
        f" {best} did best on the tuning half of the validation people and is what is shipped:",
        "",
        "| epoch | rank-1 | mAP |",
        "|---|---|---|",
        *(
            f"| {epoch} | {rank1:.4f} | {mean_ap:.4f} |"
            for epoch, rank1, mean_ap in figures.history
        ),
        "",
        *([NOT_TRAINED, ""] if best == 0 else []),
    ]


def _set_in_words(figures: LeaveOneOut) -> str:
    return (
        f"{figures.gallery + 1:,} crops, {figures.queries:,} queries; {figures.skipped} crops have"
        " no match and are gallery only."
    )


def _table(name: str, ours: LeaveOneOut, figures: HeadFigures, title: str) -> str:
    rows = {**figures.controls[title], f"**{name}**": ours}
    lines = [
        "| ranking | rank-1 | mAP | P@5 | TAR at FAR 1e-3 | 1e-4 |",
        "|---|---|---|---|---|---|",
    ]
    for label, row in rows.items():
        tar = " | ".join(f"{share:.3f}" for share in row.tar or ())
        lines.append(
            f"| {label} | {row.rank1:.4f} | {row.mean_ap:.4f} | {row.p_at_5:.4f} | {tar} |"
        )
    return "\n".join(lines)
