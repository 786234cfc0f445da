"""`python main.py` in a clone: the same as `opqn`, with nothing installed."""

import sys

from opqn_app.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
