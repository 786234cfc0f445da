"""Whole evaluations of tiny models on made-up people."""

from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opqn_app.core.errors import DataError, ModelIncompatible, ModelMissing
from opqn_app.core.progress import finished
from opqn_app.opqn import lut
from opqn_app.opqn.load import load_encoder
from tests.tiny_checkpoint import make_tiny_checkpoint
from tests.trainer.evaluation_people import write_people
from tests.trainer.plain_metrics import expected_average_precision, tie_groups
from trainer.data.pictures import AlignedCrops
from trainer.evaluate import protocols
from trainer.evaluate.encoding import encode, load_candidate
from trainer.evaluate.evaluate import duplicates_in_words, evaluate
from trainer.evaluate.results import EvalProgress, EvalReport, EvalSettings, figures_of
from trainer.evaluate.steps import READING, Whole

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people, one of them with a single picture."""
    return write_people(tmp_path_factory.mktemp("people"), [5, 4, 4, 3, 3, 1])


def run(work: Generator[Any, None, EvalReport]) -> tuple[EvalReport, list[Any]]:
    events = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as stop:
            return stop.value, events


@pytest.fixture(scope="module")
def report(model: Path, people: Path) -> EvalReport:
    source = AlignedCrops(people)
    settings = EvalSettings((str(model),), cutoffs=(1, 5), controls=True, wants_map=True)
    return run(evaluate(settings, source, protocols.leave_one_out(source.files)))[0]


@pytest.mark.slow
def test_figures_are_those_of_the_apps_own_search(
    report: EvalReport, model: Path, people: Path
) -> None:
    source, encoder = AlignedCrops(people), load_encoder(model)
    crops = np.stack([source.crop(row) for row in range(20)])
    tables, codes = encoder.luts(crops), encoder.encode(crops)
    aps = []
    for query in range(19):  # the last is alone
        others = np.arange(20) != query
        relevant = (source.people == source.people[query])[others]
        scores = lut.scores(tables[query], codes)[others]
        aps.append(expected_average_precision(tie_groups(scores, relevant)))
    figures = figures_of(report.results[0], (1, 5))
    assert figures["map"] == pytest.approx(np.mean(aps), abs=1e-6)
    assert (report.queries, report.gallery, report.skipped) == (20, 20, 1)
    assert report.people == 6


@pytest.mark.slow
def test_encoders_side_by_side_make_what_one_makes(
    model: Path, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, candidate = AlignedCrops(people), load_candidate(str(model), "cpu")
    rows = np.arange(len(source.files))
    made = []
    for n_cores in (1, 3):
        monkeypatch.setattr("trainer.evaluate.encoding.n_cores", lambda n=n_cores: n)
        monkeypatch.setattr("trainer.evaluate.encoding.WORTH_ONE", 5)
        asking = rows[::2]
        made.append(finished(encode(candidate, source, rows, asking=asking, wants_features=True)))
    one, three = made
    assert one.features is not None
    assert one.tables.shape == (10, 4, 16)
    for name in ("rows", "codes", "tables", "features", "digests"):
        assert np.array_equal(getattr(one, name), getattr(three, name)), name


def test_controls_stand_in_the_same_report(report: EvalReport) -> None:
    assert [r.kind for r in report.results] == ["opqn", "float", "pq", "opq"]
    assert [r.bytes for r in report.results] == [4, 4 * 96, 4, 4]
    assert all(r.bits == 16 for r in report.results if r.kind != "float")
    floats = figures_of(report.results[1], (1, 5))
    assert floats["rank1"] == 1.0  # made-up people are easy for float features
    assert any("flatters" in note for note in report.notes)


def test_codewords_stand_at_right_angles(report: EvalReport) -> None:
    angles = report.results[0].angles
    assert angles is not None
    assert angles[90] == angles.sum() == 4 * 16 * 15 // 2
    learned = report.results[2].angles
    assert learned is not None
    assert learned[90] < learned.sum()


def test_the_worst_rankings_are_among_those_shown(report: EvalReport) -> None:
    """Also when the person was drawn for the other half."""
    result = report.results[0]
    assert result.ranking is not None
    worst = [entry.ap for entry in result.lists if entry.is_worst]
    assert worst == sorted(worst)
    assert worst[0] == result.ranking.ap.min()
    marks = [entry.is_worst for entry in result.lists]
    assert marks == sorted(marks)  # the drawn ones first


def test_ranked_lists_never_show_the_query_itself(report: EvalReport) -> None:
    lists = report.results[0].lists
    assert len(lists) >= 5
    assert len({entry.query for entry in lists}) == len(lists)
    for entry in lists:
        assert entry.query not in entry.hits
        assert list(entry.scores) == sorted(entry.scores, reverse=True)


def test_maps_show_people_with_several_pictures(report: EvalReport) -> None:
    (drawn,) = report.maps
    assert set(drawn.people) == {"p00", "p01", "p02", "p03", "p04"}
    assert drawn.before.shape == drawn.after.shape == (19, 2)


def test_broken_pictures_are_left_out_and_reported(tmp_path: Path, model: Path) -> None:
    write_people(tmp_path, [3, 3])
    (tmp_path / "p00" / "00.png").write_bytes(b"no picture")
    source = AlignedCrops(tmp_path)
    settings = EvalSettings((str(model),))
    found, _ = run(evaluate(settings, source, protocols.leave_one_out(source.files)))
    assert [entry.file for entry in found.dropped] == ["p00/00.png"]
    assert (found.queries, found.pictures) == (5, 5)


@pytest.mark.slow
def test_single_domain_searches_only_the_gallery(model: Path, people: Path) -> None:
    source = AlignedCrops(people)
    query_split = protocols.draw_queries(
        source.people, "single", per_person=2, seed=1, source=people
    )
    found, events = run(evaluate(EvalSettings((str(model),), cutoffs=(1, 3)), source, query_split))
    assert (found.queries, found.gallery, found.skipped) == (10, 10, 0)
    ranking = found.results[0].ranking
    assert ranking is not None
    assert ranking.gallery == 10
    assert [e.done for e in events if "ranking" in e.phase][-1] == 10
    assert {e.total for e in events if "encoding" in e.phase} == {20}


def test_people_missing_from_the_gallery_are_skipped(tmp_path: Path, model: Path) -> None:
    write_people(tmp_path / "train", [2, 2])
    write_people(tmp_path / "test", [1, 1, 1])
    source = AlignedCrops(tmp_path)
    query_split = protocols.split_by_folder(source.files, "single")
    assert query_split is not None
    found, _ = run(evaluate(EvalSettings((str(model),)), source, query_split))
    assert (found.queries, found.gallery, found.skipped) == (3, 4, 1)


def test_listed_pairs_give_verification_only(tmp_path: Path, model: Path) -> None:
    write_people(tmp_path, [3, 3])
    lines = ["first,second,same,fold"]
    lines += [f"p0{p}/00.png,p0{p}/0{k}.png,1,{p}" for p in (0, 1) for k in (1, 2)]
    lines += [f"p00/0{k}.png,p01/0{k}.png,0,{k % 2}" for k in range(3)]
    (tmp_path / "pairs.csv").write_text("\n".join(lines) + "\n")
    source = AlignedCrops(tmp_path)
    query_split = protocols.listed_pairs(tmp_path / "pairs.csv", source.files)
    (tmp_path / "p00" / "02.png").write_bytes(b"gone bad")
    found, _ = run(evaluate(EvalSettings((str(model),)), source, query_split))
    figures = figures_of(found.results[0], (1, 5))
    assert found.results[0].ranking is None
    assert figures["map"] is None
    assert figures["pairs"] == found.queries == 5
    assert found.skipped == 2
    assert 0.0 <= figures["accuracy"][0] <= 1.0


@pytest.mark.slow
def test_listed_pairs_score_like_the_app(tmp_path: Path, model: Path) -> None:
    write_people(tmp_path, [2, 1])
    rows = ["first,second,same", "p00/01.png,p00/00.png,1", "p00/00.png,p01/00.png,0"]
    (tmp_path / "pairs.csv").write_text("\n".join(rows) + "\n")
    source, encoder = AlignedCrops(tmp_path), load_encoder(model)
    crops = np.stack([source.crop(row) for row in range(3)])
    tables, codes = encoder.luts(crops), encoder.encode(crops)
    expected = [float(lut.scores(tables[a], codes[b : b + 1])[0]) for a, b in ((1, 0), (0, 2))]
    query_split = protocols.listed_pairs(tmp_path / "pairs.csv", source.files)
    pairs = run(evaluate(EvalSettings((str(model),)), source, query_split))[0].results[0].pairs
    edges = [pairs.low + pairs.step * int(np.flatnonzero(c)[0]) for c in (pairs.same, pairs.other)]
    assert edges == pytest.approx(expected, abs=2 * pairs.step)


def test_nothing_left_to_compare_is_a_sentence(tmp_path: Path, model: Path) -> None:
    write_people(tmp_path / "train", [2])
    write_people(tmp_path / "test", [1])
    source = AlignedCrops(tmp_path)
    query_split = protocols.split_by_folder(source.files, "single")
    assert query_split is not None
    (tmp_path / "test" / "p00" / "00.png").write_bytes(b"")
    with pytest.raises(DataError, match="the file is empty"):
        run(evaluate(EvalSettings((str(model),)), source, query_split))


def test_a_model_that_is_not_there_is_named(people: Path) -> None:
    source = AlignedCrops(people)
    with pytest.raises(ModelMissing, match="no-such-model"):
        run(evaluate(EvalSettings(("no-such-model",)), source, protocols.all_pairs(source.files)))


def test_exact_copies_are_told_and_where_they_have_two_names() -> None:
    digests, people = np.array(["a", "b", "a", "c", "c"]), np.array(["x", "x", "x", "x", "y"])
    (note,) = duplicates_in_words(digests, people)
    assert note.startswith("2 of 5 pictures are exact copies of another one, 1 of these under two")
    assert duplicates_in_words(np.array(["a", "b"]), np.array(["x", "x"])) == []


@pytest.mark.slow
def test_progress_tells_how_long_it_takes(model: Path, people: Path) -> None:
    source = AlignedCrops(people)
    query_split = protocols.leave_one_out(source.files)
    _, events = run(evaluate(EvalSettings((str(model),)), source, query_split))
    reading = [event for event in events if "encoding" in event.phase]
    assert [event.done for event in reading] == [0, 16, 20]
    assert reading[0].eta_s is None
    assert reading[1].eta_s is None, "one batch says nothing of the pace"
    assert reading[-1].eta_s is not None


class Counting(AlignedCrops):
    """Counts how often a picture is read."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.reads: Counter[int] = Counter()

    def crop(self, row: int) -> Any:
        self.reads[row] += 1
        return super().crop(row)


def test_photos_are_read_once_for_all_models_under_one_bar(model: Path, people: Path) -> None:
    source = Counting(people)
    query_split = protocols.leave_one_out(source.files)
    settings = EvalSettings((str(model), str(model)))
    both, events = run(evaluate(settings, source, query_split))
    assert set(source.reads.values()) == {1}
    shares = [event.share for event in events]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] < 1.0
    assert {event.phase for event in events if event.share < READING} == {
        "2 models: reading and encoding"
    }
    alone, _ = run(evaluate(EvalSettings((str(model),)), AlignedCrops(people), query_split))
    for result in both.results:
        assert figures_of(result, (1, 5))["map"] == figures_of(alone.results[0], (1, 5))["map"]


def test_the_time_left_is_of_the_whole_evaluation() -> None:
    now = [0.0]

    def counted() -> Generator[int, None, None]:
        for done in range(1, 101):
            now[0] += 1.0
            yield done

    def ranked() -> Generator[EvalProgress, None, None]:
        yield EvalProgress("ranking", 0, 10)
        now[0] += 5.0
        yield EvalProgress("ranking", 10, 10)

    whole = Whole(100, 2, lambda: now[0])
    told = [(now[0], event) for event in whole.reading(counted(), "reading", 100)]
    told += [(now[0], event) for _ in range(2) for event in whole.following(ranked())]
    known = [(when, event.eta_s) for when, event in told if event.eta_s is not None]
    assert known
    for when, left in known:
        truth = now[0] - when
        assert truth / 2 - 5 <= left <= truth * 2 + 5, when
    halfway = next(left for when, left in known if when == 50.0)
    assert halfway == pytest.approx(50 + 100 / 9, rel=0.05), "what follows counts as well"


def test_closing_the_evaluation_stops_it(model: Path, people: Path) -> None:
    source = AlignedCrops(people)
    work = evaluate(EvalSettings((str(model),)), source, protocols.leave_one_out(source.files))
    next(work)
    work.close()
    with pytest.raises(StopIteration):
        next(work)


def test_a_training_run_and_a_released_file_are_models_too(
    model: Path, people: Path, tmp_path: Path
) -> None:
    import shutil

    shutil.copytree(model, tmp_path / "my-run" / "model")
    source = AlignedCrops(people)
    query_split = protocols.leave_one_out(source.files)
    found, _ = run(evaluate(EvalSettings((str(tmp_path / "my-run"),)), source, query_split))
    assert found.models[0].name == "my-run"
    (tmp_path / "weights.tar").write_bytes(b"not a checkpoint")
    with pytest.raises(ModelIncompatible):
        run(evaluate(EvalSettings((str(tmp_path / "weights.tar"),)), source, query_split))
