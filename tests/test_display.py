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
    files += [qt / "plugins/platforms/libqxcb.so", *(qt / "plugins/xcbglintegrations").iterdir()]
    needed = set().union(*(needed_of(file) for file in files))
    ours = {each for each in needed if not each.startswith(("libQt6", "libicu", "ld-linux"))}
    known = {*display._QT_NEEDS, *display._X11_NEEDS, "libgthread-2.0.so.0"}
    assert ours - OF_ANY_SYSTEM - BY_OTHERS - known == set()


def test_only_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        if name in ("libxcb-icccm.so.4", "libEGL.so.1", "libxcb-image.so.0"):
            raise OSError(name)

    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    assert display.missing_packages(load) == ["libegl1", "libxcb-cursor0", "libxcb-icccm4"]
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.missing_packages(load) == ["libegl1"]


def test_the_readme_lists_every_package() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = readme.partition("sudo apt install ")[2].partition("```")[0]
    assert command.replace("\\\n", "").split() == list(display.DEBIAN_PACKAGES)
