"""Every part of a build has a licence that lets it be passed on, or the build stops."""

import sys
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path

import kept
import licences
import notices
import pytest
import sbom
from parts import Part, parts_of


def files_of(*packages: str) -> list[str]:
    """All installed files of packages, as paths."""
    found = []
    for name in packages:
        package = distribution(name)
        found += [str(Path(str(package.locate_file(file)))) for file in package.files or ()]
    return found


@pytest.fixture(scope="module")
def parts() -> list[Part]:
    """Of what a build takes from these packages, as they are installed here."""
    sources = files_of("numpy", "pillow", "rawpy", "PySide6-Essentials", "openvino", "pathspec")
    folder = str(Path(str(distribution("numpy").locate_file(""))))
    own = [
        each for each in sources
        if kept.is_kept(each.removeprefix(f"{folder}/"), each, own_folders=[folder])
    ]  # fmt: skip
    return parts_of(own)


def test_the_packages_of_a_build_may_be_passed_on(parts: list[Part]) -> None:
    named = {(part.kind, part.name) for part in parts}
    assert {("package", "Python"), ("library", "Qt"), ("library", "LibRaw")} <= named
    assert notices.faults(parts) == []


def test_qt_is_taken_under_the_lgpl_with_its_text(parts: list[Part]) -> None:
    qt = next(part for part in parts if part.name == "Qt")
    assert qt.licence == "LGPL-3.0-only"
    assert qt.source
    assert {"LGPL-3.0.txt", "GPL-3.0.txt"} <= {text.name for text in notices.texts_of(qt)}


def test_the_gpl_is_found_out() -> None:
    """pillow-heif brings x265, which the bundle must not hold."""
    with pytest.raises(licences.UnknownLicenceError, match="libx265"):
        parts_of(files_of("pillow-heif"))
    jxl = distribution("pillow-jxl-plugin")
    assert not licences.may_be_passed_on(licences.of_package(jxl))


@pytest.mark.parametrize(
    ("expression", "is_free", "needs_source"),
    [
        ("MIT", True, False),
        ("MIT AND Zlib", True, False),
        ("GPL-3.0-only", False, True),
        ("MIT AND GPL-3.0-only", False, True),
        ("LGPL-3.0-only OR GPL-3.0-only", True, True),
        ("GPL-2.0-only OR MIT", True, False),
        ("(MIT OR GPL-3.0-only) AND AGPL-3.0-only", False, True),
        ("LicenseRef-Proprietary", False, True),
        ("", False, True),
    ],
)
def test_expressions(expression: str, is_free: bool, needs_source: bool) -> None:
    assert licences.may_be_passed_on(expression) == is_free
    assert licences.needs_source(expression) == needs_source


def test_what_is_missing_stops_a_build(parts: list[Part], tmp_path: Path) -> None:
    part = next(part for part in parts if part.name == "Qt")
    for changed, said in (
        (replace(part, licence="AGPL-3.0-only"), "does not know as free"),
        (replace(part, licence="MIT", texts=()), "no text of its licence"),
        (replace(part, source=""), "where its source can be had"),
    ):
        with pytest.raises(ValueError, match=said):
            notices.write_notices(tmp_path, [changed])


def test_a_file_of_nobody_stops_a_build(tmp_path: Path) -> None:
    with pytest.raises(licences.UnknownLicenceError, match="belongs to no package"):
        parts_of([str(tmp_path / "stray.py")])


def test_the_list_of_parts_is_cyclonedx(
    parts: list[Part], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = sbom.document(parts, version="1.2.3", epoch=1_700_000_000)
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    assert made["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
    assert made == sbom.document(parts, version="1.2.3", epoch=1_700_000_000)
    references = [each["bom-ref"] for each in made["components"]]
    assert len(references) == len(set(references)) == len(parts)
    told = {each["ref"]: each["dependsOn"] for each in made["dependencies"]}
    reached = {ref for refs in told.values() for ref in refs}
    assert reached == set(references)
    numpy = next(each for each in made["components"] if each["name"] == "numpy")
    assert numpy["purl"] == f"pkg:pypi/numpy@{distribution('numpy').version}"
    notices.write_notices(tmp_path, parts)
    words = (tmp_path / "licences" / "README.txt").read_text(encoding="utf-8")
    assert all(part.name in words for part in parts)
    assert (tmp_path / "licences" / "Python" / "LICENSE.txt").is_file()


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("PySide6/Qt/lib/libQt6Widgets.so.6", True),
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/Qt/plugins/imageformats/libqsvg.so", True),
        ("PySide6/Qt/plugins/imageformats/libqjpeg.so", False),
        ("PySide6/Qt/plugins/tls/libqopensslbackend.so", False),
        ("PySide6/Qt/lib/libQt6Qml.so.6", False),
        ("openvino/libs/libopenvino.so.2641", True),
        ("openvino/libs/libopenvino_intel_cpu_plugin.so", True),
        ("openvino/libs/libopenvino_intel_gpu_plugin.so", False),
        ("openvino/libs/libopenvino_pytorch_frontend.so.2641", False),
        ("openvino/libs/cache.json", False),
    ],
)
def test_what_a_build_keeps_of_packages(name: str, is_kept: bool) -> None:
    assert kept.is_kept(name, f"/site/{name}", own_folders=["/site"]) == is_kept


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [("libcrypto.so.3", True), ("libsqlite3.so.0", True), ("libX11.so.6", False),
     ("libreadline.so.8", False)],
)  # fmt: skip
def test_what_a_build_keeps_of_the_system(name: str, is_kept: bool) -> None:
    assert kept.is_kept(name, f"/usr/lib/{name}", own_folders=[sys.prefix]) == is_kept
