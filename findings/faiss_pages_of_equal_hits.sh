#!/usr/bin/env bash
# Guess:  An exact index answers the first 10 of the ranking it answers the first 5 of; where scores are
#         equal the order may be any, but stays. So page two is the rest of a search for twice as many.
# Fact:   By inner product (flat, PQ, IVF) faiss keeps the lowest ids of equal hits and lists them from
#         the highest down. So page two, the rest of a longer search, is page one again, and so is page
#         three: here four pages of 5 show 5 faces. By L2 the same vectors come from the lowest id up,
#         and pages fit. Those of the 4-bit fast scan fit here too, but the first of 100 are others.
# Source: run on faiss-cpu 1.15.1, the same with FAISS_SIMD_LEVEL=NONE and AVX2. That equal hits have no
#         order is the makers' word (facebookresearch/faiss#813, #1201), which is of L2 in both.
# Users:  who pages through faces by cosine: a photo that lies in several folders gives equal vectors,
#         and short codes give equal scores to thousands.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install -qq faiss-cpu==1.15.1 numpy==2.4.6
"$room/venv/bin/python" - <<'PYTHON'
import faiss
import numpy as np

D, N_EQUAL, PAGE = 32, 100, 5
IP, L2 = faiss.METRIC_INNER_PRODUCT, faiss.METRIC_L2
rng = np.random.default_rng(0)
faces = rng.standard_normal((700, D)).astype(np.float32)
faces /= np.linalg.norm(faces, axis=1, keepdims=True)
faces[:N_EQUAL] = faces[0]
indexes = {
    "flat, inner product": faiss.IndexFlatIP(D),
    "flat, L2": faiss.IndexFlatL2(D),
    "PQ, inner product": faiss.IndexPQ(D, 8, 4, IP),
    "PQ, L2": faiss.IndexPQ(D, 8, 4, L2),
    "IVF of one cell, inner product": faiss.IndexIVFFlat(faiss.IndexFlatIP(D), D, 1, IP),
    "fast scan, L2": faiss.IndexPQFastScan(D, 8, 4, L2),
}
facts, places = {}, {}
for name, index in indexes.items():
    index.train(faces)
    index.add(faces)
    pages = []
    for page in range(4):
        scores, ids = index.search(faces[:1], (page + 1) * PAGE)
        assert (scores == scores[0, 0]).all()  # all are equal
        pages.append(ids[0, page * PAGE :].tolist())
    facts[name] = (pages[0], pages[1], len({each for page in pages for each in page}))
    places[name] = index.search(faces[:1], N_EQUAL)[1][0, :PAGE].tolist() == pages[0]
print("faiss", faiss.__version__, "pages one and two, and how many faces four pages of 5 show:")
for name, said in facts.items():
    print(f"  {name}: {said}; the first of 100 are page one: {places[name]}")
down, up = ([4, 3, 2, 1, 0], [4, 3, 2, 1, 0], 5), ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9], 20)
assert facts == {name: up if name.endswith("L2") else down for name in indexes}, facts
assert [name for name in indexes if places[name]] == ["flat, L2", "PQ, L2"], places
PYTHON
