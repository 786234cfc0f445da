"""Where networks run: the processor, or a graphics card where there is one and torch."""

import ctypes
import sys

from opqn_app.core.errors import SettingsError
from opqn_app.core.extras import how_to_install, is_installed

DEVICES = ("auto", "cpu", "cuda")


def uses_cuda(device: str) -> bool:
    """Whether the setting `device` means a CUDA graphics card here.

    Args:
        device: "auto" (a graphics card where there is one, and torch), "cpu" or "cuda".

    Raises:
        SettingsError: there is no such device, or what it needs is not installed.
    """
    if device not in DEVICES:
        raise SettingsError("device", f"'{device}' is not one of {', '.join(DEVICES)}")
    if device == "cpu" or (device == "auto" and not (_may_have_cuda() and is_installed("torch"))):
        return False
    if not _may_have_cuda():
        raise SettingsError("device", "no CUDA graphics card is usable here; choose auto or cpu")
    if not is_installed("torch"):
        install = how_to_install("train")
        raise SettingsError("device", f"a graphics card needs torch ({install}); or choose cpu")
    from opqn_app.opqn.torch.device import pick_device

    return pick_device(device) == "cuda"


def _may_have_cuda() -> bool:
    """Whether NVIDIA's driver is installed; torch, which knows more, is slow to ask."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
