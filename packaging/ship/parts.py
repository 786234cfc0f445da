"""What the frozen program is made of: packages, libraries, weights, each with its licence."""

import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

import about
import licences

_LIBRARY_SUFFIXES = (".so", ".dll", ".dylib")
_TEXTS = ("licen", "copying", "notice", "copyright")  # begin, or stand in, the names of such files


@dataclass(frozen=True, slots=True)
class Part:
    """Something that others made.

    Attributes:
        kind: "package" of Python, "library" or "data".
        within: the package whose wheel brought it; "" where it is of the system.
        licence: an SPDX expression.
        source: where its source can be had, if its licence asks for that.
        texts: files with its licence, on the machine that builds.
    """

    name: str
    version: str
    kind: str
    within: str
    licence: str
    source: str
    texts: tuple[Path, ...]


def parts_of(sources: Iterable[str]) -> list[Part]:
    """The parts that files come from.

    Args:
        sources: paths of the files that went into the program, as freeze.py keeps them.

    Raises:
        licences.UnknownLicenceError: a file or a package whose licence nobody has looked at.
    """
    owners = _owners()
    packages: dict[str, Distribution] = {}
    libraries: dict[tuple[str, str], Part] = {}
    for source in sorted(sources):
        owner = owners.get(source)
        if owner is not None:
            packages[owner.name] = owner
        if is_library(Path(source).name) and not _is_module(source):
            part = _library(Path(source), owner)
            libraries[part.name, part.within] = part
        elif owner is None and not _is_known(source):
            raise licences.UnknownLicenceError(f"{source} belongs to no package")
    made = [_package(each) for each in packages.values()]
    version = ".".join(map(str, sys.version_info[:3]))
    made.append(Part("Python", version, "package", "", "PSF-2.0", "", _texts_of_python()))
    made += [each for each in libraries.values() if each.name != "Python"]
    for entry in licences.table()["data"]:
        notice = (about.ROOT / "NOTICE",)
        made.append(Part(entry["name"], "", "data", "", entry["licence"], "", notice))
    return sorted(made, key=lambda part: (part.kind, part.name.lower(), part.within))


def is_library(name: str) -> bool:
    """Whether a file is one, by its name: libz.so.1, python311.dll."""
    return any(name.endswith(suffix) or f"{suffix}." in name for suffix in _LIBRARY_SUFFIXES)


def _is_module(source: str) -> bool:
    """Whether it is a module of Python written in C, which is under its package's licence."""
    name = Path(source).name
    return ".cpython-" in name or ".abi3." in name or name.endswith(".pyd")


def _owners() -> dict[str, Distribution]:
    """Path of an installed file → its package."""
    found = {}
    for package in distributions():
        for file in package.files or ():
            found[str(Path(str(package.locate_file(file))))] = package
    return found


def _is_known(source: str) -> bool:
    """Whether a file without a package is ours, or comes with Python."""
    of_python = (sysconfig.get_path("stdlib"), sys.base_prefix)
    return (
        Path(source).name == "base_library.zip"
        or Path(source).is_relative_to(about.ROOT)
        or any(Path(source).is_relative_to(folder) for folder in of_python)
    )


def _package(package: Distribution) -> Part:
    licence = licences.of_package(package)
    files = [file for file in package.files or () if ".dist-info" in str(file)]
    texts = [file for file in files if any(each in file.name.lower() for each in _TEXTS)]
    paths = sorted(Path(str(package.locate_file(each))) for each in texts)
    source = f"{package.name} {package.version}" if licences.needs_source(licence) else ""
    return Part(package.name, package.version, "package", "", licence, source, tuple(paths))


def _library(file: Path, owner: Distribution | None) -> Part:
    entry = licences.of_library(file.as_posix())
    if owner is not None:
        return Part(
            entry["name"],
            f"in {owner.name} {owner.version}",
            "library",
            owner.name,
            entry["licence"],
            entry.get("source", ""),
            _package(owner).texts,
        )
    version, texts = _of_the_system(file)
    source = entry.get("source", "")
    return Part(entry["name"], version, "library", "", entry["licence"], source, texts)


def _of_the_system(file: Path) -> tuple[str, tuple[Path, ...]]:
    """Version and licence text of a library of the system, where that is a Debian."""
    try:
        words = ["dpkg-query", "--search", str(file.resolve()), str(file)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return "of the system", ()
    package = done.stdout.partition(":")[0]
    if not package:
        return "of the system", ()
    words = ["dpkg-query", "--show", "--showformat=${Version}\n", package]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    text = Path("/usr/share/doc") / package / "copyright"
    return done.stdout.splitlines()[0], (text,) if text.is_file() else ()


def _texts_of_python() -> tuple[Path, ...]:
    text = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    return (text,) if text.is_file() else ()
