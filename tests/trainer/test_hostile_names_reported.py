"""What somebody wrote into a name acts on nothing in the report's page."""

from collections.abc import Sequence
from html.parser import HTMLParser

import numpy as np

from tests.trainer.report_examples import page_arguments, report_of, result
from tests.trust.hostile import SHOWN
from trainer.data.picture_files import Dropped
from trainer.evaluate.protocols import QuerySplit
from trainer.report.page import Picture, html_page

SIGNS = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), *"\u2028\u2029\u202a\u202e"} - {"\n"}


class Tags(HTMLParser):
    """What a browser would act on, with the names of attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))

    def handle_comment(self, data: str) -> None:
        self.found.append(data)


def page_about(names: Sequence[str]) -> str:
    """A report in which everything that somebody could name has one of these names."""
    asked = QuerySplit("leave-one-out", np.arange(4), np.arange(4), names[0])
    results = tuple(result(name, "opqn", 64, 0.75) for name in names)
    made = report_of(asked, results, notes=tuple(names), dropped=(Dropped(names[0], "x"),))
    report, values, comparison, charts, _ = page_arguments(made, None, with_pictures=True)
    values["data_set"] = names[0]
    values["data"]["left_out"] = [[name, name] for name in names]
    values["data"]["read_in_part"] = {f"{i} {name}": name for i, name in enumerate(names)}
    pictures = [Picture(name, name, "image/webp", b"light", b"dark") for name in names]
    return html_page(report, values, comparison, charts, pictures)


def test_a_name_stays_a_name() -> None:
    names = list(SHOWN.values())
    page = page_about(names)
    assert Tags(page).found == Tags(page_about(["Anna"] * len(names))).found
    assert not SIGNS & set(page)
    assert page.count("photo_\\u202egpj.exe") > 3
