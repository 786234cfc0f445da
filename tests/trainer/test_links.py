"""Learned links: the fit finds weights that group better than none, and says when it can't."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from opqn_app.core.errors import ModelIncompatible
from opqn_app.opqn.links import Links, PairEvidence, features, links_from_dict
from opqn_app.people.grouping import group_faces
from opqn_app.people.known import Known
from opqn_app.people.neighbours import nearest_faces
from opqn_app.people.word_sums import WordSums
from tests.people.grouping_fakes import codes_of_people, result_of, words
from trainer.evaluate.calibration import NotCalibrated
from trainer.evaluate.group_figures import group_figures
from trainer.evaluate.links import TRIED, fit_links, pieces

WEIGHTS = {"bias": -11.801, "likeness": 8.968, "mean": 8.535, "best": 6.567, "sizes": -0.904,
           "likeness_sizes": 0.718, "unlike_sizes": 0.459}  # fmt: skip


def test_links_learned_on_some_people_group_others() -> None:
    sums = WordSums(words(), is_joint=True)
    codes, people = codes_of_people(40, 400, 1, with_people=True, changed=0.1)
    links = result_of(fit_links(codes, people, sums))
    others, who = codes_of_people(40, 400, 2, with_people=True, changed=0.1)
    edges = result_of(nearest_faces(others, sums))
    job = group_faces(others, sums, edges, links, Known.nothing(400), least=0.5)
    figures = group_figures(result_of(job), who)
    alone = group_figures(np.arange(400), who)
    assert figures.bcubed_f > 0.8 > 0.4 > alone.bcubed_f
    assert figures.wrong_groups < 0.1


def test_the_fit_is_the_same_each_time() -> None:
    sums = WordSums(words(), is_joint=True)
    codes, people = codes_of_people(10, 100, 1, with_people=True)
    assert result_of(fit_links(codes, people, sums)) == result_of(fit_links(codes, people, sums))


@pytest.mark.parametrize(("n_people", "kind"), [(1, "two people"), (120, "one person")])
def test_without_both_kinds_of_pairs_nothing_is_learned(n_people: int, kind: str) -> None:
    sums = WordSums(words(), is_joint=True)
    codes, people = codes_of_people(n_people, 120, 1, with_people=True)
    if n_people > 1:
        people = np.arange(120).astype(str)
    with pytest.raises(NotCalibrated, match=f"no two groups of near faces show {kind}"):
        result_of(fit_links(codes, people, sums))


def test_pieces_are_of_one_person_each() -> None:
    person = np.random.default_rng(0).integers(7, size=200)
    labels = pieces(person, np.random.default_rng(1))
    for name in np.unique(labels):
        assert len(set(person[labels == name])) == 1
        assert np.flatnonzero(labels == name)[0] == name
    assert len(np.unique(labels)) > 7


def test_the_formula() -> None:
    pair = PairEvidence(*(np.array([value]) for value in (0.4, 0.5, 0.6, 4.0, 32.0)))
    assert features(pair)[0].tolist() == [1.0, 0.5, 0.4, 0.6, 6.0, 3.0, 2.0]
    odds = -11.801 + 8.968 * 0.5 + 8.535 * 0.4 + 6.567 * 0.6 - 0.904 * 6 + 0.718 * 3 + 0.459 * 2
    assert Links(**WEIGHTS).probability(pair)[0] == pytest.approx(1 / (1 + np.exp(-odds)))


@pytest.mark.parametrize(
    "values", [[], {}, WEIGHTS | {"bias": "1"}, WEIGHTS | {"bias": float("nan")}, {"bias": 1.0}]
)
def test_links_that_are_none_are_refused(values: object, tmp_path: Path) -> None:
    with pytest.raises(ModelIncompatible, match="its links"):
        links_from_dict(values, tmp_path)


def test_links_go_through_json() -> None:
    assert links_from_dict(json.loads(json.dumps(WEIGHTS)), Path()) == Links(**WEIGHTS)
    assert links_from_dict(None, Path()) is None


def test_older_links_join_from_one_half() -> None:
    assert links_from_dict(WEIGHTS, Path()) == Links(**WEIGHTS, joins_from=0.5)
    newer = links_from_dict(WEIGHTS | {"joins_from": 0.35}, Path())
    assert newer == Links(**WEIGHTS, joins_from=0.35)
    assert links_from_dict(json.loads(json.dumps(asdict(newer))), Path()) == newer


@pytest.mark.parametrize("joins_from", [0.0, 1.0, 1.5, -0.1])
def test_links_that_join_nothing_or_all_are_refused(joins_from: float, tmp_path: Path) -> None:
    with pytest.raises(ModelIncompatible, match="joins_from of its links"):
        links_from_dict(WEIGHTS | {"joins_from": joins_from}, tmp_path)


def test_what_is_joined_is_never_more_doubtful_than_what_is_suggested() -> None:
    assert Links(**WEIGHTS, joins_from=0.35).suggests_from == 0.35
    assert Links(**WEIGHTS, joins_from=0.7).suggests_from == 0.5


def test_joins_from_does_not_change_a_chance() -> None:
    pair = PairEvidence(*(np.array([value]) for value in (0.4, 0.5, 0.6, 4.0, 32.0)))
    assert Links(**WEIGHTS, joins_from=0.35).probability(pair) == Links(**WEIGHTS).probability(pair)


def test_groups_are_joined_from_where_they_cost_the_fewest_clicks() -> None:
    sums = WordSums(words(), is_joint=True)
    codes, people = codes_of_people(40, 400, 1, with_people=True)
    links = result_of(fit_links(codes, people, sums))
    edges = result_of(nearest_faces(codes, sums))
    clicks = {}
    for least in TRIED:
        job = group_faces(codes, sums, edges, links, Known.nothing(400), least=least)
        clicks[least] = group_figures(result_of(job), people).clicks
    fewest = min(clicks.values())
    assert len(set(clicks.values())) > 1
    assert links.joins_from == max(least for least in TRIED if clicks[least] == fewest)


def test_where_nobody_is_worth_a_name_there_is_nothing_to_choose_by() -> None:
    sums = WordSums(words(), is_joint=True)
    codes, people = codes_of_people(200, 200, 1, with_people=True, changed=0.1)
    _, place = np.unique(people, return_inverse=True)
    keep = np.concatenate([np.flatnonzero(place == i)[:2] for i in range(place.max() + 1)])
    assert result_of(fit_links(codes[keep], people[keep], sums)).joins_from == 0.5
