"""Makes colour profiles: of wide RGB spaces by their primaries, and of any space by a table."""

import struct
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

D65, D50 = (0.3127, 0.3290), (0.3457, 0.3585)
SRGB: Primaries = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
P3: Primaries = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE: Primaries = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
PROPHOTO: Primaries = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def matrix_profile(primaries: Primaries, white: tuple[float, float], gamma: float | None) -> bytes:
    """An RGB profile; `gamma` None is sRGB's curve."""
    curve = _parametric(gamma)
    columns = to_d50(primaries, white).T
    tags = {b"wtpt": _xyz(_of_chromaticity(D50))}
    for letter, column in zip((b"r", b"g", b"b"), columns, strict=True):
        tags[letter + b"XYZ"], tags[letter + b"TRC"] = _xyz(column), curve
    return _profile(b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    """A profile of grey pictures."""
    tags = {b"wtpt": _xyz(_of_chromaticity(D50)), b"kTRC": _parametric(gamma)}
    return _profile(b"GRAY", b"XYZ ", tags)


Table = Callable[[Values], Values]


def table_profile(
    space: bytes, n_inputs: int, lab_of: Table, perceptual: Table | None = None
) -> bytes:
    """A profile that knows colours by tables only.

    Args:
        space: such as b"CMYK".
        lab_of: (n, n_inputs) values of 0 to 1 → (n, 3) L*, a*, b*.
        perceptual: likewise, of another look.
    """
    tags = {
        b"wtpt": _xyz(_of_chromaticity(D50)),
        b"A2B0": _table(n_inputs, perceptual or lab_of),
        b"A2B1": _table(n_inputs, lab_of),
    }
    return _profile(space, b"Lab ", tags)


def _table(n_inputs: int, lab_of: Table) -> bytes:
    side = 9 if n_inputs == 3 else 7
    grid = np.array(list(product(np.linspace(0, 1, side), repeat=n_inputs)))
    lab = lab_of(grid)
    coded = np.column_stack([lab[:, 0] / 100 * 65280, (lab[:, 1:] + 128) * 256])
    table = np.clip(np.rint(coded), 0, 65535).astype(">u2").tobytes()
    straight = struct.pack(">HH", 0, 65535)
    head = struct.pack(">4s4xBBBx9i", b"mft2", n_inputs, 3, side, *_IDENTITY)
    return head + struct.pack(">HH", 2, 2) + straight * n_inputs + table + straight * 3


_IDENTITY = (65536, 0, 0, 0, 65536, 0, 0, 0, 65536)


def linear(values: Values) -> Values:
    """sRGB of 0 to 1 → light."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def curved(light: Values) -> Values:
    """Light → sRGB of 0 to 1."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def to_d50(primaries: Primaries, white: tuple[float, float]) -> Values:
    """The matrix from light in a space to XYZ under D50."""
    xyz = np.array([_of_chromaticity(each) for each in primaries]).T
    scale = np.linalg.solve(xyz, _of_chromaticity(white))
    seen, wanted = _BRADFORD @ _of_chromaticity(white), _BRADFORD @ _of_chromaticity(D50)
    adapted: Values = np.linalg.inv(_BRADFORD) @ np.diag(wanted / seen) @ _BRADFORD @ (xyz * scale)
    return adapted


def lab_of_srgb(values: Values) -> Values:
    """(n, 3) sRGB of 0 to 1 → L*, a*, b* under D50."""
    xyz = linear(values) @ to_d50(SRGB, D65).T / _of_chromaticity(D50)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.column_stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])]
    )


def _of_chromaticity(xy: tuple[float, float]) -> Values:
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _xyz(values: Sequence[float] | Values) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(float(v) * 65536) for v in values))


def _parametric(gamma: float | None) -> bytes:
    if gamma is not None:
        return b"para\0\0\0\0" + struct.pack(">HHi", 0, 0, round(gamma * 65536))
    parts = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para\0\0\0\0" + struct.pack(">HH5i", 3, 0, *(round(p * 65536) for p in parts))


def _profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    said = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78)
    tags = {b"desc": said, b"cprt": b"text\0\0\0\0none\0", **tags}
    at = 128 + 4 + 12 * len(tags)
    directory, content = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        directory += struct.pack(">4sII", name, at + len(content), len(data))
        content += data + bytes(-len(data) % 4)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    head = struct.pack(
        ">I4xI4s4s4s12x4s", at + len(content), 0x02400000, kind, space, connection, b"acsp"
    )
    head += bytes(68 - len(head)) + struct.pack(">3i", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + directory + content
