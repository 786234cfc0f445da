"""Evaluate models on labelled pictures: read, encode, rank, and the same for the controls.

Everything a figure is made of goes through what the app uses: crops as the app cuts them, codes and
tables as its encoder makes them, scores equal to `opqn_app.opqn.lut.scores` to the bit.
"""

import time
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from opqn_app.core.errors import ExtraMissing
from opqn_app.core.types import Codes, Floats
from trainer.data.picture_files import Dropped
from trainer.data.pictures import PictureSource
from trainer.evaluate.baselines import ControlUnavailable, ProductQuantizer, train_pq
from trainer.evaluate.encoding import Candidate, Encoded, encode_by_each, load_candidate
from trainer.evaluate.protocols import QuerySplit
from trainer.evaluate.queries_and_gallery import QueriesAndGallery
from trainer.evaluate.ranked_lists import lists_to_show
from trainer.evaluate.ranking import rank
from trainer.evaluate.results import (
    EvalProgress,
    EvalReport,
    EvalSettings,
    MethodResult,
    ModelInfo,
    RankedList,
)
from trainer.evaluate.scoring import CodeScorer, CosineScorer, Scorer, StoredTables
from trainer.evaluate.steps import Whole, shown
from trainer.evaluate.subspace_maps import (
    SubSpaceMap,
    angle_counts,
    map_sub_space,
    words_of,
)
from trainer.evaluate.verification import PairHistogram, accuracy_in_folds

Work = Generator[EvalProgress, None, EvalReport]


def evaluate(
    settings: EvalSettings,
    source: PictureSource,
    query_split: QuerySplit,
    *,
    controls_source: PictureSource | None = None,
) -> Work:
    """Evaluate each model on `source`.

    Args:
        query_split: who asks whom, in rows of `source`.
        controls_source: pictures PQ and OPQ learn from; by default the searched ones, which
            flatters them.

    Raises:
        OpqnError: a model is not there or does not fit.
    """
    with threadpool_limits(limits=1, user_api="blas"):  # faces and queries share the cores
        return (yield from _all_of(settings, source, query_split, controls_source))


def _all_of(
    settings: EvalSettings,
    source: PictureSource,
    query_split: QuerySplit,
    controls_source: PictureSource | None,
) -> Work:
    began = time.perf_counter()
    candidates = with_own_names([load_candidate(m, settings.device) for m in settings.models])
    found: list[_CandidateResults] = []
    used, wants = query_split.used, settings.controls
    every = np.arange(0 if not wants or controls_source is None else len(controls_source.files))
    whole = Whole(len(used) + len(every), len(candidates))
    asking = query_split.queries
    job = encode_by_each(candidates, source, used, asking=asking, wants_features=wants)
    encoded = yield from whole.reading(job, reading_for(candidates), len(used))
    learned: list[Floats | None] = [None] * len(candidates)
    if controls_source is not None and wants:
        job = encode_by_each(
            candidates, controls_source, every, asking=every[:0], wants_features=True
        )
        phase = f"pictures the controls learn from: {reading_for(candidates)}"
        others = yield from whole.reading(job, phase, len(every))
        learned = [each.features for each in others]
    for place, (model, name) in enumerate(zip(candidates, settings.models, strict=True)):
        work = _of_candidate(
            model, name, encoded[place], settings, source, query_split, learned[place]
        )
        found.append((yield from whole.following(work)))
    readable, results = found[0].readable, [result for one in found for result in one.results]
    first = results[0]
    return EvalReport(
        settings=settings,
        query_split=query_split,
        models=tuple(one.info for one in found),
        results=tuple(results),
        dropped=tuple(found[0].dropped),
        people=len(np.unique(source.people[readable.used])),
        pictures=len(readable.used),
        queries=len(readable.queries) if query_split.pairs is None else first.n_pairs,
        gallery=len(readable.gallery),
        skipped=readable.lost_pairs + (first.ranking.skipped if first.ranking else 0),
        maps=tuple(one.map for one in found if one.map is not None),
        notes=tuple(dict.fromkeys(note for one in found for note in one.notes)),
        seconds=time.perf_counter() - began,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _CandidateResults:
    """All about one model."""

    info: ModelInfo
    readable: QueriesAndGallery
    results: list[MethodResult]
    map: SubSpaceMap | None
    dropped: list[Dropped]
    notes: list[str]


def _of_candidate(
    model: Candidate,
    given_as: str,
    encoded: Encoded,
    settings: EvalSettings,
    source: PictureSource,
    query_split: QuerySplit,
    learn_from: Floats | None,
) -> Generator[EvalProgress, None, _CandidateResults]:
    readable = QueriesAndGallery(source, query_split, encoded, settings)
    notes = duplicates_in_words(encoded.digests, source.people[encoded.rows])
    results = [(yield from _of_model(model, encoded, readable))]
    if settings.controls:
        results += yield from _controls(model, encoded, readable, learn_from, notes)
    drawn = None
    if settings.wants_map:
        yield EvalProgress(f"{model.name}: map of a sub-space", 0, 1)
        try:
            drawn = map_sub_space(model, source, readable.gallery)
        except ExtraMissing as reason:
            notes.append(str(reason))
    info = _info(given_as, model, encoded)
    return _CandidateResults(info, readable, results, drawn, encoded.dropped, notes)


def _of_model(
    model: Candidate, encoded: Encoded, readable: QueriesAndGallery
) -> Generator[EvalProgress, None, MethodResult]:
    codes = encoded.codes[readable.gallery_places]
    scorer = CodeScorer(StoredTables(encoded.tables), codes)
    result = yield from _measured(
        scorer,
        readable,
        label=model.name,
        model=model.name,
        kind="opqn",
        bits=model.config.code_bits,
        n_bytes=model.config.code_bytes,
        words=words_of(model),
        tables_and_codes=(encoded.tables, codes),
    )
    return result


def _controls(
    model: Candidate,
    encoded: Encoded,
    readable: QueriesAndGallery,
    learn_from: Floats | None,
    notes: list[str],
) -> Generator[EvalProgress, None, list[MethodResult]]:
    if encoded.features is None or not len(readable.gallery):
        return []
    config = model.config
    asking = encoded.features[readable.query_places]
    searched = encoded.features[readable.gallery_places]
    dim = config.feature_dim
    float_result = yield from _measured(
        CosineScorer(asking, searched),
        readable,
        label="float features, cosine",
        model=model.name,
        kind="float",
        bits=32 * dim,
        n_bytes=4 * dim,
    )
    results = [float_result]
    learn = searched if learn_from is None else learn_from
    for kind, rotated in (("pq", False), ("opq", True)):
        yield EvalProgress(f"{model.name}: learning {kind.upper()}", 0, 1)
        try:
            quantizer = train_pq(learn, config.n_books, config.bits_per_book, rotated=rotated)
        except (ControlUnavailable, ExtraMissing) as reason:
            notes.append(str(reason))
            continue
        results.append(
            (yield from _of_quantizer(quantizer, asking, searched, readable, model, kind))
        )
    if learn_from is None and len(results) > 1:
        notes.append(
            "PQ and OPQ learned their centroids from the searched pictures themselves, "
            "which flatters them; on the command line --controls-from DATA gives them others."
        )
    return results


def _of_quantizer(
    quantizer: ProductQuantizer,
    asking: Floats,
    searched: Floats,
    readable: QueriesAndGallery,
    model: Candidate,
    kind: str,
) -> Generator[EvalProgress, None, MethodResult]:
    config = model.config
    codes = quantizer.codes(searched)
    scorer = CodeScorer(StoredTables(quantizer.tables(asking)), codes)
    return (
        yield from _measured(
            scorer,
            readable,
            label=f"faiss {kind.upper()} {config.n_books}×{config.bits_per_book}",
            model=model.name,
            kind=kind,
            bits=config.code_bits,
            n_bytes=config.code_bytes,
            words=quantizer.centroids,
        )
    )


def _measured(
    scorer: Scorer,
    readable: QueriesAndGallery,
    *,
    label: str,
    model: str,
    kind: str,
    bits: int,
    n_bytes: int,
    words: Floats | None = None,
    tables_and_codes: tuple[Floats, Codes] | None = None,
) -> Generator[EvalProgress, None, MethodResult]:
    began = time.perf_counter()
    ranking, accuracy = None, None
    lists: tuple[RankedList, ...] = ()
    if readable.pairs is not None:
        listed = readable.pairs
        scores = scorer.pair_scores(listed.first, listed.second)
        pairs = PairHistogram.of_scores(scores, listed.is_same)
        if len(np.unique(listed.fold)) > 1:
            accuracy = accuracy_in_folds(scores, listed.is_same, listed.fold)
    else:
        job = rank(
            scorer,
            readable.query_people,
            readable.gallery_people,
            own=readable.own,
            cutoffs=readable.cutoffs.tolist(),
        )
        ranking = yield from shown(job, f"{model}: ranking, {label}", scorer.n_queries)
        pairs = ranking.pairs
        if tables_and_codes is not None:
            lists = lists_to_show(ranking, readable, *tables_and_codes)
    return MethodResult(
        label=label,
        model=model,
        kind=kind,
        bits=bits,
        bytes=n_bytes,
        ranking=ranking,
        pairs=pairs,
        n_pairs=int(pairs.same.sum() + pairs.other.sum()),
        accuracy=accuracy,
        query_rows=readable.queries,
        lists=lists,
        angles=None if words is None else angle_counts(words),
        ms_per_query=1e3 * (time.perf_counter() - began) / max(scorer.n_queries, 1),
    )


def reading_for(models: list[Candidate]) -> str:
    """The phase in which the pictures are read once and encoded by each of `models`."""
    whom = models[0].name if len(models) == 1 else f"{len(models)} models"
    return f"{whom}: reading and encoding"


def with_own_names(models: list[Candidate]) -> list[Candidate]:
    """Models of one name numbered, "a", "a (2)": tables, charts and files go by the name."""
    seen: Counter[str] = Counter()
    own = []
    for model in models:
        seen[model.name] += 1
        n = seen[model.name]
        own.append(model if n == 1 else replace(model, name=f"{model.name} ({n})"))
    return own


def duplicates_in_words(digests: NDArray[Any], people: NDArray[Any]) -> list[str]:
    """A sentence about pictures that are in the set twice, which make any figure look better, or,
    under two names, worse; none if there are no such pictures."""
    _, group = np.unique(digests, return_inverse=True)
    copies = len(digests) - len(np.unique(group))
    if not copies:
        return []
    pairs = np.unique(np.stack([group, np.unique(people, return_inverse=True)[1]]), axis=1)
    in_two = int((np.bincount(pairs[0]) > 1).sum())
    under_two = f", {in_two:,} of these under two names" if in_two else ""
    return [
        f"{copies:,} of {len(digests):,} pictures are exact copies of another one{under_two}; "
        "the figures count them."
    ]


def _info(given_as: str, model: Candidate, encoded: Encoded) -> ModelInfo:
    config = model.config
    return ModelInfo(
        name=model.name,
        model_id=model.model_id,
        given_as=given_as,
        n_books=config.n_books,
        n_words=config.n_words,
        feature_dim=config.feature_dim,
        bits=config.code_bits,
        bytes=config.code_bytes,
        ms_per_picture=encoded.ms_per_picture,
    )
