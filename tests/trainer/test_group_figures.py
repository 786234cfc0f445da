"""Figures of groups, against the same counted face by face."""

from itertools import combinations

import numpy as np
import pytest

from trainer.evaluate.group_figures import SHOWN, GroupFigures, group_figures


def slow_figures(groups: list[int], people: list[str]) -> dict[str, float]:
    n = len(groups)
    precision = recall = 0.0
    for face in range(n):
        group = [i for i in range(n) if groups[i] == groups[face]]
        person = [i for i in range(n) if people[i] == people[face]]
        both = set(group) & set(person)
        precision += len(both) / len(group) / n
        recall += len(both) / len(person) / n
    pairs = list(combinations(range(n), 2))
    inside = [pair for pair in pairs if groups[pair[0]] == groups[pair[1]]]
    together = [pair for pair in pairs if people[pair[0]] == people[pair[1]]]
    right = len(set(inside) & set(together))
    wrong_groups = shown_groups = wrong_faces = clicks = 0
    for name in set(groups):
        faces = [people[i] for i in range(n) if groups[i] == name]
        shown = min(set(faces), key=lambda person: (-faces.count(person), person))
        wrong = [person for person in faces if person != shown]
        if len(faces) >= SHOWN:
            shown_groups += 1
            wrong_groups += bool(wrong)
            wrong_faces += len(wrong)
        if people.count(shown) >= SHOWN:
            clicks += 1 + len(wrong)
        clicks += sum(people.count(person) >= SHOWN for person in wrong)
    return {
        "bcubed_f": 2 * precision * recall / (precision + recall),
        "bcubed_precision": precision,
        "bcubed_recall": recall,
        "pair_precision": right / len(inside) if inside else 1.0,
        "pair_recall": right / len(together) if together else 1.0,
        "groups": shown_groups,
        "wrong_groups": wrong_groups / shown_groups if shown_groups else 0.0,
        "wrong_faces": wrong_faces,
        "clicks": clicks,
    }


@pytest.mark.parametrize("seed", range(12))
def test_figures_are_those_of_counting(seed: int) -> None:
    draws = np.random.default_rng(seed)
    n = int(draws.integers(1, 40))
    people = [f"p{i:02}" for i in draws.integers(1 + seed, size=n)]
    groups = draws.integers(1 + 2 * seed, size=n).tolist()
    found = group_figures(np.array(groups), np.array(people)).to_dict()
    assert found == pytest.approx(slow_figures(groups, people), abs=1e-6)


def test_every_person_a_group_is_perfect() -> None:
    people = np.array(["a", "a", "a", "b", "b", "b", "b", "c"])
    figures = group_figures(np.unique(people, return_inverse=True)[1], people)
    assert figures == GroupFigures(1.0, 1.0, 1.0, 1.0, 1.0, 2, 0.0, 0, 2)


def test_without_a_face_there_is_nothing_to_measure() -> None:
    with pytest.raises(ValueError, match="no face"):
        group_figures(np.empty(0, int), np.empty(0, str))
