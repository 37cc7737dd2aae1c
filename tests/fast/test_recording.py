"""A recorded step does what the layers do, and nothing slips past the recorder."""

import numpy as np
import pytest

from helpers import architectures, layers
from helpers.fast import recording
from helpers.losses import softmax_cross_entropy
from helpers.network import Sequential
from helpers.threads import Team


def images(count, seed=0, shape=(1, 28, 28)):
    return np.random.default_rng(seed).random((count, *shape))


def replica_of(net, training=True):
    return Team(net, 1, training).replicas[0]


def gradients(net):
    return [grad for layer in net.layers for grad in layer.grads.values()]


def make_all_kinds():
    """Every kind of layer, and every path through the convolution, on a non-square image."""
    rng = np.random.default_rng(1)
    return Sequential(
        [
            layers.Conv2D(1, 4, (3, 2), padding=(1, 0), rng=rng),
            layers.BatchNorm(4),
            layers.ReLU(),
            layers.Conv2D(4, 5, (3, 3), padding=(2, 1), rng=rng),
            layers.MaxPool2D((3, 2), stride=(2, 1)),
            layers.Conv2D(5, 4, (5, 3), stride=(2, 1), padding=(2, 4), rng=rng),
            layers.MaxPool2D(2),
            layers.Dropout(0.3, rng=rng),
            layers.Flatten(),
            layers.Dense(4 * 2 * 7, 7, rng=rng, l2=0.1),
            layers.BatchNorm(7),
            layers.Dense(7, 10, rng=rng),
        ],
        input_shape=(1, 13, 11),
    )


@pytest.mark.parametrize("make", [*map(architectures.__dict__.get, architectures.NAMES)])
@pytest.mark.parametrize("sizes", [(6, 6, 3, 6, 1, 6, 3)])
def test_the_networks_of_the_course_to_the_bit(make, sizes):
    compare(make(0).astype(np.float64), make(0).astype(np.float64), sizes)


def test_every_kind_of_layer_to_the_bit():
    net, twin = make_all_kinds().astype(np.float64), make_all_kinds().astype(np.float64)
    compare(net, twin, (5, 5, 2, 5, 4, 2), shape=(1, 13, 11))


@pytest.mark.parametrize("pool", [layers.MaxPool2D(2), layers.MaxPool2D((3, 2), stride=1)])
def test_pooling_before_relu_sends_ties_to_the_same_element(pool):
    def make():
        kernel = layers.Conv2D(1, 2, 1)
        kernel.params["weight"] = np.array([1.0, -1.0]).reshape(2, 1, 1, 1)
        kernel.params["bias"] = np.zeros(2)
        first = layers.Conv2D(2, 2, 1, rng=np.random.default_rng(4))
        return Sequential([kernel, first, layers.ReLU(), pool], (1, 7, 6)).astype(np.float64)

    rng = np.random.default_rng(5)
    net, replica = make(), replica_of(make())
    assert [type(layer) for layer in replica.layers[2:]] == [layers.MaxPool2D, layers.ReLU]
    x = rng.integers(-1, 2, (4, 1, 7, 6)).astype(np.float64)
    ours, theirs = net.forward(x, training=True), replica.forward(x, training=True)
    np.testing.assert_array_equal(ours, theirs)
    dy = rng.standard_normal(ours.shape)
    net.backward(dy)
    replica.backward(dy)
    for mine, other in zip(gradients(net), gradients(replica.net), strict=True):
        np.testing.assert_array_equal(mine, other)


def compare(net, twin, sizes, shape=(1, 28, 28)):
    """Steps on batches of these sizes, by layers and by recording, with changing weights."""
    replica = replica_of(twin)
    for step, size in enumerate(sizes):
        x = images(size, seed=step, shape=shape)
        labels = np.arange(size) % 10
        replica.set_shard(0, size)
        ours, theirs = net.forward(x, training=True), replica.forward(x, training=True)
        np.testing.assert_array_equal(ours, theirs)
        dlogits = softmax_cross_entropy(ours, labels)[1]
        net.backward(dlogits)
        replica.backward(dlogits)
        for mine, other in zip(gradients(net), gradients(replica.net), strict=True):
            np.testing.assert_array_equal(mine, other)
        for one in (net, twin):
            for param, grad in zip(one.parameters, gradients(net), strict=True):
                param -= 0.1 * grad
    for layer, worked in zip(net.layers, replica.layers, strict=True):
        for name in layer.statistics:
            np.testing.assert_array_equal(getattr(layer, name), getattr(worked, name))


def test_the_callers_images_and_gradients_are_not_written_to():
    replica = replica_of(architectures.small_cnn(0))
    x = images(4).astype(np.float32)
    x.flags.writeable = False
    dlogits = np.ones((4, 10), np.float32)
    dlogits.flags.writeable = False
    for _ in range(3):
        replica.forward(x, training=True)
        replica.backward(dlogits)


def test_a_layer_of_ones_own_is_not_recorded_but_works():
    class Square(layers.Layer):
        def _forward(self, x, training):
            self._x = x[x > -np.inf].reshape(x.shape)  # an index that cannot be recorded
            return self._x**2

        def _backward(self, dy):
            return 2 * self._x * dy

    net = Sequential([layers.Flatten(), Square(), layers.Dense(784, 10)])
    replica = replica_of(net)
    for seed in range(3):
        x = images(3, seed)
        np.testing.assert_allclose(replica.forward(x), net.forward(x), rtol=1e-6)


def recorded(values=(1.0, 2.0, 3.0)):
    return recording.Recorded(np.array(values), recording.Tape())


@pytest.mark.parametrize(
    "act",
    [
        lambda a: a[a > 1],
        lambda a: a[[0, 1]],
        lambda a: a[0],
        lambda a: a.item(0),
        lambda a: float(a[:1]),
        lambda a: bool(a[:1] > 0),
        lambda a: a.argmax(),
        lambda a: a.dot(a),
        lambda a: a.flatten(),
        lambda a: np.where(a > 1, a, 0),
        lambda a: np.concatenate([a, a]),
        lambda a: np.repeat(a, 2),
        lambda a: list(a),
    ],
)
def test_what_cannot_be_recorded_is_refused(act):
    with pytest.raises(recording.CannotRecord):
        act(recorded())


@pytest.mark.parametrize(
    "act",
    [
        lambda a: a + 1,
        lambda a: 2 / np.sqrt(a),
        lambda a: a.sum(keepdims=True),
        lambda a: a.reshape(1, 3).T.reshape(3, 1),
        lambda a: a.copy() * 3,
        lambda a: a.astype(np.float32),
        lambda a: np.einsum("i,i->i", a, a),
        lambda a: np.maximum(a, 2)[1:],
        lambda a: np.matmul(a[None], a[:, None]).reshape(-1),
    ],
)
def test_what_is_recorded_follows_the_values(act):
    array = recorded()
    result = act(array)
    operations = array.tape.cut()
    array.array[...] = [4.0, 5.0, 7.0]
    for operation in operations:
        operation()
    expected = act(np.array([4.0, 5.0, 7.0]))
    np.testing.assert_allclose(result.array, expected)


def test_in_place_changes_are_recorded():
    array = recorded()
    array *= 2
    array[:2] = array[1:]
    array.fill(5)
    array += 1
    operations = array.tape.cut()
    assert len(operations) == 4
    array.array[...] = 0
    for operation in operations:
        operation()
    np.testing.assert_array_equal(array.array, [6, 6, 6])


def test_a_function_must_be_given_recorded_arrays():
    replica = replica_of(architectures.tiny_cnn(0))
    work = replica.layers[0].work
    work.tape = recording.Tape()
    with pytest.raises(recording.CannotRecord, match="not recorded"):
        work.run(np.negative, np.zeros(3))
