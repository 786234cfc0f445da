"""`opqn export`, as typed: photos, names and lists go out, and names are taken back."""

import csv
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.exchange.going_photos import tree

RunCommand = Callable[..., tuple[int, dict[str, Any], str]]
Said = Callable[..., tuple[int, str, str]]

SIZE = (320, 240)

pytestmark = pytest.mark.slow


@pytest.fixture
def go(run: RunCommand) -> RunCommand:
    """As the usual one, with --json."""
    return lambda *words: run(*words, "--json")


@pytest.fixture
def said(run: RunCommand) -> Said:
    """As the usual one, with words."""

    def typed(*words: object) -> tuple[int, str, str]:
        status, value, err = run(*words)
        return status, value["text"], err

    return typed


@pytest.fixture
def photos(make_photo: Callable[..., Path], go: RunCommand) -> Path:
    """0.png to 3.png with two faces each; Ann is on 0 and 1, Ben on 1 and 2."""
    paths = [make_photo(f"photos/{n}.png", seed=n, size=SIZE) for n in range(4)]
    folder = paths[0].parent
    assert go("index", folder)[0] == 0
    faces = [go("who", path)[1]["faces"] for path in paths]
    go("name", faces[0][0]["face_id"], faces[1][0]["face_id"], "Ann")
    go("name", faces[1][1]["face_id"], faces[2][0]["face_id"], "Ben")
    return folder


def names_in(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_a_person_goes_out_to_a_folder_and_comes_in_elsewhere(
    go: RunCommand, photos: Path, tmp_path: Path
) -> None:
    before = tree(photos)
    out = tmp_path / "out"
    status, report, _ = go("export", "people", out, "--person", "Ann")
    assert (status, report["copied"], report["sidecars"]) == (0, 2, 2)
    assert names_in(out) == [
        *("Ann/0.png", "Ann/0.png.xmp", "Ann/1.png", "Ann/1.png.xmp"),
    ]
    assert b"Ben" not in (out / "Ann" / "1.png.xmp").read_bytes()
    assert tree(photos) == before
    other = tmp_path / "other.sqlite"
    go("index", out, "--library", other)
    taken = go("import", "xmp", out, "--library", other)[1]["taken"]
    assert [(name["name"], name["faces"]) for name in taken] == [("Ann", 2)]


def test_photos_are_chosen_as_find_chooses_them(
    go: RunCommand, photos: Path, tmp_path: Path
) -> None:
    def copied(*words: object) -> list[str]:
        folder = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
        go("export", "photos", folder, *words)
        return names_in(folder)

    assert copied() == ["0.png", "1.png", "2.png", "3.png"]
    assert copied("--with", "Ann", "--with", "Ben") == ["1.png"]
    assert copied("--with", "Ann", "--without", "Ben") == ["0.png"]
    assert copied("--person", "Ann", "--person", "Ben", "--folders") == [
        *("Ann/0.png", "Ann/1.png", "Ben/1.png", "Ben/2.png"),
    ]
    assert copied("--photos", photos / "3.png", photos / "0.png") == ["0.png", "3.png"]
    assert copied("--face", f"{photos / '2.png'}#1") == ["2.png"]
    assert copied("--under", photos, "--person", "Ben", "--names") == [
        *("1.png", "1.png.xmp", "2.png", "2.png.xmp"),
    ]


def test_names_go_beside_photos_after_a_look_and_are_taken_back(
    said: Said, go: RunCommand, photos: Path
) -> None:
    before = tree(photos)
    status, plan, _ = go("export", "xmp", "--dry-run")
    assert (status, tree(photos)) == (0, before)
    assert [(Path(each["sidecar"]).name, each["names"]) for each in plan["sidecars"]] == [
        *(("2.png.xmp", ["Ben"]), ("1.png.xmp", ["Ann", "Ben"]), ("0.png.xmp", ["Ann"])),
    ]
    assert plan["nameless"] == 1
    _, text, _ = said("export", "xmp", "--dry-run", "--person", "Ann")
    assert f"{photos / '1.png.xmp'} (new): Ann\n" in text
    assert "Names would be written to 2 XMP files beside their photos." in text
    _, text, _ = said("export", "xmp")
    assert "Names were written to 3 XMP files" in text
    assert text.endswith("Undo: opqn export xmp --undo\n")
    again = go("import", "xmp", photos)[1]
    assert (again["taken"], again["clashes"]) == ([], [])
    assert said("export", "xmp")[1].startswith(
        "There is nothing to write. 3 photos have it all already."
    )
    named = tree(photos)
    _, text, _ = said("export", "xmp", "--undo", "--dry-run")
    assert text.endswith("3 XMP files that had been made would be removed.\n")
    assert str(photos / "1.png.xmp") in text
    assert tree(photos) == named
    assert "No names were written" in said("export", "xmp", "--undo", "--library", "other")[2]
    assert tree(photos) == named
    assert said("export", "xmp", "--undo")[1] == ("3 XMP files that had been made are removed.\n")
    assert tree(photos) == before
    assert "No names were written" in said("export", "xmp", "--undo")[2]


def test_another_name_is_told(said: Said, go: RunCommand, photos: Path) -> None:
    go("export", "xmp")
    go("name", "--person", "Ann", "Anja")
    _, text, _ = said("export", "xmp")
    assert "0.png.xmp: Ann stays; the library says Anja" in text
    assert "unless you say --replace" in text
    _, text, _ = said("export", "xmp", "--replace")
    assert "0.png.xmp: Ann made way; the library says Anja" in text
    assert b"Ann" not in (photos / "0.png.xmp").read_bytes()


def test_a_name_is_taken_out_of_the_files_whoever_wrote_it(said: Said, photos: Path) -> None:
    """! Tools leave a name or a box behind; here the saved bytes are searched for the name."""
    before = tree(photos)
    said("export", "xmp")
    named = tree(photos)
    caption = photos / "2.png.xmp"
    text = caption.read_text().replace(
        "<rdf:Description ", "<rdf:Description>BEN!</rdf:Description><rdf:Description ", 1
    )
    shown = said("export", "xmp", "--take-out", "ben", "--dry-run")
    assert shown[1] == "ben would be taken out of 2 XMP files.\n"
    assert tree(photos) == named
    caption.write_text(text)
    _, out, err = said("export", "xmp", "--take-out", "ben")
    assert out == "ben was taken out of 2 XMP files. Undo: opqn export xmp --undo\n"
    assert err == f"{caption} still holds ben elsewhere, such as in a caption.\n"
    assert b"Ben" not in (photos / "1.png.xmp").read_bytes()
    assert b"Ann" in (photos / "1.png.xmp").read_bytes()
    assert "has a person called Dan" in said("export", "xmp", "--take-out", "Dan")[1]
    said("export", "xmp", "--undo")
    assert caption.read_text() == text
    said("export", "xmp", "--undo")
    assert set(tree(photos)) - set(before) == {"2.png.xmp"}  # it was changed since


def test_lists_and_a_search_as_a_list(
    go: RunCommand, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert go("export", "list", tmp_path / "all.csv")[1]["faces"] == 8
    text = (tmp_path / "all.csv").read_bytes().decode("utf-8-sig")
    people = [row["person"] for row in csv.DictReader(io.StringIO(text))]
    assert sorted(people) == ["", "", "", "", "Ann", "Ann", "Ben", "Ben"]
    found = go("search", photos / "0.png", "-k", 3)[1]
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(found)))
    assert go("export", "list", tmp_path / "hits.json", "--hits", "-")[1]["faces"] == 3
    rows = json.loads((tmp_path / "hits.json").read_bytes())["photos"]
    listed = {face["face_id"]: face["probability"] for row in rows for face in row["faces"]}
    assert listed == {hit["face_id"]: hit["probability"] for hit in found["hits"]}
    shown = go("export", "list", tmp_path / "no.csv", "--person", "Ann", "--dry-run")[1]
    assert [face["person"] for row in shown["photos"] for face in row["faces"]] == ["Ann", "Ann"]
    assert not (tmp_path / "no.csv").exists()


def test_a_zip_and_what_it_would_hold(
    said: Said, go: RunCommand, photos: Path, tmp_path: Path
) -> None:
    _, text, _ = said("export", "zip", tmp_path / "a.zip", "--folders", "--dry-run")
    assert re.fullmatch(
        r"5 photos, .* would go to .*a\.zip, in 3 folders: Ann, Ben, No name\.\n", text
    )
    assert not (tmp_path / "a.zip").exists()
    assert go("export", "zip", tmp_path / "a.zip", "--with", "Ann")[1]["photos"] == 2
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["1.png", "0.png"]


@pytest.mark.parametrize("name", ["sheet.pdf", "sheet.png"])
def test_a_contact_sheet(
    go: RunCommand, photos: Path, tmp_path: Path, name: str, qapp: object
) -> None:
    status, report, _ = go("export", "sheet", tmp_path / name, "--person", "Ann")
    assert (status, report["photos"], report["paths"]) == (0, 2, [str(tmp_path / name)])
    if name.endswith("png"):
        with Image.open(tmp_path / name) as page:
            assert page.size == (1190, 1684)
    else:
        assert (tmp_path / name).read_bytes().startswith(b"%PDF")


def test_a_sheet_is_a_photo_of_the_library_only_by_force(
    said: Said, photos: Path, qapp: object
) -> None:
    status, _, words = said("export", "sheet", photos / "all.png")
    assert (status, "one more photo of it" in words) == (1, True)
    assert said("export", "sheet", photos / "all.png", "--dry-run")[0] == 1
    assert not (photos / "all.png").exists()
    assert said("export", "sheet", photos / "all.pdf")[0] == 0
    assert said("export", "sheet", photos / "all.png", "--force")[0] == 0


def test_copies_go_to_the_library_only_by_force(said: Said, photos: Path) -> None:
    """! They doubled the library."""
    before = tree(photos)
    for words in (("photos", photos / "new"), ("people", photos), ("photos", photos, "--names")):
        for more in ((), ("--dry-run",)):
            status, _, err = said("export", *words, *more)
            assert status == 1
            assert "a folder of your library" in err
    assert tree(photos) == before
    assert said("export", "photos", photos / "new", "--force")[0] == 0
    assert len(names_in(photos / "new")) == 4


def test_photos_of_one_file_go_out_once(
    said: Said, go: RunCommand, photos: Path, tmp_path: Path
) -> None:
    twin = photos / "more" / "twin.png"
    twin.parent.mkdir()
    twin.write_bytes((photos / "0.png").read_bytes())
    go("index", photos)
    _, text, _ = said("export", "photos", tmp_path / "out")
    assert "1 was left out, since another one is the same file; --copies takes all." in text
    assert len(names_in(tmp_path / "out")) == 4
    assert go("export", "photos", tmp_path / "all", "--copies")[1]["copied"] == 5
    assert go("export", "zip", tmp_path / "a.zip")[1]["twins"] == 1
    assert go("export", "zip", tmp_path / "b.zip", "--copies")[1]["photos"] == 5
    assert len(go("export", "people", tmp_path / "no", "--dry-run")[1]["photos"]) == 4
    (photos / "0.png").unlink()  # the twin goes in its place
    report = go("export", "photos", tmp_path / "out2", "--person", "Ann")[1]
    assert (report["copied"], report["problems"]) == (2, [])


def test_why_a_photo_is_not_in_the_library_is_said(
    said: Said, go: RunCommand, photos: Path, tmp_path: Path
) -> None:
    """! "Index its folder first" was said of a file that can't be read, of an indexed folder."""
    (photos / "broken.png").write_bytes(b"no picture")
    go("index", photos)
    (photos / "new.png").write_bytes((photos / "0.png").read_bytes())
    for name, words in [
        ("broken.png", "could not be read when it was indexed"),
        ("new.png", "was not there when its folder was indexed"),
        ("none.png", "is not there"),
    ]:
        status, _, err = said("export", "photos", tmp_path / "out", "--photos", photos / name)
        assert status == 1
        assert words in err


@pytest.mark.parametrize(("part", "suffix"), [("zip", "zip"), ("sheet", "pdf"), ("list", "csv")])
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_no_photo_is_ever_replaced(
    said: Said,
    photos: Path,
    tmp_path: Path,
    qapp: object,
    part: str,
    suffix: str,
    force: tuple[str, ...],
) -> None:
    """! `opqn export zip` made a zip of the original that was named by mistake."""
    before = tree(photos)
    link = tmp_path / f"link.{suffix}"
    link.symlink_to(photos / "0.png")
    for target in (photos / "0.png", link):
        status, out, err = said("export", part, target, *force)
        assert (status, out) == (1, "")
        assert err
    assert tree(photos) == before


@pytest.mark.parametrize("name", ["zip a.zip", "sheet a.pdf", "list a.csv", "list a.json"])
def test_what_is_there_is_replaced_only_by_force(
    said: Said, photos: Path, tmp_path: Path, qapp: object, name: str
) -> None:
    part, _, file = name.partition(" ")
    (tmp_path / file).write_bytes(b"somebody's")
    for more in ((), ("--dry-run",)):
        status, _, err = said("export", part, tmp_path / file, *more)
        assert status == 1
        assert f"{file} is there already." in err
        assert "--force" in err
    assert (tmp_path / file).read_bytes() == b"somebody's"
    assert said("export", part, tmp_path / file, "--force")[0] == 0
    assert (tmp_path / file).read_bytes() != b"somebody's"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("zip OUT.cbz", "ends in .zip"),
        ("photos OUT --person Dan", "Nobody is called Dan"),
        ("photos OUT --year 1950", "No photo of the library is like that"),
        ("people OUT --photos PHOTOS/3.png", "Nobody is named on these photos"),
        ("list OUT.txt", "is a .csv or a .json"),
        ("sheet OUT.bmp", "is a .pdf or a .png"),
        ("list OUT.csv --hits PHOTOS/0.png", "is not what `opqn search --json` prints"),
        ("list OUT.csv --hits OUT", "can't be read"),
        ("photos OUT --photos OUT", "is not in the library"),
    ],
)
def test_what_can_not_be_is_one_sentence(
    said: Said, photos: Path, tmp_path: Path, qapp: object, line: str, words: str
) -> None:
    typed = line.replace("OUT", str(tmp_path / "out")).replace("PHOTOS", str(photos)).split()
    status, out, err = said("export", *typed)
    assert status == 1
    assert words in err
    assert not out
    assert not list(tmp_path.glob("out*"))


def test_what_is_away_is_told_beside_the_result(said: Said, photos: Path, tmp_path: Path) -> None:
    (photos / "0.png").unlink()
    status, out, err = said("export", "photos", tmp_path / "out")
    assert (status, out) == (0, f"3 photos copied to {tmp_path / 'out'}.\n")
    assert err.endswith("0.png is not copied: it is not there.\n")


def test_a_photo_that_could_not_be_read_is_not_called_unknown(
    said: Said, go: RunCommand, photos: Path, tmp_path: Path
) -> None:
    broken = photos / "broken.jpg"
    broken.write_bytes(b"")
    go("index", photos)
    status, _, err = said("export", "photos", tmp_path / "out", "--photos", broken)
    assert status == 1
    assert f"{broken} could not be read when it was indexed: " in err
    assert "Index its folder" not in err
