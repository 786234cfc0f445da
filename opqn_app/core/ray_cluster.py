"""A Ray cluster to work on: one that runs, or one of processes of this machine.

Ray listens on the network where its cluster does; one started here, by an address `local:N`,
keeps to this machine. Neither reports its use.
"""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opqn_app.core.errors import OpqnError
from opqn_app.core.extras import needed_for

STORE_BYTES = 128 << 20  # of a local cluster, for results on their way
LOCAL = "local:"


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Ray, connected; on leaving, its actors end, and a cluster that was started here as well.

    Args:
        address: `local:N` for N processes of this machine, else what `ray.init` takes.

    Raises:
        OpqnError: Ray is missing or can't be reached, or the address is none.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    how: dict[str, Any] = {"address": address}
    if address.startswith(LOCAL):
        how = {
            "address": "local",
            "num_cpus": _positive(address.removeprefix(LOCAL), address),
            "object_store_memory": STORE_BYTES,
            "include_dashboard": False,
        }
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # binds to 127.0.0.1 only
    with needed_for("Indexing on several machines"):
        import ray  # reads the environment
    on_term = signal.getsignal(signal.SIGTERM)
    for tries_left in (1, 0) if address.startswith(LOCAL) else (0,):
        try:
            ray.init(**how, log_to_driver=False, logging_level=logging.ERROR)
            break
        except Exception as error:
            # Of any kind: a bare Exception where starting a cluster took more than 30 s.
            ray.shutdown()
            if not tries_left:
                raise OpqnError(f"The Ray cluster {address} can't be used: {error}") from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_term)  # Ray takes it over
    try:
        yield ray
    finally:
        ray.shutdown()


def _positive(text: str, address: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise OpqnError(f"{address} is no address. A cluster on this machine is called local:2.")
    return int(text)
