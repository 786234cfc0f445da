"""Words learned together: each step against its definition, and the whole on planted people."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.joint_codes import sums_of
from opqn_app.opqn.torch.model import OpqnModel
from trainer.method.head import HeadSettings, start_head
from trainer.method.joint_head import (
    JointHeadSettings,
    made_faces,
    made_people,
    separate_words,
    solved_words,
    start_joint_head,
)

E = 128  # numbers of SFace's embedding
RECIPE = JointHeadSettings(directions=16, turns=4, made_faces=1)


def planted_embeddings(
    n_people: int, each: int, *, directions: int = 16, seed: int
) -> tuple[Tensor, Tensor]:
    """People differ along the same few directions in any draw, in some more than in others."""
    generator = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(E, E, generator=torch.Generator().manual_seed(99))).Q
    spread = torch.linspace(1.5, 0.5, directions)
    centres = torch.randn(n_people, 1, directions, generator=generator) * spread
    photos = centres + 0.5 * torch.randn(n_people, each, directions, generator=generator)
    noise = 0.6 * torch.randn(n_people, each, E - directions, generator=generator)
    x = torch.cat([photos, noise], dim=-1).reshape(-1, E) @ basis + 0.5
    return x, torch.arange(n_people).repeat_interleave(each)


def joint_model(n_books: int = 4, *, length_weight: float = 2.0) -> OpqnModel:
    torch.manual_seed(0)
    return OpqnModel(
        OpqnConfig(
            n_books,
            16,
            64,
            backbone="sface",
            query_form="linear",
            joint_words=True,
            length_weight=length_weight,
        )
    ).eval()


def joint_head(
    x: Tensor, labels: Tensor, settings: JointHeadSettings, n_books: int = 4
) -> OpqnModel:
    model = joint_model(n_books)
    list(start_joint_head(model, x, labels, settings))
    return model


def features_of(model: OpqnModel, x: Tensor) -> Tensor:
    with torch.inference_mode():
        out: Tensor = model.backbone.from_embedding(x)  # type: ignore[operator]
    return out


def mean_ap(model: OpqnModel, x: Tensor, labels: Tensor) -> float:
    """Each photo queries all others by its table; equal scores by position."""
    features = features_of(model.eval(), x)
    with torch.inference_mode():
        tables, codes = model.quantizer.tables(features), model.quantizer.codes(features)
    scores = torch.stack([tables[:, m][:, codes[:, m]] for m in range(codes.shape[1])]).sum(0)
    scores.fill_diagonal_(-math.inf)
    order = scores.argsort(dim=1, descending=True, stable=True)[:, :-1]
    hits = (labels[order] == labels[:, None]).double()
    precision = hits.cumsum(1) / torch.arange(1, hits.shape[1] + 1)
    return float(((precision * hits).sum(1) / hits.sum(1)).mean())


# Made faces.


def people_of_sizes(sizes: list[int], d: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.tensor([person for person, n in enumerate(sizes) for _ in range(n)])
    labels = labels[torch.randperm(len(labels), generator=generator)]
    return torch.randn(len(labels), d, generator=generator) + labels[:, None], labels


def slow_differences(features: Tensor, labels: Tensor) -> tuple[list[list[float]], Tensor]:
    """Each face less the mean of its n, times √(n / (n - 1)); and the means."""
    rows, means = [], torch.empty_like(features)
    for i, person in enumerate(labels.tolist()):
        own = features[labels == person].double()
        means[i] = own.mean(0)
        rows.append(((features[i] - own.mean(0)) * math.sqrt(len(own) / (len(own) - 1))).tolist())
    return rows, means


def test_made_faces_deal_out_all_differences_from_the_mean_anew() -> None:
    features, labels = people_of_sizes([2, 5, 3, 7, 2, 4], 3, seed=0)
    made = made_faces(features, labels, torch.Generator().manual_seed(1))
    expected, means = slow_differences(features, labels)
    dealt = (made - means).tolist()
    assert made.shape == features.shape
    assert not torch.allclose(made - means, torch.tensor(expected), atol=0.1)
    np.testing.assert_allclose(sorted(dealt), sorted(expected), atol=1e-5)


@pytest.mark.parametrize("each", [2, 3, 8])
def test_made_faces_spread_as_real_ones_do_however_few_a_person_has(each: int) -> None:
    """Around the mean of n faces, these spread by √((n - 1) / n) of what they should."""
    generator = torch.Generator().manual_seed(each)
    labels = torch.arange(4000).repeat_interleave(each)
    spread = torch.tensor([2.0, 1.0, 0.5])
    centres = 10 * torch.randn(4000, 3, generator=generator)
    features = centres[labels] + spread * torch.randn(len(labels), 3, generator=generator)
    made = made_faces(features, labels, generator)
    means = features.view(4000, each, 3).mean(1)[labels]
    torch.testing.assert_close((made - means).std(0), spread, rtol=0.03, atol=0)
    assert (made - means).mean(0).abs().max() < 0.05


@pytest.mark.slow
def test_made_faces_of_a_person_scatter_around_that_persons_mean() -> None:
    features, labels = people_of_sizes([2, 5, 3, 7, 2, 4], 3, seed=2)
    generator = torch.Generator().manual_seed(3)
    many = torch.stack([made_faces(features, labels, generator) for _ in range(4000)]).mean(0)
    expected, means = slow_differences(features, labels)
    usual = torch.tensor(expected).mean(0)  # 0 but for the factors of unlike n
    torch.testing.assert_close(many, means + usual, rtol=0, atol=0.1)


def test_made_people_are_nobody_and_spread_as_people_and_their_faces_do() -> None:
    generator = torch.Generator().manual_seed(4)
    labels = torch.arange(20_000).repeat_interleave(torch.tensor([3, 5, 2, 4]).repeat(5000))
    leaning = torch.tensor([[1.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 0.4]])
    people = torch.randn(20_000, 3, generator=generator) @ leaning
    features = people[labels] + torch.randn(len(labels), 3, generator=generator)
    made = made_people(features, labels, torch.Generator().manual_seed(5))
    assert made.shape == features.shape
    torch.testing.assert_close(made.mean(0), features.mean(0), rtol=0, atol=0.05)
    torch.testing.assert_close(torch.cov(made.T), torch.cov(features.T), rtol=0.05, atol=0.05)
    pairs = made[labels == labels.roll(1)] - made.roll(1, 0)[labels == labels.roll(1)]
    assert torch.allclose(torch.cov(pairs.T), 2 * torch.cov(features.T), rtol=0.1, atol=0.1)


def test_words_are_learned_from_the_people_who_are_made() -> None:
    x, labels = planted_embeddings(12, 6, seed=3)
    settings = replace(RECIPE, made_people=2)
    without, with_them = (joint_head(x, labels, r) for r in (RECIPE, settings))
    assert not torch.equal(without.quantizer.mlp, with_them.quantizer.mlp)


# The words of separate sub-spaces, where the joint ones start.


def test_separate_words_keep_to_sub_spaces_of_their_own() -> None:
    faces = F.normalize(torch.randn(300, 12, generator=torch.Generator().manual_seed(4)), dim=-1)
    words, codes = separate_words(faces, 3, 8, seed=0)
    assert words.shape == (3, 8, 12)
    for a, b in itertools.combinations(range(3), 2):
        assert (words[a] @ words[b].T).abs().max() < 1e-5
    assert all(int(torch.linalg.matrix_rank(book, atol=1e-4)) == 4 for book in words)
    plain = words.tolist()
    for u, code in zip(faces.tolist(), codes.tolist(), strict=True):
        for book, chosen in zip(plain, code, strict=True):
            apart = [sum((a - b) ** 2 for a, b in zip(u, word, strict=True)) for word in book]
            assert apart[chosen] == pytest.approx(min(apart), abs=1e-5)


# Least squares.


def some_codes(n: int, n_books: int, n_words: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    faces = F.normalize(torch.randn(n, 7, generator=generator), dim=-1)
    return faces, torch.randint(n_words, (n, n_books), generator=generator)


@pytest.mark.parametrize("ridge", [0.1, 1.0, 50.0])
def test_solved_words_are_the_ridge_regression_on_which_words_a_code_has(ridge: float) -> None:
    """min Σ_i ‖u_i - Σ_m w_m‖² + ridge Σ ‖w‖², as plain least squares with √ridge · w = 0 added."""
    faces, codes = some_codes(200, 3, 5, seed=5)
    design = np.zeros((200 + 15, 15))
    for i, code in enumerate(codes.tolist()):
        for m, k in enumerate(code):
            design[i, m * 5 + k] = 1
    design[200:] = math.sqrt(ridge) * np.eye(15)
    target = np.concatenate([faces.double().numpy(), np.zeros((15, 7))])
    expected, *_ = np.linalg.lstsq(design, target, rcond=None)
    words = solved_words(faces, codes, 5, ridge)
    np.testing.assert_allclose(words.numpy(), expected.reshape(3, 5, 7), atol=2e-5)


def test_a_word_that_no_face_has_is_zero() -> None:
    faces, codes = some_codes(60, 2, 4, seed=6)
    words = solved_words(faces, codes, 6, 1.0)
    assert torch.equal(words[:, 4:], torch.zeros(2, 2, 7))
    assert words[:, :4].norm(dim=-1).min() > 0.01


def test_no_words_that_are_moved_a_little_fit_better_than_the_solved() -> None:
    faces, codes = some_codes(200, 3, 5, seed=7)
    words = solved_words(faces, codes, 5, 1e-3)
    fit = float((faces - sums_of(codes, words)).square().sum())
    generator = torch.Generator().manual_seed(8)
    for _ in range(20):
        moved = words + 0.05 * torch.randn(words.shape, generator=generator)
        assert float((faces - sums_of(codes, moved)).square().sum()) > fit


# The whole head.


def test_features_are_discriminant_directions_less_their_mean_then_zeros() -> None:
    x, labels = planted_embeddings(60, 5, seed=1)
    model = joint_head(x, labels, RECIPE)
    features = features_of(model, x)
    torch.testing.assert_close(features.mean(0), torch.zeros(64), rtol=0, atol=1e-4)
    assert torch.equal(features[:, 16:], torch.zeros(len(x), 48))
    assert features[:, :16].std(0).min() > 0.01
    words = model.quantizer.mlp.detach()  # (M, D, K)
    assert torch.equal(words[:, 16:], torch.zeros(4, 48, 16))
    assert words[:, :16].abs().amax((1, 2)).min() > 0.05


def test_directions_weigh_by_their_spread_to_the_power_of_the_emphasis() -> None:
    x, labels = planted_embeddings(60, 5, seed=2)
    even = features_of(joint_head(x, labels, replace(RECIPE, emphasis=0.0)), x)[:, :16]
    spread = F.normalize(even, dim=-1).std(0)
    for emphasis in (0.5, 1.0):
        model = joint_head(x, labels, replace(RECIPE, emphasis=emphasis))
        expected = even * (spread / spread.max()) ** emphasis
        torch.testing.assert_close(features_of(model, x)[:, :16], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_sums_of_words_are_about_as_long_as_a_face_and_point_where_it_does() -> None:
    x, labels = planted_embeddings(80, 6, seed=3)
    for n_books, alike in ((1, 0.6), (8, 0.9)):  # means of many directions are short by themselves
        model = joint_model(n_books, length_weight=0.0)
        list(start_joint_head(model, x, labels, RECIPE))
        features = features_of(model, x)
        with torch.inference_mode():
            codes = model.quantizer.codes(features)
        sums = sums_of(codes, model.quantizer.mlp.detach().transpose(1, 2))
        assert float(sums.norm(dim=-1).mean()) == pytest.approx(1, abs=0.05)
        assert float(F.cosine_similarity(sums, features).mean()) > alike


@pytest.mark.parametrize("n_books", [2, 8])
def test_turns_bring_sums_nearer_than_separate_words_are(n_books: int) -> None:
    """What each turn yields is the mean ‖u - s‖² of the real faces and the made."""
    x, labels = planted_embeddings(100, 6, seed=4)
    settings = replace(RECIPE, turns=8, made_faces=0)
    model = joint_model(n_books)
    apart = list(start_joint_head(model, x, labels, settings))
    assert len(apart) == 8
    assert apart[-1] == min(apart)
    faces = F.normalize(features_of(model, x)[:, :16], dim=-1)
    words, codes = separate_words(faces, n_books, 16, seed=0)
    separate = float((faces - sums_of(codes, words)).square().sum(-1).mean())
    assert apart[-1] < 0.9 * separate


@pytest.mark.slow
def test_a_joint_head_ranks_new_people_better_than_a_separate_one_of_equal_bits() -> None:
    """8 books of 16 words: 32 bits. The separate head may choose its query temperature here."""
    x, labels = planted_embeddings(500, 5, directions=32, seed=5)
    new, people = planted_embeddings(200, 4, directions=32, seed=6)
    joint, start = joint_model(8, length_weight=4.0), joint_model(8, length_weight=4.0)
    settings = JointHeadSettings(directions=32, turns=8)
    list(start_joint_head(joint, x, labels, settings))
    list(start_joint_head(start, x, labels, replace(settings, turns=0)))
    torch.manual_seed(0)
    separate = OpqnModel(OpqnConfig(8, 16, 512, backbone="sface"))
    wanted = HeadSettings(directions=32, shrinkage=0.1, lift=1.0, iterations=20)
    start_head(separate, x, labels, wanted)
    best_separate = 0.0
    for temperature in (0.5, 1.0, 2.0, 4.0):
        separate.quantizer.temperature = temperature
        best_separate = max(best_separate, mean_ap(separate, new, people))
    learned = mean_ap(joint, new, people)
    assert learned > best_separate + 0.01
    assert learned > mean_ap(start, new, people) + 0.01


def test_the_trunk_stays_as_it_is() -> None:
    x, labels = planted_embeddings(40, 4, seed=7)
    model = joint_model()
    trunk = {key: value.clone() for key, value in model.trunk.state_dict().items()}
    list(start_joint_head(model, x, labels, RECIPE))
    assert all(torch.equal(value, trunk[key]) for key, value in model.trunk.state_dict().items())
    assert not model.training


def test_same_seed_same_head() -> None:
    x, labels = planted_embeddings(40, 4, seed=8)

    def state(seed: int, disturb: Callable[[], object]) -> dict[str, Tensor]:
        disturb()
        model = joint_head(x, labels, replace(RECIPE, seed=seed))
        return {key: value.clone() for key, value in model.state_dict().items()}

    first, again = state(3, lambda: torch.rand(1)), state(3, lambda: torch.rand(5))
    assert all(torch.equal(value, again[key]) for key, value in first.items())
    other = state(4, lambda: None)
    assert torch.equal(first["backbone.embed.weight"], other["backbone.embed.weight"])
    assert not torch.equal(first["quantizer.mlp"], other["quantizer.mlp"])


def test_directions_must_fit_the_features() -> None:
    x, labels = planted_embeddings(30, 4, seed=9)
    with pytest.raises(ValueError, match="65 directions do not fit 64 features"):
        joint_head(x, labels, replace(RECIPE, directions=65))
    with pytest.raises(ValueError, match="can't be dealt"):
        joint_head(x, labels, replace(RECIPE, directions=RECIPE.directions + 1))
