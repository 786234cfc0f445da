"""Measure the groups that a model makes of labelled faces, beside other ways of grouping them."""

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from opqn_app.core.errors import ExtraMissing, ModelIncompatible
from opqn_app.core.progress import finished
from opqn_app.core.types import Codes
from opqn_app.opqn.links import Links
from opqn_app.people.grouping import CERTAIN, group_faces
from opqn_app.people.known import Known
from opqn_app.people.neighbours import Edges, nearest_faces
from opqn_app.people.word_sums import WordSums
from trainer.data.picture_files import Dropped
from trainer.data.pictures import PictureSource
from trainer.evaluate.encoding import Candidate, encode_by_each, load_candidate
from trainer.evaluate.evaluate import duplicates_in_words, reading_for, with_own_names
from trainer.evaluate.group_figures import GroupFigures, group_figures
from trainer.evaluate.other_groupings import (
    THRESHOLDS,
    chinese_whispers,
    dbscan,
    near_graph,
)
from trainer.evaluate.results import EvalProgress, EvalSettings
from trainer.evaluate.steps import Whole, shown

Labels = NDArray[Any]
GroupingWork = Generator[EvalProgress, None, "GroupingReport"]


@dataclass(frozen=True, slots=True)
class GroupingResult:
    """One way of grouping.

    Attributes:
        label: for tables.
        model: name of the model whose codes were grouped.
        least: probability, or score, from which faces are joined.
        cpu_s: processor time, the search for neighbours included.
    """

    label: str
    model: str
    least: float
    figures: GroupFigures
    cpu_s: float


@dataclass(frozen=True, slots=True)
class GroupingReport:
    """All that was measured; of each model first its groups, then its parts, then the others."""

    results: tuple[GroupingResult, ...]
    people: int
    faces: int
    dropped: tuple[Dropped, ...]
    partly: Mapping[str, str]
    notes: tuple[str, ...]
    device: str
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: the first model's groups at the top, then everything."""
        first = self.results[0]
        return {
            **first.figures.to_dict(),
            "model": first.model,
            "protocol": {"name": "grouping"},
            "data": {
                "people": self.people,
                "pictures": self.faces,
                "dropped": len(self.dropped),
                "dropped_files": [[d.file, d.reason] for d in self.dropped],
                "read_in_part": dict(sorted(self.partly.items())),
            },
            "results": [
                {"label": r.label, "model": r.model, "least": r.least, "cpu_s": round(r.cpu_s, 3)}
                | r.figures.to_dict()
                for r in self.results
            ],
            "device": self.device,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 1),
        }


def evaluate_grouping(settings: EvalSettings, source: PictureSource) -> GroupingWork:
    """Group all faces of `source` by each model and compare with who they are.

    Raises:
        OpqnError: a model is not there, does not fit, or has no links.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        return (yield from _all_of(settings, source))


def _all_of(settings: EvalSettings, source: PictureSource) -> GroupingWork:
    began = time.perf_counter()
    models = with_own_names([load_candidate(name, settings.device) for name in settings.models])
    for model in models:
        links_of(model)  # what lacks them shows now and not after minutes of encoding
    results: list[GroupingResult] = []
    notes: list[str] = []
    rows: NDArray[np.intp] = np.empty(0, np.intp)
    dropped: list[Dropped] = []
    every = np.arange(len(source.files))
    whole = Whole(len(every), len(models))
    job = encode_by_each(models, source, every, asking=every[:0])
    coded = yield from whole.reading(job, reading_for(models), len(every))
    for model, encoded in zip(models, coded, strict=True):
        rows, dropped = encoded.rows, encoded.dropped
        notes += duplicates_in_words(encoded.digests, source.people[rows])
        work = _of_model(model, encoded.codes, source.people[rows], notes)
        results += yield from whole.following(work)
    return GroupingReport(
        results=tuple(results),
        people=len(np.unique(source.people[rows])),
        faces=len(rows),
        dropped=tuple(dropped),
        partly=source.partly,
        notes=tuple(dict.fromkeys(notes)),
        device=settings.device,
        seconds=time.perf_counter() - began,
    )


def _of_model(
    model: Candidate, codes: Codes, people: Labels, notes: list[str]
) -> Generator[EvalProgress, None, list[GroupingResult]]:
    links = links_of(model)
    sums = WordSums.of(model.encoder)
    began = time.process_time()
    job = nearest_faces(codes, sums)
    edges = yield from shown(job, f"{model.name}: nearest faces", len(codes))
    listing_s = time.process_time() - began
    results = []
    for label, least in (("groups", links.joins_from), ("parts", CERTAIN)):
        yield EvalProgress(f"{model.name}: {label}", 0, 1)
        began = time.process_time()
        groups = grouped(codes, sums, edges, links, least)
        spent = listing_s + time.process_time() - began
        name = f"{model.name}, {label}"
        results.append(
            GroupingResult(name, model.name, least, group_figures(groups, people), spent)
        )
    yield EvalProgress(f"{model.name}: other ways of grouping", 0, 1)
    try:
        began = time.process_time()
        graph = near_graph(sums.units(codes))
        spent = time.process_time() - began
        results.append(_best(model, "DBSCAN", dbscan(graph), people, spent))
    except ExtraMissing as reason:
        notes.append(str(reason))
    whispers = chinese_whispers(edges, len(codes))
    results.append(_best(model, "Chinese whispers", whispers, people, listing_s))
    notes.append(
        "DBSCAN and Chinese whispers join at the score that gives the best B³ on these very "
        "faces, which flatters them."
    )
    return results


def links_of(model: Candidate) -> Links:
    """The links of a model.

    Raises:
        ModelIncompatible: it has none.
    """
    links = model.encoder.links
    if links is None:
        raise ModelIncompatible(
            model.folder or model.name,
            "it has no links, by which faces are grouped; export its run again",
        )
    return links


def grouped(
    codes: Codes, sums: WordSums, edges: Edges, links: Links, least: float
) -> NDArray[np.int32]:
    """(n,) groups of faces of which nothing else is known."""
    job = group_faces(codes, sums, edges, links, Known.nothing(len(codes)), least=least)
    return finished(job)


def _best(
    model: Candidate,
    name: str,
    tried: Generator[Labels, None, None],
    people: Labels,
    shared_s: float,
) -> GroupingResult:
    """The threshold that suits these people best.

    Args:
        shared_s: processor time of what was made once and every threshold needs.
    """
    found: list[GroupingResult] = []
    for least in THRESHOLDS:
        began = time.process_time()
        labels = next(tried)
        spent = shared_s + time.process_time() - began
        label = f"  {name} at {least:.2f}"
        found.append(GroupingResult(label, model.name, least, group_figures(labels, people), spent))
    return max(found, key=lambda result: result.figures.bcubed_f)
