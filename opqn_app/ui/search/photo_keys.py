"""What sorting and grouping of results need to know of photos; runs in a lane."""

from typing import TYPE_CHECKING

from opqn_app.ui.search.result_order import PhotoKey

if TYPE_CHECKING:
    from opqn_app.store.library import Library


def photo_keys(library: "Library", face_ids: list[int]) -> list[PhotoKey]:
    """What sorting and grouping need, one a face; an unknown face sorts last."""
    known = {face.id: face.photo for face in library.faces(face_ids)}
    photos = library.photo_table.listed_of(sorted({photo.id for photo in known.values()}))
    first = dict(zip(reversed(photos.pictures()), reversed(photos.ids()), strict=True))
    same = {i: first[p] for i, p in zip(photos.ids(), photos.pictures(), strict=True)}
    keys = []
    for face_id in face_ids:
        photo = known.get(face_id)
        if photo is None:
            keys.append(PhotoKey(-face_id, "", "\uffff"))
        else:
            keys.append(
                PhotoKey(same[photo.id], photo.sort_time, f"{photo.root_id}/{photo.rel_path}")
            )
    return keys
