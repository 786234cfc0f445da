"""What ran a run: kept as its environment.json."""

import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from opqn_app import __version__


def environment(device: torch.device) -> dict[str, Any]:
    """What ran this: program, commit, versions, machine, command line."""
    is_cuda = device.type == "cuda"
    return {
        "program": __version__,
        "git": git_commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "cuda": torch.version.cuda if is_cuda else None,
        "device": torch.cuda.get_device_name(device) if is_cuda else "cpu",
        "machine": platform.machine(),
        "system": platform.system(),
        "command": sys.argv[1:],
    }


def git_commit() -> str:
    """Commit of the program's source, "+" behind it when files differ; "" outside of git."""
    root = Path(__file__).resolve().parent
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changes = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + ("+" if changes else "")


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()
