"""The drawing pad, by its own methods and by the messages that a browser sends."""

import io
import json
import os
import re
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import pytest
from ipycanvas import Canvas
from PIL import Image

from helpers import architectures, handwriting
from helpers.drawing import DigitPad
from helpers.drawing.pad import EXAMPLES
from helpers.drawing.panel import words
from helpers.images import NoInkError, naive_resize, strokes_to_image
from helpers.images.pictures import PictureError


class Reader:
    """A network that knows three things: nothing, upright strokes (1), and the rest (8)."""

    def __init__(self):
        self.asked = []

    def predict_proba(self, images):
        self.asked.append(images)
        upright = np.ptp(np.flatnonzero(images[0, 0].any(axis=0))) < 8
        answer = np.full((1, 10), 0.01)
        answer[0, 1 if upright else 8] = 0.91
        return answer


class Broken:
    """A network that gives, or raises, whatever it is told."""

    def __init__(self, answer):
        self.answer = answer

    def predict_proba(self, images):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def pad():
    return DigitPad(Reader())


def draw(pad, strokes):
    for stroke in strokes:
        pad.pen_down(*stroke[0])
        for point in stroke[1:]:
            pad.pen_move(*point)
        pad.pen_up()


def draw_one(pad):
    draw(pad, [[(140, 40), (139, 120), (138, 240)]])


def draw_wide(pad):
    draw(pad, [[(40, 60), (140, 200), (240, 60)]])


def walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def find(pad, kind, text=""):
    """The first widget of the pad that is of a kind and holds a text."""

    def holds(widget):
        return text in f"{getattr(widget, 'value', '')}{getattr(widget, 'description', '')}"

    return next(w for w in walk(pad.widget) if type(w) is kind and holds(w))


def page(pad):
    """Everything that the pad writes on the page, without the tags."""
    text = " ".join(w.value for w in walk(pad.widget) if type(w) is widgets.HTML)
    text = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def send(pad, event, *places):
    """What the browser sends: places in pixels of the canvas element, two to each of the pad."""
    canvas = find(pad, Canvas)
    touches = [{"x": 2 * x, "y": 2 * y} for x, y in places]
    content = {"event": event, "touches": touches} | (touches[0] if touches else {"x": 0, "y": 0})
    canvas._handle_custom_msg(content, [])


def upload(pad, content):
    """What the browser sends when a file has been chosen."""
    button = find(pad, widgets.FileUpload)
    file = {"name": "f", "type": "", "size": len(content), "content": memoryview(content)}
    file["last_modified"] = 0
    button.set_state({"value": [file]})


def picture(light_on_dark=False, kind="PNG"):
    """The bytes of a picture of a 1."""
    image = strokes_to_image([[(100, 40), (99, 250)]])
    image = image if light_on_dark else Image.eval(image, lambda value: 255 - value)
    content = io.BytesIO()
    image.save(content, kind)
    return content.getvalue()


# Drawing


def test_an_empty_pad_has_no_prediction(pad):
    assert pad.prediction is None and pad.probabilities is None and pad.image is None
    assert pad.strokes == [] and pad.network.asked == []
    assert "Draw a digit" in page(pad) and "I read" not in page(pad) and "%" not in page(pad)


def test_a_drawing_is_read_when_the_pen_goes_up(pad):
    pad.pen_down(140, 40)
    pad.pen_move(138, 240)
    assert pad.prediction is None
    pad.pen_up()
    assert pad.prediction == 1 and type(pad.prediction) is int
    assert pad.probabilities.shape == (10,) and pad.probabilities[1] == 0.91
    assert pad.image.shape == (28, 28) and pad.image.max() == 1
    (asked,) = pad.network.asked
    assert asked.shape == (1, 1, 28, 28) and asked.dtype == np.float32
    assert "I read 1, 91 % sure. Next guess: 0, 1 %." in page(pad)


def test_strokes_are_kept_as_drawn(pad):
    draw(pad, [[(10, 20), (50, 60), (90, 20)], [(100, 100), (100, 200)]])
    first, second = pad.strokes
    np.testing.assert_array_equal(first, [(10, 20), (50, 60), (90, 20)])
    np.testing.assert_array_equal(second, [(100, 100), (100, 200)])
    first[:] = 0
    assert pad.strokes[0].any()


def test_moves_too_short_to_see_are_dropped_but_not_the_end(pad):
    draw(pad, [[(10, 10), (11, 10), (12, 11), (20, 10), (22, 11)]])
    np.testing.assert_array_equal(pad.strokes[0], [(10, 10), (20, 10), (22, 11)])


def test_without_pen_down_nothing_is_drawn(pad):
    pad.pen_move(10, 10)
    pad.pen_up()
    assert pad.strokes == []


def test_a_second_pen_down_ends_the_first_stroke(pad):
    pad.pen_down(10, 10)
    pad.pen_move(10, 90)
    pad.pen_down(90, 10)
    pad.pen_move(90, 90)
    pad.pen_up()
    assert [len(stroke) for stroke in pad.strokes] == [2, 2]


def test_a_dot_is_no_digit(pad):
    draw(pad, [[(100, 100)]])
    assert pad.prediction is None and len(pad.strokes) == 1
    assert "This is only a dot" in page(pad)


@pytest.mark.parametrize("place", [(np.nan, 3), (3, np.inf)])
def test_a_place_that_is_no_number_is_refused_and_the_stroke_goes_on(pad, place):
    pad.pen_down(140, 40)
    with pytest.raises(ValueError, match="finite"):
        pad.pen_move(*place)
    pad.pen_move(140, 240)
    pad.pen_up()
    assert pad.prediction == 1


# Clear and undo


def test_undo_takes_back_stroke_by_stroke(pad):
    draw_one(pad)
    draw_wide(pad)
    assert pad.prediction == 8
    pad.undo()
    assert pad.prediction == 1 and len(pad.strokes) == 1
    pad.undo()
    assert pad.prediction is None and pad.strokes == [] and "Draw a digit" in page(pad)
    pad.undo()
    assert pad.strokes == []


def test_undo_takes_back_the_stroke_in_progress(pad):
    draw_one(pad)
    pad.pen_down(10, 10)
    pad.pen_move(200, 200)
    pad.undo()
    pad.pen_move(90, 90)
    pad.pen_up()
    assert len(pad.strokes) == 1 and pad.prediction == 1


def test_undo_brings_back_what_was_cleared(pad):
    draw_one(pad)
    pad.clear()
    assert pad.prediction is None and pad.image is None and pad.strokes == []
    pad.clear()
    pad.undo()
    assert pad.prediction == 1


def test_undo_takes_back_an_upload_and_an_example(pad):
    draw_one(pad)
    pad.load_image(picture())
    pad.draw_example()
    assert len(pad.strokes) >= 1 and pad.prediction == 8
    pad.undo()
    assert pad.strokes == [] and pad.prediction == 1
    pad.undo()
    assert len(pad.strokes) == 1


def test_a_stroke_on_a_picture_begins_a_new_drawing(pad):
    pad.load_image(picture())
    draw_wide(pad)
    assert len(pad.strokes) == 1 and pad.prediction == 8
    pad.undo()
    assert pad.strokes == [] and pad.prediction == 1


def test_a_whole_drawing_can_be_put_on_the_pad(pad):
    pad.draw([[(140, 40), (140, 240)]])
    assert pad.prediction == 1
    with pytest.raises(ValueError, match="stroke 0"):
        pad.draw([[1, 2, 3]])
    assert pad.prediction == 1 and len(pad.strokes) == 1


# What the browser sends


def test_the_mouse_draws(pad):
    send(pad, "mouse_move", (10, 10))
    send(pad, "mouse_down", (140, 40))
    send(pad, "mouse_move", (140, 240))
    send(pad, "mouse_up", (140, 240))
    send(pad, "mouse_move", (200, 240))
    np.testing.assert_array_equal(pad.strokes[0], [(140, 40), (140, 240)])
    assert pad.prediction == 1


def test_the_stroke_ends_when_the_mouse_leaves(pad):
    send(pad, "mouse_down", (140, 40))
    send(pad, "mouse_move", (140, 240))
    send(pad, "mouse_out", (140, 280))
    send(pad, "mouse_move", (20, 20))
    assert len(pad.strokes) == 1 and pad.prediction == 1


def test_a_finger_draws_and_lifts_with_an_empty_list(pad):
    send(pad, "touch_start", (140, 40))
    send(pad, "touch_move", (140, 240))
    send(pad, "touch_end")
    np.testing.assert_array_equal(pad.strokes[0], [(140, 40), (140, 240)])


def test_a_second_finger_ends_the_stroke_and_draws_nothing(pad):
    send(pad, "touch_start", (140, 40))
    send(pad, "touch_move", (140, 240))
    send(pad, "touch_start", (140, 240), (20, 20))
    send(pad, "touch_move", (150, 100), (60, 60))
    send(pad, "touch_end", (60, 60))
    send(pad, "touch_move", (200, 60))
    send(pad, "touch_end")
    assert len(pad.strokes) == 1 and len(pad.strokes[0]) == 2


@pytest.mark.parametrize("last", [("touch_move", (300, 100)), ("touch_cancel",)])
def test_a_finger_that_leaves_or_is_cancelled_ends_the_stroke(pad, last):
    send(pad, "touch_start", (140, 40))
    send(pad, "touch_move", (140, 240))
    send(pad, *last)
    assert pad.prediction == 1
    send(pad, "touch_move", (20, 20))
    assert len(pad.strokes) == 1


@pytest.fixture
def sent(monkeypatch):
    """The names of what is sent to the page: drawing commands, and "blur" and "focus"."""
    from ipycanvas.canvas import COMMANDS, _CanvasManager

    names = {number: name for name, number in COMMANDS.items()}
    log = []

    def collect(manager, command, buffers=()):
        for entry in command if isinstance(command[0], list) else [command]:
            log.append(names[entry[0]])

    monkeypatch.setattr(_CanvasManager, "_send_custom", collect)
    monkeypatch.setattr(widgets.DOMWidget, "send", lambda w, content, *_: log.append(content["do"]))
    return log


def test_a_reloaded_page_gets_the_drawing_again(pad, sent):
    draw_one(pad)
    draw_wide(pad)
    del sent[:]
    send(pad, "client_ready")
    # Something is drawn elsewhere first, so that the canvas is named again.
    assert sent.count("switchCanvas") == 2
    assert sent.index("clear") < sent.index("fillRect") < sent.index("strokeLines")
    assert sent.count("strokeLines") == 2


def test_a_reloaded_page_gets_the_picture_again(pad, sent):
    pad.load_image(picture())
    del sent[:]
    send(pad, "client_ready")
    assert "putImageData" in sent


def test_the_keyboard_is_given_back(pad, sent):
    send(pad, "mouse_down", (140, 40))
    assert "blur" not in sent
    send(pad, "mouse_up", (140, 240))
    assert sent[-1] == "blur"


def test_the_canvas_is_no_trap_for_the_keyboard(pad, sent):
    canvas = find(pad, Canvas)
    for key, shift, answer in [
        ("Tab", False, "focus"),
        ("Tab", True, "blur"),
        ("a", False, "blur"),
    ]:
        event = {"event": "key_down", "key": key, "shift_key": shift, "ctrl_key": False}
        canvas._handle_custom_msg(event | {"meta_key": False}, [])
        assert sent[-1] == answer


def test_the_buttons_do_what_they_say(pad):
    draw_one(pad)
    draw_wide(pad)
    find(pad, widgets.Button, "Undo").click()
    assert pad.prediction == 1
    find(pad, widgets.Button, "Clear").click()
    assert pad.prediction is None
    find(pad, widgets.Button, "Example").click()
    assert len(pad.strokes) >= 1
    for kind in (widgets.Button, widgets.FileUpload):
        assert find(pad, kind).description and find(pad, kind).tooltip


# Uploads


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("light_on_dark", [False, True])
def test_an_upload_is_read(pad, kind, light_on_dark):
    upload(pad, picture(light_on_dark, kind))
    assert pad.prediction == 1 and pad.strokes == []


def test_the_same_file_can_be_uploaded_twice(pad):
    for _ in range(2):
        upload(pad, picture())
        assert find(pad, widgets.FileUpload).value == ()
        assert pad.prediction == 1
        pad.clear()


def no_picture():
    content = io.BytesIO()
    Image.new("L", (30_000, 2)).save(content, "PNG")
    white = io.BytesIO()
    Image.new("RGB", (50, 50), "white").save(white, "PNG")
    clear = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(clear, "PNG")
    return {
        "text": (b"no picture", PictureError, "not a PNG or JPEG"),
        "empty": (b"", PictureError, "empty"),
        "cut": (picture()[:300], PictureError, "damaged"),
        "wide": (content.getvalue(), PictureError, "30,000 x 2 pixels"),
        "white": (white.getvalue(), NoInkError, "no ink stands out"),
        "transparent": (clear.getvalue(), NoInkError, "no ink stands out"),
    }


@pytest.mark.parametrize("case", no_picture())
def test_a_bad_upload_says_why_and_loses_nothing(pad, case):
    content, error, message = no_picture()[case]
    draw_one(pad)
    with pytest.raises(error, match=message):
        pad.load_image(content)
    assert message in pad.message and message in page(pad)
    pad.clear()
    pad.undo()
    assert message not in pad.message
    upload(pad, content)  # from the page, nothing may be raised
    assert message in page(pad)
    assert pad.prediction == 1 and len(pad.strokes) == 1
    draw_wide(pad)
    assert pad.prediction == 8 and message not in page(pad)


def test_a_picture_comes_as_path_image_or_array(pad, tmp_path):
    file = tmp_path / "one.png"
    file.write_bytes(picture())
    shades = np.asarray(Image.open(io.BytesIO(picture())))
    for source in (file, str(file), Image.fromarray(shades), shades, shades / 255):
        pad.clear()
        pad.load_image(source)
        assert pad.prediction == 1
    with pytest.raises(FileNotFoundError):
        pad.load_image(tmp_path / "two.png")
    with pytest.raises(TypeError, match="not int"):
        pad.load_image(3)
    assert pad.prediction == 1


def number():
    """A picture of a 4 beside a 2."""
    strokes = [s * 150 + (30, 60) for s in handwriting.write(4)]
    strokes += [s * 150 + (230, 60) for s in handwriting.write(2)]
    return Image.eval(strokes_to_image(strokes, (400, 280), 12), lambda value: 255 - value)


def test_several_digits_of_an_upload_are_read_as_a_number(trained, sent):
    pad = DigitPad(trained)
    content = io.BytesIO()
    number().save(content, "PNG")
    upload(pad, content.getvalue())
    assert pad.prediction == 42 and pad.reading.text == "42" and repr(pad) == "<DigitPad: reads 42>"
    assert pad.probabilities is None and pad.image is None
    assert "I read 42: 2 digits, each " in page(pad)
    assert 'role="alert"' in find(pad, widgets.HTML, "I read 42").value
    assert "2 digits, each white on black" in find(pad, widgets.HTML, "<figure>").value


def test_the_places_of_digits_are_shown_in_the_picture(trained, sent):
    pad = DigitPad(trained)
    del sent[:]
    pad.load_image(number())
    assert sent.count("putImageData") == 1 == sent.count("fillText") - 1
    assert sent.index("putImageData") < sent.index("strokeRect")
    assert sent.count("strokeRect") == 2
    del sent[:]
    send(pad, "client_ready")
    assert sent.count("strokeRect") == 2


def test_a_new_network_reads_the_same_picture(trained):
    pad = DigitPad(Broken(ValueError("no")))
    pad.load_image(number())
    assert pad.prediction is None and "the drawing is kept" in page(pad)
    pad.network = trained
    assert pad.prediction == 42


def test_a_picture_without_a_digit_is_shown_and_says_so():
    pad = DigitPad(Broken(np.full((1, 10), 0.1)))
    pad.load_image(picture())
    assert pad.prediction is None and "I see no digit that I can read." in page(pad)
    assert pad.reading.digits == ()


def test_a_photograph_from_a_phone_is_refused_with_advice(pad):
    upload(pad, b"\0\0\0\x18ftypheic" + bytes(99))
    assert "HEIC" in page(pad) and "as JPEG" in page(pad)
    accepted = find(pad, widgets.FileUpload).accept
    assert ".heic" in accepted and ".webp" in accepted


# Networks


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (ValueError("expected 784 inputs"), "ValueError: expected 784 inputs"),
        (np.full((1, 9), 1 / 9), "must have the shape (1, 10), not (1, 9)"),
        (np.full(10, 0.1), "not (10,)"),
        (np.full((1, 10), np.nan), "NaN"),
        (np.linspace(-3, 5, 10)[None], "is a softmax missing?"),
        ("nonsense", "The network failed"),
        (None, "The network failed"),
    ],
)
def test_a_network_that_fails_loses_nothing(pad, answer, message):
    draw_one(pad)
    pad.network = Broken(answer)
    assert message in pad.message and pad.prediction is None
    assert "the drawing is kept" in page(pad) and "No reading" in page(pad)
    draw(pad, [[(30, 30), (100, 30)]])
    assert len(pad.strokes) == 2 and pad.image is not None
    pad.undo()
    pad.network = Reader()
    assert pad.prediction == 1 and message not in pad.message


def test_a_new_network_reads_the_same_drawing(pad):
    draw_wide(pad)
    answer = np.zeros((1, 10))
    answer[0, 6] = 1
    pad.network = Broken(answer)
    assert pad.prediction == 6 and "I read 6, over 99 % sure." in page(pad)


def test_what_is_no_network_is_refused_and_the_old_one_stays(pad):
    old = pad.network
    with pytest.raises(TypeError, match="str has none"):
        pad.network = "small_cnn"
    assert pad.network is old
    with pytest.raises(TypeError, match="predict_proba"):
        DigitPad(42)


def test_an_error_from_the_page_is_shown_not_raised(pad, monkeypatch):
    def fail():
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(pad, "_read", fail)
    send(pad, "mouse_down", (140, 40))
    send(pad, "mouse_up", (140, 240))
    assert "RuntimeError" in page(pad) and "the disk is full" in page(pad)


# What is shown


def test_words_tell_how_sure_the_network_is():
    def say(*shares):
        rest = (1 - sum(shares)) / (10 - len(shares))
        return words([*shares, *[rest] * (10 - len(shares))])

    assert say(0.01, 0.97, 0.02) == ("I read 1, 97 % sure.", "Next guess: 2, 2 %.")
    assert say(0.999) == ("I read 0, over 99 % sure.", "")
    assert say(0.3, 0.7) == ("I read 1, but I am only 70 % sure.", "Next guess: 0, 30 %.")
    assert say(0.3, 0.3, 0.4) == ("I am not sure. It may be 2, 40 %.", "Next guess: 0, 30 %.")


def test_bars_and_image_are_there_for_all(pad):
    draw_wide(pad)
    bars = find(pad, widgets.HTML, "<table>").value
    rows = re.findall(r"<th scope=row>(\d)</th>.*?width: ([\d.]+)%.*?<td>([^<]*)</td></tr>", bars)
    assert [int(digit) for digit, _, _ in rows] == list(range(10))
    assert rows[8][1:] == ("91.0", "91 %") and rows[3][1:] == ("1.0", "1 %")
    assert re.search(r'<img alt="[^"]{30,}"', find(pad, widgets.HTML, "<figure>").value)
    assert 'role="alert"' in find(pad, widgets.HTML, "I read 8").value


def test_the_image_shown_is_the_one_the_network_sees(pad):
    import base64

    draw_wide(pad)
    data = re.search(r"base64,([^\"]+)", find(pad, widgets.HTML, "<figure>").value)[1]
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    np.testing.assert_allclose(shown[3::6, 3::6] / 255, pad.image, atol=1 / 255)


def test_errors_cannot_smuggle_html_into_the_page(pad):
    pad.network = Broken(ValueError("<script>alert(1)</script>"))
    draw_one(pad)
    assert "<script>" not in find(pad, widgets.HTML, "script").value


def test_the_pad_says_who_reads_where_the_network_tells(pad):
    assert pad.read_by == "" and "Read by" not in page(pad)
    telling = Reader()
    telling.read_by = "your own layers: <Dense>"
    pad.network = telling
    assert pad.read_by == "Read by your own layers: <Dense>."
    assert "Read by your own layers: &lt;Dense&gt;." in page(pad)
    line = find(pad, widgets.HTML, 'class="pad-reader"')
    assert line.layout.display is None
    pad.network = Reader()
    assert "Read by" not in page(pad) and line.layout.display == "none"


def test_the_pad_shows_itself(pad):
    bundle = pad._repr_mimebundle_(include=None, exclude=None)
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == pad.widget.model_id
    assert bundle["text/plain"] == "<DigitPad: empty>"
    draw_one(pad)
    assert repr(pad) == "<DigitPad: reads 1>"


# With the trained network


@pytest.fixture(scope="module")
def trained():
    return architectures.pretrained("small_cnn")


def test_without_a_network_the_best_trained_one_is_taken():
    assert DigitPad().network.parameter_count == architectures.best_pretrained().parameter_count


def test_examples_are_read(trained):
    pad = DigitPad(trained)
    read = []
    for _ in EXAMPLES:
        pad.draw_example()
        read.append(pad.prediction)
    assert tuple(read) == EXAMPLES and sorted(read) == list(range(10))


def test_size_and_place_do_not_change_the_answer(trained):
    """In a corner at 0.4 of the canvas as in the middle at 0.8."""
    rng = np.random.default_rng(0)
    corner, middle = DigitPad(trained), DigitPad(trained)
    same = []
    for k in range(200):
        strokes = handwriting.write(k % 10, rng)
        for pad, extent, place in [(corner, 0.4, 0.03), (middle, 0.8, 0.1)]:
            pad.clear()
            draw(pad, [280 * (extent * stroke + place) for stroke in strokes])
        same.append(corner.prediction == middle.prediction)
    assert np.mean(same) >= 0.95


def test_preparing_a_drawing_beats_shrinking_the_canvas(trained):
    drawings, labels = handwriting.drawings(200, np.random.default_rng(3), sizes=(0.35, 0.85))
    pad = DigitPad(trained)
    read, shrunk = [], []
    for strokes in drawings:
        pad.clear()
        draw(pad, strokes)
        read.append(pad.prediction)
        shrunk.append(naive_resize(strokes_to_image(strokes)))
    naive = (trained.predict(np.array(shrunk)[:, None]) == labels).mean()
    assert (np.array(read) == labels).mean() >= 0.95 > naive + 0.1


def test_people_s_drawings_are_read(trained):
    """At least 90 % of real pen strokes; $DRAWN_DIGITS names the file, as for `bench.drawn`."""
    file = os.environ.get("DRAWN_DIGITS")
    if not file:
        pytest.skip("needs people's drawings: set DRAWN_DIGITS to the path of pendigits_1000.json")
    people = json.loads(Path(file).read_text(encoding="utf-8"))["drawings"]
    pad = DigitPad(trained)
    right = 0
    for person in people:
        pad.clear()
        draw(pad, [280 * np.array(stroke) for stroke in person["strokes"]])
        right += pad.prediction == person["label"]
    assert right / len(people) >= 0.9
