"""MaxPool2D against loops: any window, overlap, ties and rests."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_oracles import check_max_pool, memory_orders

from helpers.layers import MaxPool2D

# shape, pool_size, stride
GRID = [
    ((1, 1, 1, 1), 1, None),
    ((2, 3, 4, 4), 1, None),
    ((2, 3, 5, 4), 1, 2),
    ((2, 3, 4, 6), 2, None),
    ((5, 1, 5, 7), 2, None),
    ((2, 2, 7, 6), 3, None),
    ((1, 4, 8, 9), 3, 2),
    ((3, 2, 6, 5), 2, 1),
    ((2, 2, 6, 5), 3, 1),
    ((2, 2, 9, 7), 2, 3),
    ((2, 2, 6, 8), (1, 2), None),
    ((2, 2, 6, 8), (2, 1), None),
    ((2, 2, 7, 8), (3, 2), None),
    ((2, 2, 7, 8), (2, 4), (1, 3)),
    ((2, 2, 7, 8), (3, 2), (2, 1)),
    ((2, 2, 5, 4), (5, 4), None),
    ((64, 1, 4, 4), 2, None),
    ((1, 17, 4, 4), 2, None),
]


@pytest.mark.parametrize("values", ["distinct", "ties", "all equal"])
@pytest.mark.parametrize(("shape", "pool_size", "stride"), GRID)
def test_agrees_with_loops(shape, pool_size, stride, values):
    rng = np.random.default_rng(0)
    x = {
        "distinct": rng.normal(size=shape),
        "ties": rng.integers(-1, 2, size=shape).astype(np.float64),
        "all equal": np.full(shape, -3.0),
    }[values]
    check_max_pool(MaxPool2D(pool_size, stride), x, rng)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_agrees_at_any_shape(data):
    one_to = [data.draw(st.integers(1, 4)) for _ in range(6)]
    ph, pw, sh, sw, batch, channels = one_to
    shape = (batch, channels, ph + data.draw(st.integers(0, 6)), pw + data.draw(st.integers(0, 6)))
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, size=shape).astype(np.float64)
    check_max_pool(MaxPool2D((ph, pw), (sh, sw)), x, rng)


@pytest.mark.parametrize(("pool_size", "stride"), [(2, 2), (3, 2), (2, 1)])
def test_any_memory_order_gives_the_same(pool_size, stride):
    rng = np.random.default_rng(0)
    for _, x in memory_orders(rng.integers(-3, 4, size=(3, 2, 6, 7)).astype(np.float64)):
        check_max_pool(MaxPool2D(pool_size, stride), x, rng)


def test_the_first_of_equal_values_gets_the_gradient():
    layer = MaxPool2D(2)
    layer.forward(np.array([[[[0.0, 5.0], [5.0, 5.0]]]]))
    np.testing.assert_array_equal(layer.backward(np.array([[[[7.0]]]])), [[[[0, 7], [0, 0]]]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pool_size": 0}, "pool_size"),
        ({"pool_size": 2.5}, "pool_size"),
        ({"pool_size": (2,)}, "pool_size"),
        ({"stride": 0}, "stride"),
        ({"stride": (1, -1)}, "stride"),
    ],
    ids=str,
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        MaxPool2D(**arguments)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"window.*\(2, 8\)"):
        MaxPool2D(3).forward(np.zeros((1, 1, 2, 8), np.float32))
    with pytest.raises(ValueError, match=r"\(2, 8\)"):
        MaxPool2D(2).forward(np.zeros((2, 8), np.float32))
