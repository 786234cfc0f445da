"""The scripts that make packages are imported as they run: by their plain names."""

import sys
from pathlib import Path

SHIP = Path(__file__).resolve().parents[2] / "packaging" / "ship"
if str(SHIP) not in sys.path:
    sys.path.insert(0, str(SHIP))
