"""An OPQN head on stored embeddings of a frozen trunk: start it well, then train it."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from opqn_app.core.types import Crops
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.backbone import EmbeddedTrunk
from opqn_app.opqn.torch.model import OpqnModel
from opqn_app.opqn.torch.preprocess import to_network_input
from trainer.method.kmeans import spherical_kmeans
from trainer.method.loss import SubspaceMarginLoss
from trainer.method.rotation import discriminant_directions, quantisation_rotation

QUIET_ROWS = 1e-3  # start of the embedding's spare rows, as a share of the telling ones


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """Everything that decides the head besides the data.

    Attributes:
        directions: discriminant directions kept, divisible by M.
        shrinkage: of the within-person spread, see `discriminant_directions`.
        lift: every sub-vector gets one more entry, always the same: this many times the usual
            length of the others. Lengths, which normalising would drop, then tell words apart
            too: at 0 words are directions, at large values they are points (as in PQ).
        iterations: of the OPQ rotation and of the k-means of each book.
        epochs, batch_size, learning_rate, weight_decay: of SGD with momentum 0.9.
        margin, scale, entropy_weight: u, r and λ of the loss.
    """

    directions: int = 96
    shrinkage: float = 0.3
    lift: float = 0.0
    iterations: int = 20
    epochs: int = 3
    batch_size: int = 512
    learning_rate: float = 0.005
    weight_decay: float = 5e-4
    margin: float = 0.2
    scale: float = 40.0
    entropy_weight: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class HeadEpoch:
    """Means over one epoch, as in `LossParts`."""

    epoch: int
    total: float
    feature: float
    quantised: float
    entropy: float


def embed_crops(
    model: OpqnModel, crops: Crops, *, mirrored: bool, batch_size: int = 64
) -> Iterator[Tensor]:
    """(batch, E) trunk outputs of 112 px crops (n, 112, 112, 3), batch after batch."""
    config: OpqnConfig = model.config
    model.eval()
    for start in range(0, len(crops), batch_size):
        batch = torch.from_numpy(crops[start : start + batch_size].copy())
        if mirrored:
            batch = batch.flip(2)
        with torch.inference_mode():
            embedding: Tensor = model.trunk(to_network_input(batch, config))
        yield embedding


@torch.no_grad()
def start_head(
    model: OpqnModel, embeddings: Tensor, labels: Tensor, settings: HeadSettings
) -> None:
    """Set embedding, normalisation and F so that the codes are those of a good OPQ.

    Discriminant directions of the embeddings, turned by the OPQ rotation, are dealt to the books;
    each fills the first rows of its sub-vector and the other rows start near zero. The batch
    normalisation passes them on centred and with their proportions, and adds the lift. F holds
    the spherical k-means centres of each sub-vector.

    Args:
        embeddings: (n, E) of the backbone's trunk.
        labels: (n,) int64 people from 0.

    Raises:
        ValueError: the directions can't be dealt to the books evenly, or fill the sub-vectors.
    """
    backbone = _backbone(model)
    config = model.config
    own_rows = settings.directions // config.n_books
    if settings.directions % config.n_books or own_rows >= config.sub_dim:
        raise ValueError(
            f"{settings.directions} directions can't be dealt to {config.n_books} books"
        )
    generator = torch.Generator().manual_seed(settings.seed)
    rows = discriminant_directions(
        embeddings, labels, settings.directions, shrinkage=settings.shrinkage
    )
    unit = F.normalize((embeddings - embeddings.mean(0)) @ rows.T, dim=-1)
    rotation = quantisation_rotation(
        unit, config.n_books, config.n_words, iterations=settings.iterations, seed=settings.seed
    )
    dealt = (rotation @ rows).view(config.n_books, -1, rows.shape[1])  # (M, r/M, E)
    weight = torch.randn(config.n_books, config.sub_dim, rows.shape[1], generator=generator)
    weight *= QUIET_ROWS * float(dealt.std())
    weight[:, :own_rows] = dealt
    if settings.lift:
        weight[:, own_rows] = 0
    backbone.embed.weight.copy_(weight.flatten(0, 1))
    _pass_proportions(backbone, embeddings, config)
    if settings.lift:  # the others have the mean square 1 an entry after the normalisation
        biases = backbone.last_bn.bias.view(config.n_books, -1)
        biases[:, own_rows] = settings.lift * config.sub_dim**0.5
    model.eval()
    x = model.quantizer.sub_vectors(backbone.from_embedding(embeddings))
    for book in range(config.n_books):
        centres = spherical_kmeans(
            F.normalize(x[:, book], dim=-1),
            config.n_words,
            iterations=settings.iterations,
            seed=settings.seed + book,
        )
        model.quantizer.mlp[book] = centres.T


def train_head(
    model: OpqnModel, embeddings: Tensor, labels: Tensor, settings: HeadSettings
) -> Iterator[HeadEpoch]:
    """Train embedding, normalisation and F with the OPQN loss; yields after each epoch.

    Args:
        embeddings: (n, V, 512); V views of each crop, one of which is drawn each time.
        labels: (n,) int64 people from 0.
    """
    backbone, config = _backbone(model), model.config
    generator = torch.Generator().manual_seed(settings.seed)
    loss = SubspaceMarginLoss(
        n_classes=int(labels.max()) + 1,
        n_books=config.n_books,
        sub_dim=config.sub_dim,
        margin=settings.margin,
        scale=settings.scale,
        entropy_weight=settings.entropy_weight,
    )
    _start_class_weights(loss, model, embeddings[:, 0], labels)
    head = [*backbone.embed.parameters(), *backbone.last_bn.parameters(), model.quantizer.mlp]
    optimizer = torch.optim.SGD(
        [*head, *loss.parameters()],
        lr=settings.learning_rate,
        momentum=0.9,
        weight_decay=settings.weight_decay,
    )
    batch_size = min(settings.batch_size, len(labels))
    steps = len(labels) // batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=steps * settings.epochs, pct_start=0.1
    )
    for epoch in range(1, settings.epochs + 1):
        order = torch.randperm(len(labels), generator=generator)
        sums = torch.zeros(4)
        backbone.last_bn.train()
        for picked in order[: steps * batch_size].view(steps, -1):
            view = torch.randint(embeddings.shape[1], (len(picked),), generator=generator)
            x = backbone.from_embedding(embeddings[picked, view])
            log_p = model.quantizer.training_log_assignment(x)
            parts = loss(
                model.quantizer.sub_vectors(x),
                model.quantizer.soft_quantise(log_p.exp()),
                log_p,
                labels[picked],
            )
            optimizer.zero_grad()
            parts.total.backward()
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                sums += torch.stack([parts.total, parts.feature, parts.quantised, parts.entropy])
        model.eval()
        yield HeadEpoch(epoch, *(sums / steps).tolist())


def _backbone(model: OpqnModel) -> EmbeddedTrunk:
    assert isinstance(model.backbone, EmbeddedTrunk), "a head needs a trunk of its own"
    return model.backbone


def _pass_proportions(backbone: EmbeddedTrunk, embeddings: Tensor, config: OpqnConfig) -> None:
    """Let the normalisation centre every feature and divide each book by one common spread."""
    x = backbone.embed(embeddings)
    spread = x.std(0).clamp_min(1e-6)
    common = spread.view(config.n_books, -1).square().mean(1).sqrt()
    norm = backbone.last_bn
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.copy_(x.mean(0))
    norm.running_var.copy_(spread.square())
    norm.weight.copy_(spread / common.repeat_interleave(config.sub_dim))
    norm.bias.zero_()


@torch.no_grad()
def _start_class_weights(
    loss: SubspaceMarginLoss, model: OpqnModel, embeddings: Tensor, labels: Tensor
) -> None:
    """Each person's weights start at the mean direction of that person's sub-vectors."""
    x = model.quantizer.sub_vectors(_backbone(model).from_embedding(embeddings))
    sums = torch.zeros(loss.class_weights.shape[1], *x.shape[1:])
    sums.index_add_(0, labels, F.normalize(x, dim=-1))
    loss.class_weights.copy_(F.normalize(sums, dim=-1).transpose(0, 1))
