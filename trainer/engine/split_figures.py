"""Figures and calibration of a model, from the validation or the test pictures of a split."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from opqn_app.core.progress import finished
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.links import Links
from opqn_app.people.word_sums import WordSums
from trainer.config import TrainConfig
from trainer.data.loading import TrainingData
from trainer.engine.diagnostics import BookReport
from trainer.engine.validation import (
    EncodedPictures,
    ValidationFigures,
    encode,
    pair_scores,
    retrieve,
)
from trainer.evaluate.calibration import NotCalibrated, fit_calibration
from trainer.evaluate.links import fit_links
from trainer.evaluate.scoring import CodeScorer, StoredTables
from trainer.method.networks import to_app_model
from trainer.method.objective import Objective


@dataclass(frozen=True, slots=True, eq=False)
class SplitQueries:
    """Queries, and the pictures they search.

    Attributes:
        scorer: the queries against the codes of the gallery.
        people: (q,) and (n,) numbers of the persons.
        books: what the codebooks do with the queries.
        is_leave_one_out: queries and gallery are the same pictures, and none meets itself.
    """

    scorer: CodeScorer
    people: tuple[NDArray[np.int64], NDArray[np.int64]]
    books: BookReport
    is_leave_one_out: bool


def evaluate_split(
    objective: Objective, data: TrainingData, config: TrainConfig, role: str, device: torch.device
) -> tuple[ValidationFigures, BookReport]:
    """Figures of the "val" or "test" pictures, and what the codebooks do with the queries."""
    found = asked(objective, data, config, role, device)
    figures = retrieve(
        found.scorer, *found.people, t=config.engine.p_at, leave_one_out=found.is_leave_one_out
    )
    return figures, found.books


def calibrate(
    objective: Objective, data: TrainingData, config: TrainConfig, device: torch.device
) -> Calibration:
    """The curve from score to probability, of the validation pictures.

    Raises:
        NotCalibrated: the pictures do not allow it.
    """
    if not len(data.split.val):
        raise NotCalibrated("no pictures were kept to choose by (data.val_per_person)")
    found = asked(objective, data, config, "val", device)
    return fit_calibration(
        *pair_scores(found.scorer, *found.people, leave_one_out=found.is_leave_one_out)
    )


def learn_links(
    objective: Objective, data: TrainingData, config: TrainConfig, device: torch.device
) -> Links:
    """By what the app groups faces with this model, learned from the validation pictures.

    Raises:
        NotCalibrated: the pictures do not allow it.
    """
    rows = data.split.val
    if not len(rows):
        raise NotCalibrated("no pictures were kept to choose by (data.val_per_person)")
    people = data.people[rows]
    codes = encode(
        objective, data.pictures.images[rows], people,
        size=config.method.input_size, device=device, wants_tables=False,
    ).codes  # fmt: skip
    app = to_app_model(objective.network)
    words = app.quantizer.mlp.detach().numpy()
    job = fit_links(codes, people.astype(str), WordSums(words, is_joint=app.config.joint_words))
    return finished(job)


def asked(
    objective: Objective, data: TrainingData, config: TrainConfig, role: str, device: torch.device
) -> SplitQueries:
    """Queries of "val" search the training pictures, those of "test" the gallery.

    Under "unseen" each picture of the role asks all others of the same role.
    """
    split, size = data.split, config.method.input_size
    rows = split.val if role == "val" else split.test
    gallery = split.train if role == "val" else split.gallery
    images, people = data.pictures.images, data.people

    def encoded(chosen: NDArray[Any], *, wants_tables: bool) -> EncodedPictures:
        return encode(
            objective, images[chosen], people[chosen],
            size=size, device=device, wants_tables=wants_tables,
        )  # fmt: skip

    queries = encoded(rows, wants_tables=True)
    if split.is_leave_one_out:
        codes, gallery = queries.codes, rows
    else:
        codes = encoded(gallery, wants_tables=False).codes
    assert queries.tables is not None
    return SplitQueries(
        scorer=CodeScorer(StoredTables(queries.tables), codes),
        people=(people[rows], people[gallery]),
        books=queries.books,
        is_leave_one_out=split.is_leave_one_out,
    )
