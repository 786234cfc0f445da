"""Where cells lie under headings, against a layout that places one after the other."""

from hypothesis import given
from hypothesis import strategies as st

from opqn_app.ui.kit.grid_layout import GridLayout, GridSection

CELL, MARGIN = 100, 12
COUNTS = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([0, 36, 50])), min_size=1)


def slow_places(sections: list[GridSection], columns: int) -> tuple[list[tuple[int, int]], int]:
    places, y = [], MARGIN
    for section in sections:
        y += section.header
        column = 0
        for _ in range(section.rows):
            if column == columns:
                column, y = 0, y + CELL
            places.append((column, y))
            column += 1
        y += CELL if section.rows else 0
    return places, y + MARGIN


@given(COUNTS, st.integers(1, 7), st.integers(0, 4000), st.integers(0, 900))
def test_cells_lie_where_a_slow_layout_puts_them(
    counts: list[tuple[int, int]], columns: int, top: int, height: int
) -> None:
    sections = [GridSection(rows, header) for rows, header in counts]
    layout = GridLayout(sections, columns=columns, cell_height=CELL, margin=MARGIN)
    places, whole = slow_places(sections, columns)
    assert layout.height == whole
    assert layout.count == len(places)
    assert [layout.place_of(row) for row in range(layout.count)] == places
    bottom = top + height
    touching = {row for row, (_, y) in enumerate(places) if y <= bottom and y + CELL > top}
    assert touching <= set(layout.rows_between(top, bottom))
    headed = {
        number
        for number, section in enumerate(sections)
        if section.header
        and layout.header_top(number) <= bottom
        and layout.header_top(number) + section.header > top
    }
    assert headed <= set(layout.headers_between(top, bottom))


@given(COUNTS, st.integers(1, 7), st.integers(-3, 3), st.data())
def test_going_up_and_down_keeps_the_column(
    counts: list[tuple[int, int]], columns: int, lines: int, data: st.DataObject
) -> None:
    sections = [GridSection(rows, header) for rows, header in counts]
    layout = GridLayout(sections, columns=columns, cell_height=CELL, margin=MARGIN)
    if not layout.count:
        return
    row = data.draw(st.integers(0, layout.count - 1))
    every: list[list[int]] = []  # the rows of each line
    for number in range(len(sections)):
        rows = list(layout.rows_of(number))
        every += [rows[i : i + columns] for i in range(0, len(rows), columns)]
    line = next(i for i, some in enumerate(every) if row in some)
    target = every[max(0, min(line + lines, len(every) - 1))]
    column = every[line].index(row)
    assert layout.row_away(row, lines) == target[min(column, len(target) - 1)]


def test_a_row_knows_its_section() -> None:
    sections = [GridSection(3), GridSection(0), GridSection(2)]
    layout = GridLayout(sections, columns=2, cell_height=CELL, margin=MARGIN)
    assert [layout.section_of(row) for row in range(5)] == [0, 0, 0, 2, 2]
