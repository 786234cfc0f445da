"""The question "also Anna?", page by page: what is ticked, crossed and left open; no widget."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Protocol

from opqn_app.core.progress import counted

MOST_ON_A_PAGE = 9  # the keys 1 to 9 reach each of them


class Suggested(Protocol):
    """Faces that may be the person, as guesses suggest them."""

    @property
    def faces(self) -> tuple[int, ...]: ...
    @property
    def probability(self) -> float: ...
    @property
    def picture(self) -> int: ...
    @property
    def is_sure(self) -> bool: ...


class Choice(Enum):
    """What the user said of a suggestion, or is about to say."""

    OPEN = "open"
    YES = "yes"
    NO = "no"


_NEXT = {Choice.OPEN: Choice.YES, Choice.YES: Choice.NO, Choice.NO: Choice.OPEN}


class SuggestionPages:
    """The suggestions of one person, the likeliest first.

    Attributes:
        page: what is asked now; it stays until it is answered.
        n_left: suggestions on later pages.
    """

    def __init__(self) -> None:
        self.page: tuple[Suggested, ...] = ()
        self.n_left = 0
        self._choices: dict[tuple[int, ...], Choice] = {}
        self._passed: set[int] = set()  # faces that were left open on an earlier page

    @property
    def n_passed(self) -> int:
        """How many faces were left open on earlier pages."""
        return len(self._passed)

    def take(
        self, suggestions: Sequence[Suggested], size: int, photo_of: Mapping[int, int]
    ) -> None:
        """Begin the next page.

        Args:
            suggestions: those that wait now, the likeliest first.
            size: how many there is room for.
            photo_of: face → photo. Of two on one photo at most one is ticked: nobody is on a
                photo twice.
        """
        waiting = [each for each in suggestions if not self._passed.issuperset(each.faces)]
        self.page = tuple(waiting[: max(1, min(size, MOST_ON_A_PAGE))])
        self.n_left = len(waiting) - len(self.page)
        self._choices = {}
        taken: set[int] = set()
        for each in self.page:
            photos = {photo_of[face] for face in each.faces if face in photo_of}
            if each.is_sure and not photos & taken:
                self._choices[each.faces] = Choice.YES
                taken |= photos

    def choice(self, number: int) -> Choice:
        """What is said of the one at a place of the page, from 0 on."""
        return self._choices.get(self.page[number].faces, Choice.OPEN)

    def choose(self, number: int, choice: Choice) -> None:
        """Say something of one; saying it again takes it back."""
        faces = self.page[number].faces
        again = self._choices.get(faces) == choice
        self._choices[faces] = Choice.OPEN if again else choice

    def turn(self, number: int) -> None:
        """Go from open to yes, from yes to no, from no to open."""
        self._choices[self.page[number].faces] = _NEXT[self.choice(number)]

    @property
    def answers(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The faces that are the person and those that are not."""
        yes, no = (
            tuple(face for each in self.page if self._of(each) == said for face in each.faces)
            for said in (Choice.YES, Choice.NO)
        )
        return yes, no

    def count(self, choice: Choice) -> int:
        """How many of the page."""
        return sum(self._of(each) == choice for each in self.page)

    def in_words(self, choice: Choice) -> str:
        """ "1 yes (14 faces)": how many of the page, and of how many faces if these are more."""
        number, faces = self.count(choice), len(self.answers[choice == Choice.NO])
        words = f"{number:,} {choice.value}"
        return f"{words} ({counted(faces, 'face')})" if faces > number else words

    def pass_open(self) -> None:
        """What is open stays so; it is not asked again until `begin_anew`."""
        for each in self.page:
            if self._of(each) == Choice.OPEN:
                self._passed.update(each.faces)

    def begin_anew(self) -> None:
        """Ask for those that were left open, too."""
        self._passed.clear()

    def _of(self, suggestion: Suggested) -> Choice:
        return self._choices.get(suggestion.faces, Choice.OPEN)
