"""From features to what the app stores and asks with: the one place where the trainer does it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from opqn_app.core.types import Codes, Floats
from opqn_app.opqn import lut
from trainer.evaluate.scoring import CodeScorer, StoredTables
from trainer.quantizer import Quantizer


@dataclass(frozen=True, slots=True, eq=False)
class TablesAndCodes:
    """What the app would compute of faces: (n, M, K) snapped tables, and (n, M) codes."""

    tables: Floats
    codes: Codes

    def scorer(self) -> CodeScorer:
        """Every face asking every face."""
        return CodeScorer(StoredTables(self.tables), self.codes)


@torch.inference_mode()
def tables_of(quantizer: Quantizer, x: Tensor) -> Floats:
    """(n, D) features → (n, M, K) float32 tables, snapped."""
    return lut.snap(quantizer.tables(x).cpu().numpy())


@torch.inference_mode()
def codes_of(quantizer: Quantizer, x: Tensor) -> Codes:
    """(n, D) features → (n, M) codes, uint8 up to 256 words, else uint16."""
    kind = np.uint8 if quantizer.n_words <= 256 else np.uint16
    found: Codes = quantizer.codes(x).cpu().numpy().astype(kind)
    return found


@torch.inference_mode()
def tables_and_codes(quantizer: Quantizer, batches: Iterable[Tensor]) -> TablesAndCodes:
    """Both of all faces, from their features in batches of (b, D); at least one batch."""
    tables, codes = [], []
    for x in batches:
        tables.append(tables_of(quantizer, x))
        codes.append(codes_of(quantizer, x))
    return TablesAndCodes(np.concatenate(tables), np.concatenate(codes))
