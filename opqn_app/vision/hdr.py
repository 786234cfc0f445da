"""Pictures of high dynamic range on the screens and models of today, by one curve for each kind."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# What a HEIF file says of its values (ITU-T H.273, transfer characteristics).
PQ, HLG = 16, 18

_WHITE = 203.0  # nits that paper has in such pictures (ITU-R BT.2408)
_WHITE_OF_HLG = 0.75  # of the signal, likewise
_KNEE = 0.8  # of white; what is brighter is pressed into the rest


def shown(image: Image.Image, transfer: int | None) -> Image.Image:
    """An RGB picture as a screen shows it; itself unless its values are PQ or HLG.

    Each colour goes through the curve by itself, so hues of lights shift a little. Colours beyond
    sRGB, which such pictures may have, come out paler.
    """
    return image.point(list(_curve(transfer)) * 3) if transfer in (PQ, HLG) else image


@cache
def _curve(transfer: int) -> tuple[int, ...]:
    signal = np.arange(256) / 255.0
    light = _light_of_pq(signal) if transfer == PQ else _light_of_hlg(signal)
    above = np.maximum(light - _KNEE, 0.0)
    room = 1.0 - _KNEE
    pressed = np.minimum(light, _KNEE) + room * (1.0 - np.exp(-above / room))
    low, high = 12.92 * pressed, 1.055 * np.maximum(pressed, 1e-9) ** (1 / 2.4) - 0.055
    values = 255.0 * np.where(pressed <= 0.0031308, low, high)
    return tuple(int(value) for value in values.round())


def _light_of_pq(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light as a share of white (SMPTE ST 2084)."""
    power = signal ** (32 / 2523)
    share = np.maximum(power - 107 / 128, 0.0) / (2413 / 128 - 2392 / 128 * power)
    nits: NDArray[np.float64] = 10_000.0 * share ** (8192 / 1305)
    return nits / _WHITE


def _light_of_hlg(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light as a share of white, on a screen of 1,000 nits (ITU-R BT.2100)."""
    values = np.append(signal, _WHITE_OF_HLG)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
    light = scene**1.2
    share: NDArray[np.float64] = light[:-1] / light[-1]
    return share
