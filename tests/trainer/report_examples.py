"""Reports that are made up, for tests of the page: the same at every call."""

from typing import Any

import numpy as np

from trainer.data.picture_files import Dropped
from trainer.evaluate.protocols import PairList, QuerySplit
from trainer.evaluate.ranking import Ranking
from trainer.evaluate.results import EvalReport, EvalSettings, MethodResult, ModelInfo
from trainer.evaluate.verification import PairHistogram
from trainer.report.page import Picture
from trainer.report.published import Comparison, compare

ODD_NAME = """model <b>"A" & 'B'</b>"""


def page_arguments(
    report: EvalReport, benchmark: str | None, *, with_pictures: bool
) -> tuple[EvalReport, dict[str, Any], Comparison, list[Picture], list[Picture]]:
    """What `html_page` takes."""
    values = report.to_dict() | {"data_set": "/people & <faces>"}
    values["data"]["left_out"] = [["loose.jpg", "it lies in no person's folder"]]
    values["data"]["read_in_part"] = {}
    comparison = compare(report, benchmark)
    charts = [
        Picture("Scores", 'Same & "other"', "image/svg+xml", b"<svg>1</svg>", b"<svg>2</svg>")
    ]
    lists = [Picture(ODD_NAME, "left the query", "image/webp", b"light", b"dark")]
    shown = (charts, lists) if with_pictures else ([], [])
    return report, values, comparison, *shown


def ranked_report() -> EvalReport:
    """Leave-one-out, one model and a control, some pictures dropped, thresholds found."""
    query_split = QuerySplit(
        "leave-one-out", np.arange(4), np.arange(4), "every picture asks <all> others"
    )
    results = (
        result(ODD_NAME, "opqn", 64, 0.75),
        result("float features, cosine", "float", 0, 1.0),
    )
    return report_of(query_split, results, notes=("PQ needs <more> pictures.",))


def published_report() -> EvalReport:
    """One that may stand beside the published figures."""
    query_split = QuerySplit("single", np.arange(5000), np.arange(55_000), "recorded split")
    one = result("bundled-64", "opqn", 36, 0.875, tie_span=0.0)
    return report_of(query_split, (one,), dropped=(), people=500)


def pairs_report() -> EvalReport:
    """Listed pairs only, none of them alike enough for a threshold."""
    listed = PairList(*(np.zeros(2, np.intp),) * 2, np.array([True, False]), np.zeros(2, np.int64))
    query_split = QuerySplit(
        "pairs", np.arange(2), np.arange(2), "listed pairs", pairs=listed, seed=7
    )
    one = result("bundled-64", "opqn", 64, None, same=(0.0,), other=(1.0, 0.5))
    return report_of(query_split, (one,), dropped=())


def report_of(
    query_split: QuerySplit,
    results: tuple[MethodResult, ...],
    *,
    notes: tuple[str, ...] = (),
    dropped: tuple[Dropped, ...] = (Dropped("b/<2>.jpg", "no face was found"),),
    people: int = 1234,
) -> EvalReport:
    info = ModelInfo(results[0].label, "0123abcd", "given", 8, 256, 2048, 64, 8, 12.34)
    return EvalReport(
        settings=EvalSettings((info.name,), cutoffs=(1, 5)),
        query_split=query_split,
        models=(info,),
        results=results,
        dropped=dropped,
        people=people,
        pictures=5678,
        queries=len(query_split.queries),
        gallery=len(query_split.gallery),
        skipped=3,
        maps=(),
        notes=notes,
        seconds=1234.5,
    )


def result(
    label: str,
    kind: str,
    bits: int,
    ap: float | None,
    *,
    same: tuple[float, ...] = (2.0, 1.5, 0.5),
    other: tuple[float, ...] = (1.0, 0.25, 0.125, 0.0),
    tie_span: float = 0.25,
) -> MethodResult:
    scores = np.array([*same, *other], np.float32)
    is_same = np.arange(len(scores)) < len(same)
    return MethodResult(
        label=label, model="model", kind=kind, bits=bits, bytes=1024, pairs=PairHistogram.of_scores(
            scores, is_same
        ), ranking=None if ap is None else ranking(ap, tie_span), n_pairs=len(scores),
        accuracy=(0.75, 0.125) if ap is None else None, query_rows=np.arange(4), lists=(),
        angles=None, ms_per_query=0.5,
    )  # fmt: skip


def ranking(ap: float, tie_span: float) -> Ranking:
    return Ranking(
        rows=np.arange(2),
        ap=np.array([ap, ap]),
        ap_span=(ap - tie_span, ap),
        first=np.array([1.0, 0.5]),
        cutoffs=np.array([1, 5]),
        precision=np.array([0.75, 0.25]),
        recall=np.array([0.5, 1.0]),
        ceiling=np.ones((2, 2)),
        pairs=PairHistogram(0.0, 1.0, bins=2),
        queries=2,
        gallery=3,
    )
