"""`opqn relocate`, as typed; and a library that is copied to another machine without its photos."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opqn_app.cli import commands

Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def photos(tmp_path: Path, make_photo: Callable[..., Path], run: Run) -> Path:
    for number in range(4):
        make_photo(f"photos/{number}.png", seed=number)
    assert run("index", tmp_path / "photos")[0] == 0
    return tmp_path / "photos"


def test_a_folder_is_relocated_and_goes_back(run: Run, photos: Path) -> None:
    new = photos.with_name("my pictures")
    photos.rename(new)
    assert (
        run("search", new / "0.png")[2]
        .splitlines()[-1]
        .endswith(f"If they are in another folder: opqn relocate {photos} FOLDER")
    )
    assert "if it is elsewhere: opqn relocate" in run("status")[1]["text"]
    status, found, _ = run("relocate", photos, new, "--dry-run", "--json")
    assert (status, found["there"], found["missing"], found["compared"]) == (0, 4, [], 4)
    assert run("status", "--json")[1]["folders"][0]["path"] == str(photos)
    status, told, _ = run("relocate", photos, new)
    assert (status, told["text"]) == (
        0,
        f"All 4 photos are there. The library finds them in {new} now.\n",
    )
    status, report, _ = run("index", new, "--json")
    assert (report["unchanged"], report["decoded"]) == (4, 0)
    assert "not there" not in run("search", new / "0.png")[2]
    status, told, _ = run("relocate", new, "--undo")
    assert (status, told["text"]) == (
        0,
        f"The library looks for these photos in {photos} again.\n",
    )
    assert run("status", "--json")[1]["folders"][0]["path"] == str(photos)


def test_what_is_missing_is_a_status(run: Run, photos: Path) -> None:
    new = photos.with_name("new")
    photos.rename(new)
    (new / "3.png").unlink()
    status, found, _ = run("relocate", photos, new, "--json")
    assert (status, found["photos"], found["there"], found["missing"]) == (1, 4, 3, ["3.png"])


def test_what_can_not_be_is_one_sentence(run: Run, photos: Path) -> None:
    for words in (
        ("relocate", photos),
        ("relocate", photos, photos.parent, "--undo"),
        ("relocate", photos, "--undo", "--dry-run"),
        ("relocate", photos, "--undo"),
        ("relocate", photos, photos),
        ("relocate", photos.parent / "other", photos),
    ):
        status, _, said = run(*words)
        assert (status, len(said.splitlines())) == (1, 1), words


def test_written_names_are_taken_back_where_the_photos_are_now(run: Run, photos: Path) -> None:
    """What was written beside photos follows them, and a library whose file was renamed."""
    face = run("who", photos / "0.png", "--json")[1]["faces"][0]["face_id"]
    run("name", face, "Anna")
    assert run("export", "xmp")[0] == 0
    assert (photos / "0.png.xmp").is_file()
    new = photos.with_name("new")
    photos.rename(new)
    run("relocate", photos, new)
    library = photos.parent / "library.sqlite"
    moved = photos.parent / "elsewhere" / "my faces.sqlite"
    moved.parent.mkdir()
    library.rename(moved)
    assert commands.run(["export", "--library", str(moved), "xmp", "--undo"]) == 0
    assert not (new / "0.png.xmp").exists()


def test_a_library_alone_is_searched_on_another_machine(
    run: Run, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the file goes along; its folders are not there, and its faces have their pictures."""
    query = tmp_path / "query.png"
    shutil.copy(photos / "2.png", query)
    answer = run("search", query)[1]["text"]
    carried = tmp_path / "stick" / "faces.db"
    carried.parent.mkdir()
    shutil.copy(tmp_path / "library.sqlite", carried)
    photos.rename(tmp_path / "left at home")
    assert commands.run(["search", "--library", str(carried), str(query)]) == 0
    out, err = capsys.readouterr()
    assert out == answer
    assert f"The folder {photos} is not there now" in err
    assert commands.run(["status", "--library", str(carried)]) == 0
    assert "4 photos, 8 faces" in capsys.readouterr().out
    assert commands.run(["index", "--library", str(carried), str(photos)]) == 1
    assert "what was indexed from it stays searchable" in capsys.readouterr().err
