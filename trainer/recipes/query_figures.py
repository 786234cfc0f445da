"""Ways to ask with several photos of one person, and how surely two people in a query are noticed.

    python -m trainer.recipes.query_figures --data ../shared/data --set tuning

Choices are made on the validation people of the tuning half; `--set held` and `--set lfw` confirm
them. A query's photos are not in the gallery. Percentages are those the app would state there.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from opqn_app.core.errors import ModelIncompatible
from opqn_app.core.progress import finished
from opqn_app.core.types import Codes, Floats
from opqn_app.opqn import lut
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.links import Links, PairEvidence
from opqn_app.opqn.several_photos import combined, people_among
from trainer.data.pictures import AlignedCrops, JoinedPictures, PictureSource
from trainer.evaluate.calibration import MATCH_SHARE
from trainer.evaluate.encoding import encode, load_candidate
from trainer.recipes.command import run_recipe
from trainer.recipes.face_data import face_shards, families, is_tuning

SIZES = (2, 3, 5, 10)  # photos of a query
KINDS = ("random", "one odd", "far apart")
DRAWS = 3  # queries of a person, of each kind and size
MIXED = ((1, 1), (1, 2), (2, 2), (1, 3), (2, 3), (1, 4))  # photos of two people in a query
PAIRS_OF_PEOPLE = 800  # queries with two people, of each of `MIXED`
WORSE = 0.01  # of average precision: less is taken for equal

ONE, BEST = "one photo", "the best photo, known afterwards"

Rows = NDArray[np.intp]
Scores = NDArray[np.float32]  # (n, N): of the query's photos with the gallery


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Labelled faces as a model sees them; entry i of each array belongs together."""

    people: NDArray[Any]
    units: Floats
    tables: Floats
    codes: Codes
    curve: Calibration
    links: Links


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over queries.

    Attributes:
        mean_ap, p_at_5: of the ranking; P@5 of at most 5 and all that there are.
        recall: share of the person's faces that are called likely.
        precision: of what is called likely, where a hundredth of the library is the person.
        no_worse: share of queries whose average precision is that of the best photo at least.
        finds_all: share of queries that call as many of the person's faces likely as the best
            photo does.
    """

    mean_ap: float
    p_at_5: float
    recall: float
    precision: float
    no_worse: float
    finds_all: float


def half_and_half(faces: Faces, rows: Rows, alone: Scores) -> Scores:
    """As the app asks, table by table."""
    tables = combined(faces.tables[rows])
    found: Scores = np.stack([lut.scores(table, faces.codes) for table in tables]).max(axis=0)
    return found


def by_agreement(faces: Faces, rows: Rows, alone: Scores) -> Scores:
    """The mean, a photo counting for as much as it resembles the others."""
    like = (faces.units[rows] @ faces.units[rows].T).sum(axis=1) - 1
    weights = np.maximum(like / (len(rows) - 1), 0.05)
    found: Scores = (weights / weights.sum()) @ alone
    return found


def soft_max(faces: Faces, rows: Rows, alone: Scores) -> Scores:
    """Between mean and max: the logarithm of the mean of powers, at a tenth."""
    best = alone.max(axis=0)
    found: Scores = best + 0.1 * np.log(np.exp((alone - best) / 0.1).mean(axis=0))
    return found


def learned_link(faces: Faces, rows: Rows, alone: Scores) -> Scores:
    """The probability that the set and a face are one person, as groups are joined."""
    within = float((faces.units[rows] @ faces.units[rows].T).mean())
    mean, best = alone.mean(axis=0).astype(np.float64), alone.max(axis=0).astype(np.float64)
    one = np.ones_like(mean)
    pairs = PairEvidence(mean, mean / np.sqrt(within), best, one * len(rows), one)
    return faces.links.probability(pairs).astype(np.float32)


WAYS: dict[str, Callable[[Faces, Rows, Scores], Scores]] = {
    "mean of the scores": lambda _faces, _rows, alone: alone.mean(axis=0),
    "best score": lambda _faces, _rows, alone: alone.max(axis=0),
    "half mean, half best": half_and_half,
    "mean of the two best": lambda _f, _r, alone: np.sort(alone, axis=0)[-2:].mean(axis=0),
    "soft max": soft_max,
    "mean by agreement": by_agreement,
    "learned link to the set": learned_link,
}


def figures_of(faces: Faces, queries: list[Rows], scores: Scores) -> Iterator[tuple[str, Figures]]:
    """Of the best photo alone, of one photo, and of each way.

    Args:
        scores: (N, N): of every face, asking alone, with every face.
    """
    names = [ONE, BEST, *WAYS]
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
    for rows in queries:
        is_other = np.ones(len(faces.people), np.bool_)
        is_other[rows] = False
        same = (faces.people == faces.people[rows[0]])[is_other]
        alone = scores[rows][:, is_other]
        singles = [_one(each, same, _likely(faces, each, each)) for each in alone]
        ap, most = (max(single[column] for single in singles) for column in (0, 2))
        found[ONE].append((*np.mean(singles, axis=0).tolist(), 0.0, 0.0))
        best = max(singles)
        found[BEST].append((*best[:2], most, best[3], 1.0, 1.0))
        for name, way in WAYS.items():
            values = way(faces, rows, scores[rows])[is_other]
            is_likely = _likely(faces, values, alone.mean(axis=0))
            if way is learned_link:
                is_likely = values >= 0.5
            one = _one(values, same, is_likely)
            found[name].append((*one, float(one[0] >= ap - WORSE), float(one[2] >= most)))
    for name in names:
        mean_ap, p_at_5, recall, wrong, no_worse, finds = np.mean(found[name], axis=0).tolist()
        right = MATCH_SHARE * recall
        precision = right / max(right + (1 - MATCH_SHARE) * wrong, 1e-12)
        yield name, Figures(mean_ap, p_at_5, recall, precision, no_worse, finds)


def _likely(faces: Faces, values: Scores, usual: Scores) -> NDArray[np.bool_]:
    return np.asarray(faces.curve.among(usual).probability(values) >= 0.5)


def _one(
    values: Scores, same: NDArray[np.bool_], is_likely: NDArray[np.bool_]
) -> tuple[float, float, float, float]:
    """Average precision, P@5, and shares of the person's and of other faces called likely."""
    ranked = same[np.argsort(-values, kind="stable")]
    places = np.flatnonzero(ranked)
    ap = float((np.arange(1, len(places) + 1) / (places + 1)).mean())
    at_5 = float(ranked[:5].sum()) / min(5, len(places))
    return ap, at_5, float(is_likely[same].mean()), float(is_likely[~same].mean())


def draw_queries(
    faces: Faces, size: int, kind: str, draws: int, chance: np.random.Generator
) -> list[Rows]:
    """Rows of the photos of each query; everybody with more photos than that asks.

    "one odd" asks with the photo that is least like the person's others, and drawn ones. "far
    apart" begins with the two that are least alike, and adds what is least like all before.
    """
    queries = []
    for rows in _rows_of_people(faces.people):
        if len(rows) <= size:
            continue
        like = faces.units[rows] @ faces.units[rows].T
        if kind == "far apart":
            queries.append(rows[_far_apart(like, size)])
            continue
        for _ in range(draws):
            drawn = chance.permutation(len(rows))
            if kind == "one odd":
                odd = int(like.sum(axis=1).argmin())
                drawn = np.append(odd, drawn[drawn != odd])
            queries.append(rows[drawn[:size]])
    return queries


def _far_apart(like: Floats, size: int) -> list[int]:
    chosen = [int(place) for place in np.unravel_index(like.argmin(), like.shape)]
    while len(chosen) < size:
        nearest = like[chosen].max(axis=0)
        nearest[chosen] = np.inf
        chosen.append(int(nearest.argmin()))
    return chosen


def _rows_of_people(people: NDArray[Any]) -> list[Rows]:
    _, person = np.unique(people, return_inverse=True)
    return [np.flatnonzero(person == number) for number in range(int(person.max()) + 1)]


def noticed(faces: Faces, chance: np.random.Generator) -> Iterator[tuple[str, float, int]]:
    """How often a query of one person, or of two, is taken for several: (what, share, queries)."""
    members = _rows_of_people(faces.people)

    def share(queries: list[Rows]) -> float:
        several = [len(people_among(faces.units[rows], faces.links)) > 1 for rows in queries]
        return float(np.mean(several))

    for size in (2, 3, 4, 5):
        asking = [rows for rows in members if len(rows) >= size for _ in range(DRAWS)]
        queries = [chance.permutation(rows)[:size] for rows in asking]
        if queries:
            yield f"one person, {size} photos", share(queries), len(queries)
    for first, second in MIXED:
        one = [place for place, rows in enumerate(members) if len(rows) >= first]
        other = [place for place, rows in enumerate(members) if len(rows) >= second]
        queries = []
        while len(queries) < PAIRS_OF_PEOPLE:
            a, b = int(chance.choice(one)), int(chance.choice(other))
            if a != b:
                parts = (
                    chance.permutation(members[place])[:n] for place, n in ((a, first), (b, second))
                )
                queries.append(np.concatenate(list(parts)))
        yield f"two people, {first} + {second} photos", share(queries), len(queries)


def read_set(data: Path, name: str) -> tuple[PictureSource, Rows]:
    """The pictures of a set, and which of them count.

    Raises:
        DataError: they are not there.
    """
    if name == "lfw":
        lfw = AlignedCrops(data / "lfw_unseen.tar")
        return lfw, np.arange(len(lfw.files))
    source = JoinedPictures([AlignedCrops(shard) for shard in face_shards(data)])
    is_validation = np.array([file.split("/")[1] == "val" for file in source.files.tolist()])
    rows = np.flatnonzero(is_validation)
    is_chosen_on = is_tuning(source.people[rows], families(data / "faces.csv"))
    return source, rows[is_chosen_on == (name == "tuning")]


def read_faces(model_name: str, source: PictureSource, rows: Rows) -> Faces:
    """Encode pictures.

    Raises:
        ModelIncompatible: the model has no calibration or no links.
    """
    model = load_candidate(model_name, "cpu")
    curve, links = model.encoder.calibration, model.encoder.links
    if curve is None or links is None:
        raise ModelIncompatible(model_name, "it has no calibration or no links")
    found = finished(encode(model, source, rows, asking=rows, wants_features=True))
    features = found.features
    assert features is not None, "they were asked for"
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    return Faces(source.people[found.rows], units, found.tables, found.codes, curve, links)


def tables_of_figures(
    faces: Faces, sizes: tuple[int, ...] = SIZES, draws: int = DRAWS
) -> Iterator[str]:
    """All tables, line by line as they come, as Markdown."""
    chance = np.random.default_rng(0)
    scores = np.stack([lut.scores(table, faces.codes) for table in faces.tables])
    for kind in KINDS:
        for size in sizes:
            queries = draw_queries(faces, size, kind, draws, chance)
            if not queries:
                continue
            yield f"\n{kind}, {size} photos, {len(queries):,} queries\n"
            yield "| | mAP | P@5 | recall | precision | mAP no worse | finds as many |"
            yield "|---|---|---|---|---|---|---|"
            for name, f in figures_of(faces, queries, scores):
                shares = "– | –" if name == ONE else f"{f.no_worse:.3f} | {f.finds_all:.3f}"
                ranking = f"{f.mean_ap:.4f} | {f.p_at_5:.4f}"
                yield f"| {name} | {ranking} | {f.recall:.3f} | {f.precision:.3f} | {shares} |"
    yield "\n| query | taken for several people | queries |\n|---|---|---|"
    for what, share, n in noticed(faces, np.random.default_rng(0)):
        yield f"| {what} | {100 * share:.1f} % | {n:,} |"


def main(argv: list[str] | None = None) -> int:
    """Run the recipe; returns the exit status."""
    parser = argparse.ArgumentParser(description="Ways to ask with several photos.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the face data")
    parser.add_argument("--set", choices=("tuning", "held", "lfw"), default="tuning", dest="name")
    parser.add_argument("--model", default="bundled-256")
    parser.add_argument(
        "--draws", type=int, default=DRAWS, help=f"queries of a person and kind (default {DRAWS})"
    )
    arguments = parser.parse_args(argv)

    def work() -> None:
        with threadpool_limits(limits=1, user_api="blas"):
            source, rows = read_set(arguments.data, arguments.name)
            faces = read_faces(arguments.model, source, rows)
            for line in tables_of_figures(faces, draws=arguments.draws):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()

    return run_recipe(work)


if __name__ == "__main__":
    sys.exit(main())
