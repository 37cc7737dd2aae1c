"""Sequential: what it computes, and what its predictions promise."""

import numpy as np
import oracles
import pytest
from layer_oracles import assert_close, memory_orders

from helpers import architectures, layers
from helpers.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from helpers.network import Sequential


def make_net(seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    net = Sequential(
        [
            Conv2D(1, 4, 3, padding=1, rng=rng),
            ReLU(),
            BatchNorm(4),
            MaxPool2D(2),
            Flatten(),
            Dense(48, 6, rng=rng),
            ReLU(),
            Dropout(0.5, rng=np.random.default_rng(seed)),
            Dense(6, 5, rng=rng),
        ],
        input_shape=(1, 8, 6),
    ).astype(dtype)
    # As after training: nothing is zero or one any more.
    for layer in net.layers:
        for name in ("bias", "gamma", "beta"):
            if name in layer.params:
                layer.params[name] = rng.uniform(0.5, 1.5, len(layer.params[name])).astype(dtype)
    net.layers[2].running_mean = rng.normal(size=4).astype(dtype)
    net.layers[2].running_var = rng.uniform(0.5, 2, size=4).astype(dtype)
    return net


def images(count, seed=1):
    return np.random.default_rng(seed).random((count, 1, 8, 6))


def predicted_by_hand(net, x):
    """The logits of `make_net` in prediction, from the oracles alone."""
    conv, _, norm, _, _, first, _, _, second = net.layers
    x = oracles.conv2d(x, conv.params["weight"], conv.params["bias"], (1, 1), (1, 1))
    x = np.maximum(x, 0)
    statistics = norm.running_mean, norm.running_var
    x = oracles.batch_norm(x, norm.params["gamma"], norm.params["beta"], 1e-5, *statistics)
    x = oracles.flatten(oracles.max_pool(x, (2, 2), (2, 2)))
    x = np.maximum(x @ first.params["weight"] + first.params["bias"], 0)
    return x @ second.params["weight"] + second.params["bias"]


def test_forward_agrees_with_the_oracles():
    net, x = make_net(dtype=np.float64), images(3)
    assert_close(net.forward(x), predicted_by_hand(net, x))


def test_predictions_agree_with_the_oracles():
    net, x = make_net(dtype=np.float64), images(3)
    expected = oracles.softmax(predicted_by_hand(net, x))
    assert_close(net.predict_proba(x), expected)
    labels = net.predict(x)
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels, expected.argmax(axis=1))


def test_backward_is_layer_after_layer():
    net, x = make_net(dtype=np.float64), images(3)
    dy = np.random.default_rng(2).normal(size=(3, 5))
    net.forward(x, training=True)
    dx = net.backward(dy)
    other = make_net(dtype=np.float64)
    y = x
    for layer in other.layers:
        y = layer.forward(y, training=True)
    for layer in reversed(other.layers):
        dy = layer.backward(dy)
    np.testing.assert_array_equal(dx, dy)
    for one, two in zip(net.gradients, other.gradients, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 128, 200, 1000])
@pytest.mark.parametrize("threads", [None, 1, 2, 3])
def test_predictions_do_not_depend_on_blocks_or_threads(count, threads):
    net, x = make_net(), images(count).astype(np.float32)
    found = net.predict_proba(x, threads)
    assert found.shape == (count, 5) and found.dtype == np.float32
    wide = make_net(dtype=np.float64)
    expected = oracles.softmax(wide.forward(x.astype(np.float64)))
    assert_close(found, expected, 1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_predictions_of_no_images_are_none():
    net = make_net()
    assert net.predict_proba(images(0).astype(np.float32)).shape == (0, 5)
    assert net.predict(images(0).astype(np.float32)).shape == (0,)


def test_predictions_change_nothing():
    net, x = make_net(), images(70).astype(np.float32)
    y = net.forward(x[:4], training=True)
    before, state = net.get_state(), net.layers[7].rng.bit_generator.state
    dy = np.ones_like(y)
    dx, weights = net.backward(dy), [g.copy() for g in net.gradients]
    x.flags.writeable = False
    first = net.predict_proba(x)
    np.testing.assert_array_equal(net.predict_proba(x), first)
    net.predict_proba(x[:3])
    for name, array in net.get_state().items():
        np.testing.assert_array_equal(array, before[name])
    assert net.layers[7].rng.bit_generator.state == state
    # What an earlier forward left for backward is still there.
    np.testing.assert_array_equal(net.backward(dy), dx)
    for one, two in zip(net.gradients, weights, strict=True):
        np.testing.assert_array_equal(one, two)


def test_predictions_take_any_memory_order():
    net, x = make_net(), images(5).astype(np.float32)
    expected = net.predict_proba(x)
    for _, laid in memory_orders(x):
        assert_close(net.predict_proba(laid), expected, 1e-6)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((2, 1, 6, 8), np.float32), r"\(N, 1, 8, 6\), not \(2, 1, 6, 8\)"),
        (np.zeros((1, 8, 6), np.float32), r"not \(1, 8, 6\)"),
        (np.float32(0), r"not \(\)"),
        (np.zeros((2, 1, 8, 6), np.uint8), "uint8.*255"),
        (np.full((2, 1, 8, 6), np.nan, np.float32), "number 0 holds a NaN"),
    ],
)
def test_images_that_do_not_fit_are_named(bad, message):
    with pytest.raises(ValueError, match=message):
        make_net().predict_proba(bad)


@pytest.mark.parametrize("threads", [0, -1, 1.5])
def test_a_bad_number_of_threads_is_named(threads):
    with pytest.raises(ValueError, match="threads"):
        make_net().predict_proba(images(2), threads)


def test_an_input_a_layer_cannot_take_names_the_layer():
    with pytest.raises(ValueError, match=r"Conv2D.*3"):
        make_net().forward(np.zeros((2, 3, 8, 6), np.float32))


def test_parameters_and_gradients_go_together():
    net = make_net()
    shapes = [(4, 1, 3, 3), (4,), (4,), (4,), (48, 6), (6,), (6, 5), (5,)]
    assert [p.shape for p in net.parameters] == shapes
    net.backward(np.ones_like(net.forward(images(2))))
    assert [g.shape for g in net.gradients] == shapes
    assert net.parameter_count == sum(np.prod(s) for s in shapes)
    own = [id(array) for layer in net.layers for array in layer.params.values()]
    assert [id(array) for array in net.parameters] == own


def test_penalty_is_that_of_all_layers():
    net = Sequential([Dense(2, 2, l2=1.0), Dense(2, 2, l2=0.5), Dense(2, 1)], (2,))
    squares = [float((layer.params["weight"] ** 2).sum()) for layer in net.layers]
    assert net.penalty == pytest.approx(0.5 * squares[0] + 0.25 * squares[1], rel=1e-6)


def test_astype_converts_everything_and_returns_the_network():
    net, x = make_net(), images(3)
    before = net.forward(x)
    assert net.astype(np.float64) is net
    assert {a.dtype for a in net.get_state().values()} == {np.dtype(np.float64)}
    assert net.forward(x).dtype == np.float64
    assert_close(net.forward(x), before.astype(np.float64), 1e-5)
    # Statistics stay float64 when they are updated.
    net.forward(x, training=True)
    assert {a.dtype for a in net.get_state().values()} == {np.dtype(np.float64)}
    assert net.astype(np.float32).forward(x).dtype == np.float32


def test_a_copy_is_independent():
    net, x = make_net(), images(3)
    other, before = net.copy(), net.forward(x)
    np.testing.assert_array_equal(other.forward(x), before)
    for array in other.parameters:
        array += 1
    np.testing.assert_array_equal(net.forward(x), before)
    assert not np.array_equal(other.forward(x), before)


def test_state_is_copied_out_and_in():
    net, other, x = make_net(0), make_net(1), images(3)
    state = net.get_state()
    assert set(state) >= {"0.weight", "2.gamma", "2.running_mean", "2.running_var", "8.bias"}
    before = net.forward(x)
    other.set_state(state)
    for array in state.values():
        array += 1
    np.testing.assert_array_equal(net.forward(x), before)
    np.testing.assert_array_equal(other.forward(x), before)


def test_summary_is_a_table_of_layers_shapes_and_parameters():
    text = make_net().summary()
    lines = text.splitlines()
    assert lines[0].split() == ["layer", "output", "shape", "parameters"]
    assert len({len(line) for line in lines}) == 1, "columns line up"
    for wanted in ("1 x 8 x 6", "4 x 8 x 6", "4 x 4 x 3", "48", "294"):
        assert wanted in text
    assert lines[-1].split() == ["total", "377"]
    positions = [text.index(type(layer).__name__) for layer in make_net().layers[:5]]
    assert positions == sorted(positions)


def test_the_networks_of_the_course_have_the_sizes_that_are_known():
    counts = {name: architectures.make(name).parameter_count for name in architectures.NAMES}
    assert counts["small_cnn"] == 37_610
    assert counts["tiny_cnn"] == 8 * 9 + 8 + 8 * 13 * 13 * 10 + 10
    assert counts["mlp"] == 784 * 128 + 128 + 128 * 10 + 10
    for name in architectures.NAMES:
        net = architectures.make(name)
        assert net.forward(np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 10)
        assert "28 x 28" in net.summary()


def test_operations_count_products_and_sums():
    net = Sequential([Conv2D(2, 3, 3), ReLU(), Flatten(), Dense(48, 5)], (2, 6, 6))
    assert net.operations() == 2 * (3 * 2 * 9 * 16 + 48 * 5)


class StudentsReLU:
    """A layer as a notebook builds it: no shapes told, no threads known."""

    params, grads = {}, {}

    def forward(self, x, training=False):
        return x * (x > 0)


@pytest.mark.parametrize("count", [0, 1, 300])
def test_a_students_layer_predicts_as_well(count):
    net, other = make_net(), make_net()
    other.layers[1] = StudentsReLU()
    got, wanted = other.predict_logits(images(count)), net.predict_logits(images(count))
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)
    assert other.predict(images(count)).shape == (count,)


def test_a_network_needs_layers_that_are_its_own():
    with pytest.raises(ValueError, match="at least one layer"):
        Sequential([])
    relu = ReLU()
    with pytest.raises(ValueError, match="twice"):
        Sequential([relu, Dense(2, 2), relu])


def test_layers_that_do_not_fit_together_are_named():
    with pytest.raises(ValueError, match=r"Dense.*10.*"):
        Sequential([Flatten(), Dense(10, 5)], (1, 4, 4)).summary()
    with pytest.raises(ValueError, match="Conv2D"):
        Sequential([Flatten(), Conv2D(1, 2, 3)], (1, 4, 4)).summary()


def test_every_layer_of_the_module_can_be_in_a_network():
    public = {
        name
        for name, kind in vars(layers).items()
        if isinstance(kind, type) and issubclass(kind, layers.Layer) and kind is not layers.Layer
    }
    assert public == {type(layer).__name__ for layer in make_net().layers}
