"""Read the pickles some benchmarks come as, without letting them run code.

A pickle may name any function to be called while it is read. This reader knows the six that NumPy
arrays need and refuses a file that names another.
"""

import codecs
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.errors import DataError


def read_arrays(path: Path) -> Any:
    """What lies in a pickle of plain values and NumPy arrays; text of Python 2 becomes bytes.

    Raises:
        DataError: it can't be read, or names anything else.
    """
    try:
        return _ArrayUnpickler(io.BytesIO(path.read_bytes()), encoding="bytes").load()
    except (
        OSError,
        EOFError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        raise DataError(path, f"the pickle is damaged ({error})") from error
    except pickle.UnpicklingError as error:
        raise DataError(path, str(error)) from error


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        # NumPy 2 moved numpy.core to numpy._core; files name whichever wrote them.
        known = _ALLOWED.get((module.replace("numpy._core", "numpy.core"), name))
        if known is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no array needs")
        return known


def _latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for the encoding {encoding}")
    return codecs.encode(text, "latin1")


def _reconstruct(kind: object, shape: object, code: object) -> NDArray[Any]:
    """An empty array that the pickle then fills; the state says its true shape and type."""
    if kind is not np.ndarray:
        raise pickle.UnpicklingError("it asks for a kind of array of its own")
    return np.ndarray.__new__(np.ndarray, (0,), np.uint8)


def _frombuffer(data: bytes, kind: Any, shape: tuple[int, ...], order: str) -> NDArray[Any]:
    """How protocol 5 stores an array."""
    if order not in ("C", "F"):
        raise pickle.UnpicklingError(f"it asks for the memory order {order}")
    return np.frombuffer(data, kind).reshape(shape, order="C" if order == "C" else "F").copy()


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): lambda kind, data: np.frombuffer(data, kind)[0],
    ("numpy.core.numeric", "_frombuffer"): _frombuffer,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _latin1,
}
