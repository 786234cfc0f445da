"""What a model looks like inside: angles between its words, and a map of one of its sub-spaces."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats
from trainer.data.picture_files import Dropped
from trainer.data.pictures import PictureSource
from trainer.evaluate.encoding import Candidate, read_crop
from trainer.evaluate.tsne import embed

MAP_PEOPLE = 10
MAP_PICTURES = 20  # of each person
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SubSpaceMap:
    """t-SNE of one sub-space, as in the paper's Fig. 7.

    Attributes:
        book: which sub-space, from 1.
        people: (n,) who each point shows.
        before: (n, 2) of the l2-normalised sub-vectors x_m.
        after: (n, 2) of the softly quantised s_m.
    """

    model: str
    book: int
    people: NDArray[Any]
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def angle_counts(words: Floats) -> Counts:
    """Pairs of words of one book by the angle between them, in whole degrees.

    Args:
        words: (M, K, d), none of length zero.

    Returns:
        (181,) pairs at 0 to 180 degrees, of all books together.
    """
    unit = words / np.maximum(np.linalg.norm(words, axis=2, keepdims=True), 1e-12)
    counts = np.zeros(181, np.int64)
    above = np.triu_indices(words.shape[1], 1)
    for book in unit.astype(np.float64):
        degrees = np.degrees(np.arccos(np.clip(book @ book.T, -1.0, 1.0)[above]))
        counts += np.bincount(np.rint(degrees).astype(int), minlength=181)
    return counts


def words_of(model: Candidate) -> Floats:
    """The codewords (M, K, d): the fixed books, or the learned words a linear query ranks by."""
    encoder = model.encoder
    books = encoder.words if model.config.query_form == "linear" else encoder.codebooks
    return books.transpose(0, 2, 1)


def map_sub_space(
    model: Candidate, source: PictureSource, rows: NDArray[np.intp], *, book: int = 0
) -> SubSpaceMap | None:
    """The map of the people with the most pictures among `rows`; None for fewer than two.

    With joint words there are no sub-spaces to map: None as well.

    Raises:
        ExtraMissing: scikit-learn is not installed.
    """
    if model.config.joint_words:
        return None
    chosen = _rows_of_many(source.people, rows)
    crops = {row: read_crop(source, row) for row in chosen}
    read = [row for row in chosen if not isinstance(crops[row], Dropped)]
    if len({str(source.people[row]) for row in read}) < 2:
        return None
    features = np.concatenate([model.encoder.features(crops[row][None]) for row in read])  # type: ignore[index]
    before = _sub_vectors(features, model.config.n_books)[:, book]
    return SubSpaceMap(
        model=model.name,
        book=book + 1,
        people=source.people[read],
        before=embed(before),
        after=embed(_softly_quantised(before, model, book)),
    )


def _sub_vectors(features: Floats, n_books: int) -> Floats:
    """The x_m, each of length 1: (n, D) → (n, M, d)."""
    sub = features.reshape(len(features), n_books, -1)
    lengths = np.linalg.norm(sub, axis=-1, keepdims=True)
    unit: Floats = sub / np.maximum(lengths, np.float32(1e-12))
    return unit


def _softly_quantised(sub: Floats, model: Candidate, book: int) -> Floats:
    """s_m = C_m p_m (Eq. 3) of the x_m of one book, p_m as search uses it: (n, d) → (n, d)."""
    logits = sub @ model.encoder.words[book] * np.float32(model.config.query_temperature)
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    p = powers / powers.sum(-1, keepdims=True)
    soft: Floats = p @ model.encoder.codebooks[book].T
    return soft


def _rows_of_many(people: NDArray[Any], rows: NDArray[np.intp]) -> list[int]:
    names, counts = np.unique(people[rows], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MAP_PEOPLE]
    many = [name for name in names[order] if counts[names == name][0] > 1]
    chosen: list[int] = []
    for name in many:
        chosen += rows[people[rows] == name][:MAP_PICTURES].tolist()
    return chosen
