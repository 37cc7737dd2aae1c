"""Every picture of the course can be seen, read and heard."""

import base64
import functools
import io
import itertools
import re
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import mistune
import nbclient
import nbformat
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

from helpers import plots
from helpers.plots import style
from helpers.training import History

RNG = np.random.default_rng(0)
DIGITS = RNG.random((12, 1, 28, 28))
LABELS = np.arange(12) % 10
MISREAD = np.where(np.arange(12) == 7, 1, LABELS)
CONFUSION = np.diag(np.full(10, 90)) + np.eye(10, k=1, dtype=int) * np.arange(10)[:, None]
ONE_EPOCH = History([0.9], [0.7])
HISTORY = History(
    [0.9, 0.4, 0.2], [0.7, 0.88, 0.95], [0.6, 0.31, 0.35], [0.8, 0.91, 0.9], [1e-3] * 3, [1.0] * 3
)
CERTAIN = np.eye(10)[3] * 0.99999 + 0.000001

PICTURES = {
    "digit_grid": lambda: plots.digit_grid(DIGITS, LABELS, MISREAD),
    "digit_grid of labels": lambda: plots.digit_grid(DIGITS[:, 0], LABELS, columns=4),
    "digit_grid of one": lambda: plots.digit_grid(DIGITS[:1]),
    "digit_grid of fifty": lambda: plots.digit_grid(np.zeros((50, 28, 28)), np.zeros(50, int)),
    "digit_numbers": lambda: plots.digit_numbers((255 * DIGITS[0, 0]).astype(int)),
    "digit_numbers of a part": lambda: plots.digit_numbers(DIGITS[0, 0, 8:16, 4:9], origin=(8, 4)),
    "gallery": lambda: plots.gallery(
        [np.zeros((280, 280)), DIGITS[0, 0]],
        ["a canvas", "a digit"],
        boxes=[(10, 90, 0, 280), None],
        points=[None, (14, 14)],
    ),
    "feature_maps": lambda: plots.feature_maps(RNG.random((16, 12, 12))),
    "feature_maps with signs": lambda: plots.feature_maps(RNG.normal(size=(3, 9, 5))),
    "filters": lambda: plots.filters(RNG.normal(size=(8, 1, 5, 5))),
    "filters on channels": lambda: plots.filters(RNG.normal(size=(16, 8, 5, 5))),
    "curves": lambda: plots.curves(HISTORY),
    "curves of one epoch": lambda: plots.curves(ONE_EPOCH),
    "confusion": lambda: plots.confusion(CONFUSION),
    "probabilities": lambda: plots.probabilities(np.arange(10) / 45),
    "probabilities, certain": lambda: plots.probabilities(CERTAIN),
    "reading": lambda: plots.reading(DIGITS[0], CERTAIN, title="a digit drawn by hand"),
    "bars": lambda: plots.bars(
        ["naive", "prepared"], [43.2, 96.0], unit="share read correctly (%)"
    ),
}
PAPER = to_rgb(style.PAPER)
CHARTS = ("curves", "confusion", "probabilities", "bars")
every_picture = pytest.mark.parametrize("name", PICTURES)


@pytest.fixture(scope="module")
def shell():
    """A notebook's shell, so that what is displayed can be looked at."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture(scope="module")
def shown(shell):
    """A function that draws and returns the outputs as a notebook would store them."""

    def displayed(draw):
        with capture_output() as captured:
            draw()
        assert captured.stdout == captured.stderr == ""
        return captured.outputs

    return displayed


@pytest.fixture(scope="module")
def outputs(shown):
    """A function that returns the outputs of a picture by its name; each is drawn once."""
    return functools.cache(lambda name: shown(PICTURES[name]))


def opened(output):
    return Image.open(io.BytesIO(output.data["image/png"]))


@every_picture
def test_is_a_png_with_alt_text_and_the_same_words_below(name, outputs):
    picture, caption = outputs(name)
    described = picture.metadata["image/png"]
    assert opened(picture).format == "PNG"
    assert len(described["alt"]) > 30
    assert described["alt"] == picture.data["text/plain"]
    assert caption.data["text/plain"] == f"Figure. {described['alt']}"
    assert opened(picture).width == pytest.approx(2 * described["width"], abs=2)


@every_picture
def test_fits_a_slide_and_reads_on_a_dark_page(name, outputs):
    image = opened(outputs(name)[0])
    assert image.width <= 2 * 740 and image.height <= 2 * 720
    assert image.convert("RGBA").getextrema()[3] == (255, 255)
    assert image.convert("RGB").getpixel((0, 0)) == pytest.approx(255 * np.array(PAPER))


@every_picture
def test_nothing_is_cut_off_at_the_edge(name, outputs):
    image = np.asarray(opened(outputs(name)[0]).convert("RGB"), float)
    assert image.std() > 5  # there is something to be seen
    edge = np.ones(image.shape[:2], bool)
    edge[2:-2, 2:-2] = False
    assert np.abs(image[edge] - 255 * np.array(PAPER)).max() < 0.5


@every_picture
def test_letters_are_large_enough(name, figures):
    PICTURES[name]()
    ((figure, _),) = figures
    limit = 7.5 if "numbers" in name else 10  # points; 28 numbers have to fit side by side
    sizes = {text.get_text(): text.get_fontsize() for text in figure.findobj(Text)}
    assert all(size >= limit for text, size in sizes.items() if text)


@pytest.mark.parametrize("name", CHARTS)
def test_axes_are_labelled_and_titles_do_not_repeat_them(name, figures):
    PICTURES[name]()
    ((figure, _),) = figures
    for axes in figure.axes:
        assert axes.get_xlabel() != ""
        # The names of bars say what the axis is.
        assert name == "bars" or axes.get_ylabel() != ""
        assert axes.get_title() == ""


def test_pictures_leave_pyplot_and_its_settings_alone(shown):
    before = dict(plt.rcParams)
    for name in ("digit_grid", "curves", "filters"):
        shown(PICTURES[name])
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before


def test_nothing_happens_in_plain_python():
    code = (
        "from helpers import plots\n"
        "plots.probabilities([0.2, 0.8])\n"
        "live = plots.LiveCurves()\n"
        "class H: loss=[1.]; accuracy=[.5]; validation_loss=[]; validation_accuracy=[]\n"
        "live(H)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# What the words say.


def alt_of(figures, draw):
    figures.clear()
    draw()
    return figures[-1][1]


def test_grid_names_each_mistake(figures):
    alt = alt_of(figures, lambda: plots.digit_grid(DIGITS, LABELS, MISREAD, columns=6))
    assert "12 handwritten digits in 2 rows of 6" in alt
    assert "11 of 12 right" in alt
    assert "a 7 read as 1 (row 2, column 2)" in alt
    titles = [axes.get_title() for axes in figures[-1][0].axes]
    assert titles == "0 1 2 3 4 5 6".split() + ["1, is 7"] + "8 9 0 1".split()


def test_grid_without_predictions_lists_the_labels(figures):
    alt = alt_of(figures, lambda: plots.digit_grid(DIGITS[:3], LABELS[:3]))
    assert "they are 0 1 2" in alt
    alt = alt_of(figures, lambda: plots.digit_grid(DIGITS[:3], predictions=LABELS[:3]))
    assert "they are read as 0 1 2" in alt


def test_numbers_stand_where_they_are(figures):
    part = np.array([[0, 7], [255, 30]])
    alt = alt_of(figures, lambda: plots.digit_numbers(part, origin=(4, 8)))
    assert "1 of 4 are 0; the largest is 255, in row 5, column 8" in alt
    (axes,) = figures[-1][0].axes
    assert [text.get_text() for text in axes.texts] == ["0", "7", "255", "30"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["8", "9"]


def test_confusion_names_the_worst(figures):
    alt = alt_of(figures, PICTURES["confusion"])
    assert f"900 of {CONFUSION.sum()} right" in alt
    assert "mistakes: 8 as 9 (8 times), 7 as 8 (7 times), 6 as 7 (6 times)" in alt
    alt = alt_of(figures, lambda: plots.confusion(np.array([[3, 0], [1, 2]])))
    assert "1 as 0 (once)" in alt
    assert "mistakes:" not in alt_of(figures, lambda: plots.confusion(np.eye(2, dtype=int)))


def test_probabilities_are_never_rounded_up_to_certainty(figures):
    assert "3 with > 99.9%, all others below" in alt_of(figures, PICTURES["probabilities, certain"])
    alt = alt_of(figures, lambda: plots.probabilities([0.25, 0.7, 0.05], names=["a", "b", "c"]))
    assert "b with 70.0%, then a 25.0%, c 5.0%" in alt


def test_a_reading_says_what_is_read(figures):
    alt = alt_of(figures, PICTURES["reading"])
    assert alt.startswith("On the left a digit drawn by hand, on the right 10 bars")
    assert "3 with > 99.9%" in alt
    one = np.float32(np.eye(10)[3])
    assert "3 with > 99.9%" in alt_of(figures, lambda: plots.probabilities(one))
    assert "28 by 28 pixels" in alt_of(figures, lambda: plots.reading(DIGITS[0, 0], CERTAIN))


def test_a_gallery_names_its_images(figures):
    same = [DIGITS[0, 0], DIGITS[1, 0]]
    alt = alt_of(figures, lambda: plots.gallery(same, ["one", "two"], caption="Two digits."))
    assert alt == "2 images of 28 by 28 pixels: one, two. Two digits."
    alt = alt_of(figures, PICTURES["gallery"])
    assert alt == "2 images: a canvas (280 by 280 pixels), a digit (28 by 28 pixels)."


def test_curves_say_where_they_begin_and_end(figures):
    alt = alt_of(figures, PICTURES["curves"])
    assert "After 3 epochs: training loss 0.200, accuracy 95.0%" in alt
    assert "validation loss 0.350, accuracy 90.0%" in alt
    assert "lowest validation loss is 0.310, in epoch 2" in alt
    assert "After 1 epoch: training loss 0.900, accuracy 70.0%." == alt_of(
        figures, PICTURES["curves of one epoch"]
    )


def test_curves_draw_what_the_history_holds(figures):
    PICTURES["curves"]()
    left, right = figures[-1][0].axes
    for axes, wanted in (
        (left, (HISTORY.loss, HISTORY.validation_loss)),
        (right, (HISTORY.accuracy, HISTORY.validation_accuracy)),
    ):
        for line, values in zip(axes.lines, wanted, strict=True):
            assert list(line.get_xdata()) == [1, 2, 3]
            assert list(line.get_ydata()) == values
        assert {text.get_text() for text in axes.texts} == {"training", "validation"}


def test_bars_say_every_value(figures):
    alt = alt_of(figures, PICTURES["bars"])
    assert alt == "Bars of the share read correctly (%). naive: 43.2; prepared: 96."


def test_filters_and_maps_say_their_range(figures):
    weight = np.zeros((2, 1, 3, 3))
    weight[0, 0, 1, 1], weight[1, 0, 2, 2] = -0.5, 1.25
    alt = alt_of(figures, lambda: plots.filters(weight))
    assert "2 filters of 3 by 3 weights" in alt and "-0.50" in alt and "1.25" in alt
    maps = np.stack([np.full((4, 6), 0.5), np.full((4, 6), 2.0)])
    alt = alt_of(figures, lambda: plots.feature_maps(maps))
    assert "2 feature maps of 4 by 6" in alt and "channel 1 answers most (2.00)" in alt


def test_a_caption_takes_the_place_of_the_alt_text_below(shown):
    picture, line = shown(lambda: plots.probabilities([0.9, 0.1], caption="Almost sure of a 0."))
    assert line.data["text/plain"] == "Figure. Almost sure of a 0."
    assert "0 with 90.0%" in picture.metadata["image/png"]["alt"]


def test_captions_are_words_and_not_markup(shown):
    words = r"a*b_c [d](e) <f> #g | $h$ `i` ~j~ \k"
    with style.drawing() as figure:
        figure.subplots()
    _, line = shown(lambda: style.show(figure, words))
    html = mistune.create_markdown(plugins=["strikethrough", "table", "math"])(
        line.data["text/markdown"]
    )
    text = re.sub(r"<[^>]+>", "", html).replace("&lt;", "<").replace("&gt;", ">").strip()
    assert text == f"Figure. {words}"


def test_html_for_a_widget_holds_the_picture_and_its_words():
    words = 'Of 5, "3" < 4 & <b>more</b>.'
    with style.drawing(6, 3) as figure:
        figure.subplots().plot([1, 2], [3, 4])
    root = ElementTree.fromstring(plots.as_html(figure, words))
    image, line = root
    assert image.get("alt") == line.text == words
    assert line.get("aria-hidden") == "true"  # or a screen reader says it twice
    form, data = image.get("src").split(",")
    assert form == "data:image/png;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert picture.size == (960, 480) and image.get("width") == "480"  # sharp on a dense screen
    dark = np.asarray(picture.convert("L")) < 128
    assert 0.005 < dark.mean() < 0.1
    with pytest.raises(ValueError, match="alt must say"):
        plots.as_html(figure, " ")


# Live curves.


def test_live_curves_replace_each_other(shell):
    live = plots.LiveCurves(3)
    with capture_output() as captured:
        for epochs in (1, 2, 3):
            live(History(*[values[:epochs] for values in (HISTORY.loss, HISTORY.accuracy)]))
    messages = captured._outputs
    assert [bool(message.get("update")) for message in messages] == [False] * 2 + [True] * 4
    assert len({message["transient"]["display_id"] for message in messages}) == 2


def test_a_notebook_keeps_the_last_live_curve():
    source = (
        "import numpy as np\n"
        "from helpers import architectures, plots\n"
        "from helpers.training import fit\n"
        "rng = np.random.default_rng(0)\n"
        "images = rng.random((64, 1, 28, 28), dtype=np.float32)\n"
        "train = (images, np.arange(64) % 10)\n"
        "fit(architectures.mlp(), train, epochs=3, progress=False, on_epoch=plots.LiveCurves(3))\n"
        "None"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbclient.NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    picture, caption = notebook.cells[0].outputs
    assert picture.metadata["image/png"]["alt"].startswith("After 3 epochs: training loss")
    assert caption.data["text/markdown"].startswith("**Figure.** After 3 epochs")
    nbformat.validate(notebook)


# Errors.


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_picture_without_words_is_refused(alt):
    with style.drawing() as figure:
        figure.subplots()
    with pytest.raises(ValueError, match="alt must say what is to be seen"):
        style.show(figure, alt)
    with pytest.raises(ValueError, match="caption must say"):
        style.show(figure, "A picture of nothing at all.", caption="")


def test_a_figure_of_pyplot_is_closed(shown):
    figure, axes = plt.subplots()
    axes.plot([1, 2], [3, 4])
    assert len(shown(lambda: plots.show(figure, "One rising line."))) == 2
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.digit_grid(np.zeros((28, 28))), r"must have the shape .* not \(28, 28\)"),
        (lambda: plots.digit_grid(np.zeros((0, 28, 28))), r"not \(0, 28, 28\)"),
        (lambda: plots.digit_grid(DIGITS, LABELS[:3]), r"12 images need labels of shape \(12,\)"),
        (lambda: plots.digit_numbers(np.zeros((29, 5))), r"at most \(28, 28\), it has \(29, 5\)"),
        (lambda: plots.gallery([DIGITS[0, 0]], []), "1 images need as many titles, not 0"),
        (lambda: plots.gallery([], []), "at least one image"),
        (lambda: plots.gallery([DIGITS[0]], ["x"]), r"an image must have the shape \(H, W\)"),
        (lambda: plots.feature_maps(np.zeros((1, 2, 3, 4))), "one image, one map a channel"),
        (lambda: plots.filters(np.zeros((3, 3))), r"weight must have the shape \(F, C, kh, kw\)"),
        (lambda: plots.curves(History()), "no epoch yet"),
        (lambda: plots.confusion(np.zeros((2, 3))), r"square .* its shape is \(2, 3\)"),
        (lambda: plots.confusion(np.zeros((2, 2))), "count something"),
        (lambda: plots.probabilities([0.5, 1.5]), r"all in \[0, 1\]"),
        (lambda: plots.probabilities([np.nan, 0.5]), r"all in \[0, 1\]"),
        (lambda: plots.reading(DIGITS, CERTAIN), r"image must have the shape \(H, W\)"),
        (lambda: plots.bars(["a"], [1, 2], unit="s"), "1 names need values of that number"),
    ],
)
def test_bad_input_is_explained(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


# Colours. The simulation is that of G. M. Machado et al., "A physiologically-based model for
# simulation of color vision deficiency", 2009, at full severity; the distance is CIE 1976.

VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(colour, vision):
    xyz = TO_XYZ @ np.clip(np.asarray(vision) @ linear(colour), 0, 1) / (0.9505, 1, 1.089)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one, other):
    dark, light = sorted(TO_XYZ[1] @ linear(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("vision", VISION.values(), ids=VISION.keys())
def test_any_two_colours_differ_for_everyone(vision):
    for one, other in itertools.combinations(style.PALETTE.values(), 2):
        assert np.linalg.norm(lab(one, vision) - lab(other, vision)) > 12, (one, other)


def test_colours_stand_out_from_the_paper():
    assert all(contrast(colour, style.PAPER) >= 3.5 for colour in style.PALETTE.values())
    assert min(contrast(style.INK, style.PAPER), contrast(style.GREY, style.PAPER)) >= 4.5


def test_signed_colours_show_the_sign_to_everyone():
    for vision in VISION.values():
        minus, plus = (lab(style.SIGNED(x), vision) for x in (0.25, 0.75))
        assert np.linalg.norm(minus - plus) > 30
    lightness = [lab(style.AMOUNT(x), VISION["normal"])[0] for x in np.linspace(0, 1, 11)]
    assert np.all(np.diff(lightness) < -2)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.5, "50.0%"), (1, "100.0%"), (0.99949, "99.9%"), (0.99996, "> 99.9%"), (0, "0.0%")],
)
def test_percent(share, text):
    assert style.percent(share) == text


@pytest.mark.parametrize("name", plots.__all__)
def test_every_picture_is_documented(name):
    assert len(getattr(plots, name).__doc__.splitlines()) >= 4
