"""The methods as a researcher writes them down first: a book at a time, float32, nothing shared.

Own re-creations from the definitions, to measure the trainer against. `tests/trainer` has a test
that they give the trainer's losses. Each is one module: features of the labelled pictures, labels
and features of pictures without a label in, the loss out.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.codebooks import orthonormal_codebooks
from opqn_app.opqn.config import OpqnConfig
from trainer.method.bits import balanced_targets


class PlainOpqn(nn.Module):
    """Assignment, soft quantisation and margin loss."""

    books: Tensor

    def __init__(self, sizes: OpqnConfig, n_classes: int) -> None:
        super().__init__()
        m, d, k = sizes.n_books, sizes.sub_dim, sizes.n_words
        self.mlp = nn.Parameter(nn.init.xavier_uniform_(torch.empty(m, d, k)))
        self.class_weights = nn.Parameter(nn.init.xavier_uniform_(torch.empty(m, n_classes, d)))
        self.register_buffer("books", torch.from_numpy(orthonormal_codebooks(m, k, d)))

    def forward(self, x: Tensor, labels: Tensor, unlabelled: Tensor | None = None) -> Tensor:
        total = x.new_zeros(())
        for m, piece in enumerate(x.chunk(len(self.mlp), dim=1)):
            p = (piece @ self.mlp[m]).softmax(1)
            soft = p @ self.books[m].T
            w = F.normalize(self.class_weights[m], dim=1)
            target = F.one_hot(labels, len(w)).float()
            for vector in (piece, soft):
                cosine = (F.normalize(vector, dim=1) @ w.T).clamp(-1, 1)
                total = total + F.cross_entropy(40 * (cosine - 0.4 * target), labels) / 2
            total = total + 0.1 * torch.distributions.Categorical(p).entropy().mean()
        return total / len(self.mlp)


class PlainDpq(nn.Module):
    """Soft and hard words under one classifier, with centres."""

    def __init__(self, sizes: OpqnConfig, n_classes: int) -> None:
        super().__init__()
        m, d, k = sizes.n_books, sizes.sub_dim, sizes.n_words
        self.hidden = nn.Parameter(torch.randn(m, d, d) * (2 / d) ** 0.5)
        self.hidden_bias = nn.Parameter(torch.zeros(m, d))
        self.out = nn.Parameter(torch.randn(m, d, k) / d**0.5)
        self.out_bias = nn.Parameter(torch.zeros(m, k))
        self.words = nn.Parameter(torch.randn(m, k, d) / d**0.5)
        self.classifier = nn.Linear(sizes.feature_dim, n_classes)
        self.centres = nn.Parameter(torch.zeros(n_classes, sizes.feature_dim))

    def forward(self, x: Tensor, labels: Tensor, unlabelled: Tensor | None = None) -> Tensor:
        softs, hards, use, sharp = [], [], x.new_zeros(()), x.new_zeros(())
        for m, piece in enumerate(x.chunk(len(self.words), dim=1)):
            hidden = torch.relu(piece @ self.hidden[m] + self.hidden_bias[m])
            p = (hidden @ self.out[m] + self.out_bias[m]).softmax(1)
            one = F.one_hot(p.argmax(1), p.shape[1]).float()
            softs.append(p @ self.words[m])
            hards.append((one - p.detach() + p) @ self.words[m])
            use = use + (p.mean(0) ** 2).sum()
            sharp = sharp + (p**2).sum(1).mean()
        soft, hard, own = torch.cat(softs, 1), torch.cat(hards, 1), self.centres[labels]
        total = F.cross_entropy(self.classifier(soft), labels)
        total = total + F.cross_entropy(self.classifier(hard), labels)
        away = ((soft - own) ** 2).sum(1) + ((hard - own) ** 2).sum(1)
        return total + 0.25 * away.mean() / 2 + use - 0.01 * sharp


class PlainGpq(nn.Module):
    """Words from prototypes; pairs, classifier and entropy."""

    def __init__(self, sizes: OpqnConfig, n_classes: int) -> None:
        super().__init__()
        m, d, k = sizes.n_books, sizes.sub_dim, sizes.n_words
        self.prototypes = nn.Parameter(torch.randn(m, n_classes, d) / d**0.5)
        self.raw = nn.Parameter(torch.randn(m, k, d) / d**0.5)

    def forward(self, x: Tensor, labels: Tensor, unlabelled: Tensor | None = None) -> Tensor:
        n_books = len(self.raw)
        pairs, answers = x.new_zeros(()), x.new_zeros(())
        for m, piece in enumerate(x.chunk(n_books, dim=1)):
            unit = F.normalize(piece, dim=1)
            prototypes = F.normalize(self.prototypes[m], dim=1)
            near = (20 * F.normalize(self.raw[m], dim=1) @ prototypes.T).softmax(1)
            words = F.normalize(near @ prototypes, dim=1)
            mixed = F.normalize((20 * unit @ words.T).softmax(1) @ words, dim=1)
            pairs = pairs + unit @ mixed.T
            answers = answers + 16 * unit @ prototypes.T / n_books
        same = (labels[:, None] == labels[None]).float()
        same = same / same.sum(1, keepdim=True)
        total = -(same * pairs.log_softmax(1)).sum(1).mean()
        total = total + 0.1 * F.cross_entropy(answers, labels)
        return total if unlabelled is None else total - 0.1 * self.entropy(unlabelled)

    def entropy(self, unlabelled: Tensor) -> Tensor:
        turned = 2 * unlabelled.detach() - unlabelled
        answers = turned.new_zeros(())
        for m, piece in enumerate(turned.chunk(len(self.raw), dim=1)):
            prototypes = F.normalize(self.prototypes[m], dim=1)
            answers = answers + 16 * F.normalize(piece, dim=1) @ prototypes.T / len(self.raw)
        p = answers.softmax(1)
        return -(p * torch.log(p + 1e-5)).sum(1).mean()


class PlainPqn(nn.Module):
    """Triplets: a picture as it is against soft codes."""

    def __init__(self, sizes: OpqnConfig, n_classes: int) -> None:
        super().__init__()
        m, d, k = sizes.n_books, sizes.sub_dim, sizes.n_words
        self.raw = nn.Parameter(torch.randn(m, k, d) / d**0.5)

    def forward(self, x: Tensor, labels: Tensor, unlabelled: Tensor | None = None) -> Tensor:
        scores = x.new_zeros(())
        for m, piece in enumerate(x.chunk(len(self.raw), dim=1)):
            unit, words = F.normalize(piece, dim=1), F.normalize(self.raw[m], dim=1)
            soft = (10 * unit @ words.T).softmax(1) @ words
            scores = scores + unit @ soft.T
        same = labels[:, None] == labels[None]
        behind = F.softplus(scores[:, None, :] - scores[:, :, None])  # (own, right, wrong)
        counts = (same[:, :, None] & ~same[:, None, :]).float()
        return (behind * counts).sum() / counts.sum()


class PlainBits(nn.Module):
    """What the methods of bits begin with: a linear layer, and its normalisation."""

    def __init__(self, sizes: OpqnConfig, n_classes: int, *, is_normalised: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(sizes.feature_dim, sizes.n_books, bias=not is_normalised)
        self.norm = nn.BatchNorm1d(sizes.n_books) if is_normalised else nn.Identity()

    def outputs(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.linear(x))
        return out


class PlainCsq(PlainBits):
    """Bits pulled to fixed codes."""

    codes: Tensor

    def __init__(self, sizes: OpqnConfig, n_classes: int) -> None:
        super().__init__(sizes, n_classes, is_normalised=False)
        self.register_buffer("codes", balanced_targets(n_classes, sizes.n_books))

    def forward(self, x: Tensor, labels: Tensor, unlabelled: Tensor | None = None) -> Tensor:
        u = torch.tanh(self.outputs(x))
        target = (self.codes[labels] + 1) / 2
        return F.binary_cross_entropy((u + 1) / 2, target) + 1e-4 * ((u.abs() - 1) ** 2).mean()


class PlainOrthoHash(PlainBits):
    """A cosine margin to fixed codes."""

    codes: Tensor

    def __init__(self, sizes: OpqnConfig, n_classes: int) -> None:
        super().__init__(sizes, n_classes, is_normalised=True)
        self.register_buffer("codes", balanced_targets(n_classes, sizes.n_books))

    def forward(self, x: Tensor, labels: Tensor, unlabelled: Tensor | None = None) -> Tensor:
        h = F.normalize(self.outputs(x), dim=1)
        cosine = h @ F.normalize(self.codes, dim=1).T
        target = F.one_hot(labels, len(self.codes)).float()
        return F.cross_entropy(8 * (cosine - 0.3 * target), labels)


class PlainDcdh(PlainBits):
    """Learned centres; the bits of a class by the published least squares."""

    def __init__(self, sizes: OpqnConfig, n_classes: int) -> None:
        super().__init__(sizes, n_classes, is_normalised=True)
        self.centres = nn.Parameter(torch.randn(n_classes, sizes.n_books))

    def forward(self, x: Tensor, labels: Tensor, unlabelled: Tensor | None = None) -> Tensor:
        h, n = self.outputs(x), len(self.centres)
        away = (h**2).sum(1, keepdim=True) - 2 * h @ self.centres.T + (self.centres**2).sum(1)
        total = F.cross_entropy(-0.25 / 2 * away, labels)
        unit = F.normalize(self.centres, dim=1)
        apart = torch.log(1 + torch.exp(h.shape[1] / 2 * unit @ unit.T))
        total = total + 0.1 * torch.triu(apart, 1).sum() / (n * (n - 1) / 2)
        with torch.no_grad():
            y = F.one_hot(labels, n).float()
            r: Tensor = torch.linalg.pinv(y.T @ y, hermitian=True) @ y.T @ h.sign()
            b = (y @ r + 0.01 * h).sign()
        return total + 0.01 * ((h - b) ** 2).sum(1).mean()


class PlainDcwh(PlainBits):
    """Clouds around running means, a class at a time."""

    means: Tensor

    def __init__(self, sizes: OpqnConfig, n_classes: int) -> None:
        super().__init__(sizes, n_classes, is_normalised=False)
        self.register_buffer("means", torch.randn(n_classes, sizes.n_books).sign())

    def forward(self, x: Tensor, labels: Tensor, unlabelled: Tensor | None = None) -> Tensor:
        h = self.outputs(x)
        with torch.no_grad():
            before = self.means.clone()
            for label in labels.unique().tolist():
                found = h[labels == label].mean(0)
                apart = ((found - before) ** 2).sum(1)
                if apart[label] <= apart.min():
                    self.means[label] += 0.1 * (found - self.means[label])
        away = (h**2).sum(1, keepdim=True) - 2 * h @ self.means.T + (self.means**2).sum(1)
        total = F.cross_entropy(-away / 2, labels)
        total = total + 10 * torch.relu(h.abs() - 1.1).sum(1).mean()
        return total + 0.01 * ((h - h.sign().detach()) ** 2).sum(1).mean()


class PlainDdqh(PlainBits):
    """A classifier on outputs near bits."""

    def __init__(self, sizes: OpqnConfig, n_classes: int) -> None:
        super().__init__(sizes, n_classes, is_normalised=True)
        self.classifier = nn.Linear(sizes.n_books, n_classes)

    def forward(self, x: Tensor, labels: Tensor, unlabelled: Tensor | None = None) -> Tensor:
        u = torch.tanh(self.outputs(x))
        return F.cross_entropy(self.classifier(u), labels) + 0.01 * (u.abs() - 1).abs().mean()


PLAIN: dict[str, Callable[[OpqnConfig, int], nn.Module]] = {
    "opqn": PlainOpqn,
    "dpq": PlainDpq,
    "gpq": PlainGpq,
    "pqn": PlainPqn,
    "csq": PlainCsq,
    "orthohash": PlainOrthoHash,
    "dcdh": PlainDcdh,
    "dcwh": PlainDcwh,
    "ddqh": PlainDdqh,
}
