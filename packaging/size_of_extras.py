"""What the app and each of its extras take on disk, in MB: for the table in docs/pages/use.md.

    python packaging/size_of_extras.py

Counts the packages of this environment, which `make test` and `make docs` set up. An extra is what
it adds to the app; what two extras need both count.
"""

import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Print the table; 1 where packages are missing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    app, missing = needed(project["dependencies"])
    lines, absent = [("the app", megabytes(app))], set(missing)
    for extra, requirements in project["optional-dependencies"].items():
        found, missing = needed(requirements)
        absent |= missing
        lines.append((extra, megabytes({n: d for n, d in found.items() if n not in app})))
    for name, size in lines:
        sys.stdout.write(f"{name:10} {size:7.0f} MB\n")
    if absent:
        sys.stdout.write(f"not installed, so not counted: {', '.join(sorted(absent))}\n")
    return 1 if absent else 0


def needed(requirements: list[str]) -> tuple[dict[str, Distribution], set[str]]:
    """What is installed for these requirements, all that they need in turn too; what is not."""
    found: dict[str, Distribution] = {}
    missing: set[str] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, asked_as = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": asked_as}):
            continue
        name = canonicalize_name(requirement.name)
        for extra in requirement.extras or {""}:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                found[name] = distribution(name)
            except PackageNotFoundError:
                missing.add(name)
                continue
            waiting += [(Requirement(text), extra) for text in found[name].requires or ()]
    return found, missing


def megabytes(packages: dict[str, Distribution]) -> float:
    """The files of these packages, compiled Python included."""
    files = (Path(str(f.locate())) for d in packages.values() for f in d.files or ())
    return sum(f.stat().st_size for f in files if f.is_file()) / 1e6


if __name__ == "__main__":
    sys.exit(main())
