"""The figures training chooses by, against the app's scores and slow versions."""

import numpy as np
import pytest
import torch

from opqn_app.opqn import lut
from tests.tiny_training import draw_people, tiny_config, tiny_data
from tests.trainer.plain_metrics import expected_average_precision, precision_at, tie_groups
from trainer.engine.diagnostics import code_collisions, describe_books
from trainer.engine.distributed import World
from trainer.engine.split_figures import evaluate_split
from trainer.engine.train import build_objective
from trainer.engine.validation import encode, pair_scores, retrieve
from trainer.evaluate.leave_one_out import leave_one_out
from trainer.evaluate.scoring import CodeScorer, StoredTables


def random_codes(
    seed: int, q: int, n: int, m: int = 3, k: int = 4
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    tables = lut.snap(rng.dirichlet(np.ones(k), (q, m)).astype(np.float32))
    codes = rng.integers(0, k, (n, m)).astype(np.uint8)
    return tables, codes, rng.integers(0, 5, q), rng.integers(0, 5, n)


def scorer_of(tables: np.ndarray, codes: np.ndarray) -> CodeScorer:
    return CodeScorer(StoredTables(tables), codes)


def plain_figures(
    scores: np.ndarray, query: np.ndarray, gallery: np.ndarray, t: int
) -> tuple[float, float, float, int]:
    aps, firsts, nears = [], [], []
    for i, person in enumerate(query):
        groups = tie_groups(scores[i], gallery == person)
        if not groups.relevant.any():
            continue
        aps.append(expected_average_precision(groups))
        firsts.append(precision_at(groups, (1,))[0])
        nears.append(precision_at(groups, (t,))[0])
    return float(np.mean(aps)), float(np.mean(firsts)), float(np.mean(nears)), len(aps)


@pytest.mark.parametrize("seed", range(4))
def test_scores_and_figures_equal_the_app_and_the_loops(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables, codes, query, gallery = random_codes(seed, 9, 30)
    query[0] = 77  # nobody in the gallery
    scores = scorer_of(tables, codes).scores(0, len(tables))
    for i in range(9):
        assert np.array_equal(scores[i], lut.scores(tables[i], codes))
    monkeypatch.setattr("trainer.evaluate.ranking.BLOCK_PAIRS", 100)  # several blocks
    figures = retrieve(scorer_of(tables, codes), query, gallery, t=4)
    mean_ap, rank1, p_at, asked = plain_figures(scores, query, gallery, 4)
    assert (figures.map, figures.rank1, figures.p_at) == pytest.approx((mean_ap, rank1, p_at))
    assert (figures.queries, figures.skipped, figures.gallery) == (asked, 9 - asked, 30)


def test_ties_count_as_every_order_of_them_on_average() -> None:
    """Four items, the middle two tied, by writing out both orders."""
    tables = np.array([[[1.0, 2.0, 3.0]]], np.float32)
    codes = np.array([[2], [1], [1], [0]], np.uint8)
    figures = retrieve(scorer_of(tables, codes), np.array([7]), np.array([1, 7, 1, 7]), t=2)
    assert figures.map == pytest.approx(((1 / 2 + 2 / 4) / 2 + (1 / 3 + 2 / 4) / 2) / 2)
    assert (figures.rank1, figures.p_at) == (0.0, 0.25)


def test_the_order_of_the_gallery_has_no_say() -> None:
    tables, codes, query, gallery = random_codes(3, 6, 40, m=1, k=3)  # nearly all are ties
    turned = np.random.default_rng(0).permutation(40)
    first = retrieve(scorer_of(tables, codes), query, gallery, t=4)
    again = retrieve(scorer_of(tables, codes[turned]), query, gallery[turned], t=4)
    assert (again.map, again.rank1, again.p_at) == pytest.approx(
        (first.map, first.rank1, first.p_at)
    )


def test_leave_one_out_equals_the_evaluation() -> None:
    tables, codes, people, _ = random_codes(7, 25, 25)
    figures = retrieve(scorer_of(tables, codes), people, people, t=5, leave_one_out=True)
    report = leave_one_out(scorer_of(tables, codes), people)
    assert figures.map == pytest.approx(report.mean_ap)
    assert figures.rank1 == pytest.approx(report.rank1)
    assert figures.p_at == pytest.approx(report.p_at_5)
    assert figures.skipped == report.skipped


def test_pair_scores_are_those_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    tables, codes, query, gallery = random_codes(2, 7, 12)
    scores = scorer_of(tables, codes).scores(0, len(tables))
    same, other = pair_scores(scorer_of(tables, codes), query, gallery)
    pairs = [(q, n) for q in range(7) for n in range(12)]
    wanted = [scores[q, n] for q, n in pairs if query[q] == gallery[n]]
    assert same.tolist() == wanted
    assert other.tolist() == [scores[q, n] for q, n in pairs if query[q] != gallery[n]]
    monkeypatch.setattr("trainer.engine.validation.PAIRS_AT_ONCE", 36)  # room for three queries
    some = np.concatenate(pair_scores(scorer_of(tables, codes), query, gallery))
    assert len(some) == 36
    assert {*some.tolist()} <= {*scores.ravel().tolist()}


def test_nothing_is_paired_with_itself() -> None:
    tables, codes, _, people = random_codes(3, 9, 9)
    scores = scorer_of(tables, codes).scores(0, len(tables))
    same, other = pair_scores(scorer_of(tables, codes), people, people, leave_one_out=True)
    assert len(same) + len(other) == 9 * 8
    apart = ~np.eye(9, dtype=bool)
    assert same.tolist() == scores[apart & (people[:, None] == people)].tolist()


def test_no_query_with_a_match_gives_zero_and_says_so() -> None:
    tables, codes, _, gallery = random_codes(1, 3, 10)
    figures = retrieve(scorer_of(tables, codes), np.array([90, 91, 92]), gallery, t=50)
    assert (figures.map, figures.queries, figures.skipped) == (0.0, 0, 3)


def test_validation_leaves_training_as_it_was() -> None:
    """Invariant 17, second half: neither random numbers, statistics nor modes move."""
    config = tiny_config()
    data = tiny_data(config)
    objective = build_objective(config, data, World()).train()
    objective.network.trunk.eval()
    before = {k: v.clone() for k, v in objective.state_dict().items()}
    random, modes = torch.get_rng_state(), [m.training for m in objective.modules()]
    evaluate_split(objective, data, config, "val", torch.device("cpu"))
    assert torch.equal(torch.get_rng_state(), random)
    assert [m.training for m in objective.modules()] == modes
    assert all(torch.equal(v, before[k]) for k, v in objective.state_dict().items())


def test_books_are_described_as_counted_by_hand() -> None:
    config = tiny_config()
    data = tiny_data(config)
    objective = build_objective(config, data, World()).eval()
    images, people = data.pictures.images, data.people
    encoded = encode(objective, images, people, size=16, device=torch.device("cpu"))
    codes = encoded.codes
    assert encoded.tables is not None
    assert encoded.books.words_used == tuple(len(set(codes[:, m])) for m in range(2))
    share = np.bincount(codes[:, 0]) / len(codes)
    entropy = -sum(s * np.log(s) for s in share if s > 0)
    assert encoded.books.balance[0] == pytest.approx(entropy / np.log(8), abs=1e-6)
    assert all(0 <= e <= np.log(8) + 1e-6 for e in encoded.books.entropy)
    assert encoded.tables.shape == (36, 2, 8)


def test_lengths_of_sub_vectors() -> None:
    config = tiny_config()
    quantizer = build_objective(config, tiny_data(config), World()).network.quantizer
    x = torch.zeros(2, 32)
    x[:, 0], x[:, 16] = 3.0, 4.0
    report = describe_books(quantizer, x, torch.zeros(2, 2, dtype=torch.long), np.array([0, 1]))
    assert report.length == pytest.approx((3.0, 4.0))
    assert report.collisions == 1.0


def test_collisions_count_pictures_that_share_a_code_with_somebody_else() -> None:
    codes = np.array([[1, 2], [1, 2], [1, 2], [3, 3], [3, 3], [0, 1]])
    assert code_collisions(codes, np.array([0, 0, 1, 2, 2, 3])) == pytest.approx(3 / 6)
    assert code_collisions(codes[:0], np.array([], int)) == 0.0


def test_unseen_people_ask_each_other() -> None:
    config = tiny_config(data={"split": "unseen", "unseen_share": 0.3})
    data = tiny_data(config, draw_people(7, 3))
    objective = build_objective(config, data, World())
    figures, _ = evaluate_split(objective, data, config, "test", torch.device("cpu"))
    assert (figures.queries, figures.gallery) == (6, 6)
