"""Entry point: the only module that knows both the app and the trainer exist."""

import sys
import tempfile


def main(argv: list[str] | None = None) -> int:
    """Run one command; without one, open the window. Returns the exit status (0, 1 or 2)."""
    from opqn_app import cli, paths
    from trainer.cli import add_commands

    tempfile.tempdir = str(paths.cache_dir())  # what libraries put aside stays in our folders too
    return cli.run(sys.argv[1:] if argv is None else argv, add_more=add_commands)


if __name__ == "__main__":
    sys.exit(main())
