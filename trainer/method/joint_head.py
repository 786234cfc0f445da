"""The head of a bundled model: features that tell people apart, and words learned together.

The features are linear discriminant directions of a frozen trunk's embedding. Collections of photos
differ in age and quality, and the trunk's output shows it. The mean of its collection is therefore
taken off each face first. Otherwise the directions would tell collections apart instead of people.

The words start as those of an optimised product quantiser, each in a sub-space of its own. Then two
steps take turns (Martinez et al. 2016). First each face picks the words whose sum is nearest to it.
Then the words become the least-squares solution for these choices. Noise on the words, less in each
turn, lets faces leave their first choices.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from opqn_app.opqn.torch.backbone import EmbeddedTrunk
from opqn_app.opqn.torch.joint_codes import joint_codes, sums_of
from opqn_app.opqn.torch.model import OpqnModel
from trainer.method.kmeans import kmeans
from trainer.method.rotation import discriminant_directions, quantisation_rotation

NOISE = 0.3  # of the words in the first turn, as a share of their spread
CODING = {"rounds": 2, "copies": 1, "block": 4096}  # per turn: what one turn misses, a later finds


@dataclass(frozen=True, slots=True)
class JointHeadSettings:
    """Everything that decides a joint head besides the data.

    Attributes:
        directions: discriminant directions kept.
        shrinkage: of the within-person spread, see `discriminant_directions`.
        emphasis: directions are weighed by this power of their spread among faces. The directions
            that tell people apart best are spread most.
        made_faces: how many faces are made up for each real one. A made-up face is the mean of the
            real one's person, plus the difference of another face from its own person's mean.
        made_people: how many faces of made-up people are added for each real face. The mean of
            such a person is drawn from a normal distribution fitted to the means of real people.
            The face is that mean, plus the difference of a real face from its own person's mean.
        turns: of coding and solving.
        ridge: faces' worth of pull to zero on each word.
        length_weight: λ that starts are compared with, see `opqn_app.opqn.torch.joint_codes`.
        seed: of the k-means, the noise and the made faces.
    """

    directions: int = 128
    shrinkage: float = 0.1
    emphasis: float = 0.5
    made_faces: int = 2
    made_people: int = 0
    turns: int = 12
    ridge: float = 1.0
    length_weight: float = 2.0
    seed: int = 0


def start_joint_head(
    model: OpqnModel,
    embeddings: Tensor,
    labels: Tensor,
    settings: JointHeadSettings,
    *,
    collections: Tensor | None = None,
    home: int = 0,
) -> Iterator[float]:
    """Set the embedding, the normalisation and the words of `model`, which has joint words.

    Args:
        embeddings: (n, E) of the backbone's trunk.
        labels: (n,) int64 people from 0, each with at least two faces.
        collections: (n,) int64 from 0, which collection of photos a face comes from; by default
            all are of one.
        home: the collection that is most like the photos the model is for: the features of any
            face are relative to its mean.

    Yields:
        After each turn the mean ‖u - s‖² of the faces and their sums of words.

    Raises:
        ValueError: more directions than features, or a number that M does not divide.
    """
    backbone, config = model.backbone, model.config
    assert isinstance(backbone, EmbeddedTrunk), "a head needs a trunk of its own"
    if settings.directions > config.feature_dim:
        raise ValueError(
            f"{settings.directions} directions do not fit {config.feature_dim} features"
        )
    if settings.directions % config.n_books:  # where the words start, every book has as many
        raise ValueError(
            f"{settings.directions} directions can't be dealt to {config.n_books} books"
        )
    if collections is None:
        collections = torch.zeros_like(labels)
    means, rows = relative_directions(
        embeddings, labels, collections, settings.directions,
        shrinkage=settings.shrinkage, emphasis=settings.emphasis,
    )  # fmt: skip
    centred = embeddings - means[collections]
    generator = torch.Generator().manual_seed(settings.seed)
    features = centred @ rows.T
    made = [made_faces(features, labels, generator) for _ in range(settings.made_faces)]
    made += [made_people(features, labels, generator) for _ in range(settings.made_people)]
    faces = F.normalize(torch.cat([features, *made]), dim=-1)
    words, codes = separate_words(faces, config.n_books, config.n_words, seed=settings.seed)
    scale = faces.std(0) / config.n_books**0.5
    for turn in range(settings.turns):
        noise = NOISE * (1 - (turn + 1) / settings.turns) ** 0.5
        shaken = words + noise * scale * torch.randn(words.shape, generator=generator)
        codes = joint_codes(faces, shaken, length_weight=None, start=codes, **CODING)
        words = solved_words(faces, codes, config.n_words, settings.ridge)
        yield float((faces - sums_of(codes, words)).square().sum(-1).mean())
    words /= sums_of(codes, words).norm(dim=-1).mean()
    _fill(model, backbone, means[home], rows, words)


def relative_directions(
    embeddings: Tensor,
    labels: Tensor,
    collections: Tensor,
    n: int,
    *,
    shrinkage: float,
    emphasis: float = 0.5,
) -> tuple[Tensor, Tensor]:
    """What tells people apart among faces that are taken relative to the mean of their collection.

    Args:
        embeddings: (N, E); labels: (N,); collections: (N,), all as for `start_joint_head`.
        n: directions.
        shrinkage, emphasis: as in `JointHeadSettings`.

    Returns:
        The means (G, E) of the collections, and the directions (n, E).
    """
    means = group_means(embeddings, collections)
    centred = embeddings - means[collections]
    rows = discriminant_directions(centred, labels, n, shrinkage=shrinkage)
    spread = F.normalize(centred @ rows.T, dim=-1).std(0)
    return means, rows * (spread / spread.max()).pow(emphasis)[:, None]


def made_faces(features: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """One made face for each real one: (n, r) features of the person's mean, differently seen.

    How faces differ from the mean of their person is dealt out anew among all people.
    """
    differences = _differences(features, labels)
    return group_means(features, labels)[labels] + _shuffled(differences, generator)


def made_people(features: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """As many faces as there are, each of a person of its own who is nobody: (n, r).

    Words that know 5,000 people by heart say less of others. What people are is drawn from the
    normal law of the means of the real ones, each of whom counts once a face, less the part of
    their covariance that comes from how few faces a mean is of.
    """
    means, differences = group_means(features, labels)[labels], _differences(features, labels)
    of_few = (1 / torch.bincount(labels).to(features.dtype))[labels].mean()
    values, axes = torch.linalg.eigh(torch.cov(means.T) - of_few * torch.cov(differences.T))
    drawn = torch.randn(means.shape, generator=generator) * values.clamp_min(0).sqrt()
    people: Tensor = means.mean(0) + drawn @ axes.T
    return people + _shuffled(differences, generator)


def _differences(features: Tensor, labels: Tensor) -> Tensor:
    """How faces differ from their person's mean, made up for what it takes along of n faces."""
    counts = torch.bincount(labels).to(features.dtype)
    means = group_means(features, labels)
    return (features - means[labels]) * (counts / (counts - 1)).sqrt()[labels, None]


def _shuffled(rows: Tensor, generator: torch.Generator) -> Tensor:
    return rows[torch.randperm(len(rows), generator=generator)]


def group_means(x: Tensor, groups: Tensor) -> Tensor:
    """The mean of the rows (n, d) of each group: (G, d), for groups (n,) from 0."""
    sums = torch.zeros(int(groups.max()) + 1, x.shape[1], dtype=x.dtype).index_add_(0, groups, x)
    return sums / torch.bincount(groups).clamp_min(1)[:, None]


def separate_words(
    faces: Tensor, n_books: int, n_words: int, *, seed: int
) -> tuple[Tensor, Tensor]:
    """The words (M, K, r) and codes (n, M) of an optimised product quantiser of `faces` (n, r)."""
    rotation = quantisation_rotation(faces, n_books, n_words, iterations=20, seed=seed)
    pieces = (faces @ rotation.T).view(len(faces), n_books, -1)
    size = pieces.shape[2]
    words = torch.zeros(n_books, n_words, n_books, size)
    codes = []
    for book in range(n_books):
        centres, nearest = kmeans(pieces[:, book], n_words, iterations=20, seed=seed + book)
        words[book, :, book] = centres
        codes.append(nearest)
    return words.flatten(2) @ rotation, torch.stack(codes, 1)


def solved_words(faces: Tensor, codes: Tensor, n_words: int, ridge: float) -> Tensor:
    """The words (M, K, r) whose sums are nearest to the faces (n, r) coded as (n, M)."""
    n_books = codes.shape[1]
    together = torch.zeros(n_books, n_words, n_books, n_words)  # how often words meet in a code
    wanted = torch.zeros(n_books, n_words, faces.shape[1])
    for a in range(n_books):
        wanted[a].index_add_(0, codes[:, a], faces)
        for b in range(a + 1):
            pairs = torch.bincount(codes[:, a] * n_words + codes[:, b], minlength=n_words**2)
            counts = pairs.view(n_words, n_words).float()
            together[a, :, b], together[b, :, a] = counts, counts.T
    gram = together.view(n_books * n_words, -1)
    gram.diagonal().add_(ridge)
    factor = torch.linalg.cholesky(gram)
    return torch.cholesky_solve(wanted.flatten(0, 1), factor).view_as(wanted).contiguous()


@torch.no_grad()
def _fill(
    model: OpqnModel, backbone: EmbeddedTrunk, mean: Tensor, rows: Tensor, words: Tensor
) -> None:
    """Write the head: features are the rows' values less those of the mean, then zeros."""
    used = len(rows)
    weight = torch.zeros_like(backbone.embed.weight)
    weight[:used] = rows
    backbone.embed.weight.copy_(weight)
    norm = backbone.last_bn
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.copy_(weight @ mean)
    norm.running_var.fill_(1)
    norm.weight.fill_(1)
    norm.bias.zero_()
    model.quantizer.mlp.zero_()
    model.quantizer.mlp[:, :used] = words.transpose(1, 2)
    model.eval()
