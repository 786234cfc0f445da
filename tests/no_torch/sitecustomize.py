"""Makes packages look as if they were not installed.

With this folder on PYTHONPATH, every Python that starts imports this file first, and so do the
processes it starts. OPQN_WITHOUT lists the packages, with commas; by default those of training:

    PYTHONPATH=tests/no_torch python main.py demo
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

TRAINING = "torch,torchvision,facenet_pytorch,triton"
HIDDEN = frozenset(os.environ.get("OPQN_WITHOUT", TRAINING).split(","))


class Finder(PathFinder):
    """Finds what the usual finder finds, but for the hidden packages."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in HIDDEN:
            return None
        return super().find_spec(fullname, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
