"""Which face a key means: one to one, the greatest overlap first, whatever ids faces have."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from opqn_app.core.types import SAME_FACE
from opqn_app.people.bindings import matched
from opqn_app.store.decision_records import FaceKey, PlacedFace

COORDINATES = st.integers(0, 12)
KEYS = st.builds(
    lambda left, top, width, height: FaceKey(
        b"photo", left / 32, top / 32, (left + width) / 32, (top + height) / 32
    ),
    *(COORDINATES, COORDINATES, COORDINATES.filter(bool), COORDINATES.filter(bool)),
)
SOME = st.lists(KEYS, max_size=6, unique=True)


def placed(boxes: Sequence[FaceKey], first_id: int = 1) -> list[PlacedFace]:
    return [PlacedFace(first_id + i, 1, box, is_drawn=False) for i, box in enumerate(boxes)]


def step_by_step(keys: list[FaceKey], faces: list[PlacedFace]) -> dict[FaceKey, FaceKey]:
    """The pair with the greatest overlap, then the next of those that are left."""
    found: dict[FaceKey, FaceKey] = {}
    keys, boxes = list(keys), [face.key for face in faces]
    while keys and boxes:
        pairs = [(key, box) for key in keys for box in boxes]
        key, box = min(pairs, key=lambda pair: (-pair[0].box.overlap(pair[1].box), *pair))
        if key.box.overlap(box.box) < SAME_FACE:
            break
        found[key] = box
        keys.remove(key)
        boxes.remove(box)
    return found


@given(SOME, SOME)
def test_pairs_are_those_of_the_greatest_overlap(keys: list[FaceKey], boxes: list[FaceKey]) -> None:
    faces = placed(boxes)
    by_id = {face.id: face.key for face in faces}
    found = {key: by_id[face] for key, face in matched(keys, faces).items()}
    assert found == step_by_step(keys, faces)
    assert len(set(found.values())) == len(found)
    again = placed(boxes[::-1], first_id=100)
    by_id = {face.id: face.key for face in again}
    assert {key: by_id[face] for key, face in matched(keys[::-1], again).items()} == found


def test_the_nearer_of_two_keys_gets_the_face() -> None:
    face = FaceKey(b"photo", 0.2, 0.2, 0.4, 0.4)
    near = FaceKey(b"photo", 0.21, 0.2, 0.41, 0.4)
    far = FaceKey(b"photo", 0.25, 0.2, 0.45, 0.4)
    assert matched([far, near], placed([face])) == {near: 1}
    assert matched([far], placed([face])) == {far: 1}
