"""Whether a window can be shown here; asked before anything of Qt is imported."""

import ctypes
import os
import sys
from collections.abc import Callable


def has_display() -> bool:
    """Whether this session has a screen that windows open on."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


# What Qt's libraries load that a bare Debian lacks, and the package each is in.
_QT_NEEDS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libxkbcommon.so.0": "libxkbcommon-x11-0",
}
_X11_NEEDS = {
    "libX11-xcb.so.1": "libgl1",
    "libX11.so.6": "libgl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libgl1",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-cursor0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libgl1",
    "libxcb-render-util.so.0": "libxcb-cursor0",
    "libxcb-render.so.0": "libxcb-cursor0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libgl1",
    "libxcb-sync.so.1": "libgl1",
    "libxcb-util.so.1": "libxcb-cursor0",
    "libxcb-xfixes.so.0": "libgl1",
    "libxcb-xkb.so.1": "libxkbcommon-x11-0",
    "libxcb.so.1": "libgl1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
DEBIAN_PACKAGES = tuple(sorted({*_QT_NEEDS.values(), *_X11_NEEDS.values()}))


def missing_packages(load: Callable[[str], object] = ctypes.CDLL) -> list[str]:
    """Debian's packages without which Qt can't open a window here; Qt itself would just abort.

    Args:
        load: loads a library by its name; OSError where it is missing.
    """
    if not sys.platform.startswith("linux"):
        return []
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    is_x11 = "xcb" in platform or (not platform and bool(os.environ.get("DISPLAY")))
    missing = set()
    for library, package in {**_QT_NEEDS, **(_X11_NEEDS if is_x11 else {})}.items():
        try:
            load(library)
        except OSError:
            missing.add(package)
    return sorted(missing)
