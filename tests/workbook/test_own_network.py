"""A network of layers that are not the course's: built, loaded and read with, as in notebook 11."""

import json
import re

import numpy as np
import pytest
from notebook_text import NOTEBOOKS

from helpers import architectures, mnist
from helpers.drawing import DigitPad
from helpers.losses import softmax
from helpers.workbook import own_network

COURSE = architectures.pretrained("small_cnn").get_state()
RANDOM = np.random.default_rng(3)


class Conv2D:
    """A plain one, as a student writes it."""

    def __init__(self, channels, filters, size):
        weight = RANDOM.normal(size=(filters, channels, size, size)).astype(np.float32)
        self.params = {"weight": weight, "bias": np.zeros(filters, np.float32)}

    def forward(self, x, training=False):
        weight = self.params["weight"]
        windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
        y = np.einsum("nchwij,fcij->nfhw", windows, weight, optimize=True)
        return y + self.params["bias"][:, None, None]


class Dense:
    def __init__(self, inputs, outputs):
        weight = RANDOM.normal(size=(inputs, outputs)).astype(np.float32)
        self.params = {"weight": weight, "bias": np.zeros(outputs, np.float32)}

    def forward(self, x, training=False):
        return x @ self.params["weight"] + self.params["bias"]


class Simple:
    """A layer that learns nothing."""

    def __init__(self, *settings):
        self.params = {}


class ReLU(Simple):
    def forward(self, x, training=False):
        return np.where(x > 0, x, 0)


class MaxPool2D(Simple):
    def forward(self, x, training=False):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))


class Flatten(Simple):
    def forward(self, x, training=False):
        return x.reshape(len(x), -1)


class Dropout(Simple):
    def forward(self, x, training=False):
        return x


class Sequential:
    def __init__(self, layers):
        self.layers = layers

    def predict_proba(self, images):
        for layer in self.layers:
            images = layer.forward(images)
        return softmax(images)


@pytest.fixture(scope="module")
def own():
    """A network of the layers above, with the course's weights, loaded by the notebook's code."""
    names = {kind.__name__: kind for kind in (Conv2D, Dense, ReLU, MaxPool2D, Flatten, Dropout)}
    names |= {"Sequential": Sequential, "np": np}
    cells = json.loads((NOTEBOOKS / "11_draw.ipynb").read_text(encoding="utf-8"))["cells"]
    exec(next("".join(c["source"]) for c in cells if c["id"] == "load-weights"), names)
    exec(BUILD, names)
    net = names["small_cnn"]()
    names["load_weights"](net.layers, COURSE)
    return net


BUILD = """
def small_cnn():
    first = [Conv2D(1, 8, 5), ReLU(), MaxPool2D(2)]
    second = [Conv2D(8, 16, 5), ReLU(), MaxPool2D(2), Flatten()]
    return Sequential([*first, *second, Dense(256, 128), ReLU(), Dropout(0.2), Dense(128, 10)])
"""


def test_the_notebook_builds_the_same_network():
    text = (NOTEBOOKS / "11_draw.ipynb").read_text(encoding="utf-8")
    for line in filter(None, BUILD.splitlines()):
        assert line.strip() in text


def test_it_reads_what_that_of_helpers_does(own):
    images = mnist.load(verbose=False).test.images[:1000]
    wanted = architectures.pretrained("small_cnn").predict(images)
    assert len(images) == 1000
    np.testing.assert_array_equal(own.predict_proba(images).argmax(axis=1), wanted)


def test_the_pad_reads_with_it_and_says_so(own):
    own.read_by = own_network.read_by(own)
    pad = DigitPad(own)
    pad.draw([[(140, 60), (135, 220)]])
    assert pad.prediction == 1
    assert pad.read_by == (
        "Read by your own layers: Conv2D, ReLU, MaxPool2D, Flatten, Dense, Dropout, Sequential."
    )


def test_whose_layers_is_said_for_each_kind(own):
    course = architectures.small_cnn()
    assert own_network.read_by(course).startswith("the course's layers: Conv2D, ReLU, MaxPool2D")
    course.layers[0] = own.layers[0]
    course.layers[3] = own.layers[3]
    assert own_network.read_by(course).startswith("your own layers: Conv2D; the course's: ReLU")


def test_weights_are_her_own_where_she_has_trained(tmp_path):
    arrays, said = own_network.trained("small_cnn", tmp_path)
    assert said == "Weights: the course's training." and set(arrays) == set(COURSE)
    hers = {name: value + 1 for name, value in COURSE.items()}
    np.savez(tmp_path / own_network.FILE, **hers)
    arrays, said = own_network.trained("small_cnn", tmp_path)
    assert "your own training" in said
    np.testing.assert_array_equal(arrays["3.bias"], hers["3.bias"])


def test_what_notebook_07_stores_is_what_notebook_11_reads(tmp_path):
    hers = [value + 1 for value in COURSE.values()]
    assert own_network.store(hers, workbook=tmp_path).startswith("stored in my_network.npz: the 8")
    arrays, said = own_network.trained("small_cnn", tmp_path)
    assert "your own training" in said
    for found, value in zip(arrays.values(), hers, strict=True):
        np.testing.assert_array_equal(found, value)
    with pytest.raises(ValueError, match="8 arrays of weights, not 7"):
        own_network.store(hers[1:], workbook=tmp_path)
    with pytest.raises(ValueError, match="no numbers"):
        own_network.store([value * np.nan for value in hers], workbook=tmp_path)
    assert own_network.trained("small_cnn", tmp_path)[1] == said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: a.pop("3.bias"), "it lacks 3.bias"),
        (lambda a: a.update({"0.bias": np.zeros(9)}), r"0.bias has the shape \(9,\), not \(8,\)"),
        (lambda a: a.update({"0.bias": np.full(8, np.nan)}), "0.bias holds values that are no"),
        (lambda a: a.update({"2.weight": np.zeros(8)}), "it also holds 2.weight"),
    ],
)
def test_weights_that_do_not_fit_are_left_alone(tmp_path, change, words):
    arrays = dict(COURSE)
    change(arrays)
    np.savez(tmp_path / own_network.FILE, **arrays)
    found, said = own_network.trained("small_cnn", tmp_path)
    assert re.search(words, said) and "the course's training" in said
    np.testing.assert_array_equal(found["3.bias"], COURSE["3.bias"])


def test_a_damaged_file_is_left_alone(tmp_path):
    (tmp_path / own_network.FILE).write_bytes(b"no weights")
    arrays, said = own_network.trained("small_cnn", tmp_path)
    assert "cannot be read" in said and set(arrays) == set(COURSE)


def test_without_a_workbook_the_weights_are_the_courses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert own_network.trained("small_cnn")[1] == "Weights: the course's training."
