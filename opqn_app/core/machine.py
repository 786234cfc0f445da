"""What this machine has to offer: how many processes it can take, and whether it is plugged in."""

import os
from pathlib import Path

WORKER_BYTES = 400 << 20  # of its own, with a large photo in it
THOROUGH_WORKER_BYTES = 650 << 20  # likewise, on the larger copies of the thorough search
SHARED_BYTES = 1 << 30  # the window, the libraries all processes share, and the rest of the desktop


def fitting_workers(worker_bytes: int = WORKER_BYTES) -> int:
    """One process a core, as far as memory allows; at least one."""
    memory = memory_bytes()
    by_memory = n_cores() if memory is None else (memory - SHARED_BYTES) // worker_bytes
    return max(1, min(n_cores(), by_memory))


def n_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int | None:
    """Memory of the machine, or of the container where that is less; None where it is not told."""
    found = []
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.is_file():
        text = limit.read_text(encoding="ascii").strip()
        if text.isdigit():
            found.append(int(text))
    return min(found, default=None)


POWER_SUPPLIES = Path("/sys/class/power_supply")


def is_on_battery(supplies: Path = POWER_SUPPLIES) -> bool:
    """True if the machine runs on its battery; False where that is not told, as off Linux."""
    has_battery = False
    for supply in supplies.glob("*"):
        kind = _word(supply / "type")
        if kind in ("Mains", "USB") and _word(supply / "online") == "1":
            return False
        of_machine = _word(supply / "scope") != "Device"  # not that of a mouse
        is_emptying = _word(supply / "status") == "Discharging"
        has_battery |= kind == "Battery" and of_machine and is_emptying
    return has_battery


def _word(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
