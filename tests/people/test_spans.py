import pytest

from opqn_app.people.spans import Count, Span, count_of, span_of


@pytest.mark.parametrize(
    ("text", "span", "words"),
    [
        ("2019", Span("2019", "2019"), "2019"),
        ("2019-03", Span("2019-03", "2019-03"), "March 2019"),
        ("March 2019", Span("2019-03", "2019-03"), "March 2019"),
        ("mar 2019", Span("2019-03", "2019-03"), "March 2019"),
        ("2019-03-14", Span("2019-03-14", "2019-03-14"), "14 March 2019"),
        ("2015-2018", Span("2015", "2018"), "2015 to 2018"),
        ("2015 to 2018-06", Span("2015", "2018-06"), "2015 to June 2018"),
        ("since 2015", Span("2015", ""), "since 2015"),
        ("2015..", Span("2015", ""), "since 2015"),
        ("until 2015", Span("", "2015"), "until 2015"),
        ("..2015-02", Span("", "2015-02"), "until February 2015"),
    ],
)
def test_dates_as_people_type_them(text: str, span: Span, words: str) -> None:
    assert span_of(text) == span
    assert str(span) == words


@pytest.mark.parametrize(
    "text", ["", "Anna", "Anna 2019", "2019-13", "2018-2015", "20190", "-", "2019-02-40", "alone"]
)
def test_other_words_are_no_dates(text: str) -> None:
    assert span_of(text) is None


def test_a_span_holds_its_whole_last_day_month_or_year() -> None:
    span = Span("2015", "2018-06")
    assert [span.has(time) for time in ("2014-12-31T23:59:59", "2015-01-01T00:00:00")] == [0, 1]
    assert [span.has(time) for time in ("2018-06-30T23:59:59", "2018-07-01T00:00:00")] == [1, 0]
    assert not Span("", "2018").has("")  # no time is known at all


@pytest.mark.parametrize(
    ("text", "count", "words"),
    [
        ("2 faces", Count(2, 2), "2 faces"),
        ("one face", Count(1, 1), "1 face"),
        ("no face", Count(0, 0), "no face"),
        ("no faces", Count(0, 0), "no face"),
        ("3+ faces", Count(3), "3 faces or more"),
        ("3 or more faces", Count(3), "3 faces or more"),
        ("2-4 faces", Count(2, 4), "2 to 4 faces"),
        ("2 .. 4 faces", Count(2, 4), "2 to 4 faces"),
    ],
)
def test_numbers_of_faces_as_people_type_them(text: str, count: Count, words: str) -> None:
    assert count_of(text) == count
    assert str(count) == words


@pytest.mark.parametrize("text", ["", "faces", "2", "Anna", "4-2 faces", "3+ photos"])
def test_other_words_are_no_number_of_faces(text: str) -> None:
    assert count_of(text) is None
