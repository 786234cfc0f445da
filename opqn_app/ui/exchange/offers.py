"""What a page offers to take out."""

from dataclasses import dataclass

from opqn_app.exchange.going.selection import Wanted


@dataclass(frozen=True, slots=True)
class Offer:
    """Photos that can go out.

    Attributes:
        words: what they are, such as "The 12 selected photos".
        title: of a contact sheet of them.
    """

    words: str
    wanted: Wanted
    title: str = "Photos"


EVERYTHING = Offer("All photos of the library", Wanted())
