"""The two ways to train OPQN that are on record, what the paper states and what the code did; and
"quick", a small network that a processor trains in minutes, for a first try on a few thousand
pictures.

Where the two differ (the numbers are those of the project's method notes):

D1 scale r: paper 40 · code 20 at 32 px, 40 at 112 px.
D2 margin u: paper 0.4 · code 0.5.
D3 learning rate of VGGFace2 (112 px): paper 0.01 · code 0.1.
D4 epochs: paper 200 · code 160 at 112 px.
D5 sub-vectors that are assigned in training: the paper can be read as normalised, the code takes
   them raw, and its numbers come from that code. Both presets train raw; "normalised" is
   `method.assignment`. Encoding and search normalise always.
D6 batch normalisation of the flattened map: paper none · code yes.
D7 crop and flip are drawn: paper for each picture · code once for a batch.
D8 VGGFace2 identities: paper 2,781 · 2,787 in the files. A fact of the data, no setting.
D9 CFW pixel statistics: first code its own, later code FaceScrub's. The paper is silent, so its
   preset has CFW's own.
D10 backbone of the DPQ baseline, D11 stated average gains: not part of this method.
D12 T of precision at T: 5 small and cross CFW, 10 VGGFace2 · the code reported 50 in training.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opqn_app.core.errors import SettingsError
from trainer.choices import PRESETS
from trainer.config import SECTIONS, TrainConfig, Values

# On top of "paper"; reaches mAP 0.98 on ORL, see docs/pages/log/training.md.
QUICK: Values = {
    "data": {"queries_per_person": 2},
    "method": {"backbone": "resnet20-narrow"},
    "engine": {"batch_size": 32, "lr": 0.1, "epochs": 100, "lr_step": 20},
}

FACESCRUB_MEAN, FACESCRUB_STD = (0.639, 0.479, 0.404), (0.216, 0.183, 0.171)
CFW_MEAN, CFW_STD = (0.507, 0.403, 0.344), (0.259, 0.226, 0.212)
HALF = (0.5, 0.5, 0.5)

# M and K of each length, at the small and the large picture size.
CODES = {
    32: {16: (2, 256), 24: (4, 64), 36: (6, 64), 48: (8, 64)},
    112: {24: (3, 256), 36: (4, 512), 48: (6, 256), 64: (8, 256)},
}


@dataclass(frozen=True, slots=True)
class CodeLength:
    """One code: M books of K words."""

    n_books: int
    n_words: int

    @property
    def bits(self) -> int:
        """M · log2 K, rounded up per book."""
        return self.n_books * (self.n_words - 1).bit_length()


def preset(name: str, *, input_size: int = 32, layout: str = "folders") -> TrainConfig:
    """The config of a preset.

    Args:
        input_size: 32 (FaceScrub, CFW-60K, YouTube Faces) or 112 (VGGFace2, cross-domain).
        layout: a benchmark's name; CFW-60K has pixel statistics of its own.

    Raises:
        SettingsError: there is no such preset or size.
    """
    if name not in PRESETS:
        raise SettingsError("preset", f"'{name}' is not there; choose one of {', '.join(PRESETS)}")
    if input_size not in CODES:
        raise SettingsError("method.input_size", f"{input_size} is not 32 or 112")
    is_small, is_paper = input_size == 32, name != "code"
    mean, std = _statistics(is_small=is_small, own_cfw=is_paper and layout == "cfw60k")
    values: Values = {
        "method": {
            "input_size": input_size,
            "stored_size": 35 if is_small else 120,
            "scale": 40.0 if is_paper or not is_small else 20.0,  # D1
            "margin": 0.4 if is_paper else 0.5,  # D2
            "entropy_weight": 0.1,
            "assignment": "raw",  # D5
            "flatten_bn": not is_paper,  # D6
            "pixel_mean": [255 * v for v in mean],  # D9
            "pixel_std": [255 * v for v in std],
        },
        "augment": {"per": "image" if is_paper else "batch"},  # D7
        "engine": {
            "lr": 0.01 if is_paper and not is_small else 0.1,  # D3
            "epochs": 200 if is_paper or is_small else 160,  # D4
            "lr_step": 35 if is_small else 20,
            "p_at": (5 if is_small else 10) if is_paper else 50,  # D12
        },
    }
    bits = 36 if is_small else 64
    values["method"] |= code_values(code_length(bits, input_size), input_size)
    return TrainConfig(preset=name).with_values(merge(values, QUICK if name == "quick" else {}))


def code_length(bits: int, input_size: int, *, is_binary: bool = False) -> CodeLength:
    """M and K for `bits`: the paper's, else books of 256 or 64 words.

    Args:
        is_binary: of a method whose books are single bits.

    Raises:
        SettingsError: no books of 256 or 64 words make up so many bits.
    """
    if is_binary and bits > 0:
        return CodeLength(bits, 2)
    published = CODES[_nearest_published(input_size)]
    if bits in published:
        return CodeLength(*published[bits])
    for word_bits in (8, 6):
        if bits > 0 and bits % word_bits == 0:
            return CodeLength(bits // word_bits, 2**word_bits)
    raise SettingsError("--len", f"{bits} bits are no number of 8- or 6-bit books")


def code_lengths(
    lengths: list[int],
    books: list[int],
    words: list[int],
    input_size: int,
    *,
    is_binary: bool = False,
) -> list[CodeLength]:
    """The codes of `--len 16 24 --num 2 4 --words 256 64`, as the released code reads these flags.

    Args:
        lengths: bits of each code; if empty, books and words say it.
        books: M of each code; if empty, `code_length` chooses.
        words: K of each code.
        is_binary: of a method whose books are single bits.

    Raises:
        SettingsError: the lists differ in length, or M · log2 K is not the length stated.
    """
    if not books and not words:
        return [code_length(bits, input_size, is_binary=is_binary) for bits in lengths]
    if len(books) != len(words) or (lengths and len(lengths) != len(books)):
        raise SettingsError("--num", "--len, --num and --words must list the same number of codes")
    codes = [CodeLength(m, k) for m, k in zip(books, words, strict=True)]
    for code, bits in zip(codes, lengths, strict=False):
        if code.bits != bits:
            text = f"{code.n_books} books of {code.n_words} words are {code.bits} bits, not {bits}"
            raise SettingsError("--len", text)
    return codes


def feature_dim(code: CodeLength, input_size: int) -> int:
    """D as published: 512 rounded up to a multiple of M at 32 px, M · K at 112; d ≥ K always."""
    least = code.n_books * code.n_words
    if _nearest_published(input_size) != 32:
        return least
    return max(-(-512 // code.n_books) * code.n_books, least)


def _nearest_published(input_size: int) -> int:
    """The published picture size whose codes one of any size takes: 32 below 72 px, else 112."""
    return min(CODES, key=lambda size: abs(size - input_size))


def code_values(code: CodeLength, input_size: int) -> dict[str, int]:
    """The fields of [method] that make this code."""
    return {
        "n_books": code.n_books,
        "n_words": code.n_words,
        "feature_dim": feature_dim(code, input_size),
    }


def merge(*layers: Mapping[str, Mapping[str, Any]]) -> Values:
    """Sections put on top of each other; the last one wins."""
    merged: Values = {section: {} for section in SECTIONS}
    for layer in layers:
        for section, entries in layer.items():
            merged.setdefault(section, {}).update(entries)
    return merged


def _statistics(
    *, is_small: bool, own_cfw: bool
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    if not is_small:
        return HALF, HALF
    return (CFW_MEAN, CFW_STD) if own_cfw else (FACESCRUB_MEAN, FACESCRUB_STD)
