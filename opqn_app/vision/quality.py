"""How blurred a face is, so that weak faces can be shown but marked."""

import numpy as np

from opqn_app.core.types import Crops


def sharpness(crop: Crops) -> float:
    """Variance of the Laplacian of the grey crop: 0 for a flat one, hundreds for a crisp one.

    Grey is Rec. 601 luma in 0..255; the Laplacian is the 4-neighbour stencil on inner pixels
    (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000).

    Args:
        crop: (h, w, 3) RGB, at least 3 px each way.
    """
    grey = crop.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    middle = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4.0 * middle).var(dtype=np.float64))
