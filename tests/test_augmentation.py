"""Augmentation against SciPy's interpolation and morphology, and against what each word means."""

import math
import time

import numpy as np
import pytest
from scipy import ndimage

from helpers.augmentation import PARAMETERS, Augmentation

AFFINE = Augmentation(shift=2, rotation=10, scale=0.1, slant=0.15)
EVERYTHING = Augmentation(
    shift=2, rotation=15, scale=0.15, stretch=0.1, slant=0.3, elastic=1.0, stroke=0.5
)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def images(rng):
    """Smooth blobs that reach over the edge, on images that are not square."""
    noise = rng.random((9, 1, 24, 31))
    blurred = ndimage.gaussian_filter(noise, (0, 0, 1, 1))
    return (blurred / blurred.max()).astype(np.float32)


def parameters(count, **values):
    array = np.zeros((count, len(PARAMETERS)), np.float32)
    for name, value in values.items():
        array[:, PARAMETERS.index(name)] = value
    return array


def affine_oracle(image, row):
    """One image through SciPy, with the map put together from named matrices."""
    of = dict(zip(PARAMETERS, row.astype(np.float64), strict=True))
    cos, sin = math.cos(of["rotation"]), math.sin(of["rotation"])
    # In (x, y) with y down. Positive angles turn counter-clockwise as seen.
    rotation = np.array([[cos, sin], [-sin, cos]])
    slant = np.array([[1, -of["slant"]], [0, 1]])
    wide = math.exp(of["scale"] + of["stretch"])
    high = math.exp(of["scale"] - of["stretch"])
    forward = rotation @ slant @ np.diag([wide, high])
    inverse = np.linalg.inv(forward)
    shift = np.array([of["shift_x"], of["shift_y"]])
    flip = np.array([[0, 1], [1, 0]])  # SciPy counts (row, column)
    matrix = flip @ inverse @ flip
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - matrix @ (centre + shift[::-1])
    # A frame of paper, as SciPy does not fade out at the edge.
    framed = np.pad(image.astype(np.float64), 12)
    offset = offset + 12 - matrix @ np.array([12, 12])
    moved = ndimage.affine_transform(framed, matrix, offset, order=1, mode="constant")
    return moved[12:-12, 12:-12]


def test_affine_changes_agree_with_scipy(images, rng):
    augment = Augmentation(shift=4, rotation=40, scale=0.3, stretch=0.2, slant=0.4)
    drawn = augment.draw(len(images), rng)
    found = augment.apply(images, drawn)
    expected = [affine_oracle(image[0], row) for image, row in zip(images, drawn, strict=True)]
    np.testing.assert_allclose(found[:, 0], expected, atol=2e-5)


def test_elastic_changes_agree_with_scipy(images, rng):
    augment = Augmentation(elastic=1.5)
    drawn = augment.draw(len(images), rng)
    found = augment.apply(images, drawn)
    _, _, height, width = images.shape
    y, x = np.mgrid[:height, :width].astype(np.float64)
    for image, row, result in zip(images[:, 0], drawn, found[:, 0], strict=True):
        knots = row[len(PARAMETERS) :].reshape(2, 7, 7).astype(np.float64)
        # A cubic B-spline surface over 4 x 4 cells: SciPy's, without its prefilter. It takes its
        # values from the inner 5 x 5 knots, one knot a cell.
        places = [(y + 0.5) / height * 4 + 1, (x + 0.5) / width * 4 + 1]
        by_x, by_y = (
            ndimage.map_coordinates(surface, places, order=3, prefilter=False) for surface in knots
        )
        framed = np.pad(image.astype(np.float64), 12)
        expected = ndimage.map_coordinates(framed, [y + by_y + 12, x + by_x + 12], order=1)
        np.testing.assert_allclose(result, expected, atol=2e-5)


@pytest.mark.parametrize(
    ("share", "morph"), [(1, ndimage.grey_dilation), (-1, ndimage.grey_erosion)]
)
def test_strokes_agree_with_scipys_morphology(images, share, morph):
    cross = ndimage.generate_binary_structure(2, 1)
    found = Augmentation(stroke=1).apply(images, parameters(len(images), stroke=share))
    for image, result in zip(images[:, 0], found[:, 0], strict=True):
        expected = morph(image, footprint=cross, mode="nearest")
        expected *= image.max() / expected.max()
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_half_a_stroke_lies_half_way(images):
    augment = Augmentation(stroke=1)
    whole, half = (augment.apply(images, parameters(9, stroke=share)) for share in (1, 0.5))
    np.testing.assert_allclose(half, (images + whole) / 2, atol=1e-6)


def test_strokes_become_thicker_and_thinner_and_keep_their_ink(digits_sample):
    digits = digits_sample.train.images[:50]
    augment = Augmentation(stroke=0.5)
    ink = {}
    for share in (-0.5, 0.0, 0.5):
        changed = augment.apply(digits, parameters(50, stroke=share))
        ink[share] = changed.sum(axis=(1, 2, 3))
        np.testing.assert_allclose(changed.max(axis=(1, 2, 3)), digits.max(axis=(1, 2, 3)))
    assert (ink[-0.5] < ink[0.0]).all()
    assert (ink[0.0] < ink[0.5]).all()


def ink_at(images):
    """Centre of mass (x, y) of each image."""
    y, x = np.mgrid[: images.shape[2], : images.shape[3]]
    ink = images[:, 0]
    total = ink.sum(axis=(1, 2))
    return np.stack([(ink * x).sum(axis=(1, 2)), (ink * y).sum(axis=(1, 2))]).T / total[:, None]


def test_words_mean_what_they_say():
    """A short horizontal bar to the right of the centre shows each direction."""
    image = np.zeros((1, 1, 29, 29), np.float32)
    image[0, 0, 14, 20:23] = 1  # the centre is (14, 14), the bar's middle (21, 14)
    above = np.zeros_like(image)
    above[0, 0, 7, 13:16] = 1

    def moved(picture, **values):
        return ink_at(AFFINE.apply(picture, parameters(1, **values)))[0]

    assert moved(image, shift_x=2) == pytest.approx([23, 14], abs=1e-4)
    assert moved(image, shift_y=3) == pytest.approx([21, 17], abs=1e-4)
    assert moved(image, scale=math.log(1.2)) == pytest.approx([14 + 7 * 1.2, 14], abs=0.05)
    assert moved(image, stretch=math.log(1.2)) == pytest.approx([14 + 7 * 1.2, 14], abs=0.05)
    assert moved(above, stretch=math.log(1.2)) == pytest.approx([14, 14 - 7 / 1.2], abs=0.2)
    # Counter-clockwise as seen: what was on the right is at the top.
    assert moved(image, rotation=math.pi / 2) == pytest.approx([14, 7], abs=1e-3)
    # What lies above the centre goes to the right, what lies level with it stays.
    assert moved(above, slant=0.5) == pytest.approx([14 + 7 * 0.5, 7], abs=1e-3)
    assert moved(image, slant=0.5) == pytest.approx([21, 14], abs=1e-3)


def test_no_change_gives_the_same_images(images, rng):
    np.testing.assert_allclose(Augmentation()(images, rng), images, atol=1e-6)


def test_paper_comes_in_from_outside():
    white = np.ones((1, 1, 28, 28), np.float32)
    moved = AFFINE.apply(white, parameters(1, shift_x=5))
    assert (moved[0, 0, :, :5] == 0).all()
    np.testing.assert_allclose(moved[0, 0, :, 5:], 1, atol=1e-6)
    assert not AFFINE.apply(white, parameters(1, shift_x=-1000)).any()


def test_blank_images_stay_blank(rng):
    assert not EVERYTHING(np.zeros((4, 1, 28, 28), np.float32), rng).any()


@pytest.mark.parametrize("count", [1, 127, 128, 129, 300])
def test_parts_of_a_batch_are_parts_of_the_result(rng, count):
    """What lets worker threads share the work: each applies its rows."""
    images = rng.random((count, 1, 28, 28), dtype=np.float32)
    drawn = EVERYTHING.draw(count, rng)
    whole = EVERYTHING.apply(images, drawn)
    middle = count // 2
    parts = [EVERYTHING.apply(images[s], drawn[s]) for s in (slice(middle), slice(middle, None))]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)


def test_calling_it_draws_then_applies(images):
    found = EVERYTHING(images, np.random.default_rng(3))
    drawn = EVERYTHING.draw(len(images), np.random.default_rng(3))
    np.testing.assert_array_equal(found, EVERYTHING.apply(images, drawn))
    other = EVERYTHING(images, np.random.default_rng(4))
    assert np.abs(found - other).max() > 0.05


def test_the_result_is_a_new_float32_array_with_the_batch_last(rng):
    images = rng.random((5, 1, 28, 28))
    images.flags.writeable = False
    before = images.copy()
    found = EVERYTHING(images, rng)
    assert found.shape == images.shape
    assert found.dtype == np.float32
    assert found.transpose(2, 3, 1, 0).flags.c_contiguous
    assert not np.shares_memory(found, images)
    np.testing.assert_array_equal(images, before)
    assert -1e-6 <= found.min()
    assert found.max() <= 1 + 1e-5


def test_drawn_amounts_fill_their_range(rng):
    settings = {
        "shift": 2.0, "rotation": 20.0, "scale": 0.2, "stretch": 0.1, "slant": 0.3, "stroke": 0.5
    }  # fmt: skip
    drawn = Augmentation(**settings).draw(20_000, rng)
    limits = [2, 2, math.radians(20), math.log(1.2), math.log(1.1), 0.3, 0.5]
    np.testing.assert_allclose(drawn.max(axis=0), limits, rtol=0.01)
    np.testing.assert_allclose(drawn.min(axis=0), np.negative(limits), rtol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0), np.array(limits) / math.sqrt(3), rtol=0.02)


def test_elastic_is_the_standard_deviation_of_the_displacement(rng):
    """Measured on a ramp, whose values are its places."""
    ramp = np.broadcast_to(np.arange(28, dtype=np.float32), (2000, 1, 28, 28))
    moved = Augmentation(elastic=0.8)(ramp, rng)
    inner = (moved - ramp)[:, 0, 6:-6, 6:-6]
    assert inner.std() == pytest.approx(0.8, rel=0.05)
    assert inner.mean() == pytest.approx(0, abs=0.03)
    # Smooth: neighbours move almost alike.
    assert np.diff(inner, axis=2).std() < 0.25 * inner.std()


def test_no_images_are_no_trouble(rng):
    assert EVERYTHING(np.zeros((0, 1, 28, 28), np.float32), rng).shape == (0, 1, 28, 28)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"shift": -1}, "shift must be at least 0 and finite, not -1"),
        ({"shift": math.inf}, "shift must be at least 0 and finite, not inf"),
        ({"rotation": 181}, "rotation must be at least 0 and at most 180, not 181"),
        ({"scale": 1.0}, "scale must be at least 0 and at most 0.9, not 1.0"),
        ({"stretch": math.nan}, "stretch must be at least 0 and at most 0.9, not nan"),
        ({"stroke": 2}, "stroke must be at least 0 and at most 1, not 2"),
    ],
)
def test_settings_out_of_range_are_named(setting, message):
    with pytest.raises(ValueError, match=message):
        Augmentation(**setting)


def test_shapes_that_do_not_fit_are_named(images, rng):
    with pytest.raises(ValueError, match=r"takes images \(N, 1, H, W\), not shape \(3, 28, 28\)"):
        EVERYTHING(np.zeros((3, 28, 28)), rng)
    with pytest.raises(ValueError, match=r"not shape \(2, 3, 28, 28\)"):
        EVERYTHING(np.zeros((2, 3, 28, 28)), rng)
    with pytest.raises(ValueError, match="9 images, but parameters for 3"):
        EVERYTHING.apply(images, EVERYTHING.draw(3, rng))
    with pytest.raises(ValueError, match=r"must come from draw\(\), not have shape \(9, 4\)"):
        EVERYTHING.apply(images, np.zeros((9, 4), np.float32))


def test_the_name_tells_the_settings():
    assert repr(AFFINE) == "Augmentation(shift=2, rotation=10, scale=0.1, slant=0.15)"


def test_it_is_much_faster_than_a_loop_over_images(rng):
    """Vectorised: a batch costs far less than SciPy image by image.

    The best of several runs counts, so that another program's load does not decide.
    """
    images = rng.random((128, 1, 28, 28), dtype=np.float32)
    drawn = AFFINE.draw(128, rng)

    def best(function, times):
        seconds = []
        for _ in range(times):
            start = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - start)
        return min(seconds)

    ours = best(lambda: AFFINE.apply(images, drawn), 20)
    loop = best(lambda: [affine_oracle(i[0], row) for i, row in zip(images, drawn, strict=True)], 3)
    assert ours < loop / 4
