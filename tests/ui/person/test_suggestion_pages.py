"""The question "also Anna?", page by page, without a window."""

from dataclasses import dataclass

from opqn_app.ui.people.suggestion_pages import Choice, SuggestionPages

SURE = 0.9


@dataclass(frozen=True)
class Maybe:
    faces: tuple[int, ...]
    probability: float = 0.95

    @property
    def picture(self) -> int:
        return self.faces[0]

    @property
    def is_sure(self) -> bool:
        return self.probability >= SURE


def some(n: int) -> list[Maybe]:
    return [Maybe((face,), 0.99 - face / 100) for face in range(n)]


def begun(suggestions: list[Maybe], size: int = 9) -> SuggestionPages:
    pages = SuggestionPages()
    pages.take(suggestions, size, {})
    return pages


def test_no_page_has_more_than_the_number_keys_reach() -> None:
    pages = begun(some(30), size=25)
    assert len(pages.page) == 9
    assert pages.n_left == 21


def test_there_is_always_room_for_one() -> None:
    assert len(begun(some(3), size=0).page) == 1


def test_sure_ones_are_ticked_but_never_two_of_one_photo() -> None:
    pages = SuggestionPages()
    photo_of = {1: 7, 2: 7, 3: 8, 4: 9}
    pages.take([Maybe((1,)), Maybe((2,)), Maybe((3,)), Maybe((4,), 0.6)], 9, photo_of)
    said = [pages.choice(n) for n in range(4)]
    assert said == [Choice.YES, Choice.OPEN, Choice.YES, Choice.OPEN]


def test_a_choice_said_twice_is_open_again_and_turning_goes_round() -> None:
    pages = begun([Maybe((1,), 0.6)])
    pages.choose(0, Choice.NO)
    assert pages.choice(0) == Choice.NO
    pages.choose(0, Choice.NO)
    assert pages.choice(0) == Choice.OPEN
    seen = []
    for _ in range(3):
        pages.turn(0)
        seen.append(pages.choice(0))
    assert seen == [Choice.YES, Choice.NO, Choice.OPEN]


def test_answers_are_all_faces_of_what_is_ticked_and_crossed_out() -> None:
    pages = begun([Maybe((1, 2)), Maybe((3,), 0.6), Maybe((4,), 0.6)])
    pages.choose(2, Choice.NO)
    assert pages.answers == ((1, 2), (4,))
    assert (pages.count(Choice.YES), pages.count(Choice.OPEN)) == (1, 1)


def test_what_is_left_open_is_passed_over_until_it_is_asked_for() -> None:
    waiting = [Maybe((1,), 0.8), Maybe((2, 3), 0.7), Maybe((4,), 0.6)]
    pages = begun(waiting, size=2)
    pages.choose(0, Choice.YES)
    pages.pass_open()
    pages.take(waiting[1:], 2, {})
    assert [each.faces for each in pages.page] == [(4,)]
    assert pages.n_passed == 2
    pages.begin_anew()
    pages.take(waiting[1:], 2, {})
    assert [each.faces for each in pages.page] == [(2, 3), (4,)]


def test_a_suggestion_that_has_grown_is_asked_again() -> None:
    pages = begun([Maybe((1,), 0.6)])
    pages.pass_open()
    pages.take([Maybe((1, 5), 0.6)], 9, {})
    assert [each.faces for each in pages.page] == [(1, 5)]


def test_an_answer_says_how_many_faces_it_takes() -> None:
    pages = begun([Maybe(tuple(range(14))), Maybe((20,)), Maybe((21, 22), 0.6)])
    assert pages.in_words(Choice.YES) == "2 yes (15 faces)"
    pages.choose(0, Choice.YES)
    assert pages.in_words(Choice.YES) == "1 yes"
    pages.choose(2, Choice.NO)
    assert pages.in_words(Choice.NO) == "1 no (2 faces)"
