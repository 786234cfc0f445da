#!/usr/bin/env bash
# Guess:  What torch's CPU generator draws can only be drawn by torch; NumPy's legacy Mersenne twister
#         of the same seed gives another stream, and 53-bit floats besides.
# Fact:   Both are MT19937 seeded alike. torch.rand (float32) takes the lower 24 bits of each 32-bit
#         word, over 2^24; torch.randint below 2^32 takes the rest of a word's division by the range.
#         So RandomState(seed).randint(0, 2**32) gives torch's draws bit for bit. (torch.randn does
#         not follow so simply: it draws blocks.)
# Source: run on torch 2.11.0, numpy 2.4.6; the transformations stand in ATen/core/TransformationHelper.h.
# Users:  who ports something seeded, such as the replacements of an iterated local search that made
#         stored codes, to an app without torch and must get the same codes. Takes some GB of download.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install -qq torch==2.11.0 numpy==2.4.6
"$room/venv/bin/python" - <<'PYTHON'
import numpy as np
import torch

for seed in (0, 1, 63, 2**31):
    for n, limit in ((5, 2), (100, 255), (1000, 1000)):
        generator = torch.Generator().manual_seed(seed)
        floats = torch.rand(n, generator=generator).numpy()
        whole = torch.randint(limit, (n,), generator=generator).numpy()
        twister = np.random.RandomState(seed)
        words = twister.randint(0, 2**32, 2 * n, dtype=np.uint32)
        ours = (words[:n] & 0xFFFFFF).astype(np.float32) / np.float32(2**24)
        assert (floats == ours).all(), (seed, n)
        assert (whole == words[n:] % limit).all(), (seed, n, limit)
print("torch", torch.__version__, "numpy", np.__version__, "the same draws from both")
PYTHON
