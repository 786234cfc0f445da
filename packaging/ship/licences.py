"""Whether what the frozen program holds may be passed on, read from SPDX expressions."""

import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("licences.toml")
_CLASSIFIER = "License :: OSI Approved :: "
_IN_WORDS = {  # what packages say → SPDX
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
}


class UnknownLicenceError(Exception):
    """Nobody has looked at the licence of a part yet; the text says of which."""


@cache
def table() -> dict[str, Any]:
    """What licences.toml says."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def may_be_passed_on(expression: str) -> bool:
    """Whether one of the choices that an SPDX expression leaves is a licence we know as free.

    AND binds closer than OR; parentheses are not read, and nothing in brackets passes.
    """
    known = {*table()["free"], *table()["with-source"]}
    choices = expression.split(" OR ")
    return any(all(each.strip() in known for each in one.split(" AND ")) for one in choices)


def needs_source(expression: str) -> bool:
    """Whether every choice asks that the source can be had."""
    free = set(table()["free"])
    choices = expression.split(" OR ")
    return not any(all(each.strip() in free for each in one.split(" AND ")) for one in choices)


def _field(package: Distribution, name: str) -> str | None:
    return next(iter(package.metadata.get_all(name, [])), None)


def of_package(package: Distribution) -> str:
    """The SPDX expression of a Python package.

    Raises:
        UnknownLicenceError: it says none that can be read, and licences.toml none for it.
    """
    name = package.name.lower().replace("_", "-")
    said: Any = package.metadata  # an email.message.Message, whatever its type says
    if name in table()["packages"]:
        return str(table()["packages"][name])
    classifiers = [each for each in said.get_all("Classifier", []) if each.startswith(_CLASSIFIER)]
    expressed = _field(package, "License-Expression")
    tried = [
        expressed,
        _field(package, "License"),
        *(each.removeprefix(_CLASSIFIER) for each in classifiers),
    ]
    for words in tried:
        expression = _IN_WORDS.get(words or "", words or "")
        if may_be_passed_on(expression):
            return expression
    if expressed:
        return expressed  # clear, and not free: the check will say so
    raise UnknownLicenceError(f"{name} says of its licence {[each for each in tried if each]}")


def of_library(path: str) -> dict[str, Any]:
    """The entry of licences.toml for a library, by its path with slashes.

    Raises:
        UnknownLicenceError: there is none.
    """
    for entry in table()["library"]:
        for pattern in entry["files"]:
            if fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern):
                return dict(entry)
    raise UnknownLicenceError(f"no entry of licences.toml fits the library {path}")


def forbidden(expressions: Iterable[tuple[str, str]]) -> list[str]:
    """The parts, given as name and expression, that may not be passed on; each as a sentence."""
    return [
        f"{name} is under {expression}, which licences.toml does not know as free."
        for name, expression in expressions
        if not may_be_passed_on(expression)
    ]
