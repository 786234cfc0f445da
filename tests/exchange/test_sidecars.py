"""Which XMP file is whose."""

from pathlib import Path

import pytest

from opqn_app.exchange.sidecars import Sidecars, said_suffix, sidecar_to_write, sidecars_of

NS = "http://ns.adobe.com/photoshop/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def packet(body: str = "", attributes: str = "") -> str:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="{RDF}"><r:Description '
        f'xmlns:ps="{NS}" {attributes}>{body}</r:Description></r:RDF></x:xmpmeta>'
    )


def made(folder: Path, *names: str, content: str = "") -> None:
    for name in names:
        (folder / name).write_text(content or packet())


def of(folder: Path, photo: str) -> list[str]:
    return [path.name for path in sidecars_of(folder / photo)]


def test_the_full_name_counts_before_the_stem(tmp_path: Path) -> None:
    made(tmp_path, "a.jpg", "a.jpg.xmp", "a.xmp", "b.JPG", "B.jpg.XMP", "c.png")
    assert of(tmp_path, "a.jpg") == ["a.jpg.xmp", "a.xmp"]
    assert of(tmp_path, "b.JPG") == ["B.jpg.XMP"]
    assert of(tmp_path, "c.png") == []
    assert of(tmp_path, "none.jpg") == []
    assert of(tmp_path / "nowhere", "a.jpg") == []


def test_photos_whose_names_differ_in_capitals_alone_have_each_their_own(tmp_path: Path) -> None:
    beside = Sidecars(tmp_path, ["a.jpg", "A.jpg", "a.jpg.xmp", "b.jpg", "B.jpg", "B.jpg.xmp"])
    beside_both = Sidecars(tmp_path, ["a.jpg", "A.jpg", "a.jpg.xmp", "A.jpg.XMP"])
    assert [path.name for path in beside.of("a.jpg")] == ["a.jpg.xmp"]
    assert beside.of("A.jpg") == ()
    assert beside.of("b.jpg") == ()
    assert beside.to_write("A.jpg").name == "A.jpg.xmp"
    assert [path.name for path in beside_both.of("A.jpg")] == ["A.jpg.XMP"]
    assert [path.name for path in beside_both.of("a.jpg")] == ["a.jpg.xmp"]


def test_the_file_of_a_raw_photo_is_never_that_of_its_jpeg(tmp_path: Path) -> None:
    made(tmp_path, "IMG.CR3", "IMG.JPG", "IMG.xmp")
    assert of(tmp_path, "IMG.CR3") == ["IMG.xmp"]
    assert of(tmp_path, "IMG.JPG") == []
    (tmp_path / "IMG.CR3").unlink()
    assert of(tmp_path, "IMG.JPG") == ["IMG.xmp"]


@pytest.mark.parametrize(
    "said",
    [
        packet(attributes="ps:SidecarForExtension='CR3'"),
        packet("<ps:SidecarForExtension>CR3</ps:SidecarForExtension>"),
    ],
)
def test_what_the_file_says_counts_most(tmp_path: Path, said: str) -> None:
    """Lightroom names the kind of RAW photo; it may lie elsewhere by now."""
    made(tmp_path, "IMG.JPG", "IMG.DNG", "IMG.CR3")
    made(tmp_path, "IMG.xmp", content=said)
    assert said_suffix(tmp_path / "IMG.xmp") == ".cr3"
    assert [of(tmp_path, f"IMG.{kind}") for kind in ("JPG", "DNG", "CR3")] == [[], [], ["IMG.xmp"]]
    (tmp_path / "IMG.CR3").unlink()
    (tmp_path / "IMG.DNG").unlink()
    assert of(tmp_path, "IMG.JPG") == []


def test_a_file_that_may_be_of_several_photos_is_of_none(tmp_path: Path) -> None:
    made(tmp_path, "a.jpg", "a.png", "a.xmp", "b.CR2", "b.dng", "b.xmp")
    assert of(tmp_path, "a.jpg") == of(tmp_path, "a.png") == []
    assert of(tmp_path, "b.CR2") == ["b.xmp"]
    assert of(tmp_path, "b.dng") == []


def test_what_is_written_goes_where_names_are_already(tmp_path: Path) -> None:
    made(tmp_path, "a.jpg", "a.xmp", "b.jpg", "c.CR3", "c.JPG", "c.xmp", "d.jpg", "d.JPG.xmp")
    wanted = {"a.jpg": "a.xmp", "b.jpg": "b.jpg.xmp", "c.CR3": "c.xmp", "c.JPG": "c.JPG.xmp"}
    for photo, sidecar in (wanted | {"d.jpg": "d.JPG.xmp"}).items():
        assert sidecar_to_write(tmp_path / photo).name == sidecar


def test_names_that_are_listed_once_serve_a_whole_folder(tmp_path: Path) -> None:
    made(tmp_path, "a.jpg.xmp")
    folder = Sidecars(tmp_path, ["a.jpg", "b.jpg", "a.jpg.xmp"])
    assert folder.of("a.jpg") == (tmp_path / "a.jpg.xmp",)
    assert folder.of("b.jpg") == ()


@pytest.mark.parametrize("content", ["", "<", "<!DOCTYPE a [<!ENTITY b 'CR3'>]>" + packet()])
def test_a_file_that_is_no_xmp_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.xmp").write_text(content)
    assert said_suffix(tmp_path / "a.xmp") is None
    assert said_suffix(tmp_path / "none.xmp") is None
