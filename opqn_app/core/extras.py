"""Packages that may not be installed: what brings each, and the sentence that says so."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from opqn_app.core.errors import ExtraMissing
from opqn_app.core.own_program import is_frozen

# Package, as it is imported → its name for pip, the extra that brings it. Without an extra the app
# itself brings it: `python -m trainer` also runs where the app is not installed.
PACKAGES = {
    "torch": ("torch", "train"),
    "torchvision": ("torchvision", "train"),
    "facenet_pytorch": ("facenet-pytorch", "train"),
    "onnx": ("onnx", "train"),
    "matplotlib": ("matplotlib", "train"),
    "jinja2": ("jinja2", "train"),
    "sklearn": ("scikit-learn", "train"),
    "ray": ("ray", "cluster"),
    "faiss": ("faiss-cpu", "faiss"),
    "cv2": ("opencv-python-headless", "yunet"),
    "rawpy": ("rawpy", "raw"),
    "pillow_jxl": ("pillow-jxl-plugin", "jxl"),
    "openvino": ("openvino", ""),
    "pillow_heif": ("pillow-heif", ""),
    "safetensors": ("safetensors", ""),
}
TRAINING = ("torch", "onnx")  # without these training can't start, or can't end with a model
NOT_INSTALLED = "which is not installed"
LEFT_OUT = "which this build leaves out, but the program as a Python package can have"


@contextmanager
def needed_for(work: str) -> Iterator[None]:
    """Turn the failing import of one of `PACKAGES` into a sentence.

    Args:
        work: what needs the package, as the subject of a sentence: "Training", "opqn train".

    Raises:
        ExtraMissing: one of them could not be imported inside.
    """
    try:
        yield
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package not in PACKAGES:
            raise
        is_absent = isinstance(error, ModuleNotFoundError)
        reason = _absence() if is_absent else f"which can't be loaded ({error})"
        raise _missing(work, package, reason) from error


def what_training_lacks() -> str:
    """The sentence that says what to install for training; "" where all is there."""
    absent = (package for package in TRAINING if not is_installed(package))
    return next((str(_missing("Training", each, _absence())) for each in absent), "")


def is_installed(package: str) -> bool:
    """Whether there is such a package; it is not imported."""
    return importlib.util.find_spec(package) is not None


def how_to_install(extra: str) -> str:
    """The command, such as `pip install "opqn-photo-search[train]"`; "" is the app alone."""
    # Double quotes: cmd.exe hands single ones on to pip.
    return f'pip install "opqn-photo-search[{extra}]"' if extra else "pip install opqn-photo-search"


def _absence() -> str:
    return LEFT_OUT if is_frozen() else NOT_INSTALLED


def _missing(work: str, package: str, reason: str) -> ExtraMissing:
    name, extra = PACKAGES[package]
    return ExtraMissing(work, name, reason, how_to_install(extra))
