"""Two models side by side on one library: which knows the people better, and what would change.

The codes of both are in the library. What the user has decided is the measure and is never
touched; only guesses differ.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.progress import retold
from opqn_app.core.types import Codes, Ids
from opqn_app.opqn.feature_encoder import FeatureEncoder
from opqn_app.opqn.links import LEAST_SCORE, Links, PairEvidence
from opqn_app.people.agreement_figures import (
    Doubles,
    Labels,
    Rankings,
    chance_of,
    interval_of,
    means_by,
    rank_named,
)
from opqn_app.people.coded import Coded, labels_of
from opqn_app.people.decided import Decided
from opqn_app.people.group_changes import GroupChanges, changes_of_groups
from opqn_app.people.grouping import group_faces
from opqn_app.people.known import NOBODY, Known, Marks
from opqn_app.people.ledger import Ledger
from opqn_app.people.neighbours import nearest_faces
from opqn_app.people.people import People
from opqn_app.people.word_sums import WordSums
from opqn_app.store.decision_records import FaceKey
from opqn_app.store.group_table import NONE
from opqn_app.store.library import Library

Rows = NDArray[np.intp]
Result = TypeVar("Result")
Work = Generator["AgreementProgress", None, Result]

FEWEST_PEOPLE = 10  # with two named faces, from which "as good" can be said
MARGIN = 0.02  # of the mean precision: so much worse still counts as as good
SURE = 0.05  # chance below which a difference is none of chance
MOST_OF_PERSON, MOST_FACES = 20, 4000  # named faces that are ranked
MUCH = 0.5  # agreement of groups below which a model changes much


class Verdict(StrEnum):
    """How the new model does on the user's own decisions, against the old one."""

    BETTER = "better"
    AS_GOOD = "as good"
    WORSE = "worse"
    UNKNOWN = "too few decisions to tell"


@dataclass(frozen=True, slots=True)
class AgreementProgress:
    """Where a comparison stands; `stage` is words such as "Groups by bundled-64"."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """How one model does on what was decided.

    Attributes:
        model: its name.
        nearest: asked faces whose nearest named face is of the same person.
        precision: 0 to 1: how far the faces of a person come before all other named faces; the
            mean over people.
        refused: rejected guesses that the model would make, were they not remembered; None for a
            model without links, which guesses nobody.
    """

    model: str
    nearest: int
    precision: float
    refused: int | None


@dataclass(frozen=True, slots=True, eq=False)
class AgreementReport:
    """What an old and a new model have in common on one library.

    Attributes:
        people, faces: those the measure is taken of: people with a name and two faces or more,
            and their faces, at most `MOST_OF_PERSON` each.
        rejected: pairs of a face and a person it is not, by the user's word.
        difference: of `precision`, new minus old.
        low, high: where it lies with 95 %, by the bootstrap over people.
        chance: how likely a difference as large is, were the models equal; over people.
        named_people, named_faces: all that have a name. They stay as they are.
        uncoded: named faces that the new model has no code of; a search would leave them out.
        groups: what would change among guesses; None where a model has no links or nobody is
            decided on.
    """

    old: ModelFigures
    new: ModelFigures
    people: int
    faces: int
    rejected: int
    difference: float
    low: float
    high: float
    chance: float
    verdict: Verdict
    named_people: int
    named_faces: int
    uncoded: int
    groups: GroupChanges | None

    @property
    def changes_much(self) -> bool:
        """Half of what is grouped would have other company."""
        return self.groups is not None and self.groups.agreement < MUCH

    @property
    def needs_word(self) -> bool:
        """The new model may not take over without the user's word.

        It is worse, or looks worse where there is too little to tell, or lacks named faces, or
        changes much.
        """
        looks_worse = self.verdict == Verdict.UNKNOWN and self.difference < 0
        is_worse = self.verdict == Verdict.WORSE or looks_worse
        return is_worse or self.uncoded > 0 or self.changes_much

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            **asdict(self),
            "verdict": self.verdict.value,
            "changes_much": self.changes_much,
            "needs_word": self.needs_word,
        }


def can_compare(library: Library, ledger: Ledger, old: FeatureEncoder, new: FeatureEncoder) -> bool:
    """Whether there is something to compare: two models, codes of the old one, and people."""
    return (
        old.model_id != new.model_id
        and bool(ledger.state.facts)
        and any(each.model_id == old.model_id for each in library.code_store.coded())
    )


def compare_models(
    library: Library, ledger: Ledger, old: FeatureEncoder, new: FeatureEncoder
) -> Work[AgreementReport]:
    """Compare two models by their codes in the library; changes nothing.

    Faces without a code of one of them are left out. The result depends on nothing but the codes
    and the decisions. The library is read at the start only.
    """
    read = _read(library, ledger, old, new)
    rows, people = read.named
    rankings = []
    for side in read.sides:
        ranking = rank_named(side.sums.units(side.codes[rows]), people)
        rankings.append((yield from _told(ranking, f"Named faces by {side.name}", len(rows))))
    groups = None
    if read.people.persons and all(side.links is not None for side in read.sides):
        before = yield from _grouped(read.sides[0], read.face_ids, read.known)
        after = yield from _grouped(read.sides[1], read.face_ids, read.known)
        groups = changes_of_groups(read.face_ids, before, after, read.people)
    return _report(read, rankings[0], rankings[1], groups)


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One model and its codes, (n, M), of the faces that both models have codes of."""

    name: str
    links: Links | None
    sums: WordSums
    codes: Codes

    def guesses(self, faces: Rows, person: Rows) -> NDArray[np.bool_]:
        """Which of `faces` this model would take for the person whose faces are `person`."""
        if self.links is None:
            return np.zeros(len(faces), np.bool_)
        units, own = self.sums.units(self.codes[faces]), self.sums.units(self.codes[person])
        scores = (units @ own.T).astype(np.float64)
        mean, best = scores.mean(axis=1), scores.max(axis=1)
        within = np.linalg.norm(own.mean(axis=0, dtype=np.float64))
        one, size = np.ones(len(faces)), np.full(len(faces), float(len(person)))
        evidence = PairEvidence(mean, mean / within, best, one, size)
        found: NDArray[np.bool_] = (self.links.probability(evidence) >= self.links.joins_from) & (
            best >= LEAST_SCORE
        )
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What is read of the library, at one moment.

    Attributes:
        face_ids: (n,) ascending: faces with codes of both models, without those that are none.
        sides: the old model and the new one.
        people: everybody.
        known: what grouping has to keep to.
        named: rows of the named faces to rank, and who they are.
        rejected: person → rows of the faces that it is not and rows of its own.
        named_faces, uncoded: as in AgreementReport.
    """

    face_ids: Ids
    sides: tuple[_Side, _Side]
    people: People
    known: Known
    named: tuple[Rows, Labels]
    rejected: dict[int, tuple[Rows, Rows]]
    named_faces: int
    uncoded: int


def _read(library: Library, ledger: Ledger, old: FeatureEncoder, new: FeatureEncoder) -> _Read:
    with library.snapshot():
        ledger.refresh()
        people = ledger.people()
        by_old, by_new = (Coded.of(library, encoder.model_id) for encoder in (old, new))
        shared = np.intersect1d(by_old.face_ids, by_new.face_ids)
        shared = shared[~Decided.of(ledger, shared).left_out]
        decided = Decided.of(ledger, shared)
        photos = library.face_table.photo_ids(shared)
    start = labels_of(np.where(decided.people == NOBODY, NONE, decided.people))
    marks = Marks.of_photos(photos, decided.people) + decided.marks
    sides = (
        _Side(old.name, old.links, WordSums.of(old), by_old.codes[by_old.rows(shared)]),
        _Side(new.name, new.links, WordSums.of(new), by_new.codes[by_new.rows(shared)]),
    )
    row_of = {face: row for row, face in enumerate(shared.tolist())}
    names = {i for i, person in people.persons.items() if person.name is not None}
    named = [face for face, owner in people.owner.items() if owner in names]
    return _Read(
        shared,
        sides,
        people,
        Known(decided.people, start, marks),
        _ranked(_rows_of_people(ledger, row_of)),
        _rejected(ledger, row_of),
        len(named),
        len(np.setdiff1d(named, by_new.face_ids)),
    )


def _rows_of_people(ledger: Ledger, row_of: dict[int, int]) -> dict[int, list[int]]:
    """Named person → rows of its faces; of a photo that is there twice, one."""
    found = {}
    for person, facts in ledger.state.facts.items():
        rows = _rows(ledger, ledger.state.members[person], row_of)
        if facts.name is not None and rows:
            found[person] = rows
    return found


def _rows(ledger: Ledger, keys: Iterable[FaceKey], row_of: dict[int, int]) -> list[int]:
    faces = [ledger.bindings.faces_of.get(key, ()) for key in keys]
    return sorted(row_of[face[0]] for face in faces if face and face[0] in row_of)


def _ranked(rows_of: dict[int, list[int]]) -> tuple[Rows, Labels]:
    """Some of many: people by lot, always the same ones, those with several faces first."""
    order = np.random.default_rng(0).permutation(sorted(rows_of)).tolist()
    rows: list[int] = []
    people: list[int] = []
    for person in sorted(order, key=lambda person: len(rows_of[person]) < 2):
        every = rows_of[person]
        some = every[:: -(-len(every) // MOST_OF_PERSON)]
        if len(rows) + len(some) > MOST_FACES:
            break
        rows += some
        people += [person] * len(some)
    return np.array(rows, np.intp), np.array(people, np.int32)


def _rejected(ledger: Ledger, row_of: dict[int, int]) -> dict[int, tuple[Rows, Rows]]:
    faces: dict[int, list[FaceKey]] = {}
    for key in {**ledger.state.rejected, **ledger.state.apart}:
        for person in ledger.state.not_these(key):
            faces.setdefault(person, []).append(key)
    found = {}
    for person, keys in sorted(faces.items()):
        rows = _rows(ledger, keys, row_of)
        own = _rows(ledger, ledger.state.members[person], row_of)
        if rows and own:
            found[person] = np.array(rows, np.intp), np.array(own, np.intp)
    return found


def _grouped(side: _Side, face_ids: Ids, known: Known) -> Work[Labels]:
    assert side.links is not None, "asked before"
    listing = nearest_faces(side.codes, side.sums)
    edges = yield from _told(listing, f"Faces alike by {side.name}", len(face_ids))
    joining = group_faces(
        side.codes, side.sums, edges, side.links, known, least=side.links.joins_from
    )
    return (yield from _told(joining, f"Groups by {side.name}", 0))


def _told(job: Generator[int, None, Result], stage: str, total: int) -> Work[Result]:
    return retold(job, lambda done: AgreementProgress(stage, done, total))


def _report(
    read: _Read, old: Rankings, new: Rankings, groups: GroupChanges | None
) -> AgreementReport:
    people = read.named[1][old.asked]
    precision = means_by(old.precision, people), means_by(new.precision, people)
    differences = precision[1] - precision[0]
    refused = [_refused(side, read.rejected) for side in read.sides]
    low, high = interval_of(differences)
    old_figures, new_figures = (
        ModelFigures(
            side.name,
            int(ranked.is_nearest.sum()),
            float(means.mean()) if len(means) else 0.0,
            None if side.links is None else int(sum(map(np.count_nonzero, made))),
        )
        for side, ranked, means, made in zip(
            read.sides, (old, new), precision, refused, strict=True
        )
    )
    return AgreementReport(
        old=old_figures,
        new=new_figures,
        people=len(differences),
        faces=len(old.asked),
        rejected=sum(len(rows) for rows, _ in read.rejected.values()),
        difference=float(differences.mean()) if len(differences) else 0.0,
        low=low,
        high=high,
        chance=chance_of(differences),
        verdict=_verdict(differences, _more_refused(read.sides, refused), low),
        named_people=sum(person.name is not None for person in read.people.persons.values()),
        named_faces=read.named_faces,
        uncoded=read.uncoded,
        groups=groups,
    )


def _refused(side: _Side, rejected: dict[int, tuple[Rows, Rows]]) -> list[NDArray[np.bool_]]:
    """Of each person, which of the faces that it is not the model would take for it."""
    return [side.guesses(rows, own) for rows, own in rejected.values()]


def _more_refused(
    sides: tuple[_Side, _Side], refused: Sequence[Sequence[NDArray[np.bool_]]]
) -> Doubles:
    """Of each person, how much more of its rejected faces the new model takes for it."""
    if any(side.links is None for side in sides):
        return np.empty(0)
    return np.array([new.mean() - old.mean() for old, new in zip(*refused, strict=True)])


def _verdict(differences: Doubles, more_refused: Doubles, low: float) -> Verdict:
    is_sure = chance_of(differences) <= SURE
    refuses_less = chance_of(more_refused) <= SURE and more_refused.sum() > 0
    if refuses_less or (is_sure and differences.sum() < 0):
        return Verdict.WORSE
    if is_sure:
        return Verdict.BETTER
    if len(differences) >= FEWEST_PEOPLE and low >= -MARGIN:
        return Verdict.AS_GOOD
    return Verdict.UNKNOWN
