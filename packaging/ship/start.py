"""Where the frozen program begins; `opqn.spec` names it."""

import multiprocessing
import os
import sys

from opqn_app.core.own_program import own_self_test


def give_back_library_path() -> None:
    """Let programs that we start, such as a file manager, load their own libraries, not ours.

    Our loader has read the variable by now. Children of ours set it again, since they are told to
    begin afresh; else they would take it as set.
    """
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before:
        os.environ["LD_LIBRARY_PATH"] = before
    os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"


def have_streams() -> None:
    """A window on Windows has no stdout and stderr, on which parts of the program write."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


if __name__ == "__main__":
    have_streams()
    give_back_library_path()
    multiprocessing.freeze_support()  # in a helper process it does the helper's work and ends

    if sys.argv[1:3] == own_self_test()[1:]:
        from opqn_app.cli import self_test

        sys.exit(self_test.main(sys.argv[3:]))
    from opqn_app.__main__ import main

    sys.exit(main())
