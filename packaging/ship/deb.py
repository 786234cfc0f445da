"""Makes a Debian package of the frozen program; the same folder gives the same bytes."""

import hashlib
import tempfile
from pathlib import Path

import about
from archives import ar, below, linked, tar_xz
from share import write_share

# What Qt loads and a bare Debian lacks; `opqn_app.core.display` knows the same list.
DEPENDS = (
    *("libc6 (>= 2.35)", "libdbus-1-3", "libegl1", "libfontconfig1", "libfreetype6", "libgl1"),
    *("libglib2.0-0 | libglib2.0-0t64", "libgssapi-krb5-2", "libstdc++6", "libx11-6"),
    *("libx11-xcb1", "libxcb-cursor0", "libxcb-glx0", "libxcb-icccm4", "libxcb-image0"),
    *("libxcb-keysyms1", "libxcb-randr0", "libxcb-render-util0", "libxcb-render0"),
    *("libxcb-shape0", "libxcb-shm0", "libxcb-sync1", "libxcb-util1", "libxcb-xfixes0"),
    *("libxcb-xkb1", "libxcb1", "libxkbcommon-x11-0", "libxkbcommon0"),
)
RECOMMENDS = ("fonts-dejavu-core | fonts-noto-core", "hicolor-icon-theme")
DESCRIPTION = (
    "The program ranks every face in a library of photos by how alike it is to",
    "the face of a photo that you drop in. It groups the faces, and you name each",
    "group once. Nothing is sent anywhere, and photos are only read.",
)


def write(out: Path, program: Path, site: Path | None) -> Path:
    """Write the package of the folder `program` into `out`.

    Args:
        site: the pages that mkdocs built.
    """
    with tempfile.TemporaryDirectory(dir=out) as place:
        root = Path(place)
        lay_out(root, program, site)
        made = package(root, about.epoch())
    file = out / f"{about.NAME}_{about.version()}_amd64.deb"
    file.write_bytes(made)
    return file


def lay_out(root: Path, program: Path, site: Path | None) -> None:
    """Put everything where Debian wants it, below `root`; the program is linked, not copied."""
    linked(program, root / about.INSTALLED.lstrip("/"))
    command = root / "usr" / "bin" / about.COMMAND
    command.parent.mkdir(parents=True)
    command.symlink_to(f"../lib/{about.NAME}/{about.COMMAND}")
    write_share(root / "usr" / "share", site)
    doc = root / "usr" / "share" / "doc" / about.NAME
    parts = [(about.ROOT / name).read_text(encoding="utf-8") for name in ("LICENSE", "NOTICE")]
    told = f"Licences of the parts: {about.INSTALLED}/licences\n"
    (doc / "copyright").write_text("\n".join([*parts[::-1], told]), encoding="utf-8")


def package(root: Path, epoch: int) -> bytes:
    """The bytes of a .deb that installs what lies below `root`."""
    with tempfile.TemporaryDirectory() as place:
        control = Path(place)
        for name, text in control_files(root).items():
            (control / name).write_text(text, encoding="utf-8")
        members = {
            "debian-binary": b"2.0\n",
            "control.tar.xz": tar_xz(control, prefix="./", epoch=epoch),
            "data.tar.xz": tar_xz(root, prefix="./", epoch=epoch),
        }
    return ar(members, epoch=epoch)


def control_files(root: Path) -> dict[str, str]:
    """Name → text of the files that tell dpkg of the package."""
    files = [path for path in below(root) if path.is_file() and not path.is_symlink()]
    kilobytes = sum(path.stat().st_size for path in files) // 1024
    fields = {
        "Package": about.NAME,
        "Version": about.version(),
        "Architecture": "amd64",
        "Maintainer": about.MAINTAINER,
        "Installed-Size": str(kilobytes),
        "Depends": ", ".join(DEPENDS),
        "Recommends": ", ".join(RECOMMENDS),
        "Section": "graphics",
        "Priority": "optional",
        "Description": "\n ".join([about.SUMMARY.lower(), *DESCRIPTION]),
    }
    sums = []
    for path in files:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "md5").hexdigest()
        sums.append(f"{digest}  {path.relative_to(root).as_posix()}\n")
    control = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return {"control": control, "md5sums": "".join(sums)}
