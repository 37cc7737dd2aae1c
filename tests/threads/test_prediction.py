"""Prediction in blocks gives the answer of the layers, whatever is kept between calls."""

import gc
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

from helpers import architectures
from helpers.threads import cores, prediction

IMAGES = np.random.default_rng(3).random((150, 1, 28, 28), dtype=np.float32)


@pytest.fixture(params=architectures.NAMES)
def net(request):
    return architectures.make(request.param)


def agree(net, images=IMAGES, **arguments):
    expected = net.copy().forward(images)
    np.testing.assert_allclose(
        net.predict_logits(images, **arguments), expected, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("count", [1, 2, 47, 150])
def test_any_number_of_images(net, count):
    agree(net, IMAGES[:count])


def test_no_images_have_no_predictions(net):
    assert net.predict_logits(IMAGES[:0]).shape == (0, 10)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_any_number_of_threads(net, threads):
    agree(net, threads=threads)


def test_new_weights_are_seen(net):
    agree(net)
    for layer in net.layers:
        for value in layer.params.values():
            value *= 0.9  # in place
    agree(net)
    for layer in net.layers:
        layer.params = {name: 1.1 * value for name, value in layer.params.items()}  # replaced
    agree(net)
    agree(net.astype(np.float64))


def test_new_running_statistics_are_seen():
    net = architectures.deep_cnn()
    agree(net)
    net.forward(IMAGES[:32], training=True)
    agree(net)
    net.set_state(net.get_state())
    agree(net)


def test_the_layers_keep_what_their_backward_needs():
    net = architectures.small_cnn()
    net.forward(IMAGES[:5])
    before = net.backward(np.ones((5, 10), np.float32))
    net.forward(IMAGES[:5])
    net.predict(IMAGES[5:60])
    np.testing.assert_array_equal(net.backward(np.ones((5, 10), np.float32)), before)


def test_two_threads_may_predict_with_one_network():
    net = architectures.small_cnn()
    expected = net.copy().forward(IMAGES)
    found = {}

    def work(name):
        found[name] = [net.predict_logits(IMAGES) for _ in range(5)]

    workers = [threading.Thread(target=work, args=(name,)) for name in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for results in found.values():
        for result in results:
            np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)
    assert len(found) == 2


def test_what_is_kept_does_not_keep_the_network():
    net = architectures.tiny_cnn()
    net.predict(IMAGES)
    gone = weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("make", [architectures.mlp, architectures.deep_cnn])
def test_predictions_go_forward_only_and_leave_settings_alone(make):
    net, length = make(), np.getbufsize()
    net.predict(IMAGES)
    assert np.getbufsize() == length
    assert all(layer.backward_follows for layer in net.layers)


def test_each_kind_of_float_is_read_as_it_is():
    net = architectures.small_cnn().astype(np.float64)
    images = np.random.default_rng(4).random((3, 1, 28, 28))
    expected = net.copy().forward(images)
    coarse = net.predict_logits(images.astype(np.float16))
    np.testing.assert_allclose(net.predict_logits(images), expected, rtol=1e-12)
    assert np.abs(coarse - expected).max() > 1e-6
    with pytest.raises(ValueError, match="images are uint8; divide by 255"):
        net.predict_logits((images * 255).astype(np.uint8))
    with pytest.raises(ValueError, match=r"images reach 25\d.*divide by 255"):
        net.predict_logits(images * 255)
    np.testing.assert_allclose(net.predict_logits(images), expected, rtol=1e-12)


def test_memory_is_bounded_over_many_sizes():
    net = architectures.small_cnn()
    net.predict_logits(IMAGES[:100], threads=1)
    tracemalloc.start()
    try:
        for count in range(1, 100):
            net.predict_logits(IMAGES[:count], threads=1)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Work arrays come in chunks of 64 MiB; 99 copies of the images alone would be another 16.
    assert kept < 2**26 + 2**23
    agree(net, IMAGES[:7])


@pytest.mark.parametrize(
    ("name", "count", "threads", "plan"),
    [
        ("small_cnn", 1, None, (1, 1, 1)),
        ("small_cnn", 64, None, (1, 64, 1)),  # one block
        ("small_cnn", 65, None, (2, 33, 1)),  # two of equal size
        ("small_cnn", 1000, None, (4, 63, 1)),  # four threads, four blocks each
        ("small_cnn", 1000, 3, (3, 56, 1)),
        ("mlp", 127, None, (2, 64, 1)),
        ("mlp", 1000, None, (1, 63, 4)),  # products so large that BLAS shares each of them
    ],
)
def test_the_plan_of_threads_and_blocks(monkeypatch, name, count, threads, plan):
    seen = []

    def forward(self, images, block, blas_threads):
        seen.append((len(self._team.replicas), block, blas_threads))
        return np.empty((len(images), 10))

    monkeypatch.setattr(cores, "physical_cores", lambda: 4)
    monkeypatch.setattr(prediction.Predictor, "forward", forward)
    images = np.zeros((count, 1, 28, 28), np.float32)
    prediction.forward_in_blocks(architectures.make(name), images, 64, threads)
    assert seen == [plan]
