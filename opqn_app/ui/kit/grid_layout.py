"""Where the cells of a grid lie: rows under headings, by arithmetic, whatever their number."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

HEADER = 36  # pixels of a heading


@dataclass(frozen=True, slots=True)
class GridSection:
    """Rows that stand together.

    Attributes:
        rows: how many.
        header: pixels above the first line of them.
        title: words of the heading; "" where somebody else draws it, or nobody.
        note: quieter words after it.
        action: words at its right end that can be clicked.
        is_apart: a line is drawn above, since what follows is another kind of thing.
    """

    rows: int
    header: int = 0
    title: str = ""
    note: str = ""
    action: str = ""
    is_apart: bool = False


class GridLayout:
    """Cells of one size in lines of `columns`, from `margin` on; a section begins a new line.

    Heights count from the top of the content, in pixels.

    Attributes:
        sections: as given.
        columns: cells in a line.
        height: of everything.
    """

    def __init__(
        self, sections: Sequence[GridSection], *, columns: int, cell_height: int, margin: int
    ) -> None:
        self.sections = tuple(sections)
        self.columns = columns
        self._cell = cell_height
        counts = [section.rows for section in self.sections]
        self._starts = [0, *accumulate(counts)]  # one past the last row is the last of them
        self._lines = [-(-count // columns) for count in counts]
        self._first_lines = [0, *accumulate(self._lines)]
        self._tops: list[int] = []  # of the first line
        y = margin
        for section, lines in zip(self.sections, self._lines, strict=True):
            y += section.header
            self._tops.append(y)
            y += lines * cell_height
        self.height = y + margin

    @property
    def count(self) -> int:
        """All rows."""
        return self._starts[-1]

    def rows_of(self, section: int) -> range:
        """The rows of a section."""
        return range(self._starts[section], self._starts[section + 1])

    def section_of(self, row: int) -> int:
        """The section that a row is in."""
        return min(bisect_right(self._starts, row) - 1, len(self.sections) - 1)

    def place_of(self, row: int) -> tuple[int, int]:
        """The column of a row's cell, and the height of its upper edge."""
        section = self.section_of(row)
        line, column = divmod(row - self._starts[section], self.columns)
        return column, self._tops[section] + line * self._cell

    def header_top(self, section: int) -> int:
        """The height of the upper edge of a heading."""
        return self._tops[section] - self.sections[section].header

    def headers_between(self, top: int, bottom: int) -> range:
        """The sections whose heading may be in sight."""
        first = max(0, bisect_right(self._tops, top) - 1)
        last = first
        while last < len(self.sections) and self.header_top(last) <= bottom:
            last += 1
        return range(first, last)

    def rows_between(self, top: int, bottom: int) -> range:
        """The rows whose cells may touch these heights."""
        return range(self._row_at(top), self._row_at(bottom, is_end=True))

    def row_away(self, row: int, lines: int) -> int:
        """The row so many lines below (above) in the same column, or the nearest there is."""
        section = self.section_of(row)
        line, column = divmod(row - self._starts[section], self.columns)
        wanted = self._first_lines[section] + line + lines
        wanted = max(0, min(wanted, self._first_lines[-1] - 1))
        target = bisect_right(self._first_lines, wanted) - 1
        start = self._starts[target] + (wanted - self._first_lines[target]) * self.columns
        return min(start + column, self._starts[target + 1] - 1)

    def _row_at(self, y: int, *, is_end: bool = False) -> int:
        """The first row of the line at a height; with `is_end`, one past its last."""
        section = bisect_right(self._tops, y) - 1
        if section < 0:
            return 0
        line = (y - self._tops[section]) // self._cell + is_end
        return min(self._starts[section + 1], self._starts[section] + line * self.columns)
