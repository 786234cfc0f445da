"""Whether a window can be shown here; asked before anything of Qt is imported."""

import os
import sys


def has_display() -> bool:
    """Whether this session has a screen that windows open on."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
