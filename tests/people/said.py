"""What a user has said, as plain sets; the model that ledgers are compared with."""

from dataclasses import dataclass, field

from tests.people_world import Truth


@dataclass
class Said:
    """What the user has said, by true face; people are ids of the ledger."""

    owner: dict[Truth, int] = field(default_factory=dict)
    rejected: dict[Truth, set[int]] = field(default_factory=dict)
    names: dict[int, str | None] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    no_face: set[Truth] = field(default_factory=set)
    drawn: set[Truth] = field(default_factory=set)
    apart: list[tuple[Truth, Truth]] = field(default_factory=list)
    pictures: dict[int, Truth] = field(default_factory=dict)

    def give(self, truth: Truth, person: int) -> None:
        if truth in self.owner and self.owner[truth] != person:
            self.reject(truth, self.owner[truth])
        self.no_face.discard(truth)
        self.owner[truth] = person
        self.rejected.setdefault(truth, set()).discard(person)

    def take(self, truth: Truth) -> None:
        person = self.owner.pop(truth, None)
        if person is not None and self.pictures.get(person) == truth:
            del self.pictures[person]

    def reject(self, truth: Truth, person: int) -> None:
        if self.owner.get(truth) == person:
            self.take(truth)
        self.rejected.setdefault(truth, set()).add(person)

    def would_be_twice(self, truths: set[Truth], person: int | None) -> bool:
        after = {t for t, owner in self.owner.items() if owner == person} | truths
        new = truths - {t for t, owner in self.owner.items() if owner == person}
        return any(one != two and one[0] == two[0] for one in new for two in after)
