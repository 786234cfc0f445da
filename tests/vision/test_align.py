import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import least_squares

from opqn_app.vision.align import (
    CROP_SIZE,
    TEMPLATE,
    align_face,
    is_alignable,
    share_inside,
    similarity_transform,
)


def placed(scale: float, angle: float, x: float, y: float) -> NDArray[np.float32]:
    """The template's landmarks in a picture where the face has that size, turn and place."""
    turn = scale * np.array(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    return ((TEMPLATE - 56) @ turn.T + (x, y)).astype(np.float32)


def cubic(t: float, a: float = -1.0) -> float:
    """The cubic convolution kernel of Keys (1981); Pillow's affine transform has a = −1."""
    t = abs(t)
    if t < 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * (t**3 - 5 * t**2 + 8 * t - 4) if t < 2 else 0.0


def slow_crop(
    picture: NDArray[np.uint8], landmarks: NDArray[np.float32], size: int = CROP_SIZE
) -> NDArray[np.float64]:
    """Pixel by pixel from the definition: inverse transform, 16 bicubic weights, clamped edges."""
    matrix = similarity_transform(landmarks, size=size)
    inverse = np.linalg.inv(np.vstack([matrix, (0, 0, 1)]))
    height, width = picture.shape[:2]
    crop = np.zeros((size, size, 3))
    for row in range(size):
        for column in range(size):
            x, y, _ = inverse @ (column + 0.5, row + 0.5, 1.0)
            left, top = math.floor(x - 0.5), math.floor(y - 0.5)
            for j in range(top - 1, top + 3):
                for i in range(left - 1, left + 3):
                    weight = cubic(x - 0.5 - i) * cubic(y - 0.5 - j)
                    pixel = picture[min(max(j, 0), height - 1), min(max(i, 0), width - 1)]
                    crop[row, column] += weight * pixel
    return np.clip(crop, 0, 255)


def soft_picture(width: int = 160, height: int = 140) -> Image.Image:
    blocks = np.random.default_rng(5).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    return Image.fromarray(blocks).resize((width, height), Image.Resampling.BICUBIC)


placements = st.tuples(
    st.floats(0.05, 50), st.floats(-math.pi, math.pi), st.floats(-3000, 3000), st.floats(-99, 5000)
)


@given(placements)
def test_transform_of_an_exact_similarity_hits_the_template(
    placement: tuple[float, float, float, float],
) -> None:
    landmarks = placed(*placement)
    matrix = similarity_transform(landmarks)
    reached = landmarks.astype(np.float64) @ matrix[:, :2].T + matrix[:, 2]
    # float32 landmarks carry an error of their size × 2⁻²⁴, seen through the scale.
    tolerance = 1e-3 + 1e-6 * np.abs(landmarks).max() / placement[0]
    np.testing.assert_allclose(reached, TEMPLATE, atol=tolerance)


@given(st.integers(0, 10_000))
def test_transform_is_a_rotation_and_scale_that_never_mirrors(seed: int) -> None:
    landmarks = np.random.default_rng(seed).uniform(0, 500, (5, 2)).astype(np.float32)
    (a, b), (c, d) = similarity_transform(landmarks)[:, :2]
    assert (a, b) == (d, -c)
    assert a * d - b * c > 0


@pytest.mark.parametrize("seed", range(5))
def test_transform_is_the_least_squares_optimum_a_search_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    landmarks = placed(2.0, 0.4, 300, 200) + rng.normal(0, 6, (5, 2)).astype(np.float32)

    def misses(p: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = landmarks.T.astype(np.float64)
        moved = np.stack([p[0] * x - p[1] * y + p[2], p[1] * x + p[0] * y + p[3]], axis=1)
        return np.asarray((moved - TEMPLATE).ravel())

    found = least_squares(misses, np.array([0.4, 0.0, 0.0, 0.0]), x_scale=[1e-2, 1e-2, 1, 1])
    (a, _, tx), (c, _, ty) = similarity_transform(landmarks)
    np.testing.assert_allclose([a, c, tx, ty], found.x, rtol=1e-4, atol=1e-4)


def test_mirrored_landmarks_are_fitted_without_mirroring() -> None:
    mirrored = (TEMPLATE * (-1, 1) + (112, 0)).astype(np.float32)
    matrix = similarity_transform(mirrored)
    assert np.linalg.det(matrix[:, :2]) > 0


@pytest.mark.parametrize(
    "landmarks",
    [np.full((5, 2), 40.0), np.full((5, 2), np.nan), np.full((5, 2), np.inf), TEMPLATE * np.nan],
)
def test_impossible_landmarks_are_an_error(landmarks: NDArray[np.float64]) -> None:
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match="landmarks"):
        similarity_transform(landmarks.astype(np.float32))


def test_face_already_in_place_is_cut_out_unchanged() -> None:
    picture = soft_picture()
    landmarks = (TEMPLATE + np.array([20, 13])).astype(np.float32)
    expected = np.asarray(picture)[13:125, 20:132]
    difference = align_face(picture, landmarks).astype(int) - expected.astype(int)
    assert np.abs(difference).max() <= 1


def test_whole_crop_of_a_112_px_picture_is_that_picture() -> None:
    picture = soft_picture(112, 112)
    crop = align_face(picture, TEMPLATE.astype(np.float32))
    assert np.abs(crop.astype(int) - np.asarray(picture).astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("scale", "angle", "x", "y"),
    [
        (0.5, 0.0, 80, 70),
        pytest.param(0.9, 0.5, 80, 70, marks=pytest.mark.slow),
        pytest.param(0.7, -2.5, 60, 60, marks=pytest.mark.slow),
        pytest.param(0.8, 0.2, 10, 130, marks=pytest.mark.slow),
    ],
)
def test_crop_equals_direct_sampling_with_replicated_edges(
    scale: float, angle: float, x: float, y: float
) -> None:
    """The last one lies half outside the picture."""
    picture, landmarks = soft_picture(), placed(scale, angle, x, y)
    slow = slow_crop(np.asarray(picture), landmarks)
    difference = np.abs(align_face(picture, landmarks).astype(float) - slow)
    assert difference.max() <= 2.0
    assert difference.mean() < 0.6


def averaged(picture: Image.Image, factor: int) -> NDArray[np.uint8]:
    values = np.asarray(picture, np.float64)
    height, width = values.shape[0] // factor, values.shape[1] // factor
    blocks: NDArray[np.float64] = values.reshape(height, factor, width, factor, 3).mean((1, 3))
    return np.round(blocks).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("factor", [2, 4])
def test_shrunk_crop_is_close_to_averaging_first_and_sampling_then(factor: int) -> None:
    small = soft_picture(320, 280)
    large = small.resize((320 * factor, 280 * factor), Image.Resampling.BICUBIC)
    landmarks = placed(1.0, 0.3, 150, 140)
    slow = slow_crop(averaged(large, factor), landmarks)
    fast = align_face(large, landmarks * factor).astype(float)
    assert np.abs(fast - slow).mean() < 2.5


@pytest.mark.parametrize("scale", [2.0, 3.7, 9.0])
def test_fine_checkerboard_shrinks_to_even_grey(scale: float) -> None:
    """Without averaging it would give a false coarse pattern."""
    side = int(140 * scale)
    board = (np.indices((side, side)).sum(axis=0) % 2 * 255).astype(np.uint8)
    picture = Image.fromarray(np.repeat(board[:, :, None], 3, axis=2))
    crop = align_face(picture, placed(scale, 0.1, side / 2, side / 2)).astype(float)
    inner = crop[8:-8, 8:-8]
    assert abs(inner.mean() - 127.5) < 2
    assert inner.std() < 8


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_shrinking_keeps_landmarks_in_place(scale: float) -> None:
    """A dot at each landmark must come out at the template's point, to a fraction of a pixel."""
    side = int(200 * scale)
    landmarks = placed(scale, 0.2, side / 2, side / 2)
    rows, columns = np.indices((side, side)) + 0.5
    for point, target in zip(landmarks, TEMPLATE, strict=True):
        distance = (columns - point[0]) ** 2 + (rows - point[1]) ** 2
        dot = (255 * np.exp(-distance / (2 * (3 * max(scale, 0.5)) ** 2))).astype(np.uint8)
        crop = align_face(Image.fromarray(dot).convert("RGB"), landmarks)[:, :, 0].astype(float)
        weights = np.where(crop > 20, crop, 0)
        crop_rows, crop_columns = np.indices(crop.shape) + 0.5
        centre = (
            (weights * crop_columns).sum() / weights.sum(),
            (weights * crop_rows).sum() / weights.sum(),
        )
        np.testing.assert_allclose(centre, target, atol=0.25)


def test_outside_the_picture_its_edge_goes_on() -> None:
    values = np.zeros((100, 100, 3), np.uint8)
    values[:, 0], values[:, -1] = (255, 0, 0), (0, 0, 255)
    crop = align_face(Image.fromarray(values), placed(1.0, 0.0, 0.0, 50.0))
    assert (crop[:, :50] == (255, 0, 0)).all()
    far_away = align_face(Image.fromarray(values), placed(1.0, 0.0, 9000.0, 50.0))
    assert (far_away == (0, 0, 255)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (3, 2)])
def test_tiny_pictures_give_a_crop(size: tuple[int, int]) -> None:
    crop = align_face(Image.new("RGB", size, (9, 99, 199)), placed(1.0, 0.1, 0.5, 0.5))
    assert crop.shape == (112, 112, 3)
    assert (crop == (9, 99, 199)).all()


def test_crop_of_another_size_is_the_same_picture() -> None:
    picture, landmarks = soft_picture(), placed(0.7, 0.1, 80, 70)
    small = align_face(picture, landmarks, size=56)
    large = Image.fromarray(align_face(picture, landmarks)).resize((56, 56), Image.Resampling.BOX)
    assert small.shape == (56, 56, 3)
    assert np.abs(small.astype(float) - np.asarray(large, float)).mean() < 3


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 10.0, 1e3, 1e6, 1e30]))
def test_any_landmarks_give_a_crop_or_are_refused(seed: int, spread: float) -> None:
    """Points in wild order can fit a face a thousand times as large as the picture."""
    rng = np.random.default_rng(seed)
    landmarks = (rng.uniform(-0.2, 1.2, (5, 2)) * spread).astype(np.float32)
    picture = Image.new("RGB", (160, 120), (50, 60, 70))
    if is_alignable(landmarks, picture.size):
        assert (align_face(picture, landmarks) == (50, 60, 70)).all()
    else:
        with pytest.raises(ValueError, match="landmarks"):
            align_face(picture, landmarks)


def test_landmarks_within_a_hair_are_refused() -> None:
    speck = (TEMPLATE * 0.01 + 20).astype(np.float32)
    assert not is_alignable(speck, (50, 50))
    assert is_alignable((TEMPLATE * 0.1 + 20).astype(np.float32), (50, 50))


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.5])
def test_a_margin_adds_pixels_around_the_same_crop(scale: float) -> None:
    """A face larger than the crop is averaged down on another grid, so only nearly the same."""
    blocks = np.random.default_rng(5).integers(0, 255, (24, 26, 3), np.uint8)
    picture = Image.fromarray(blocks).resize((640, 560), Image.Resampling.BICUBIC)
    landmarks = placed(scale, 0.3, 320, 280)
    crop = align_face(picture, landmarks).astype(int)
    wide = align_face(picture, landmarks, margin=6).astype(int)
    assert wide.shape == (124, 124, 3)
    apart = np.abs(wide[6:-6, 6:-6] - crop)
    assert apart.max() <= (0 if scale <= 1.0 else 10)


@pytest.mark.parametrize(
    ("scale", "angle", "x", "y"),
    [(1.0, 0.0, 40, 30), (0.4, 0.3, 8, 70), (2.5, -0.5, 150, 20), (0.6, 0.0, 80, 70)],
)
def test_what_of_a_crop_is_picture(scale: float, angle: float, x: float, y: float) -> None:
    """A white picture on black ground: how bright the crop is there is what belongs to it."""
    ground, border = Image.new("RGB", (760, 740)), 300
    ground.paste((255, 255, 255), (border, border, border + 160, border + 140))
    landmarks = placed(scale, angle, x, y)
    shares = share_inside(landmarks, (160, 140))
    white = align_face(ground, landmarks + np.float32(border))[..., 0] / 255
    assert shares.shape == (CROP_SIZE, CROP_SIZE)
    assert np.abs(shares - white).mean() < 0.012
    clear = (shares == 0) | (shares == 1)
    far = clear & (np.abs(white - 0.5) > 0.4)
    assert np.array_equal(shares[far], np.rint(white[far]))
    assert (shares[clear & ~far].size) < 0.05 * shares.size


def test_all_of_a_crop_is_picture_where_that_can_not_be_told() -> None:
    assert share_inside(np.zeros((5, 2), np.float32), (10, 10)).min() == 1
