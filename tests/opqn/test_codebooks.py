"""The codebooks against their definition, SciPy's DCT, and each other."""

import math

import numpy as np
import pytest
import scipy.fft

from opqn_app.opqn.codebooks import dct_matrix, orthonormal_codebooks

PAPER_SIZES = [  # M, K, d
    (2, 256, 256),
    (4, 64, 128),
    (6, 64, 86),
    (8, 64, 64),
    (3, 256, 256),
    (4, 512, 512),
    (6, 256, 256),
    (8, 256, 256),
]


def test_the_matrix_is_its_definition() -> None:
    """Every entry by the formula, one at a time."""
    d = 9
    a = dct_matrix(d)
    for t in range(d):
        for f in range(d):
            value = math.cos((t + 0.5) * f * math.pi / d) / math.sqrt(d / 2)
            assert a[t, f] == pytest.approx(value / math.sqrt(2) if f == 0 else value)


@pytest.mark.parametrize("d", [1, 2, 5, 64, 86, 256])
def test_the_matrix_is_orthogonal_and_is_scipys_dct(d: int) -> None:
    a = dct_matrix(d)
    assert np.abs(a.T @ a - np.eye(d)).max() < 1e-12
    reference = scipy.fft.dct(np.eye(d), type=2, norm="ortho", axis=-1)
    assert np.abs(a - reference).max() < 1e-12


@pytest.mark.parametrize("d", [16, 64, 86])
def test_column_f_changes_its_sign_f_times(d: int) -> None:
    signs = np.sign(dct_matrix(d))
    assert [int((np.diff(column) != 0).sum()) for column in signs.T] == list(range(d))


@pytest.mark.parametrize(("n_books", "n_words", "d"), PAPER_SIZES)
def test_words_of_a_book_are_orthonormal(n_books: int, n_words: int, d: int) -> None:
    books = orthonormal_codebooks(n_books, n_words, d)
    assert books.shape == (n_books, d, n_words)
    assert books.dtype == np.float32
    for book in books:
        assert np.abs(book.T @ book - np.eye(n_words)).max() < 5e-6


@pytest.mark.parametrize(("n_books", "n_words", "d"), PAPER_SIZES)
def test_each_book_is_the_one_before_turned_by_the_matrix(
    n_books: int, n_words: int, d: int
) -> None:
    """C_m = A^m[:, :K], by repeated products of the whole matrix."""
    books = orthonormal_codebooks(n_books, n_words, d).astype(np.float64)
    power = np.eye(d)
    for m in range(n_books):
        power = dct_matrix(d) @ power
        assert np.abs(books[m] - power[:, :n_words]).max() < 1e-7
        assert all(np.abs(books[m] - books[other]).max() > 0.01 for other in range(m))


def test_the_first_word_is_constant() -> None:
    word = orthonormal_codebooks(2, 4, 8)[0, :, 0]
    np.testing.assert_array_equal(word, np.full(8, 1 / math.sqrt(8), np.float32))


@pytest.mark.parametrize(("n_words", "d"), [(9, 8), (0, 8)])
def test_more_words_than_dimensions_are_refused(n_words: int, d: int) -> None:
    with pytest.raises(ValueError, match="orthonormal"):
        orthonormal_codebooks(2, n_words, d)
