"""`python -m trainer`: the trainer's commands alone, also where the app can't be installed."""

import sys

from trainer.cli.commands import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
