"""Which inner loops a search runs: NumPy always, compiled ones as soon as they are ready.

Compiled loops are loaded, or compiled the first time, on a thread of their own; until that is
done NumPy answers. So no search waits for a compiler, and a command that asks one question and
ends never pays for starting one.
"""

import logging
import threading
from typing import Any, Protocol

from numpy.typing import NDArray

from opqn_app.core import paths
from opqn_app.core.types import Floats, Ids, Lut
from opqn_app.search.kernels.numpy_kernel import NumpyKernels
from opqn_app.search.segment import Segment, Stretch
from opqn_app.search.strong_words import StrongWords

logger = logging.getLogger(__name__)


class Kernels(Protocol):
    """Find the faces of a segment that score at least `floor`.

    Each way returns all of them: (scores (n,) float32, rows (n,) integers ascending). All give the
    same bits, since tables are snapped. The arrays hold until the thread's next call.
    """

    @property
    def name(self) -> str: ...
    @property
    def has_near(self) -> bool: ...  # True if `near_loops` work
    def can_sieve(self, segment: Segment) -> bool: ...  # True if `sieve` is faster than `scan`
    def scan(
        self, segment: Segment, part: slice, lut: Lut, floor: Any
    ) -> tuple[Floats, NDArray[Any]]: ...  # reads all codes
    def sieve(
        self, segment: Segment, part: slice, lut: Lut, floor: Any
    ) -> tuple[Floats, NDArray[Any]]: ...  # adds in 8 bits first; floor finite
    def sieve_row(
        self, stretch: Stretch, lut: Lut, floor: Any, heap: Floats
    ) -> tuple[Floats, Ids, int]: ...  # of many segments: (scores, face ids, the segment it came
    #                                    to); raises the floor with `heap`, see `Best.heap`
    def read_lists(
        self, segment: Segment, strong: StrongWords, lut: Lut, floor: Any
    ) -> tuple[Floats, NDArray[Any]]: ...  # reads the lists of the strong words only


_lock = threading.Lock()
_kernels: Kernels = NumpyKernels()
_warming: threading.Thread | None = None


def ready() -> Kernels:
    """The fastest kernels there are at this moment."""
    return _kernels


def warm_up() -> Kernels:
    """Load or compile the compiled kernels, which takes up to some seconds, and return the best.

    NumPy's stay in use where numba is not installed or does not work here.
    """
    global _kernels  # one per process: compiled code is
    with _lock:
        if isinstance(_kernels, NumpyKernels):
            _kernels = _compiled() or _kernels
        return _kernels


def warm_up_aside() -> None:
    """`warm_up` on a thread of its own, once; returns at once."""
    global _warming
    if _warming is None:
        _warming = threading.Thread(target=warm_up, name="search warm-up", daemon=True)
        _warming.start()


def is_warming() -> bool:
    """True while faster kernels than `ready` are on their way."""
    return _warming is not None and _warming.is_alive()


def _compiled() -> Kernels | None:
    try:
        import numba
        from numba.core.errors import NumbaError
    except ImportError:
        return None
    config: Any = numba.config
    try:
        if not config.CACHE_DIR:  # beside the sources otherwise, which may be read-only
            config.CACHE_DIR = str(paths.cache_dir() / "numba")
        return _best_of_compiled()
    except (NumbaError, OSError, RuntimeError) as error:
        logger.warning("search goes on with NumPy; compiling failed: %s", error)
        return None


def _best_of_compiled() -> Kernels:
    from opqn_app.search.kernels import numba_kernel

    if numba_kernel.has_vbmi() or numba_kernel.has_avx2():
        from opqn_app.search.kernels import sieve_kernel

        return sieve_kernel.SieveKernels()
    return numba_kernel.NumbaKernels()
