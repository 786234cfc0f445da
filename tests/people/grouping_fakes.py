"""Made codes of made people, without a network."""

from collections.abc import Generator
from typing import Any, Literal, TypeVar, overload

import numpy as np

from opqn_app.opqn.links import Links

LINKS = Links(-11.801, 8.968, 8.535, 6.567, -0.904, 0.718, 0.459)
N_BOOKS, N_WORDS, DIM = 4, 16, 24
Result = TypeVar("Result")


def result_of(job: Generator[Any, None, Result]) -> Result:
    while True:
        try:
            next(job)
        except StopIteration as stop:
            result: Result = stop.value
            return result


def words(seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(N_BOOKS, DIM, N_WORDS)).astype(np.float32)
    return drawn / np.float32(np.sqrt(N_BOOKS * DIM))


@overload
def codes_of_people(n_people: int, n_faces: int, seed: int) -> np.ndarray: ...


@overload
def codes_of_people(
    n_people: int, n_faces: int, seed: int, *, with_people: Literal[True], changed: float = 0.25
) -> tuple[np.ndarray, np.ndarray]: ...


def codes_of_people(
    n_people: int, n_faces: int, seed: int, *, with_people: bool = False, changed: float = 0.25
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Codes of faces that share most words with others of their person; and who they are.

    Args:
        changed: share of a face's words that are not the person's.
    """
    draws = np.random.default_rng(seed)
    own = draws.integers(N_WORDS, size=(n_people, N_BOOKS))
    people = draws.integers(n_people, size=n_faces)
    codes = own[people]
    is_changed = draws.random(codes.shape) < changed
    codes[is_changed] = draws.integers(N_WORDS, size=int(is_changed.sum()))
    found = codes.astype(np.uint8)
    return (found, people.astype(str)) if with_people else found
