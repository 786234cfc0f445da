"""Where the program begins: the one module of the app that knows there is a trainer."""

import sys

from opqn_app.core import with_parent


def main(argv: list[str] | None = None) -> int:
    """Run one command; without one, open the window. Returns the exit status (0, 1 or 2)."""
    with_parent.begin_child()
    # Helper processes read the main module again before they know whom they end with.
    import os
    import tempfile

    from opqn_app.cli import commands
    from opqn_app.cli.kit import say
    from opqn_app.core import paths
    from opqn_app.core.errors import OpqnError
    from trainer.cli.commands import add_commands

    try:
        cache = paths.cache_dir()
    except OpqnError as error:
        say(str(error))
        return 1
    if os.access(cache, os.W_OK):
        tempfile.tempdir = str(cache)  # what libraries put aside stays with us too
    return commands.run(sys.argv[1:] if argv is None else argv, add_more=add_commands)


if __name__ == "__main__":
    sys.exit(main())
