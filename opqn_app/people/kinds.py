"""The kinds of rows in the ledger of decisions."""

from enum import StrEnum


class Kind(StrEnum):
    """What a decision says. `faces`, `others`, `person`, `other`, `name`: of the row.

    Attributes:
        NAMED: `faces` are a new person, called `name`.
        IS: `faces` are `person`.
        IS_NOT: `faces` are not `person`; or none of them is the same as any of `others`.
        MERGED: `other` is the same as `person`, who stays; hidden only if both were.
        SPLIT: `faces` of `person` are somebody else, called `name`; None for not named yet.
        HIDDEN: `person` is not shown among people; without one, `faces` are somebody to hide.
        SHOWN: `person` is shown again.
        NOT_A_FACE: what was found at `faces` is none.
        A_FACE: it is one after all.
        BOX_DRAWN: there are faces at `faces`, which no detector found.
        RENAMED: `person` is called `name`.
        PICTURE: the first of `faces` stands for `person`.
        IMPORTED_FROM: the program `source` called those of `faces` that nobody has decided on
            `name`; they are `person`, or a new one.
        RELEASED: `faces` are nobody of whom is known; what is left of a forgotten person.
        UNDONE: the gesture `target` does not count.
        REDONE: it counts again.
    """

    NAMED = "named"
    IS = "is"
    IS_NOT = "is_not"
    MERGED = "merged"
    SPLIT = "split"
    HIDDEN = "hidden"
    SHOWN = "shown"
    NOT_A_FACE = "not_a_face"
    A_FACE = "a_face"
    BOX_DRAWN = "box_drawn"
    RENAMED = "renamed"
    PICTURE = "picture"
    IMPORTED_FROM = "imported_from"
    RELEASED = "released"
    UNDONE = "undone"
    REDONE = "redone"
