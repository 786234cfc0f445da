"""What is said where a photo can't be handed to another program."""

from pathlib import Path

from opqn_app.ui.kit.desktop import cannot_open


def test_a_missing_viewer_is_not_called_an_unplugged_disk(tmp_path: Path) -> None:
    photo = tmp_path / "photo.cr3"
    assert "not plugged in" in cannot_open(photo)
    photo.write_bytes(b"raw")
    said = cannot_open(photo)
    assert "No program on this computer opens photo.cr3" in said
    assert "plugged" not in said
