"""Which files and folders a scan leaves out, by patterns as in a .gitignore file."""

import logging
import os
from collections.abc import Sequence

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

logger = logging.getLogger(__name__)


class Excludes:
    """The patterns of a scan, in the syntax of gitignore (https://git-scm.com/docs/gitignore).

    A pattern without "/" is compared with the name of each file and folder, one with "/" at its
    start or within with the path from the root. "*" and "?" stay inside one name, "[ab]" is one of
    these letters, "**" stands for any number of folders. A "/" at the end asks for a folder. What
    lies in an excluded folder is excluded with it. "!" at the start takes back what an earlier
    pattern excludes, but not from inside an excluded folder.

    Two things are not as in git: "#" at the start is a letter like any other, so that folders such
    as "#recycle" can be named, and on Windows upper and lower case are the same.

    Args:
        patterns: in their order; empty ones match nothing. One that is no pattern, such as a
            single "!", stands for exactly this name and is logged.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._spec = GitIgnoreSpec.from_lines([_readable(pattern) for pattern in patterns])

    def matches(self, rel_path: str, *, is_folder: bool) -> bool:
        """Whether the file or folder at `rel_path`, from the root and with "/", is left out."""
        path = f"{rel_path}/" if is_folder else rel_path
        return self._spec.match_file(_cased(path))


def _readable(pattern: str) -> str:
    """The pattern as pathspec takes it."""
    pattern = _cased(f"\\{pattern}" if pattern.startswith("#") else pattern)
    try:
        GitIgnoreSpec.from_lines([pattern])
    except GitIgnorePatternError:
        logger.warning("%r is no pattern of files; what has this name is left out", pattern)
        return "".join(f"\\{letter}" if letter in "\\*?[]!# " else letter for letter in pattern)
    return pattern


def _cased(text: str) -> str:
    return text.lower() if os.name == "nt" else text
