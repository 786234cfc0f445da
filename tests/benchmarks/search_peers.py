"""What people search faces with today, each as a function from a query to ids."""

import sqlite3
from collections.abc import Callable
from typing import Any

import faiss
import numpy as np

HNSW_LINKS, HNSW_BUILD, HNSW_LOOK = 16, 80, 128  # M, efConstruction, efSearch

Search = Callable[[np.ndarray], np.ndarray]


def pq_index(codes: np.ndarray) -> Any:
    """faiss IndexPQ whose centroids are unit vectors, so that its scores are the same sums."""
    books = codes.shape[1]
    index = faiss.IndexPQ(books * 256, books, 8, faiss.METRIC_INNER_PRODUCT)
    words = np.tile(np.eye(256, dtype=np.float32), (books, 1))
    faiss.copy_array_to_vector(words.ravel(), index.pq.centroids)
    faiss.copy_array_to_vector(codes.ravel(), index.codes)
    index.is_trained, index.ntotal = True, len(codes)
    return index


def flat(vectors: np.ndarray, k: int) -> Search:
    """All inner products of float32 vectors (n, 512)."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return lambda query: index.search(query[None], k)[1][0]


def hnsw(vectors: np.ndarray, k: int) -> Search:
    """faiss' graph of neighbours over the same vectors: not exact."""
    index = faiss.IndexHNSWFlat(vectors.shape[1], HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = HNSW_BUILD, HNSW_LOOK
    index.add(vectors)
    return lambda query: index.search(query[None], k)[1][0]


def sql_join(codes: np.ndarray, k: int) -> Search:
    """A row a face in SQLite, in memory, joined with the query's table book by book."""
    db = sqlite3.connect(":memory:")
    books = range(codes.shape[1])
    db.execute(f"CREATE TABLE codes (id INTEGER PRIMARY KEY, {','.join(f'c{m}' for m in books)})")
    marks = ",".join("?" * (codes.shape[1] + 1))
    for start in range(0, len(codes), 100_000):
        part = codes[start : start + 100_000]
        rows = np.column_stack([np.arange(start + 1, start + 1 + len(part)), part]).tolist()
        db.executemany(f"INSERT INTO codes VALUES ({marks})", rows)
    for m in books:
        db.execute(f"CREATE TABLE lut{m} (word INTEGER PRIMARY KEY, p REAL)")
    joins = " ".join(f"JOIN lut{m} ON lut{m}.word = c{m}" for m in books)
    total = "+".join(f"lut{m}.p" for m in books)
    query = f"SELECT id, {total} AS score FROM codes {joins} ORDER BY score DESC, id LIMIT {k}"

    def search(lut: np.ndarray) -> np.ndarray:
        for m in books:
            db.execute(f"DELETE FROM lut{m}")
            db.executemany(f"INSERT INTO lut{m} VALUES (?, ?)", enumerate(lut[m].tolist()))
        return np.array([row[0] for row in db.execute(query)])

    return search
