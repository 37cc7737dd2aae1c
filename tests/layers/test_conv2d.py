"""Conv2D against seven loops, against scipy, and at sizes where its fast paths are taken."""

import numpy as np
import oracles
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_oracles import assert_close, check_conv2d, in_float32, in_float64, memory_orders

from helpers.layers import Conv2D

# batch, channels, filters, (height, width), kernel, stride, padding
GRID = [
    # One of everything.
    (1, 1, 1, (1, 1), (1, 1), 1, 0),
    (1, 1, 1, (4, 3), (1, 1), 1, 0),
    (2, 1, 3, (5, 4), (1, 1), 2, 0),
    (2, 3, 1, (5, 4), (1, 1), (1, 2), 1),
    (5, 2, 2, (3, 3), (1, 1), 1, 2),
    # A kernel as large as the image, and larger than it before padding.
    (1, 1, 1, (3, 3), (3, 3), 1, 0),
    (2, 2, 3, (4, 5), (4, 5), 1, 0),
    (3, 4, 5, (5, 2), (5, 2), 1, 0),
    (2, 5, 4, (2, 3), (4, 5), 1, 1),
    (2, 4, 4, (1, 1), (3, 3), 1, 1),
    # Square kernels.
    (1, 1, 2, (6, 7), (3, 3), 1, 0),
    (1, 4, 5, (6, 7), (3, 3), 1, 1),
    (2, 1, 2, (7, 6), (3, 3), 1, "same"),
    (2, 3, 4, (7, 6), (3, 3), 2, 0),
    (5, 4, 4, (6, 5), (3, 3), 1, 0),
    (2, 4, 4, (8, 5), (2, 2), 1, 0),
    (2, 4, 4, (8, 5), (2, 2), 2, 0),
    (2, 5, 6, (7, 5), (4, 4), 1, 2),
    (1, 2, 2, (9, 8), (5, 5), 1, "same"),
    (2, 4, 5, (9, 8), (5, 5), 1, 2),
    (2, 1, 1, (9, 9), (6, 6), 1, 0),
    (2, 4, 4, (9, 9), (7, 7), 1, 3),
    # Kernels that are not square.
    (2, 3, 2, (6, 7), (1, 3), 1, (0, 1)),
    (2, 3, 2, (6, 7), (3, 1), 1, (1, 0)),
    (2, 4, 4, (6, 7), (3, 1), 1, (1, 0)),
    (1, 4, 4, (7, 6), (2, 5), 1, (1, 2)),
    (3, 4, 4, (7, 6), (5, 2), 1, (2, 1)),
    (2, 2, 3, (8, 4), (5, 1), 1, "same"),
    (2, 4, 6, (4, 8), (4, 2), 1, 0),
    # Strides, also larger than the kernel, that leave a rest.
    (1, 1, 1, (8, 8), (3, 3), 2, 1),
    (2, 2, 2, (9, 7), (3, 2), (2, 3), 0),
    (2, 2, 2, (9, 7), (2, 3), (3, 2), (1, 2)),
    (2, 4, 4, (10, 7), (2, 2), 3, 0),
    (1, 3, 2, (8, 9), (1, 2), (4, 3), 0),
    (3, 1, 2, (7, 7), (3, 3), (1, 2), 1),
    (3, 4, 4, (7, 7), (3, 3), (2, 1), 1),
    # Padding as wide as the kernel and wider: some outputs see nothing but zeros.
    (2, 2, 3, (3, 4), (2, 2), 1, 2),
    (2, 4, 4, (3, 4), (3, 3), 1, 4),
    (1, 1, 1, (2, 2), (1, 3), 2, (3, 4)),
    (2, 4, 5, (4, 3), (2, 3), (2, 1), (3, 5)),
    # Output heights of every remainder by four, with enough channels for strips of four rows.
    (2, 4, 4, (3, 4), (3, 3), 1, 0),
    (2, 4, 4, (4, 4), (3, 3), 1, 0),
    (2, 4, 4, (5, 4), (3, 3), 1, 0),
    (2, 4, 4, (6, 4), (3, 3), 1, 0),
    (2, 4, 4, (11, 4), (3, 3), 1, 0),
    (2, 4, 4, (11, 5), (5, 5), 1, 0),
    # Many channels, many filters, a real batch.
    (2, 17, 3, (4, 4), (3, 3), 1, 1),
    (2, 3, 17, (4, 4), (3, 3), 1, 1),
    (64, 1, 2, (4, 4), (3, 3), 1, 0),
    (64, 4, 4, (4, 3), (3, 2), 1, 0),
]


@pytest.mark.parametrize(("batch", "channels", "filters", "size", "kernel", "stride", "pad"), GRID)
def test_agrees_with_seven_loops(batch, channels, filters, size, kernel, stride, pad):
    rng = np.random.default_rng(0)
    layer = in_float64(Conv2D(channels, filters, kernel, stride=stride, padding=pad), rng)
    check_conv2d(layer, rng.normal(size=(batch, channels, *size)), rng, loops=True)


@st.composite
def convolutions(draw):
    """A convolution and the shape of its input."""
    few, many = st.integers(1, 3), st.integers(1, 9)
    kernel = (draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    pad = (draw(st.integers(0, 4)), draw(st.integers(0, 4)))
    size = [draw(st.integers(max(1, k - 2 * p), 13)) for k, p in zip(kernel, pad, strict=True)]
    channels, filters = draw(many), draw(many)
    layer = Conv2D(channels, filters, kernel, stride=(draw(few), draw(few)), padding=pad)
    return layer, (draw(st.sampled_from([1, 2, 5, 16])), channels, *size)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(convolutions())
def test_agrees_with_the_oracle_at_any_shape(convolution):
    layer, shape = convolution
    rng = np.random.default_rng(0)
    check_conv2d(in_float64(layer, rng), rng.normal(size=shape), rng)


LARGE = [
    # batch, channels, filters, size, kernel, stride, padding
    (64, 32, 32, (14, 13), (3, 3), 1, 0),
    (8, 32, 32, (28, 28), (3, 3), 1, 0),
    (32, 8, 16, (27, 26), (5, 5), 1, "same"),
    (40, 16, 24, (15, 13), (3, 3), 1, 1),
    (33, 1, 32, (28, 28), (3, 3), 1, 0),
    (16, 12, 8, (30, 21), (3, 3), 2, 1),
    (1, 32, 64, (28, 28), (3, 3), 1, 1),
    (1, 1, 8, (28, 28), (5, 5), 1, 0),
    (100, 64, 64, (6, 7), (3, 3), 1, 0),
]


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-4)], ids=["float64", "float32"]
)
@pytest.mark.parametrize(
    ("batch", "channels", "filters", "size", "kernel", "stride", "pad"),
    LARGE,
    ids=[f"{n}x{c}-{f}" for n, c, f, *_ in LARGE],
)
def test_agrees_at_training_sizes(
    batch, channels, filters, size, kernel, stride, pad, dtype, tolerance
):
    rng = np.random.default_rng(0)
    layer = Conv2D(channels, filters, kernel, stride=stride, padding=pad)
    layer = in_float64(layer, rng) if dtype == np.float64 else in_float32(layer, rng)
    x = rng.normal(size=(batch, channels, *size)).astype(dtype)
    check_conv2d(layer, x, rng, tolerance=tolerance)


@pytest.mark.parametrize("kernel", [(3, 3), (5, 4), (1, 2)], ids=str)
def test_agrees_with_scipy(kernel):
    rng = np.random.default_rng(0)
    layer = in_float64(Conv2D(6, 5, kernel), rng)
    x = rng.normal(size=(3, 6, 17, 14))
    expected = [
        [scipy.signal.correlate(image, w, mode="valid")[0] for w in layer.params["weight"]]
        for image in x
    ]
    y = layer.forward(x)
    assert_close(y, np.array(expected) + layer.params["bias"][:, None, None])
    # The gradient of a "valid" correlation is a "full" convolution.
    dy = rng.normal(size=y.shape)
    expected = np.zeros(x.shape)
    for n, f in np.ndindex(3, 5):
        for c in range(6):
            w = layer.params["weight"][f, c]
            expected[n, c] += scipy.signal.convolve(dy[n, f], w, mode="full")
    assert_close(layer.backward(dy), expected)


@pytest.mark.parametrize("shape", [(2, 4, 9, 8), (1, 4, 9, 8), (3, 1, 9, 8)], ids=str)
def test_any_memory_order_of_x_and_dy_gives_the_same(shape):
    rng = np.random.default_rng(0)
    layer = in_float64(Conv2D(shape[1], 6, 3, padding=1), rng)
    x = rng.normal(size=shape)
    for _, laid in memory_orders(x):
        check_conv2d(layer, laid, rng)
    dy = rng.normal(size=(shape[0], 6, 9, 8))
    expected = oracles.conv2d_backward_by_taps(x, layer.params["weight"], dy, (1, 1), (1, 1))
    for _, laid in memory_orders(dy):
        layer.forward(x)
        dx = layer.backward(laid)
        found = (dx, layer.grads["weight"], layer.grads["bias"])
        for actual, wanted in zip(found, expected, strict=True):
            assert_close(actual, wanted)


def test_a_student_can_follow_it_by_hand():
    layer = Conv2D(1, 1, 2)
    layer.params["weight"] = np.array([[[[0.0, 1.0], [2.0, 3.0]]]])
    layer.params["bias"] = np.array([0.0])
    # The example of Dive into Deep Learning: 0*0 + 1*1 + 3*2 + 4*3 = 19.
    y = layer.forward(np.arange(9.0).reshape(1, 1, 3, 3))
    np.testing.assert_array_equal(y[0, 0], [[19, 25], [37, 43]])


def test_same_padding_keeps_the_size():
    for kernel in (1, 3, (3, 5), (7, 1)):
        layer = Conv2D(2, 3, kernel, padding="same")
        assert layer.forward(np.zeros((1, 2, 9, 8), np.float32)).shape == (1, 3, 9, 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 0}, "channels"),
        ({"channels": 1.5}, "channels"),
        ({"filters": -1}, "filters"),
        ({"kernel_size": 0}, "kernel_size"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size"),
        ({"kernel_size": "3"}, "kernel_size"),
        ({"stride": 0}, "stride"),
        ({"stride": -1}, "stride"),
        ({"stride": (1, 0.5)}, "stride"),
        ({"padding": -1}, "padding"),
        ({"padding": 1.0}, "padding"),
        ({"padding": "valid"}, "padding"),
        ({"padding": "same", "kernel_size": 2}, "same"),
        ({"padding": "same", "stride": 2}, "same"),
    ],
    ids=str,
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Conv2D(**{"channels": 1, "filters": 1, "kernel_size": 3, **arguments})


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3, 8, 8), r"4 channels, not 3"),
        ((2, 4, 2, 8), r"kernel.*\(2, 8\)"),
        ((2, 4, 8), r"N, C, H, W.*\(2, 4, 8\)"),
        ((0, 4, 8, 8), r"\(0, 4, 8, 8\)"),
    ],
    ids=str,
)
def test_bad_input_is_named(shape, message):
    with pytest.raises(ValueError, match=message):
        Conv2D(4, 2, 3).forward(np.zeros(shape, np.float32))
