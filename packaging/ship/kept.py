"""Which of the collected files the frozen program needs; the others are left out."""

import re
from collections.abc import Sequence
from pathlib import Path

# Modules that something names and nothing needs. PySide6's are those that we don't import.
EXCLUDED = (
    "IPython",
    "PIL.ImageTk",
    "PySide6.QtOpenGL",  # pyqtgraph tries it; nothing here is drawn with it
    "PySide6.QtOpenGLWidgets",
    "_curses",
    "_ssl",  # nothing opens a connection
    "curses",
    "distutils",
    "matplotlib",
    "numba",  # 150 MB; the search is NumPy's without it
    "openvino.tools",
    "openvino.torch",
    "openvino_telemetry",  # it would report the import to its makers
    "pillow_heif",  # its wheel holds x265, under the GPL; pi_heif only reads
    "pillow_jxl",  # GPL
    "pkg_resources",
    "pydoc",
    "pyqtgraph.console",
    "pyqtgraph.examples",
    "pyqtgraph.opengl",
    "pytest",
    "readline",  # GNU readline is under the GPL
    "rlcompleter",
    "scipy",
    "setuptools",
    "ssl",
    "tkinter",
    "torch",
    "unittest",
)

_LEFT_OUT = re.compile(
    r"""
    openvino/libs/ (?! (lib)?( openvino[.0-9] | openvino_(intel|arm)_cpu_plugin
        | openvino_(onnx|ir)_frontend | tbb | hwloc ))
    | openvino/(include|cmake)/ | openvino/libs/(libtbbmalloc_proxy | cache\.json | .*\.pc$)
    | PySide6/Qt/(translations|qml)/
    | PySide6/Qt/plugins/(
        egldeviceintegrations | generic | networkinformation | qmltooling | sqldrivers | tls
        | vectorimageformats | wayland-graphics-integration-server )/
    | PySide6/Qt/plugins/platforms/libq(eglfs|linuxfb|minimal|minimalegl|vnc|vkkhrdisplay|webgl)
    | PySide6/Qt/plugins/platforminputcontexts/libqtvirtualkeyboard
    | PySide6/Qt/plugins/imageformats/ (?! libqsvg | libqico )  # photos are Pillow's
    | PySide6/Qt/lib/libQt6( EglFS | EglFs | Labs | Pdf | Qml | Quick | Sql | VirtualKeyboard
        | WaylandCompositor )
    | \.pyi$ | /py\.typed$ | \.dist-info/(INSTALLER|RECORD|REQUESTED|direct_url\.json|zip-safe)$
    """,
    re.VERBOSE,
)
# What Python itself was built with. Everything else of the system stays the system's, which keeps
# it safe: the package names what it depends on.
_OF_PYTHON = re.compile(
    r"^base_library\.zip$ | ^lib(python3|crypto|sqlite3|ffi|bz2|lzma|z|uuid|expat|mpdec)[.-]",
    re.VERBOSE,
)


def is_kept(name: str, source: str, *, own_folders: Sequence[str]) -> bool:
    """Whether a file goes into the bundle.

    Args:
        name: its place there, with slashes.
        source: where it lies on the machine that builds.
        own_folders: of the packages that were installed, and of this project.
    """
    if _LEFT_OUT.search(name):
        return False
    is_ours = any(Path(source).is_relative_to(folder) for folder in own_folders)
    return is_ours or bool(_OF_PYTHON.match(name.rpartition("/")[2]))
