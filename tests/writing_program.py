"""Index in a process of its own, a step for each line on stdin: writing_program.py LIBRARY FOLDER.

So a test knows that it is in the midst of writing. Prints a line when it begins, and one a step.
"""

import sys
from pathlib import Path

from opqn_app.index.indexing import index_folder
from tests.library_fakes import fake_engine


def main() -> None:
    library, folder = map(Path, sys.argv[1:3])
    run = index_folder(library, folder, fake_engine(n_faces=2), batch_size=1, workers=1)
    for step in run:
        sys.stdout.write(f"{step.phase} {step.done}\n")
        sys.stdout.flush()
        if not sys.stdin.readline():
            break
    run.close()


if __name__ == "__main__":
    main()
