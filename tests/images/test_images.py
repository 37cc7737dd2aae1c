"""Strokes and pictures come out as in MNIST, whatever paper, light and file they are on."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from helpers import architectures, handwriting, images
from helpers.images import (
    NoInkError,
    naive_resize,
    pictures,
    strokes_to_image,
    strokes_to_mnist,
    to_mnist,
)
from helpers.images.pictures import PictureError, open_picture, to_grey

ALL_DIGITS = range(10)


@pytest.fixture(scope="module")
def net():
    return architectures.pretrained("small_cnn")


def drawn(digit, side=280, extent=0.6, corner=(0.2, 0.2), rng=None):
    """Strokes of a digit on a canvas."""
    return [(stroke * extent + corner) * side for stroke in handwriting.write(digit, rng)]


def ink_of(digit, side=280, pen_width=16, **where):
    """Ink from 0 to 1 of a digit on a canvas."""
    strokes = drawn(digit, side, **where)
    return np.asarray(strokes_to_image(strokes, side, pen_width), np.float64) / 255


def centre_of_mass(image):
    i = np.arange(28)
    return np.array([image.sum(axis=1) @ i, image.sum(axis=0) @ i]) / image.sum()


def longer_side(image):
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return 1 + max(np.ptp(rows), np.ptp(columns))


def assert_like_mnist(image):
    assert image.shape == (28, 28) and image.dtype == np.float32
    assert image.min() == 0 and image.max() == 1
    assert longer_side(image) == 20
    assert np.abs(centre_of_mass(image) - 14).max() <= 0.5


def file_of(image, kind="PNG", **options):
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def grey_image(values):
    return Image.fromarray(np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8))


# Strokes


@pytest.mark.parametrize("digit", ALL_DIGITS)
@pytest.mark.parametrize("extent", [0.1, 0.35, 0.85])
def test_strokes_come_out_like_mnist(digit, extent):
    assert_like_mnist(strokes_to_mnist(drawn(digit, extent=extent, corner=(0.02, 0.1))))


@pytest.mark.parametrize("digit", ALL_DIGITS)
def test_place_and_size_of_strokes_do_not_matter(digit):
    large = strokes_to_mnist(drawn(digit, extent=0.8, corner=(0.1, 0.1)))
    small = strokes_to_mnist(drawn(digit, extent=0.4, corner=(0.55, 0.02)))
    assert np.abs(large - small).mean() < 0.002


def test_strokes_are_as_wide_as_in_mnist(digits_sample):
    """The same strokes with a wider or thinner pen would hold more or less ink."""
    rng = np.random.default_rng(0)
    made = np.array([strokes_to_mnist(drawn(k % 10, rng=rng)) for k in range(100)])
    mnist_ink = digits_sample.train.images.sum(axis=(1, 2, 3))
    assert (
        np.quantile(mnist_ink, 0.2) < np.median(made.sum(axis=(1, 2))) < np.quantile(mnist_ink, 0.7)
    )


def test_a_stroke_of_one_point_counts_beside_others():
    line, dot = [(100, 60), (100, 200)], [(140, 130)]
    with_dot = strokes_to_mnist([line, dot])
    assert with_dot[:, 17:].sum() > 0 == strokes_to_mnist([line])[:, 17:].sum()


@pytest.mark.parametrize("strokes", [[], [[]], [[(100, 100)]], [[(100, 100), (103, 104)]]])
def test_nothing_or_a_dot_is_no_ink(strokes):
    with pytest.raises(NoInkError):
        strokes_to_mnist(strokes)


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([[1, 2, 3]], r"stroke 0 has the shape \(3,\)"),
        ([[(1, 2)], [(1, 2, 3)]], r"stroke 1 has the shape \(1, 3\)"),
        ([[(1, np.nan), (2, 3)]], "NaN or infinity"),
        ([[(1, 1e308), (2, 3)]], "stroke 0 has a point more than 100,000 pixels away"),
        ([None], "stroke 0"),
        (None, "strokes must be a list.*NoneType"),
        ([["a", "b"]], "strokes must be a list.*could not convert"),
        ([[(1, 2), (3,)]], "strokes must be a list"),
        ([np.zeros((500_000, 2))] * 2, "1,000,000 points, at most 50,000"),
    ],
)
def test_wrong_strokes_are_refused(strokes, message):
    for function in (strokes_to_mnist, strokes_to_image):
        with pytest.raises(ValueError, match=message):
            function(strokes)


def test_a_canvas_shows_strokes_where_they_are():
    canvas = np.array(strokes_to_image([[(20, 30), (80, 30)]], size=(100, 60), pen_width=10))
    assert canvas.shape == (60, 100)
    assert (canvas[26:35, 20:80] == 255).all()
    assert (
        canvas[:24].max() == canvas[37:].max() == canvas[:, :14].max() == canvas[:, 87:].max() == 0
    )


def test_a_naive_resize_keeps_place_and_size():
    ink = np.zeros((280, 280))
    ink[0:20, 100:110] = 1
    small = naive_resize(ink)
    assert small.shape == (28, 28) and small.dtype == np.float32
    expected = np.zeros((28, 28))
    expected[0:2, 10] = 1
    np.testing.assert_allclose(small, expected, atol=1e-6)


# Pictures: what is on the paper

PAPERS = {
    "white": lambda x, y: np.ones_like(x),
    "grey": lambda x, y: np.full_like(x, 0.55),
    "darker to the right": lambda x, y: 0.85 - 0.5 * x,
    "dark corners": lambda x, y: 0.8 - 0.9 * ((x - 0.5) ** 2 + (y - 0.5) ** 2),
    "a shadow": lambda x, y: 0.45 + 0.35 / (1 + np.exp(25 * (x + 0.4 * y - 0.7))),
}


def photograph(digit, paper, light, noise=0.02, pen_width=14, side=280):
    """A digit on uneven paper, dark on light or light on dark, with noise."""
    x, y = np.meshgrid(*[np.linspace(0, 1, side)] * 2)
    shades = PAPERS[paper](x, y) * (1 - 0.65 * ink_of(digit, side, pen_width))
    shades = shades + np.random.default_rng(digit).normal(0, noise, shades.shape)
    return np.clip(1 - shades if light else shades, 0, 1)


@pytest.mark.parametrize("light", [False, True], ids=["dark on light", "light on dark"])
@pytest.mark.parametrize("pen_width", [4, 14, 30])
@pytest.mark.parametrize("paper", PAPERS)
def test_ink_is_found_on_any_paper(net, paper, light, pen_width):
    made = np.array([to_mnist(photograph(d, paper, light, 0.02, pen_width)) for d in ALL_DIGITS])
    for image in made:
        assert_like_mnist(image)
    assert (net.predict(made[:, None]) == ALL_DIGITS).sum() >= 9


@pytest.mark.parametrize("light", [False, True], ids=["dark on light", "light on dark"])
def test_a_digit_of_mnist_stays_what_it_is(net, digits_sample, light):
    """MNIST's own digits, as pictures, are read as if they had not gone through `to_mnist`."""
    test = digits_sample.test.images[:300]
    made = np.array([to_mnist(1 - image[0] if not light else image[0]) for image in test])
    assert (net.predict(made[:, None]) == net.predict(test)).mean() > 0.99
    assert np.abs(made - test[:, 0]).mean() < 0.01


def test_thin_lines_are_drawn_over():
    ink = {width: to_mnist(ink_of(3, 280, width)).sum() for width in (2, 4, 8, 16)}
    assert ink[2] == pytest.approx(ink[16], rel=0.25)
    assert ink[4] == pytest.approx(ink[16], rel=0.25)


def test_specks_do_not_count():
    clean = 0.9 - 0.7 * ink_of(5)
    specked = clean.copy()
    rows, columns = np.random.default_rng(0).integers(0, 280, (2, 60))
    specked[rows, columns] = 0.1
    specked[270:273, 5:8] = 0.1
    assert np.abs(to_mnist(specked) - to_mnist(clean)).mean() < 0.02


def test_what_sticks_to_the_border_does_not_count():
    clean = 0.9 - 0.7 * ink_of(5)
    table = clean.copy()
    table[:, :20] = 0.1
    table[-9:] = 0.2
    assert np.abs(to_mnist(table) - to_mnist(clean)).mean() < 0.02


def test_both_pieces_of_a_digit_count():
    strokes = [[(70, 60), (80, 150), (150, 150)], [(190, 40), (190, 240)]]
    picture = strokes_to_image(strokes, pen_width=12)
    assert np.abs(to_mnist(picture) - strokes_to_mnist(strokes)).mean() < 0.03


def test_a_digit_that_touches_the_border_counts():
    ink = ink_of(7)[50:, 60:]
    assert ink[0].any() or ink[:, 0].any()
    assert_like_mnist(to_mnist(1 - 0.8 * ink))


@pytest.mark.parametrize(
    "picture",
    [
        np.ones((50, 40)),
        np.zeros((50, 40)),
        np.full((60, 60), 0.4),
        np.random.default_rng(0).normal(0.6, 0.05, (300, 300)).clip(0, 1),
        np.zeros((1, 1)),
        np.tile(np.linspace(0.3, 0.8, 200), (200, 1)),
    ],
    ids=["white", "black", "grey", "noise", "one pixel", "gradient"],
)
def test_a_picture_without_ink_is_refused(picture):
    with pytest.raises(NoInkError, match="no ink stands out"):
        to_mnist(picture)


@pytest.mark.parametrize("shape", [(2, 2), (1, 9), (9, 1), (3, 2000), (2000, 3)])
def test_odd_shapes_do_not_break(shape):
    picture = np.ones(shape)
    picture[0, -1] = 0
    try:
        image = to_mnist(picture)
    except NoInkError:
        return
    assert image.shape == (28, 28) and image.max() == 1


# Pictures: what kind of file


def variants():
    dark = grey_image(1 - ink_of(3))
    light = grey_image(ink_of(3))
    clear = Image.new("LA", dark.size, (0, 0))
    clear.putalpha(light)
    chalk = Image.new("RGBA", dark.size, (255, 255, 255, 0))
    chalk.putalpha(light)
    deep = Image.fromarray(np.asarray(dark).astype(np.uint16) * 257)
    palette = dark.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE)
    indexed = palette.copy()
    indexed.info["transparency"] = int(np.asarray(palette)[0, 0])
    blue = Image.merge("RGB", [dark, dark, Image.new("L", dark.size, 200)])
    return {
        "grey PNG": file_of(dark),
        "light on dark": file_of(light),
        "grey JPEG": file_of(dark, "JPEG"),
        "bad JPEG": file_of(dark, "JPEG", quality=15),
        "progressive JPEG": file_of(light.convert("RGB"), "JPEG", progressive=True),
        "colour": file_of(blue),
        "CMYK JPEG": file_of(dark.convert("CMYK"), "JPEG"),
        "black and white": file_of(dark.convert("1")),
        "16 bits": file_of(deep),
        "palette": file_of(palette),
        "palette, paper transparent": file_of(indexed),
        "black on transparent": file_of(clear),
        "white on transparent": file_of(chalk),
        "large": file_of(dark.resize((4000, 4000))),
        "WebP": file_of(dark, "WEBP"),
        "WebP, transparent": file_of(chalk, "WEBP"),
        "GIF": file_of(dark, "GIF"),
        "film as GIF": file_of(dark, "GIF", save_all=True, append_images=[light, light]),
        "BMP": file_of(dark, "BMP"),
        "TIFF": file_of(dark.convert("RGB"), "TIFF", compression="tiff_lzw"),
        "TIFF of 16 bits": file_of(deep, "TIFF"),
    }


@pytest.mark.parametrize("kind", variants())
def test_any_kind_of_file_shows_the_same_digit(kind):
    image = to_mnist(open_picture(variants()[kind]))
    assert_like_mnist(image)
    assert np.abs(image - to_mnist(ink_of(3))).mean() < 0.03


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_phone_held_any_way_shows_the_digit_upright(orientation):
    upright = grey_image(1 - ink_of(7))
    # What the tag says of the stored picture: https://exiftool.org/TagNames/EXIF.html
    stored = {
        1: upright,
        2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: upright.transpose(Image.Transpose.ROTATE_180),
        4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: upright.transpose(Image.Transpose.TRANSPOSE),
        6: upright.transpose(Image.Transpose.ROTATE_90),
        7: upright.transpose(Image.Transpose.TRANSVERSE),
        8: upright.transpose(Image.Transpose.ROTATE_270),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    shown = to_mnist(open_picture(file_of(stored, "JPEG", exif=exif, quality=95)))
    assert np.abs(shown - to_mnist(upright)).mean() < 0.01


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_an_image_just_opened_is_turned_upright_too(mode):
    upright = grey_image(1 - ink_of(7))
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = file_of(upright.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)
    shown = to_mnist(Image.open(io.BytesIO(stored)).convert(mode))
    assert np.abs(shown - to_mnist(upright)).mean() < 0.01


def test_a_jpeg_of_very_many_scans_is_refused_at_once():
    content = file_of(grey_image(np.random.default_rng(0).random((3000, 4000))), "JPEG",
                      quality=20, progressive=True)  # fmt: skip
    start = content.rindex(b"\xff\xda")
    scan = content[start:-2]
    with pytest.raises(PictureError, match="too many parts, 4. scans"):
        open_picture(content[:start] + 200 * scan[:400] + content[-2:])
    # What follows the end, as the film behind a phone's photograph, is no part of the picture.
    assert open_picture(content + 200 * scan[:400]).size
    with pytest.raises(PictureError, match="too many parts"):
        open_picture(content[:20] + 20_000 * b"\xff\xfe\0\2" + content[20:])


def test_a_file_too_large_to_read_is_refused():
    with pytest.raises(PictureError, match="60 MB, at most 50 MB"):
        open_picture(bytes(60_000_000))


def truncated(kind):
    noisy = grey_image(np.random.default_rng(0).random((200, 200)))
    content = file_of(noisy, kind)
    return content[: len(content) // 2]


def stretched(width, height):
    """The bytes of a PNG that claims to be larger than it is."""
    import struct
    import zlib

    content = file_of(Image.new("L", (1, 1)))
    header = b"IHDR" + struct.pack(">II", width, height) + content[24:29]
    return content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"this is no picture", "not a PNG or JPEG"),
        (b"\0\0\0\x18ftypheic" + bytes(99), "HEIC.*as JPEG"),
        (b"%PDF-1.7", "a PDF"),
        (truncated("PNG"), "damaged"),
        (truncated("JPEG"), "damaged"),
        (file_of(Image.new("L", (30_000, 10))), "30,000 x 10 pixels; at most 10,000 pixels a side"),
        (stretched(30_000, 30_000), "too large: it has over 178 million pixels"),
        (stretched(9_600, 9_600), "too large: it has 9,600 x 9,600 pixels"),
    ],
    ids=["empty", "text", "HEIC", "PDF", "cut PNG", "cut JPEG", "wide", "huge", "large"],
)
def test_a_file_that_cannot_be_read_says_why(content, message):
    with pytest.raises(PictureError, match=message):
        open_picture(content)


def test_bytes_are_asked_for():
    with pytest.raises(TypeError, match="not NoneType"):
        open_picture(None)
    assert open_picture(memoryview(file_of(Image.new("L", (5, 4))))).size == (5, 4)


def test_integers_and_floats_mean_the_same():
    shades = np.linspace(0, 1, 256).reshape(16, 16)
    as_bytes = np.rint(shades * 255).astype(np.uint8)
    np.testing.assert_allclose(to_grey(as_bytes), shades, atol=1e-6)
    np.testing.assert_allclose(to_grey(as_bytes.astype(np.uint16) * 257), shades, atol=1e-6)
    np.testing.assert_allclose(to_grey(np.repeat(shades[..., None], 3, axis=2)), shades, atol=1e-6)
    np.testing.assert_allclose(to_grey(shades > 0.5), shades > 0.5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.int64, np.uint64])
def test_whole_numbers_up_to_255_are_shades_of_any_type(dtype):
    """As of a CSV file, which gives int64."""
    shades = np.arange(256).reshape(16, 16)
    np.testing.assert_allclose(to_grey(shades.astype(dtype)), shades / 255, atol=1e-6)


@pytest.mark.parametrize("white", [1, 255, 4095, 65535])
@pytest.mark.parametrize("kind", ["array", "I", "I;16", "F"])
def test_numbers_are_shades_whatever_they_count_up_to(white, kind):
    shades = 1 - ink_of(3)
    numbers = np.rint(white * shades)
    picture = {
        "array": lambda: numbers.astype(np.int64),
        "I": lambda: Image.fromarray(numbers.astype(np.int32)),
        "I;16": lambda: Image.fromarray(numbers.astype(np.uint16)),
        "F": lambda: Image.fromarray((white * shades).astype(np.float32)),
    }[kind]()
    assert np.abs(to_mnist(picture) - to_mnist(ink_of(3))).mean() < 0.03


def test_a_large_array_is_reduced_not_thinned():
    fine = np.kron(1 - ink_of(3, 700), np.ones((3, 3)))
    fine[::2] = fine[::2] * 0.5  # every other row darker: thinning would show only those, or none
    assert to_grey(fine).shape == (1050, 1050)
    assert np.abs(to_mnist(fine) - to_mnist(ink_of(3))).mean() < 0.03


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.ones((2, 1, 28, 28)), ValueError, r"\(2, 1, 28, 28\).*batch\[i, 0\]"),
        (np.ones((28, 28, 2)), ValueError, r"\(28, 28, 2\)"),
        (np.ones((0, 28)), ValueError, r"\(0, 28\)"),
        (np.full((28, 28), 255.0), ValueError, "between 255 and 255. Divide"),
        (np.full((28, 28), np.nan), ValueError, "must lie between 0"),
        (np.array([["a"]]), TypeError, "<U1"),
        ("digit.png", TypeError, "not str"),
        (Image.fromarray(np.full((28, 28), np.nan, np.float32)), ValueError, "between nan and nan"),
        (Image.fromarray(np.full((28, 28), -1, np.int32)), ValueError, "no negative values.*-1"),
        (np.full((28, 28), -128, np.int8), ValueError, "no negative values.*-128"),
        (Image.new("L", (0, 0)), PictureError, "empty: it has 0 x 0 pixels"),
        (np.ones((2, 10_001)), PictureError, "10,001 x 2"),
    ],
)
def test_what_is_no_picture_is_refused(array, error, message):
    with pytest.raises(error, match=message):
        to_mnist(array)


def test_the_names_that_notebooks_use_are_public():
    assert {"strokes_to_image", "strokes_to_mnist", "to_mnist", "naive_resize"} <= set(
        images.__all__
    )
    assert issubclass(NoInkError, ValueError) and issubclass(pictures.PictureError, ValueError)


def test_a_blurred_photograph_of_a_small_digit_is_read(net):
    made = []
    for digit in ALL_DIGITS:
        shades = photograph(digit, "darker to the right", light=False, noise=0.0, side=900)
        blurred = grey_image(shades).filter(ImageFilter.GaussianBlur(3))
        made.append(to_mnist(open_picture(file_of(blurred, "JPEG", quality=70))))
    assert (net.predict(np.array(made)[:, None]) == ALL_DIGITS).sum() >= 9
