"""The app's joint codes against torch's: the same draws, and the same words to the bit."""

import numpy as np
import pytest
import torch

from opqn_app.opqn import joint_codes
from opqn_app.opqn.torch import joint_codes as torchs


@pytest.mark.parametrize(("n_books", "n_words"), [(1, 2), (4, 16), (8, 256), (33, 300)])
def test_the_replacements_are_those_of_torchs_generator(n_books: int, n_words: int) -> None:
    for number in range(64):
        ours = joint_codes.replacements(number, n_books, n_words)
        theirs = torchs._replacements(number, torchs.COPIES, n_books, n_words)
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other[0].numpy())


@pytest.mark.parametrize(("n_books", "n_words", "dim"), [(2, 8, 16), (8, 32, 40), (32, 16, 24)])
def test_equal_features_get_equal_words(n_books: int, n_words: int, dim: int) -> None:
    chance = np.random.default_rng(n_books)
    words = chance.normal(0, (n_books * dim) ** -0.5, (n_books, n_words, dim)).astype(np.float32)
    features = chance.normal(size=(50, dim))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    ours = joint_codes.JointSearch(words, 2.0).codes(features)
    search = torchs.JointSearch(torch.from_numpy(words).double(), 2.0)
    np.testing.assert_array_equal(ours, search.codes(torch.from_numpy(features)).numpy())
    assert len(np.unique(ours, axis=0)) > 1
