"""Two models side by side: figures, verdicts and changes, against a slow version of each."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opqn_app.engine import Engine
from opqn_app.people import gestures
from opqn_app.people.agreement import (
    AgreementReport,
    Verdict,
    can_compare,
    compare_models,
)
from opqn_app.people.agreement_figures import (
    chance_of,
    interval_of,
    means_by,
    rank_named,
    shared_company,
)
from opqn_app.people.agreement_in_words import asking_in_words, report_in_words
from opqn_app.people.group_changes import changes_of_groups
from opqn_app.people.ledger import Ledger
from opqn_app.people.people import People
from opqn_app.people.switching import prepare_switch
from opqn_app.store.library import Library
from tests.library_fakes import PixelDetector
from tests.people.grouping_fakes import result_of
from tests.people.slow_agreement import (
    slow_agreement,
    slow_chance,
    slow_ranking,
    slow_taken,
)
from tests.people.two_models import KnownEncoder, codes_about, store_both

OLD, NEW = KnownEncoder("old"), KnownEncoder("new", seed=1)
MANY = [person for person in range(14) for _ in range(6)]


def report_of(path: Path, old: KnownEncoder = OLD, new: KnownEncoder = NEW) -> AgreementReport:
    with Library.open(path) as library:
        found: AgreementReport = result_of(compare_models(library, Ledger(library), old, new))
        return found


def name_people(path: Path, people: list[int], ids: Any, which: range) -> None:
    """Name every face of some people but the last one."""
    with Library.open_to_decide(path) as library:
        ledger = Ledger(library)
        for person in which:
            faces = [int(i) for i, p in zip(ids, people, strict=True) if p == person]
            gestures.name_faces(ledger, faces[:-1], f"Person {person}")


@pytest.mark.parametrize("seed", range(4))
def test_rankings_are_those_of_the_slow_version(seed: int) -> None:
    draws = np.random.default_rng(seed)
    people = draws.integers(9, size=40).astype(np.int32)
    vectors = draws.integers(3, size=(40, 4)).astype(np.float32)  # so that scores are equal
    found = result_of(rank_named(vectors, people))
    slow = slow_ranking(vectors, people.tolist())
    assert found.asked.tolist() == sorted(slow)
    for row, nearest, precision in zip(
        found.asked.tolist(), found.is_nearest, found.precision, strict=True
    ):
        assert (bool(nearest), precision) == (slow[row][0], pytest.approx(slow[row][1]))
    means = means_by(found.precision, people[found.asked])
    some = people[found.asked]
    for person, mean in zip(np.unique(some), means, strict=True):
        own = [slow[row][1] for row in found.asked.tolist() if people[row] == person]
        assert mean == pytest.approx(sum(own) / len(own))


@given(st.lists(st.floats(-1, 1).map(lambda x: round(x, 2)), max_size=8))
def test_chance_is_the_share_of_ways_to_flip_signs(differences: list[float]) -> None:
    assert chance_of(np.array(differences)) == pytest.approx(slow_chance(differences))


def test_many_signs_are_flipped_by_lot_and_the_same_way_each_time() -> None:
    draws = np.random.default_rng(3)
    same, better = draws.normal(0, 1, 60), draws.normal(0.6, 1, 60)
    assert chance_of(same) > 0.05 > chance_of(better)
    assert chance_of(better) == chance_of(better)
    low, high = interval_of(better)
    assert low < better.mean() < high
    assert low > 0
    t = 1.96 * better.std() / np.sqrt(60)
    assert high - low == pytest.approx(2 * t, rel=0.1)
    assert interval_of(np.empty(0)) == (0, 0)


LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=12)


@given(st.data())
def test_changes_of_groups_are_those_of_the_slow_version(data: st.DataObject) -> None:
    old = data.draw(LABELS)
    new = data.draw(st.lists(st.integers(0, 4), min_size=len(old), max_size=len(old)))
    face_ids = np.arange(10, 10 + len(old), dtype=np.int64)
    owned = data.draw(st.sets(st.sampled_from(range(len(old))), max_size=3))
    # One group has one person at most, by either model: let each owner have a group alone.
    for number, row in enumerate(sorted(owned)):
        old[row] = new[row] = 10 + number
    joiners = data.draw(st.dictionaries(st.sampled_from(range(len(old))), st.booleans()))
    for row, is_old in joiners.items():
        if owned and row not in owned:
            (old if is_old else new)[row] = 10
    owner = {int(face_ids[row]): row for row in owned}
    people = People({}, owner, {}, {}, frozenset(), {}, frozenset())
    persons: Any = {row: _person(row, int(face_ids[row])) for row in owned}
    people = People(persons, owner, {}, {}, frozenset(), {}, frozenset())
    found = changes_of_groups(face_ids, np.array(old, np.int32), np.array(new, np.int32), people)
    agreement, joined, cut = slow_agreement(old, new, owned)
    assert found.agreement == pytest.approx(agreement)
    assert (found.n_joined, found.n_cut) == (joined, cut)
    before, after = (slow_taken(labels, owner, face_ids.tolist()) for labels in (old, new))
    for person in persons:
        one, two = before.get(person, set()), after.get(person, set())
        change = next((c for c in found.people if c.person == person), None)
        if one == two:
            assert change is None
        else:
            assert change is not None
            assert (set(change.gained), set(change.lost)) == (two - one, one - two)
            assert change.kept == len(one & two)


def _person(number: int, face: int) -> Any:
    from opqn_app.people.people import Person

    return Person(number, f"Person {number}", (face,), False, None, (), 0)


def test_shared_company() -> None:
    found = shared_company(np.array([0, 0, 0, 3]), np.array([0, 0, 2, 2]))
    assert found == pytest.approx([2 / 3, 2 / 3, 1 / 4, 1 / 2])


@pytest.mark.parametrize(
    ("old_changed", "new_changed", "verdict", "needs_word"),
    [
        (0.15, 0.7, Verdict.WORSE, True),
        (0.7, 0.15, Verdict.BETTER, False),
        (0.0, 0.0, Verdict.AS_GOOD, False),
    ],
)
def test_verdicts(
    tmp_path: Path, old_changed: float, new_changed: float, verdict: Verdict, needs_word: bool
) -> None:
    path = tmp_path / "library.sqlite"
    codes = codes_about(MANY, 1, old_changed), codes_about(MANY, 2, new_changed)
    stored = store_both(path, (OLD, codes[0]), (NEW, codes[1]))
    name_people(path, MANY, stored.face_ids, range(12))
    report = report_of(path)
    assert report.verdict == verdict
    assert (report.people, report.faces, report.named_faces) == (12, 60, 60)
    assert (report.verdict == Verdict.WORSE) == (report.difference < 0)
    if verdict != Verdict.BETTER:  # which is one of few groups, where the old one made none
        assert report.needs_word == needs_word
    assert report.groups is not None
    ids = {face for change in report.groups.people for face in (*change.gained, *change.lost)}
    assert not ids & set(np.array(stored.face_ids)[np.array(MANY) < 12].reshape(12, 6)[:, :5].flat)


def test_a_model_that_gives_the_same_codes_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    codes = codes_about(MANY, 1)
    twin = KnownEncoder("twin")
    stored = store_both(path, (OLD, codes), (twin, codes))
    name_people(path, MANY, stored.face_ids, range(12))
    report = report_of(path, OLD, twin)
    assert report.verdict == Verdict.AS_GOOD
    assert (report.difference, report.chance) == (0, 1)
    groups = report.groups
    assert groups is not None
    assert (groups.agreement, groups.people, groups.joined, groups.cut) == (1, (), (), ())
    assert (groups.gathered, groups.scattered, groups.unchanged) == (0, 0, 12)
    assert groups.alike == groups.old_groups == groups.new_groups
    assert not report.needs_word


def test_with_few_people_a_model_that_looks_worse_needs_the_users_word(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    people = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    stored = store_both(path, (OLD, codes_about(people, 1, 0)), (NEW, codes_about(people, 1, 0.9)))
    name_people(path, people, stored.face_ids, range(2))
    report = report_of(path)
    assert (report.verdict, report.people) == (Verdict.UNKNOWN, 2)
    assert report.difference < 0
    assert report.needs_word
    assert report_of(path, NEW, OLD).verdict != Verdict.WORSE


def test_faces_said_not_to_be_somebody_tell_too(tmp_path: Path) -> None:
    """The new model would suggest every one of them again, were they not remembered."""
    path = tmp_path / "library.sqlite"
    n = 8
    people = [p for p in range(n) for _ in range(2)] + list(range(n))
    good = codes_about(people[: 2 * n] + [n + p for p in range(n)], 1, 0)
    bad = codes_about(people, 1, 0)
    stored = store_both(path, (OLD, good), (NEW, bad))
    ids = stored.face_ids.tolist()
    with Library.open_to_decide(path) as library:
        ledger = Ledger(library)
        for person in range(n):
            gestures.name_faces(ledger, ids[2 * person : 2 * person + 2], f"Person {person}")
            who = gestures.find_person(ledger, f"Person {person}")
            gestures.reject(ledger, [ids[2 * n + person]], who)
    report = report_of(path)
    assert report.rejected == n
    assert (report.old.refused, report.new.refused) == (0, n)
    assert report.verdict == Verdict.WORSE
    assert report.groups is not None
    for change in report.groups.people:
        own = int(str(change.name).removeprefix("Person "))
        assert ids[2 * n + own] not in change.gained
    assert report_of(path, NEW, OLD).verdict != Verdict.WORSE


def test_copies_of_a_photo_count_once_and_uncoded_faces_are_told(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    codes = codes_about(MANY, 1)
    stored = store_both(path, (OLD, codes), (NEW, codes))
    name_people(path, MANY, stored.face_ids, range(12))
    later = KnownEncoder("later")
    some = stored.face_ids.tolist()[::2]
    with Library.open(path, write=True) as library:
        library.writer.save_codes(later.info, some, codes[::2])
    report = report_of(path, OLD, later)
    assert report.uncoded == sum(1 for row in range(72) if row % 2 and row % 6 != 5)
    assert report.needs_word
    assert report.faces == 36


def test_models_without_links_are_ranked_and_group_nothing(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    bare = KnownEncoder("bare", links=None)
    codes = codes_about(MANY, 1)
    stored = store_both(path, (OLD, codes), (bare, codes))
    name_people(path, MANY, stored.face_ids, range(12))
    report = report_of(path, OLD, bare)
    assert report.groups is None
    assert report.new.refused is None
    assert report.verdict == Verdict.AS_GOOD
    assert report.to_dict()["verdict"] == "as good"


def test_nothing_decided_or_one_model_is_nothing_to_compare(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    codes = codes_about(MANY, 1)
    stored = store_both(path, (OLD, codes), (NEW, codes))
    with Library.open(path) as library:
        assert not can_compare(library, Ledger(library), OLD, NEW)
    name_people(path, MANY, stored.face_ids, range(1))
    with Library.open(path) as library:
        ledger = Ledger(library)
        assert can_compare(library, ledger, OLD, NEW)
        assert not can_compare(library, ledger, OLD, OLD)
        assert not can_compare(library, ledger, KnownEncoder("unknown"), NEW)


def test_closed_anywhere_it_leaves_the_library_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    codes = codes_about(MANY, 1, 0.2), codes_about(MANY, 2, 0.3)
    stored = store_both(path, (OLD, codes[0]), (NEW, codes[1]))
    name_people(path, MANY, stored.face_ids, range(12))
    old, new = (Engine(PixelDetector(), encoder) for encoder in (OLD, NEW))
    whole = result_of(prepare_switch(path, old, new))
    steps = sum(1 for _ in prepare_switch(path, old, new))
    assert steps > 4
    with Library.open(path) as library:
        rows = library.decision_table.decisions()
    for stop in range(1, steps, 2):
        job = prepare_switch(path, old, new)
        for _ in range(stop):
            next(job)
        job.close()
    with Library.open(path, write=True) as library:  # nobody holds its lock
        assert library.decision_table.decisions() == rows
    again = result_of(prepare_switch(path, old, new))
    assert whole is not None
    assert again is not None
    assert again.to_dict() == whole.to_dict()


def test_words(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    stored = store_both(path, (OLD, codes_about(MANY, 1, 0)), (NEW, codes_about(MANY, 1, 0)))
    name_people(path, MANY, stored.face_ids, range(12))
    report = report_of(path)
    sentences = report_in_words(report)
    assert sentences[0] == "new knows your people as well as old."
    assert "you named, of 12 people, the most similar one is the same person" in sentences[1]
    assert sentences[2] == "Names stay as they are: 12 people, 60 faces."
    worse = replace(report, verdict=Verdict.WORSE, uncoded=2)
    assert asking_in_words(worse).startswith(
        "new is ready, but it knows your people less well than old. For "
    )
    assert "2 of these faces have no code of new yet." in asking_in_words(worse)
    unknown = replace(report, verdict=Verdict.UNKNOWN, difference=-0.1, rejected=3)
    assert asking_in_words(unknown).startswith("new is ready. Too few people have names to tell")
    assert "So far it looks worse." in asking_in_words(unknown)
    assert unknown.needs_word
    assert not replace(unknown, difference=0.0).needs_word
    assert "3 suggestions you said no to" in report_in_words(unknown)[2]
    assert report.groups is not None
    changed = replace(report, groups=replace(report.groups, agreement=0.4, n_joined=2, n_cut=1))
    assert changed.needs_word
    assert asking_in_words(changed).endswith(
        "Most of the faces that nobody named would be in other groups."
    )
    assert report_in_words(changed)[-1].endswith("2 join several, 1 old one cut.")


@pytest.mark.slow
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_was_decided_nothing_named_is_lost(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any decisions, any two models: the same people after, and no change against a decision."""
    path = tmp_path_factory.mktemp("any") / "library.sqlite"
    seeds = data.draw(st.tuples(st.integers(0, 99), st.integers(0, 99)))
    n_people = 4
    people = data.draw(st.lists(st.integers(0, n_people - 1), min_size=6, max_size=16))
    changed = data.draw(st.sampled_from([0.0, 0.2, 0.6]))
    codes = codes_about(people, seeds[0], 0.1), codes_about(people, seeds[1], changed)
    per_photo = data.draw(st.sampled_from([1, 2]))
    stored = store_both(path, (OLD, codes[0]), (NEW, codes[1]), faces_per_photo=per_photo)
    ids = stored.face_ids.tolist()
    faces = st.lists(st.sampled_from(ids), min_size=1, max_size=4, unique=True)
    with Library.open_to_decide(path) as library:
        ledger = Ledger(library)
        for _ in range(data.draw(st.integers(1, 6))):
            what = data.draw(st.sampled_from(["name", "reject", "apart", "no face", "undo"]))
            some, persons = data.draw(faces), ledger.persons()
            try:
                if what == "name":
                    name = data.draw(st.sampled_from(["Ann", "Ben", "Cleo"]))
                    gestures.name_faces(ledger, some, name)
                elif what == "reject" and persons:
                    gestures.reject(ledger, some, data.draw(st.sampled_from(persons)).id)
                elif what == "apart":
                    others = [i for i in data.draw(faces) if i not in some]
                    if others:
                        gestures.set_apart(ledger, some, others)
                elif what == "no face":
                    gestures.mark_no_face(ledger, some)
                else:
                    ledger.undo()
            except gestures.PeopleError:
                pass
    with Library.open(path) as library:
        ledger = Ledger(library)
        rows, before = library.decision_table.decisions(), ledger.people()
        report = result_of(compare_models(library, ledger, OLD, NEW))
        assert library.decision_table.decisions() == rows
        assert Ledger(library).people() == before
    named = {face for face, p in before.owner.items() if before.persons[p].name is not None}
    assert (report.named_faces, report.uncoded) == (len(named), 0)
    for change in report.groups.people if report.groups else ():
        for face in (*change.gained, *change.lost):
            assert before.may_be(face, change.person)


def test_who_is_named_against_an_earlier_word_takes_nobody_from_own_photos(tmp_path: Path) -> None:
    """Two faces that were said not to be the same, and then are both Ann: groups fall apart."""
    path = tmp_path / "library.sqlite"
    people = [0, 1, 0, 1, 0, 1, 0, 0]
    codes = codes_about(people, 3, 0)
    stored = store_both(path, (OLD, codes_about(range(8), 4, 0)), (NEW, codes), faces_per_photo=2)
    ids = stored.face_ids.tolist()
    with Library.open_to_decide(path) as library:
        ledger = Ledger(library)
        gestures.set_apart(ledger, [ids[0]], [ids[6]])
        gestures.name_faces(ledger, [ids[0], ids[6]], "Ann")
        ann, everybody = gestures.find_person(ledger, "Ann"), ledger.people()
    assert not everybody.may_be(ids[7], ann)
    report = report_of(path)
    assert report.groups is not None
    assert [change.gained for change in report.groups.people] == [(ids[2], ids[4])]
