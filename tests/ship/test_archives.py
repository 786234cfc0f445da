"""Archives of the same files have the same bytes, whenever and by whom they are made."""

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import about
import deb
import pytest
from archives import ar, tar_xz

from opqn_app.core.display import DEBIAN_PACKAGES

EPOCH = 1_700_000_000


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A small stand-in for what freeze.py makes: a program, a library and a link to it."""
    folder = tmp_path / "program"
    (folder / "lib" / "deep").mkdir(parents=True)
    (folder / "opqn").write_text("#!/bin/sh\n")
    (folder / "opqn").chmod(0o700)
    (folder / "lib" / "deep" / "libz.so.1").write_bytes(b"\x7fELF" * 100)
    (folder / "lib" / "libz.so").symlink_to("deep/libz.so.1")
    return folder


def copy_of(folder: Path, place: Path) -> Path:
    """The same files, made in another order, at another time, with other rights."""
    for path in sorted(folder.rglob("*"), reverse=True):
        target = place / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            target.symlink_to(path.readlink())
        elif path.is_file():
            shutil.copyfile(path, target)
            target.chmod(0o777 if path.stat().st_mode & 0o100 else 0o600)
            os.utime(target, (1, 1))
    return place


def test_a_tar_depends_on_the_files_alone(program: Path, tmp_path: Path) -> None:
    other = copy_of(program, tmp_path / "other")
    first, second = (tar_xz(each, prefix="x/", epoch=EPOCH) for each in (program, other))
    assert first == second
    (other / "opqn").write_text("#!/bin/sh\n# changed\n")
    assert tar_xz(other, prefix="x/", epoch=EPOCH) != first


def test_a_tar_keeps_links_and_what_can_be_run(program: Path) -> None:
    content = io.BytesIO(tar_xz(program, prefix="x/", epoch=EPOCH))
    with tarfile.open(fileobj=content) as tar:
        found = {each.name: each for each in tar}
    assert list(found) == ["x/lib", "x/lib/deep", "x/lib/deep/libz.so.1", "x/lib/libz.so", "x/opqn"]
    assert found["x/opqn"].mode == 0o755
    assert found["x/lib/deep/libz.so.1"].mode == 0o644
    assert found["x/lib/libz.so"].linkname == "deep/libz.so.1"
    assert {each.mtime for each in found.values()} == {EPOCH}
    assert {(each.uid, each.gid) for each in found.values()} == {(0, 0)}


def test_an_ar_pads_members_to_even_sizes() -> None:
    made = ar({"odd": b"abc", "even": b"ab"}, epoch=EPOCH)
    assert made.startswith(b"!<arch>\nodd ")
    assert made.endswith(b"ab")
    assert len(made) == 8 + 60 + 4 + 60 + 2


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs Debian's dpkg")
def test_dpkg_reads_installs_and_removes_the_package(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(EPOCH))
    (tmp_path / "out").mkdir()
    file = deb.write(tmp_path / "out", program, None)
    once = file.read_bytes()
    assert deb.write(tmp_path / "out", program, None).read_bytes() == once
    told = run("dpkg-deb", "--field", str(file))
    assert f"Version: {about.version()}" in told
    assert int(told.partition("Installed-Size: ")[2].split()[0]) >= 100  # the screenshots
    root = tmp_path / "root"
    admin = root / "var/lib/dpkg"
    for name in ("updates", "info"):
        (admin / name).mkdir(parents=True)
    (admin / "status").touch()
    dpkg = ("dpkg", f"--root={root}", "--force-not-root", "--force-depends", "--log=/dev/null")
    run(*dpkg, "--install", str(file))
    command = root / "usr/bin/opqn"
    assert command.resolve() == root / "usr/lib/opqn-photo-search/opqn"
    assert (root / "usr/share/applications/org.opqn.PhotoSearch.desktop").is_file()
    assert (root / "usr/share/doc/opqn-photo-search/copyright").read_text().startswith("OPQN")
    run("dpkg", f"--root={root}", "--verify", about.NAME)
    run(*dpkg, "--remove", about.NAME)
    assert [each for each in (root / "usr").rglob("*") if each.is_file()] == []


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_package_depends_on_what_the_window_asks_for() -> None:
    """`opqn_app.core.display` names what a bare Debian lacks."""
    names = {choice.split(" ")[0] for each in deb.DEPENDS for choice in each.split(" | ")[:1]}
    assert names - {"libc6", "libstdc++6"} == set(DEBIAN_PACKAGES)
