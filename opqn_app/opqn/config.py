"""What a model is, apart from its weights: codebook sizes, backbone, preprocessing, query form."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import DTypeLike

from opqn_app.core.checked_values import above, between, checked, kinds_of, one_of
from opqn_app.core.errors import ModelIncompatible
from opqn_app.opqn.backbones import INPUT_SIZES, MIRRORED

CHANNEL_ORDERS = ("rgb", "bgr")
QUERY_FORMS = ("probabilities", "linear")
ADDED_LATER = (
    "mirror_average",
    "joint_words",
    "length_weight",
)  # left out of a file where they have their default
MAX_SUB_DIM = 8192  # the codebooks are cut from a d × d matrix, which must fit into memory
MAX_CODEBOOK_VALUES = 2**28  # M · d · K: a gigabyte
LARGEST = 1e9  # of a number that is no count

Side = Annotated[int, between(1, 1024)]
Number = Annotated[float, between(-LARGEST, LARGEST)]
Positive = Annotated[float, above(0, LARGEST)]


@dataclass(frozen=True, slots=True)
class OpqnConfig:
    """Everything besides the weights that decides which code and which table a face gets.

    The defaults of the preprocessing fields are those of the MobileFaceNet trunk.

    Attributes:
        n_books: M, the number of codebooks, each of which picks one word of a code.
        n_words: K, the words in each book; K ≤ d, or the words could not be orthonormal.
        feature_dim: D, the length of a face's feature vector. It is cut into M sub-spaces, so
            D = M · d; with `joint_words` every book reads all of it, so D = d.
        backbone: "resnet20" (the paper's), "mobilefacenet", "sface" (the bundled models'),
            "resnet20-narrow" (small enough to train on a CPU) or "inception-resnet-v1"
            (facenet-pytorch's).
        input_size: side in pixels of the square picture the backbone takes.
        resize_to: side in pixels the 112 px crop is scaled to before its centre of
            `input_size` is cut out; at least `input_size`.
        channel_order: order in which the network takes the channels, "rgb" or "bgr".
        pixel_mean: subtracted from each channel, in units of 0 to 255, in the network's order.
        pixel_std: what each channel is then divided by, same units and order, above 0.
        query_temperature: the logits of a query are those of its l2-normalised sub-vectors (with
            `joint_words` of the l2-normalised feature) times this. 1.0 is the published
            retrieval. Training assigns with the raw sub-vectors, which is the same formula at
            temperature ‖x_m‖ of each face (near √d after the last batch normalisation); so √d is
            about the sharpness seen in training. Codes do not depend on it, query tables do.
        query_form: what a query's table holds: "probabilities" p_m[k] (Eq. 18) or the "linear"
            logits before the softmax, whose scores may be negative.
        mirror_average: a face's features are the mean of its own and its mirror image's; for
            backbones with a trunk of their own ("mobilefacenet", "sface").
        joint_words: every book reads the whole feature, so d = D, and the words of a code are
            chosen together (see `joint_codes`); queries are then linear.
        length_weight: λ of that choice, at least 0: how much sums of words are kept to length 1.
    """

    n_books: Annotated[int, between(1, 4096)]
    n_words: Annotated[int, between(2, 65536)]
    feature_dim: Annotated[int, between(1, 65536)]
    backbone: Annotated[str, one_of(INPUT_SIZES)] = "mobilefacenet"
    input_size: Side = 112
    resize_to: Side = 112
    channel_order: Annotated[str, one_of(CHANNEL_ORDERS)] = "bgr"
    pixel_mean: tuple[Number, Number, Number] = (127.5, 127.5, 127.5)
    pixel_std: tuple[Positive, Positive, Positive] = (128.0, 128.0, 128.0)
    query_temperature: Positive = 1.0
    query_form: Annotated[str, one_of(QUERY_FORMS)] = "probabilities"
    mirror_average: bool = False
    joint_words: bool = False
    length_weight: Annotated[float, between(0, LARGEST)] = 0.0

    def __post_init__(self) -> None:
        """Values are checked and kept as they are: the model_id is made of how they are written.

        Raises:
            ValueError: one of them can't be, or two don't fit; a plain clause.
        """
        for name, kind in kinds_of(type(self)).items():
            try:
                checked(getattr(self, name), kind)
            except ValueError as error:
                raise ValueError(f"{name} {error}") from error
        for reason in (*self._size_faults(), *self._picture_faults()):
            raise ValueError(reason)

    @property
    def sub_dim(self) -> int:
        """d, the length of what one book reads."""
        return self.feature_dim if self.joint_words else self.feature_dim // self.n_books

    @property
    def bits_per_book(self) -> int:
        """Bits that name one of K words: log2 K, rounded up."""
        return (self.n_words - 1).bit_length()

    @property
    def code_bits(self) -> int:
        """Bits of information in one code: M · log2 K."""
        return self.n_books * self.bits_per_book

    @property
    def code_dtype(self) -> DTypeLike:
        """uint8 up to 256 words, else uint16."""
        return np.uint8 if self.n_words <= 256 else np.uint16

    @property
    def code_bytes(self) -> int:
        """Bytes one stored code takes."""
        return self.n_books * np.dtype(self.code_dtype).itemsize

    def with_query(self, *, temperature: float, form: str = "probabilities") -> "OpqnConfig":
        """The same model asked in another way; its codes stay what they are."""
        return replace(self, query_temperature=temperature, query_form=form)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` turns them back.

        What was added to the format later is left out where it is off, so that models made
        before keep their fingerprint.
        """
        values = {k: v for k, v in asdict(self).items() if k not in ADDED_LATER or v}
        return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}

    @classmethod
    def from_dict(cls, values: object, *, source: str = "config") -> Self:
        """The config that `to_dict` gave.

        Args:
            values: what was read from JSON; nothing about it is trusted.
            source: path or name of where it comes from, for the message.

        Raises:
            ModelIncompatible: a value is missing, unknown, of the wrong type or does not fit.
        """
        if not isinstance(values, dict):
            raise ModelIncompatible(source, "its config is not a JSON object")
        names = {field.name for field in fields(cls)}
        unknown, missing = (
            sorted(values.keys() - names),
            sorted(names - values.keys() - set(ADDED_LATER)),
        )
        if unknown:
            raise ModelIncompatible(source, f"its config has the unknown entry '{unknown[0]}'")
        if missing:
            raise ModelIncompatible(source, f"its config lacks '{missing[0]}'")
        plain: dict[str, Any] = {
            key: tuple(v) if isinstance(v, list) else v for key, v in values.items()
        }
        try:
            return cls(**plain)
        except (TypeError, ValueError) as error:
            raise ModelIncompatible(source, str(error)) from error

    def _size_faults(self) -> list[str]:
        """Why a model can't have these sizes, each a plain clause; empty when it can."""
        if not self.joint_words and self.feature_dim % self.n_books:
            return [f"{self.feature_dim} features can't be cut into {self.n_books} equal pieces"]
        if self.n_words > self.sub_dim:
            return [
                f"{self.n_words} words can't be orthonormal in {self.sub_dim} dimensions (K ≤ d)"
            ]
        values = self.n_books * self.sub_dim * self.n_words
        if self.sub_dim > MAX_SUB_DIM or values > MAX_CODEBOOK_VALUES:
            return [f"codebooks of {values} values in {self.sub_dim} dimensions are too large"]
        return []

    def _picture_faults(self) -> list[str]:
        """What of picture, backbone and query does not fit together."""
        faults = []
        sizes = INPUT_SIZES[self.backbone]
        if self.input_size not in sizes:
            known = f"{sizes[0]} to {sizes[-1]}" if isinstance(sizes, range) else _listed(sizes)
            faults.append(f"{self.backbone} takes pictures of {known} px, not {self.input_size}")
        if self.resize_to < self.input_size:
            faults.append(f"resize_to {self.resize_to} is below input_size {self.input_size}")
        if self.joint_words and self.query_form != "linear":
            faults.append("with joint_words, query_form must be linear")
        if self.mirror_average and self.backbone not in MIRRORED:
            faults.append(f"mirror_average must be off for the backbone {self.backbone}")
        return faults


def _listed(sizes: Sequence[int]) -> str:
    return " or ".join(map(str, sizes))
