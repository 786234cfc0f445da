"""Where the frozen program begins; `opqn.spec` names it."""

import multiprocessing
import os
import sys

from opqn_app.core.own_program import own_self_test


def give_back_library_path() -> None:
    """Let programs that we start, such as a file manager, load their own libraries, not ours.

    The frozen program's loader has read the variable by now, and sets it again in our children.
    """
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before:
        os.environ["LD_LIBRARY_PATH"] = before


if __name__ == "__main__":
    give_back_library_path()
    multiprocessing.freeze_support()  # in a helper process it does the helper's work and ends

    if sys.argv[1:3] == own_self_test()[1:]:
        from opqn_app.cli import self_test

        sys.exit(self_test.main(sys.argv[3:]))
    from opqn_app.__main__ import main

    sys.exit(main())
