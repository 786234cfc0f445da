"""The documentation: what it links to, shows and names is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "docs" / "pages"
DECISIONS = SITE / "decisions"
CARDS = sorted((ROOT / "resources" / "models").glob("*/README.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(SITE.rglob("*.md")), *CARDS]
LINK = re.compile(r"!?\[[^\]]+\]\(([^)#\s]+)[^)]*\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
DOTTED = re.compile(r"(?<![\w./])(?:opqn_app|trainer|tests)(?:\.[A-Za-z_]\w*)+")
FOLDERS = "opqn_app|trainer|tests|resources|packaging|docs"
PATH = re.compile(rf"(?<![\w./])(?:{FOLDERS})/[\w./-]*")
MADE = ("docs/_site",)  # by `make docs`
page_by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@page_by_page
def test_links_and_pictures_lead_to_files(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


@page_by_page
def test_dotted_names_exist(page: Path) -> None:
    """`trainer.method.loss`, `opqn_app.opqn.lut.snap`, `python -m trainer.recipes.gate`."""
    names = DOTTED.findall(code_of(page.read_text(encoding="utf-8")))
    assert [name for name in names if not exists(name)] == []


@page_by_page
def test_paths_of_the_project_exist(page: Path) -> None:
    paths = [path.rstrip(".") for path in PATH.findall(code_of(page.read_text(encoding="utf-8")))]
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert [path for path in missing if not path.startswith(MADE)] == []


def test_the_site_shows_all_its_pictures() -> None:
    """A picture that no page shows is in nobody's interest."""
    shown = set()
    for page in PAGES:
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            shown.add((page.parent / link).resolve())
    pictures = list((SITE / "screenshots").iterdir())
    assert len(pictures) >= 3
    assert [picture.name for picture in pictures if picture not in shown] == []


def test_decisions_are_numbered_dated_and_listed() -> None:
    pages = sorted(DECISIONS.glob("0*.md"))
    table = (DECISIONS / "index.md").read_text(encoding="utf-8")
    assert len(pages) >= 26
    for number, page in enumerate(pages, 1):
        title, _, date = page.read_text(encoding="utf-8").splitlines()[:3]
        assert page.name.startswith(f"{number:04}-")
        assert title.startswith(f"# {number}. ")
        assert re.fullmatch(r"\*\d{4}-\d\d-\d\d\*", date), page.name
        question = title.partition(". ")[2]
        assert f"| {number} | {date.strip('*')} | [{question}]({page.name}) |" in table


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("see `trainer.cli` and `opqn_app.cli`.", ["trainer.cli", "opqn_app.cli"]),
        ("```\npython -m trainer.recipes.gate --write\n```", ["trainer.recipes.gate"]),
        ("trainer.nothing is no code here, nor is `my.trainer.x` a name of ours", []),
    ],
)
def test_names_are_found_in_code_only(text: str, names: list[str]) -> None:
    assert DOTTED.findall(code_of(text)) == names


def test_a_name_that_is_not_there_is_told() -> None:
    assert exists("trainer")
    assert exists("trainer.recipes.model_table.BEGIN")
    assert exists("tests.test_docs.exists")
    assert not exists("trainer.recipes.model_table.NOTHING")
    assert not exists("trainer.no_such_room")


def code_of(text: str) -> str:
    """What stands between backticks and in fences, a line each."""
    fences = FENCE.findall(text)
    return "\n".join([*fences, *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))])


def exists(name: str) -> bool:
    """Whether a module, or a name that a module or one of its classes defines, is there.

    Sources are read and not imported: what they need need not be installed.
    """
    place, rest = ROOT, name.split(".")
    while rest and (place / rest[0]).is_dir():
        place /= rest.pop(0)
    if rest and (place / f"{rest[0]}.py").is_file():
        place /= f"{rest.pop(0)}.py"
    elif rest:
        place /= "__init__.py"
    return not rest or (place.is_file() and _defines(place, tuple(rest)))


def _defines(source: Path, names: tuple[str, ...]) -> bool:
    body = _parsed(source).body
    for name in names:
        found = [node for node in body if name in _names_of(node)]
        if not found:
            return False
        body = found[-1].body if isinstance(found[-1], ast.ClassDef) else []
    return True


@cache
def _parsed(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"))


def _names_of(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    if isinstance(node, ast.AnnAssign):
        return {node.target.id} if isinstance(node.target, ast.Name) else set()
    targets = node.targets if isinstance(node, ast.Assign) else []
    found = (part for target in targets for part in ast.walk(target))
    return {part.id for part in found if isinstance(part, ast.Name)}
