"""What goes when no faces are remembered, and what stays, in words."""

from opqn_app.core.progress import counted
from opqn_app.exchange.going.no_faces import Forgotten
from opqn_app.people.no_faces import KeptOfFaces


def would_go_in_words(kept: KeptOfFaces, pictures: int) -> list[str]:
    """What would be deleted, one thing a line.

    Args:
        pictures: bytes outside the library, see `no_faces.pictures_outside`.
    """
    lines = faces_in_words(kept)
    if kept.searches:
        named = ", ".join(f"“{name}”" for name in kept.searches)
        lines.append(f"saved searches that ask for people: {named}")
    if kept.backups:
        lines.append(f"all of that from {counted(kept.backups, 'backup')}")
    if pictures:
        lines.append(
            f"{pictures / 1e6:.1f} MB of reports of evaluations and of face crops to train on"
        )
    return lines


def faces_in_words(kept: KeptOfFaces) -> list[str]:
    """What a library knows of faces, one thing a line."""
    lines = [
        f"{counted(kept.faces, 'face')}: their pictures, codes, places and groups",
        f"what is known of {counted(kept.photos, 'photo')}; the photos themselves are not touched",
    ]
    if kept.decisions:
        said = f"{counted(kept.decisions, 'decision')} about who is who"
        lines.append(f"{counted(kept.names, 'name')}, and {said}, beyond undo")
    return lines


def stays_in_words(kept: KeptOfFaces) -> str:
    """What is kept, and what it can't mean."""
    return (
        f"{counted(kept.folders, 'folder').capitalize()}, the settings, other saved searches and "
        "trained models stay. So do your photos, and names that were written to XMP files beside "
        "them."
    )


def forgotten_in_words(done: Forgotten) -> list[str]:
    """What went, one thing a line."""
    kept = done.kept
    went = f"{counted(kept.faces, 'face')} on {counted(kept.photos, 'photo')}, "
    went += f"{counted(kept.names, 'name')} and {counted(kept.decisions, 'decision')}"
    lines = [f"No face is remembered now. Deleted: {went}."]
    if kept.searches:
        named = ", ".join(f"“{name}”" for name in kept.searches)
        lines.append(f"Saved searches that are gone too: {named}.")
    if done.backups:
        lines.append(f"It was taken out of {counted(done.backups, 'backup')}.")
    if done.backups_deleted:
        number = counted(done.backups_deleted, "backup")
        lines.append(f"Deleted {number} that could not be read or written anew.")
    if done.pictures:
        lines.append(f"{done.pictures / 1e6:.1f} MB of pictures of faces beside it are gone.")
    if done.sidecars:
        number = counted(len(done.sidecars), "XMP file")
        lines.append(f"Names are still in {number} beside your photos:")
        lines += [f"  {path}" for path in done.sidecars]
    lines.append(stays_in_words(kept))
    return lines
