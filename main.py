"""Entry point: the only module that knows both the app and the trainer exist."""

import sys
import tempfile


def main(argv: list[str] | None = None) -> int:
    """Run one command; without one, open the window. Returns the exit status (0, 1 or 2)."""
    from opqn_app.cli import commands as cli
    from opqn_app.cli.kit import say
    from opqn_app.core import paths
    from opqn_app.core.errors import OpqnError
    from trainer.cli.commands import add_commands

    try:
        tempfile.tempdir = str(paths.cache_dir())  # what libraries put aside stays with us too
    except OpqnError as error:
        say(str(error))
        return 1
    return cli.run(sys.argv[1:] if argv is None else argv, add_more=add_commands)


if __name__ == "__main__":
    sys.exit(main())
