import io
import os
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision import images, pixels
from opqn_app.vision.images import open_photo, read_photo
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES
from tests.odd_files import (
    ORIENTATION,
    SIZE,
    OddFile,
    corners,
    dng,
    encoded,
    exif_bytes,
    jpeg_claiming,
    png_claiming,
    turned,
)

NAMED = {"red": (230, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 230), "white": (250,) * 3}


def quarters(image: Image.Image) -> list[str]:
    """The nearest named colour in the middle of each quarter, in reading order."""
    values = np.asarray(image, dtype=np.int32)
    height, width = values.shape[:2]
    spots = [values[height * j // 4, width * i // 4] for j, i in ((1, 1), (1, 3), (3, 1), (3, 3))]
    return [min(NAMED, key=lambda name: np.abs(spot - NAMED[name]).sum()) for spot in spots]


def reason_of(data: bytes, name: str = "a.jpg") -> str:
    with pytest.raises(PhotoUnreadable) as caught:
        read_photo(data, name)
    return caught.value.reason


def test_every_odd_file_opens_or_is_refused_with_a_reason(odd_files: list[OddFile]) -> None:
    assert len(odd_files) >= 40
    wrong = []
    for odd in odd_files:
        try:
            photo = open_photo(odd.path)
        except PhotoUnreadable as error:
            if odd.outcome == "photo" or odd.reason not in error.reason or not error.reason:
                wrong.append(f"{odd.path.name!r}: {error.reason}")
            continue
        is_right = odd.outcome == "photo" and (photo.width, photo.height) == odd.size
        if odd.is_plain:
            is_right = is_right and quarters(photo.image) == ["red", "green", "blue", "white"]
        if not is_right or photo.image.mode != "RGB":
            wrong.append(f"{odd.path.name!r}: opened as {photo}")
    assert wrong == []


def test_odd_files_stay_as_they_were(odd_files: list[OddFile]) -> None:
    def state(path: Path) -> tuple[int, int, int, int]:
        found = path.lstat()
        return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_mode

    before = {odd.path: state(odd.path) for odd in odd_files}
    for odd in odd_files:
        if odd.outcome == "photo":
            open_photo(odd.path)
    assert {odd.path: state(odd.path) for odd in odd_files} == before


def test_reading_from_memory_gives_the_same_photo(odd_files: list[OddFile]) -> None:
    for odd in (odd for odd in odd_files if odd.outcome == "photo"):
        from_file = open_photo(odd.path)
        from_memory = read_photo(odd.path.read_bytes(), odd.path.name)
        assert (from_file.width, from_file.height) == (from_memory.width, from_memory.height)
        assert from_file.taken_at == from_memory.taken_at
        np.testing.assert_array_equal(np.asarray(from_file.image), np.asarray(from_memory.image))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_all_orientations_come_out_upright(kind: str, orientation: int) -> None:
    stored = turned(corners((300, 200)), orientation)
    data = encoded(stored, kind, exif=exif_bytes(orientation), quality=95)
    photo = read_photo(data, "a", max_side=90)
    assert (photo.width, photo.height) == (300, 200)
    assert photo.image.size == (90, 60)
    assert quarters(photo.image) == ["red", "green", "blue", "white"]


def test_heic_is_not_turned_a_second_time_by_its_exif() -> None:
    """Phones write both: the container's rotation, which the decoder applies, and EXIF."""
    data = encoded(turned(corners(), 6), "HEIF", exif=exif_bytes(6), quality=95)
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["original_orientation"] == 6  # so the file really says it twice
        assert image.size == SIZE
    photo = read_photo(data, "a.heic")
    assert quarters(photo.image) == ["red", "green", "blue", "white"]


def test_heic_whose_container_does_not_turn_is_left_as_it_is() -> None:
    """By the HEIF standard EXIF orientation says nothing about the picture."""
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    data = encoded(corners(), "HEIF", exif=exif, quality=95)  # pillow-heif then turns nothing
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["original_orientation"] == 3
    assert quarters(read_photo(data, "a.heic").image) == ["red", "green", "blue", "white"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_time_of_exposure_is_read(kind: str) -> None:
    data = encoded(corners(), kind, exif=exif_bytes(1, "2019:08:24 17:05:33"))
    assert read_photo(data, "a").taken_at == "2019-08-24T17:05:33"


@pytest.mark.parametrize(
    "text", ["0000:00:00 00:00:00", "    :  :     :  :  ", "2019:13:01 00:00:00", "yesterday", ""]
)
def test_impossible_time_of_exposure_is_none(text: str) -> None:
    assert read_photo(encoded(corners(), "JPEG", exif=exif_bytes(1, text)), "a").taken_at is None


def test_small_photo_keeps_its_pixels() -> None:
    photo = read_photo(encoded(corners(), "PNG"), "a.png")
    np.testing.assert_array_equal(np.asarray(photo.image), np.asarray(corners()))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
def test_large_photo_is_bounded_and_averaged(kind: str) -> None:
    """A fine checkerboard must come out as its mean grey, not as a coarse false pattern."""
    board = (np.indices((1200, 1600)).sum(axis=0) % 2 * 255).astype(np.uint8)
    photo = read_photo(encoded(Image.fromarray(board), kind), "a", max_side=300)
    assert photo.image.size == (300, 225)
    assert (photo.width, photo.height) == (1600, 1200)
    values = np.asarray(photo.image, np.float32)
    assert np.abs(values - 127.5).max() < 6


def test_draft_decoding_differs_little_from_full_decoding() -> None:
    rng = np.random.default_rng(3)
    picture = Image.fromarray(rng.integers(0, 255, (30, 40, 3), np.uint8)).resize((1600, 1200))
    data = encoded(picture, "JPEG", quality=95)
    photo = read_photo(data, "a.jpg", max_side=400)
    with Image.open(io.BytesIO(data)) as whole:
        slow = whole.resize((400, 300), Image.Resampling.LANCZOS)
    difference = np.asarray(photo.image, np.float32) - np.asarray(slow, np.float32)
    assert np.abs(difference).mean() < 1.5


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_made_smaller_by_whole_numbers_alone(kind: str) -> None:
    """A filter to another size would take as long as decoding; 4032 is what telephones make."""
    for side, expected in ((7700, 1925), (4032, 2016), (3840, 1920), (3264, 3264), (1500, 1500)):
        data = encoded(Image.new("RGB", (side, side // 8), (90, 20, 200)), kind)
        photo = read_photo(data, "a")
        assert (photo.width, photo.image.width) == (side, expected)
        asked = read_photo(data, "a", max_side=384)
        assert asked.image.width == 384


def test_means_of_squares_stand_for_what_is_left_out() -> None:
    rng = np.random.default_rng(5)
    values = rng.integers(0, 255, (900, 4032, 3), np.uint8)
    photo = read_photo(encoded(Image.fromarray(values), "PNG", compress_level=1), "a.png")
    expected = values.reshape(450, 2, 2016, 2, 3).astype(np.float32).mean(axis=(1, 3))
    assert np.abs(np.asarray(photo.image, np.float32) - expected).max() <= 1


def test_who_asks_is_told_before_decoding_how_many_pixels_will_be_in_memory() -> None:
    picture = Image.new("L", (4032, 1000), 90)
    progressive = encoded(picture, "JPEG", progressive=True)
    for data, expected in (
        (encoded(picture, "JPEG"), 2016 * 500),
        (progressive, 4032 * 1000),  # all its coefficients
        (encoded(picture, "PNG"), 4032 * 1000),
    ):
        told: list[int] = []
        read_photo(data, "a", before_decoding=told.append)
        assert told == [expected]


def _with_thumbnail(size: tuple[int, int]) -> bytes:
    """A blue JPEG of 1600×1200 that carries a red EXIF thumbnail of `size`."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    head = exif.tobytes()
    thumbnail = encoded(Image.new("RGB", size, "red"), "JPEG")
    # The first directory ends in the place of the next one: IFD1, with offset and length.
    at, order = len(head) - 6, ">" if head[6:8] == b"MM" else "<"
    directory = struct.pack(
        f"{order}HHHLLHHLLL", 2, 0x201, 4, 1, at + 30, 0x202, 4, 1, len(thumbnail), 0
    )
    block = head[:-4] + struct.pack(f"{order}L", at) + directory + thumbnail
    return encoded(Image.new("RGB", (1600, 1200), "blue"), "JPEG", exif=block)


@pytest.mark.parametrize("max_side", [100, 384, 2048])
def test_a_thumbnail_in_the_file_never_stands_for_the_photo(max_side: int) -> None:
    """It may be older than the picture, as after an edit."""
    photo = read_photo(_with_thumbnail((512, 384)), "a.jpg", max_side=max_side)
    assert (photo.width, photo.height) == (1200, 1600)
    values = np.asarray(photo.image)
    assert values[..., 0].max() < 10 < 240 < values[..., 2].min()


@given(width=st.integers(1, 70_000), height=st.integers(1, 70_000), max_side=st.integers(1, 5000))
def test_bounded_size_fits_and_keeps_proportion(width: int, height: int, max_side: int) -> None:
    small = pixels.bounded_size((width, height), max_side)
    assert min(small) >= 1
    assert max(small) == min(max(width, height), max_side)
    factor = max(small) / max(width, height)
    assert abs(min(small) - max(1, min(width, height) * factor)) <= 1


def test_transparent_parts_become_white() -> None:
    picture = Image.new("RGBA", (8, 8), (200, 0, 0, 0))
    picture.paste((0, 100, 0, 255), (0, 0, 4, 8))
    values = np.asarray(read_photo(encoded(picture, "PNG"), "a.png").image)
    assert values[0, 0].tolist() == [0, 100, 0]
    assert values[0, 7].tolist() == [255, 255, 255]


def test_every_shade_of_every_transparency_is_laid_on_white_exactly() -> None:
    values = np.zeros((256, 256, 4), np.uint8)
    values[..., 0] = np.arange(256)
    values[..., 1] = values[::-1, ::-1, 0]
    values[..., 3] = np.arange(256)[:, None]
    image = Image.fromarray(values)
    alpha = values[..., 3:].astype(np.float64) / 255
    expected = np.rint(values[..., :3] * alpha + 255 * (1 - alpha))
    assert np.array_equal(np.asarray(read_photo(encoded(image, "PNG"), "a.png").image), expected)


def test_colour_of_transparent_pixels_does_not_bleed_when_shrinking() -> None:
    values = np.zeros((400, 400, 4), np.uint8)
    values[:, :200] = (255, 0, 0, 0)  # invisible red beside opaque white
    values[:, 200:] = 255
    photo = read_photo(encoded(Image.fromarray(values), "PNG"), "a.png", max_side=50)
    assert np.asarray(photo.image).min() >= 254


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_deep_grey_pictures_keep_their_tones(dtype: type) -> None:
    ramp = np.linspace(0, 1, 256)[None, :].repeat(32, axis=0)
    top = 1.0 if dtype is np.float32 else 65535
    data = encoded(Image.fromarray((ramp * top).astype(dtype)), "TIFF")
    values = np.asarray(read_photo(data, "a.tif").image, np.float32)
    np.testing.assert_allclose(values[:, :, 0], ramp * 255, atol=1.0)


def test_float_picture_with_impossible_values_opens() -> None:
    values = np.full((16, 16), 0.5, np.float32)
    values[0, 0], values[0, 1], values[0, 2] = np.nan, np.inf, -np.inf
    photo = read_photo(encoded(Image.fromarray(values), "TIFF"), "a.tif")
    assert np.asarray(photo.image)[8, 8, 0] in (127, 128)


@pytest.mark.slow
def test_huge_baseline_jpeg_passes_because_it_is_decoded_small() -> None:
    """24,000×12,000 is over the limit for decoded pixels, but not at an eighth of the size."""
    picture = Image.new("L", (24_000, 12_000), 90)
    photo = read_photo(encoded(picture, "JPEG"), "a.jpg", max_side=1000)
    assert (photo.width, photo.height) == (24_000, 12_000)
    assert photo.image.size == (1000, 500)


def test_bombs_are_refused_before_they_are_decoded() -> None:
    assert "megapixels" in reason_of(png_claiming(50_000, 50_000))
    assert "megapixels" in reason_of(jpeg_claiming(65_500, 65_500))
    assert "megapixels" in reason_of(jpeg_claiming(30_000, 30_000, progressive=True))


def test_file_over_the_size_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(images.MAX_FILE_BYTES + 1)  # sparse: takes no room
    with pytest.raises(PhotoUnreadable, match="limit is 1,074"):
        open_photo(path)


def test_pipe_is_never_opened(tmp_path: Path) -> None:
    """Opening it would block for ever; the test would hang."""
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoUnreadable, match="not a regular file"):
        open_photo(tmp_path / "pipe.jpg")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing.jpg", "not there"), ("nul\0.jpg", "can't be used"), ("x" * 300, "too long")],
)
def test_paths_that_lead_nowhere_have_their_reason(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(PhotoUnreadable) as caught:
        open_photo(tmp_path / name)
    assert reason in caught.value.reason


@pytest.mark.parametrize("kind", ["JPEG", "HEIF", "AVIF", "TIFF"])
def test_another_picture_with_the_name_of_a_raw_photo_is_read(kind: str) -> None:
    if kind == "TIFF":
        pytest.importorskip("rawpy")
    photo = read_photo(encoded(corners(), kind, quality=95), "IMG_1.NEF")
    assert quarters(photo.image) == quarters(corners())


def test_raw_photo_opens_through_its_preview() -> None:
    pytest.importorskip("rawpy")
    preview = encoded(turned(corners((600, 400)), 6), "JPEG", quality=95)
    photo = read_photo(dng(preview, orientation=6), "IMG_1.DNG", max_side=300)
    assert (photo.width, photo.height) == (600, 400)
    assert photo.image.size == (300, 200)
    assert quarters(photo.image) == ["red", "green", "blue", "white"]


def test_raw_photo_without_rawpy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    preview = encoded(corners(), "JPEG")
    assert "extra 'raw'" in reason_of(dng(preview), "IMG_1.dng")


def test_jpeg_xl_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for data in (b"\xff\x0a" + bytes(50), b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50)):
        reason = reason_of(data, "a.jxl")
        assert reason == (
            "JPEG XL photos need the extra 'jxl' (pip install \"opqn-photo-search[jxl]\")"
        )


def test_suffixes_are_lower_case_and_cover_what_the_app_promises() -> None:
    promised = ".jpg .jpeg .png .webp .tif .tiff .gif .heic .heif .avif .dng .cr3 .nef .arw"
    assert set(promised.split()) <= PHOTO_SUFFIXES
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in PHOTO_SUFFIXES)


def test_messages_are_sentences_without_words_of_libraries(odd_files: list[OddFile]) -> None:
    for odd in (odd for odd in odd_files if odd.outcome != "photo"):
        with pytest.raises(PhotoUnreadable) as caught:
            open_photo(odd.path)
        reason = caught.value.reason
        assert reason[0].islower() or reason.startswith(("RAW", "PDF"))
        assert not any(word in reason.lower() for word in ("errno", "exception", "0x", "decoder"))


def test_photos_can_be_read_in_threads(odd_files: list[OddFile]) -> None:
    """Warnings are errors here, so a race in silencing Pillow would show."""
    files = [odd for odd in odd_files if odd.outcome == "photo"]
    failed: list[str] = []

    def read_all() -> None:
        for odd in files:
            try:
                open_photo(odd.path, max_side=64)
            except (PhotoUnreadable, Warning) as error:
                failed.append(f"{odd.path.name!r}: {error}")

    threads = [threading.Thread(target=read_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
