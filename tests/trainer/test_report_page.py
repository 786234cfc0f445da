"""The page of an evaluation says, word for word, what it said before it was made of templates."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from tests.trainer.report_examples import (
    page_arguments,
    pairs_report,
    published_report,
    ranked_report,
)
from trainer.evaluate.results import EvalReport
from trainer.report.page import html_page, rendered

pytestmark = pytest.mark.slow

STORED = Path(__file__).parent.parent / "data" / "report"
EXAMPLES = {
    "ranked": (ranked_report, None, True),
    "published": (published_report, "cfw60k", False),
    "other_protocol": (ranked_report, "vggface2", False),
    "pairs": (pairs_report, None, False),
}


def example(name: str) -> str:
    make, benchmark, with_pictures = EXAMPLES[name]
    report: EvalReport = make()
    return html_page(*page_arguments(report, benchmark, with_pictures=with_pictures))


class Pieces(HTMLParser):
    """Tags with their attributes, and texts between them; line breaks count as spaces."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(re.sub(r"</?code>", "`", page))  # spaces around this tag are seen
        self.close()

    def handle_decl(self, decl: str) -> None:
        self.found.append(decl)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text:
            self.found.append(text)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_is_the_stored_one(name: str) -> None:
    stored = (STORED / f"{name}.html").read_text(encoding="utf-8")
    assert Pieces(example(name)).found == Pieces(stored).found


def test_names_from_outside_can_not_become_tags() -> None:
    page = example("ranked")
    assert "<b>" not in page
    assert "<all>" not in page
    assert "model &lt;b&gt;" in page


def test_a_name_that_a_template_does_not_get_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="names"):
        rendered("report.html.jinja")
