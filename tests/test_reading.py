"""Digits in any picture: one, several or none, and an honest word about each."""

import dataclasses
import io
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from bench import scenes
from helpers import architectures, handwriting
from helpers.images import NoInkError, PictureError, strokes_to_image
from helpers.reading import Digit, Reading, read_picture

# Of these kinds the network can say what they are; of letters and faces it often cannot yet.
READ = sorted(set(scenes.KINDS) - {"flag", "letter", "word", "face", "nothing", "lines_only"})
OTHERS = ["nothing", "lines_only"]


@pytest.fixture(scope="module")
def net():
    return architectures.best_pretrained()


class Always:
    """A network that is equally sure of everything."""

    def __init__(self, digit=3, share=0.91):
        self.answer = np.full(10, (1 - share) / 9)
        self.answer[digit] = share

    def predict_proba(self, images):
        return np.tile(self.answer, (len(images), 1))


def values(reading):
    return [digit.value for digit in reading.digits if digit.sure]


def page(*places, size=(600, 400), shade=210, ink=40):
    """A page with copybook digits, each (digit, left, top, height)."""
    image = np.full(size[::-1], float(shade))
    for digit, left, top, height in places:
        strokes = [s * height + (left, top) for s in handwriting.write(digit)]
        drawn = np.asarray(strokes_to_image(strokes, size, max(3, height / 12)), float) / 255
        image += drawn * (ink - image)
    image += np.random.default_rng(0).normal(0, 2, image.shape)
    return Image.fromarray(image.clip(0, 255).astype(np.uint8))


# What is in the picture


@pytest.mark.parametrize("kind", READ)
def test_each_kind_of_picture_is_read(net, kind):
    right = 0
    for k in range(5):
        picture, digits = scenes.KINDS[kind](np.random.default_rng([1, k]))
        right += values(read_picture(picture, net)) == digits
    assert right >= 4


@pytest.mark.parametrize("kind", OTHERS)
def test_where_there_is_no_digit_none_is_read(net, kind):
    none = 0
    for k in range(5):
        picture, _ = scenes.KINDS[kind](np.random.default_rng([1, k]))
        none += values(read_picture(picture, net)) == []
    assert none >= 4


def test_several_rows_are_read_from_top_to_bottom(net):
    picture = page(
        (4, 60, 30, 90), (1, 260, 50, 90), (7, 450, 30, 90), (2, 80, 220, 100), (0, 300, 240, 80)
    )
    reading = read_picture(picture, net)
    assert reading.text == "41720"
    assert [[digit.value for digit in row] for row in reading.rows] == [[4, 1, 7], [2, 0]]
    assert reading.words.startswith("I read 417 and 20: 5 digits in 2 rows, each over 99 % sure.")


def test_boxes_lie_where_the_digits_are(net):
    picture = page((4, 60, 40, 150), (2, 330, 150, 180))
    for factor in (1, 3):
        larger = picture.resize([factor * side for side in picture.size])
        reading = read_picture(larger, net)
        first, second = (np.array(digit.box) / factor for digit in reading.digits)
        np.testing.assert_allclose(first[:2], (60, 40), atol=14)
        np.testing.assert_allclose(second[[1, 3]], (150, 330), atol=14)
        assert reading.sheet == (0, 0, *larger.size)
        assert all(
            digit.image.shape == (28, 28) and digit.image.max() == 1 for digit in reading.digits
        )


def test_the_sheet_on_a_desk_is_told(net):
    desk = np.full((500, 700), 60, np.uint8)
    desk[100:400, 200:600] = np.asarray(page((3, 120, 60, 180), size=(400, 300)))
    reading = read_picture(desk, net)
    assert values(reading) == [3]
    np.testing.assert_allclose(reading.sheet, (200, 100, 600, 400), atol=18)
    left, top, right, bottom = reading.digits[0].box
    assert 300 < left < right < 500 and 140 < top < bottom < 360


def test_boxes_are_those_of_the_upright_photograph(net):
    upright = page((7, 60, 50, 250), size=(400, 500)).convert("RGB").resize((2400, 3000))
    tag, content = Image.Exif(), io.BytesIO()
    tag[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(content, "JPEG", exif=tag)
    for picture in (content.getvalue(), Image.open(content)):
        reading = read_picture(picture, net)
        assert values(reading) == [7] and reading.sheet == (0, 0, 2400, 3000)
        assert abs(reading.digits[0].box[1] - 300) < 80


@pytest.mark.parametrize("light", [False, True])
def test_a_single_bright_stroke_is_no_sheet(net, light):
    picture = np.zeros((200, 200), np.uint8)
    picture[20:180, 80:116] = 255
    assert values(read_picture(picture if light else 255 - picture, net)) == [1]


def test_two_digits_that_look_like_one_are_told_apart(net):
    """Squeezed into one image, a 1 and a 4 are a fine 4."""
    picture = page((1, 150, 100, 200), (4, 300, 110, 180))
    assert values(read_picture(picture, net)) == [1, 4]


def test_a_single_digit_of_two_pieces_stays_one(net):
    strokes = [[(70, 60), (80, 150), (150, 150)], [(190, 40), (190, 240)]]
    assert values(read_picture(strokes_to_image(strokes, pen_width=12), net)) == [4]


def test_nothing_is_lost_where_digits_stand_alone(net, digits_sample):
    test = digits_sample.test
    images = np.rint(255 * test.images[:200, 0]).astype(np.uint8)
    read = [values(read_picture(image, net)) for image in images]
    alone = net.predict(test.images[:200])
    assert np.mean([one == [int(two)] for one, two in zip(read, alone, strict=True)]) >= 0.98


# Other networks


def test_any_network_can_read():
    reading = read_picture(page((3, 200, 80, 200)), Always(5))
    assert reading.text == "5" and reading.words == "I read 5, 91 % sure."
    assert reading.digits[0].confidence == pytest.approx(0.91)


@pytest.mark.parametrize(
    ("net", "error", "message"),
    [
        ("best_cnn", TypeError, "str has none"),
        (Always(3, 0.5), None, ""),
        (dataclasses.make_dataclass("Odd", [])(), TypeError, "predict_proba"),
    ],
)
def test_what_is_no_network_is_refused(net, error, message):
    picture = page((3, 200, 80, 200))
    if error is None:
        assert read_picture(picture, net).text == ""
    else:
        with pytest.raises(error, match=message):
            read_picture(picture, net)


def test_an_answer_that_is_no_probability_is_refused():
    class Logits:
        def predict_proba(self, images):
            return np.tile(np.linspace(-3, 5, 10), (len(images), 1))

    with pytest.raises(ValueError, match="is a softmax missing"):
        read_picture(page((3, 200, 80, 200)), Logits())


# Words


def found(*pairs):
    image = np.zeros((28, 28), np.float32)
    return tuple(
        Digit(value, share, (50 * k, 0, 50 * k + 40, 60), image, np.full(10, 0.1))
        for k, (value, share) in enumerate(pairs)
    )


@pytest.mark.parametrize(
    ("pairs", "text", "words"),
    [
        ([], "", "I see no digit that I can read."),
        ([(3, 0.97)], "3", "I read 3, 97 % sure."),
        ([(3, 0.999)], "3", "I read 3, over 99 % sure."),
        ([(3, 0.7)], "3", "I read 3, but I am only 70 % sure."),
        ([(3, 0.4)], "", "I am not sure. It may be 3, 40 %."),
        ([(0, 0.97), (2, 0.8)], "02", "I read 02: 2 digits, each at least 80 % sure."),
        (
            [(4, 0.9), (2, 0.5), (1, 0.9)],
            "421",
            "I read 421: 3 digits, but I am not sure of the 2.",
        ),
        ([(4, 0.5), (2, 0.5)], "", "I read 42: 2 digits, but I am not sure of the 4, 2."),
    ],
)
def test_words_are_as_sure_as_the_reading(pairs, text, words):
    reading = Reading(found(*pairs), (0, 0, 9, 9))
    assert (reading.text, reading.words) == (text, words)


# What comes as a picture


def test_a_picture_comes_in_any_form(net, tmp_path):
    image = page((5, 200, 80, 220)).convert("RGB")
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        path = tmp_path / f"five.{kind.lower()}"
        image.save(path)
        content = path.read_bytes()
        for picture in (path, str(path), content, bytearray(content), memoryview(content)):
            assert read_picture(picture, net).text == "5"
    assert read_picture(np.asarray(image), net).text == "5"


@pytest.mark.parametrize(
    ("picture", "error", "message"),
    [
        (3, TypeError, "not int"),
        (None, TypeError, "not NoneType"),
        ("no such file.png", FileNotFoundError, "no such file"),
        (".", PictureError, "not a file"),
        ("a\0b", PictureError, "no path"),
        ("data:image/png;base64,iVBORw0KGgo=", PictureError, "an address, not the path"),
        (b"data:image/png;base64,iVBORw0KGgo=", PictureError, "data URL.*b64decode"),
        (np.full((9, 9), np.nan), ValueError, "must lie between 0"),
    ],
)
def test_what_is_no_picture_is_refused(net, picture, error, message):
    with pytest.raises(error, match=message):
        read_picture(picture, net)


def ends_well(picture, net):
    """A picture ends in a reading, or in one of the project's own errors, within two seconds."""
    start = time.process_time()
    try:
        reading = read_picture(picture, net)
    except (PictureError, NoInkError):
        reading = None
    assert time.process_time() - start < 2
    if reading is not None:
        assert reading.words and len(reading.digits) <= 64
        for digit in reading.digits:
            left, top, right, bottom = digit.box
            assert left < right and top < bottom and digit.image.shape == (28, 28)
    return reading


SHAPES = st.tuples(st.integers(1, 300), st.integers(1, 300))
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@SETTINGS
@given(
    SHAPES, st.integers(0, 2**32 - 1), st.sampled_from(["noise", "blocks", "two", "ramp", "lines"])
)
def test_any_array_ends_well(net, shape, seed, kind):
    rng = np.random.default_rng(seed)
    grey = rng.random((*shape, 3)[: rng.choice([2, 3])])
    if kind == "blocks":
        grey = np.kron(grey[::9, ::9], np.ones((9, 9, 1)[: grey.ndim]))
    elif kind == "two":
        grey = (grey > rng.random()).astype(float)
    elif kind == "ramp":
        grey = np.sort(grey, axis=int(rng.integers(2)))
    elif kind == "lines":
        grey = np.ones_like(grey)
        grey[:: rng.integers(2, 30)] = rng.random()
    ends_well((255 * grey).astype(np.uint8), net)


@SETTINGS
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]), st.data())
def test_any_damaged_file_ends_well(net, kind, data):
    image, content = Image.new("RGB", (60, 40), "white"), io.BytesIO()
    ImageDraw.Draw(image).line([(20, 5), (25, 35)], fill=0, width=4)
    image.save(content, kind)
    damaged = bytearray(content.getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    ends_well(bytes(damaged[: data.draw(st.integers(1, len(damaged)))]), net)


@SETTINGS
@given(st.sampled_from(["1", "L", "P", "RGB", "RGBA", "LA", "La", "RGBa", "CMYK", "YCbCr", "HSV",
                        "LAB", "I", "F", "I;16", "RGBX"]), SHAPES)  # fmt: skip
def test_any_mode_of_an_image_ends_well(net, mode, shape):
    ends_well(Image.new(mode, shape), net)


def test_the_largest_pictures_end_in_time(net):
    rng = np.random.default_rng(0)
    ends_well(rng.integers(0, 256, (5000, 9000), np.uint8), net)
    content = io.BytesIO()
    Image.effect_noise((4000, 3000), 60).save(content, "JPEG")
    ends_well(content.getvalue(), net)
