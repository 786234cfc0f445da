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


# What Qt's libraries load that a bare Debian lacks, and Debian's package that holds it.
_QT_NEEDS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libxkbcommon.so.0": "libxkbcommon0",
}
_X11_NEEDS = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
_WAYLAND_NEEDS = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
}
DEBIAN_PACKAGES = tuple(sorted({*_QT_NEEDS.values(), *_X11_NEEDS.values()}))  # for X11


def missing_packages(load: Callable[[str], object] = ctypes.CDLL) -> list[str]:
    """Debian's packages without which Qt can't open a window here; Qt itself would just abort.

    Where X11 and Wayland are both there, one of them is enough.

    Args:
        load: loads a library by its name; OSError where it is missing.
    """
    if not sys.platform.startswith("linux"):
        return []
    missing = _missing(_QT_NEEDS, load)
    ways = [_missing(needs, load) for needs in _ways_to_the_screen()]
    return sorted({*missing, *min(ways, key=len, default=[])})


def _ways_to_the_screen() -> list[dict[str, str]]:
    """What each platform that Qt may take here needs besides."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform:
        is_x11, is_wayland = "xcb" in platform, "wayland" in platform
    else:
        is_x11 = bool(os.environ.get("DISPLAY"))
        is_wayland = bool(os.environ.get("WAYLAND_DISPLAY"))
    return [_X11_NEEDS] * is_x11 + [_WAYLAND_NEEDS] * is_wayland


def _missing(needs: dict[str, str], load: Callable[[str], object]) -> list[str]:
    missing = []
    for library, package in needs.items():
        try:
            load(library)
        except OSError:
            missing.append(package)
    return missing
