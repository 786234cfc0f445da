"""The packages of the system that the window needs are known and named."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from opqn_app.core import display

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux packages")
ROOT = Path(__file__).resolve().parents[1]
OF_ANY_SYSTEM = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1"}
BY_OTHERS = {"libbrotlidec.so.1", "libbrotlicommon.so.1", "libresolv.so.2", "libzstd.so.1"}


def needed_of(file: Path) -> set[str]:
    out = subprocess.run(["objdump", "-p", file], capture_output=True, text=True, check=True).stdout
    return {line.split()[1] for line in out.splitlines() if line.split()[:1] == ["NEEDED"]}


@pytest.mark.skipif(shutil.which("objdump") is None, reason="lists what a library needs")
def test_every_library_that_qts_window_needs_has_its_package() -> None:
    import PySide6

    qt = Path(PySide6.__file__).parent / "Qt"
    names = ("Core", "Gui", "Widgets", "DBus", "Network", "XcbQpa")
    files = [qt / "lib" / f"libQt6{name}.so.6" for name in names]
    files += [qt / f"plugins/platforms/libq{name}.so" for name in ("xcb", "wayland")]
    files += [qt / "lib/libQt6WaylandClient.so.6", *(qt / "plugins/xcbglintegrations").iterdir()]
    needed = set().union(*(needed_of(file) for file in files))
    ours = {each for each in needed if not each.startswith(("libQt6", "libicu", "ld-linux"))}
    known = {*display._QT_NEEDS, *display._X11_NEEDS, *display._WAYLAND_NEEDS}
    known.add("libgthread-2.0.so.0")  # of libglib2.0-0
    assert ours - OF_ANY_SYSTEM - BY_OTHERS - known == set()


LACKING = ("libxcb-icccm.so.4", "libEGL.so.1", "libxcb-image.so.0")
X11 = ["libegl1", "libxcb-icccm4", "libxcb-image0"]


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        ({"DISPLAY": ":0"}, X11),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, ["libegl1"]),
        ({"WAYLAND_DISPLAY": "wayland-0"}, ["libegl1"]),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, ["libegl1"]),
        ({"QT_QPA_PLATFORM": "xcb"}, X11),
    ],
)
def test_only_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], missing: list[str]
) -> None:
    def load(name: str) -> None:
        if name in LACKING:
            raise OSError(name)

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert display.missing_packages(load) == missing


@pytest.mark.skipif(shutil.which("ldd") is None, reason="says what the linker finds")
def test_what_is_named_is_what_the_linker_does_not_find(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the real plugin, here; a machine that shows windows lacks nothing."""
    import PySide6

    plugin = Path(PySide6.__file__).parent / "Qt/plugins/platforms/libqxcb.so"
    said = subprocess.run(["ldd", plugin], capture_output=True, text=True, check=True).stdout
    lost = {line.split()[0] for line in said.splitlines() if line.endswith("not found")}
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    named = set(display.missing_packages())
    packages = {**display._QT_NEEDS, **display._X11_NEEDS}
    assert {packages[each] for each in lost} <= named
    only_glx = {"libxcb-glx0", "libdbus-1-3", "libgssapi-krb5-2"}  # the plugin itself needs none
    assert bool(lost) or named <= only_glx


def test_the_readme_lists_every_package() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = readme.partition("sudo apt install ")[2].partition("```")[0]
    assert command.replace("\\\n", "").split() == list(display.DEBIAN_PACKAGES)
