"""A whole scan in one call, as tests want it."""

from collections.abc import Sequence
from pathlib import Path

from opqn_app.index.excludes import Excludes
from opqn_app.vision.photo_folder import FolderScan, ScanResult


def scan_folder(root: Path, excludes: Sequence[str] = ()) -> ScanResult:
    """Everything below `root`; see FolderScan for the rules."""
    scan = FolderScan(root, excludes=Excludes(excludes))
    for _ in scan.steps():
        pass
    return scan.result()
