"""A library's codes as a faiss index, for other programs; nothing of faiss is read back.

The centroids of the IndexPQ are the orthonormal words C_m, so a query must lie in their space:
q = (C_1 p_1, …, C_M p_M), the soft quantisation of Eq. 3. Its inner product with word k of book m
is p_m[k], so faiss adds up what Eq. 18 does and ranks the same; where scores are equal, or differ
by no more than float32 rounds, its order may be another.

With joint words, and linear queries in general, p_m is any table: the C_m then are not the words
that were learned, but directions at right angles that keep the entries of a table apart.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.errors import OpqnError
from opqn_app.core.extras import needed_for
from opqn_app.core.types import Codes, Floats, Ids, Lut
from opqn_app.search.loading import load
from opqn_app.store.library import Library

INDEX, WORDS, README = "faces.faiss", "words.npy", "README.txt"
TEXT = """\
{n} faces coded by the model '{model}': {m} books of {k} words.

{index}   faiss IndexIDMap over IndexPQ, inner product; ids are the library's face ids
{words}     a direction for each word of each book, (M, d, K) float32

How to search it (pip install opqn-photo-search[faiss]):

    from pathlib import Path
    import faiss, numpy as np
    from opqn_app.engine import load_engine
    from opqn_app.search.query import faces_in, query_tables
    from opqn_app.search.faiss_export import query_vectors

    engine = load_engine("{model}")
    face = faces_in(Path("photo.jpg"), engine.detector)[0]
    [table] = query_tables(engine.encoder, [face.crop])       # (M, K)
    vector = query_vectors([table], np.load("{words}"))     # (1, M * d)
    scores, face_ids = faiss.read_index("{index}").search(vector, 100)

Faces of equal score change places when more are asked for. For pages, search once for all of them.

The codes tell who is alike. What you remove from the library stays in this copy.
"""


def export_faiss(library: Library, model_id: str, model_name: str, words: Floats, out: Path) -> int:
    """Write the index, the words and how to use them into the folder `out`.

    Args:
        words: (M, d, K), the model's `codebooks`.

    Returns:
        How many faces were written.

    Raises:
        OpqnError: faiss is not installed, there are no codes, or `out` can't be written.
    """
    with needed_for("The export"):
        import faiss
    segments = load(library, model_id).segments
    if not segments:
        raise OpqnError(f"No face of the library has a code of the model '{model_name}'.")
    ids = np.concatenate([segment.face_ids for segment in segments])
    codes = np.concatenate([segment.codes for segment in segments])
    try:
        out.mkdir(parents=True, exist_ok=True)
        faiss.write_index(faiss_index(ids, codes, words), str(out / INDEX))
        np.save(out / WORDS, words)
        m, _, k = words.shape
        text = TEXT.format(n=f"{len(ids):,}", model=model_name, m=m, k=k, index=INDEX, words=WORDS)
        (out / README).write_text(text, encoding="utf-8")
    except (OSError, RuntimeError) as error:  # faiss raises the latter
        raise OpqnError(f"{out} can't be written: {error}") from error
    return len(ids)


def faiss_index(face_ids: Ids, codes: Codes, words: Floats) -> Any:
    """An IndexIDMap of an IndexPQ.

    Args:
        face_ids: (N,).
        codes: (N, M).
        words: (M, d, K) with orthonormal columns. Where K is no power of two, words of zeros fill
            the books up; no code names them.
    """
    import faiss

    n_books, dim, n_words = words.shape
    n_bits = max(1, (n_words - 1).bit_length())
    inner = faiss.IndexPQ(n_books * dim, n_books, n_bits, faiss.METRIC_INNER_PRODUCT)
    index = faiss.IndexIDMap(inner)  # takes an empty one only, and keeps it alive
    centroids = np.zeros((n_books, 2**n_bits, dim), np.float32)
    centroids[:, :n_words] = words.transpose(0, 2, 1)
    faiss.copy_array_to_vector(centroids.ravel(), inner.pq.centroids)
    faiss.copy_array_to_vector(_packed(codes, n_bits).ravel(), inner.codes)
    inner.is_trained, inner.ntotal = True, len(codes)
    faiss.copy_array_to_vector(np.ascontiguousarray(face_ids, np.int64), index.id_map)
    index.ntotal = len(codes)
    return index


def query_vectors(luts: Sequence[Lut] | Floats, words: Floats) -> Floats:
    """(Q, M · d): tables (Q, M, K) in the space of the words (M, d, K)."""
    tables = np.asarray(luts, dtype=np.float32)
    vectors: Floats = np.einsum("mdk,qmk->qmd", words, tables, dtype=np.float32)
    return vectors.reshape(len(tables), -1)


def _packed(codes: Codes, n_bits: int) -> NDArray[np.uint8]:
    """Words of `n_bits` each, behind each other from the lowest bit, in whole bytes a face."""
    import faiss

    if n_bits == 8:
        return np.ascontiguousarray(codes, np.uint8)
    packed: NDArray[np.uint8] = faiss.pack_bitstrings(np.ascontiguousarray(codes, np.int32), n_bits)
    return packed
