"""What indexing does to a library, in any order: found again, moved, edited, deleted, come back."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from opqn_app.store.decision_records import PlacedFace
from opqn_app.store.library import Library
from tests.people_world import N_PLACES, World

CONTENTS = st.integers(0, 3)
PLACES = st.lists(st.integers(0, N_PLACES - 1), unique=True)
JITTER = st.sampled_from([-0.12, 0.0, 0.07, 0.12])
ONE = st.integers(0, 30)


class IndexingMachine(RuleBasedStateMachine):
    template: Path  # an empty library, copied for each sequence

    n_sequences = 0

    def __init__(self) -> None:
        super().__init__()
        IndexingMachine.n_sequences += 1
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "library.sqlite"
        shutil.copy(self.template, path)
        self.library = Library.open(path, write=True)
        self.world = World(self.library)
        self.world.knows_pictures = False  # as in a library of an older version
        for content in range(2):
            self.world.add_photo(content, range(N_PLACES))

    def teardown(self) -> None:
        self.library.close()
        self.folder.cleanup()

    def some_photo(self, pick: int) -> int | None:
        photos = sorted(self.world.content_of)
        return photos[pick % len(photos)] if photos else None

    @rule(content=CONTENTS, places=PLACES, jitter=JITTER)
    def add_photo(self, content: int, places: list[int], jitter: float) -> None:
        self.world.add_photo(content, places, jitter)

    @rule(pick=ONE, places=PLACES, jitter=JITTER)
    def find_again(self, pick: int, places: list[int], jitter: float) -> None:
        if (photo := self.some_photo(pick)) is not None:
            self.world.find_again(photo, places, jitter)

    @rule(pick=ONE, places=PLACES, jitter=JITTER)
    def find_more(self, pick: int, places: list[int], jitter: float) -> None:
        if (photo := self.some_photo(pick)) is not None:
            self.world.find_more(photo, places, jitter)

    @rule(pick=ONE)
    def move(self, pick: int) -> None:
        if (photo := self.some_photo(pick)) is not None:
            self.world.move(photo)

    @rule(pick=ONE, content=CONTENTS, places=PLACES, jitter=JITTER)
    def change(self, pick: int, content: int, places: list[int], jitter: float) -> None:
        if (photo := self.some_photo(pick)) is not None:
            self.world.change(photo, content, places, jitter)

    @rule()
    def begin_to_know_pictures(self) -> None:
        """A newer version of the program reads the photos again, for a thorough search."""
        self.world.knows_pictures = True
        for photo in self.world.content_of:
            self.world.find_more(photo, [], 0.0)

    @rule(pick=ONE, undo=st.booleans())
    def edit(self, pick: int, undo: bool) -> None:
        """Other metadata is written, or the first edition is put back."""
        photo = self.some_photo(pick)
        if photo is None or not self.world.knows_pictures:
            return
        content = self.world.content_of[photo]
        is_drawn = [face.is_drawn for face in self.placed(photo)]
        if self.world.knows_picture(content) or not all(is_drawn):
            self.world.edit(photo, 0 if undo else None)

    @rule(pick=ONE, content=CONTENTS, places=PLACES, jitter=JITTER, moved=st.booleans())
    def add_edited(
        self, pick: int, content: int, places: list[int], jitter: float, moved: bool
    ) -> None:
        """A copy with other metadata; the photo itself may be gone at once."""
        if not self.world.knows_pictures:
            return
        photo = self.some_photo(pick)
        if moved and photo is not None:
            content = self.world.content_of[photo]
        if self.world.knows_picture(content):
            self.world.add_edited(content, places, jitter)
            if moved and photo is not None:
                self.world.delete(photo)

    def placed(self, photo: int) -> list[PlacedFace]:
        faces = self.library.decision_table.placed_faces()
        return [face for face in faces if face.photo_id == photo]

    @rule(pick=ONE)
    def delete(self, pick: int) -> None:
        if (photo := self.some_photo(pick)) is not None:
            self.world.delete(photo)

    @precondition(lambda self: self.world.away)
    @rule(pick=ONE)
    def come_back(self, pick: int) -> None:
        self.world.come_back(self.some_deleted(pick))

    @precondition(lambda self: self.world.away)
    @rule(pick=ONE)
    def expire(self, pick: int) -> None:
        self.world.expire(self.some_deleted(pick))

    def some_deleted(self, pick: int) -> int:
        photos = sorted(self.world.away)
        return photos[pick % len(photos)]

    @rule(number=st.integers(1, 3))
    def use_model(self, number: int) -> None:
        self.world.use_model(number)
