"""The figures of ways to ask with several photos, against the plain statement."""

import numpy as np
import pytest

from opqn_app.opqn import lut
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.links import Links
from trainer.recipes.query_figures import (
    WAYS,
    Faces,
    draw_queries,
    figures_of,
    noticed,
    tables_of_figures,
)


def made_faces(n_people: int = 6, n_photos: int = 5) -> Faces:
    """People as directions, with noise; a code is the nearest of 16 words of each book."""
    chance = np.random.default_rng(1)
    people = np.repeat([f"p{i}" for i in range(n_people)], n_photos)
    centres = np.repeat(chance.standard_normal((n_people, 24)), n_photos, axis=0)
    units = centres + 0.6 * chance.standard_normal(centres.shape)
    units = (units / np.linalg.norm(units, axis=1, keepdims=True)).astype(np.float32)
    words = chance.standard_normal((4, 16, 24)).astype(np.float32) / 5
    tables = lut.snap(np.einsum("nd,mkd->nmk", units, words))
    codes = tables.argmax(axis=2).astype(np.uint8)
    links = Links(-8.0, 16.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    return Faces(people, units, tables, codes, Calibration(6.0, -5.0), links)


def test_figures_are_those_of_the_plain_statement() -> None:
    faces = made_faces()
    queries = [np.array([0, 1]), np.array([7, 5]), np.array([13, 10])]
    scores = np.stack([lut.scores(table, faces.codes) for table in faces.tables])
    found = dict(figures_of(faces, queries, scores))
    assert list(found)[2:] == list(WAYS)
    for name, weight in (("mean of the scores", 1.0), ("half mean, half best", 0.5)):
        aps, recalls, no_worse = [], [], []
        for one, other in queries:
            kept = [i for i in range(len(faces.people)) if i not in (one, other)]
            same = [faces.people[i] == faces.people[one] for i in kept]

            def values(
                w: float, a: int = one, b: int = other, rows: list[int] = kept
            ) -> list[float]:
                pairs = [(float(scores[a, i]), float(scores[b, i])) for i in rows]
                return [w * sum(pair) / 2 + (1 - w) * max(pair) for pair in pairs]

            mine = values(weight)
            aps.append(ranked_ap(mine, same))
            likely = [1 / (1 + np.exp(5.0 - 6.0 * v)) >= 0.5 for v in mine]
            recalls.append(sum(a and b for a, b in zip(likely, same, strict=True)) / sum(same))
            best = max(
                ranked_ap([float(scores[row, i]) for i in kept], same) for row in (one, other)
            )
            no_worse.append(aps[-1] >= best - 0.01)
        assert found[name].mean_ap == pytest.approx(np.mean(aps))
        assert found[name].recall == pytest.approx(np.mean(recalls))
        assert found[name].no_worse == pytest.approx(np.mean(no_worse))


def ranked_ap(values: list[float], same: list[bool]) -> float:
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))
    hits, total = 0, 0.0
    for rank, i in enumerate(order, start=1):
        if same[i]:
            hits += 1
            total += hits / rank
    return total / hits


def test_queries_of_each_kind() -> None:
    faces = made_faces()
    chance = np.random.default_rng(0)
    for kind, n in (("random", 12), ("one odd", 12), ("far apart", 6)):
        queries = draw_queries(faces, 3, kind, 2, chance)
        assert len(queries) == n
        for rows in queries:
            assert len(set(rows.tolist())) == 3
            assert len(set(faces.people[rows])) == 1
    [first, *_] = draw_queries(faces, 2, "far apart", 1, chance)
    like = faces.units[:5] @ faces.units[:5].T
    assert float(faces.units[first[0]] @ faces.units[first[1]]) == pytest.approx(like.min())
    [odd, *_] = draw_queries(faces, 2, "one odd", 1, chance)
    assert odd[0] == like.sum(axis=1).argmin()
    assert draw_queries(faces, 5, "random", 1, chance) == []  # nobody has a photo left to find


def test_one_person_and_two_in_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.recipes.query_figures.PAIRS_OF_PEOPLE", 20)
    shares = {what: share for what, share, _ in noticed(made_faces(), np.random.default_rng(0))}
    assert len(shares) == 10
    one = [share for what, share in shares.items() if what.startswith("one")]
    two = [share for what, share in shares.items() if what.startswith("two")]
    assert max(one) < min(two)


def test_the_tables_are_markdown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.recipes.query_figures.PAIRS_OF_PEOPLE", 5)
    said = "\n".join(tables_of_figures(made_faces(), sizes=(2, 10), draws=1))
    assert "random, 2 photos, 6 queries" in said
    assert "10 photos" not in said
    assert "| half mean, half best | " in said
    assert "| two people, 1 + 4 photos | " in said
