"""Softmax and cross-entropy against plain arithmetic and centred differences."""

import math

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.gradient_check import numerical_gradient, relative_error
from helpers.losses import NO_CLASS, softmax, softmax_cross_entropy


def by_hand(logits, labels):
    """Mean over rows of minus the sum of target times log probability."""
    classes = len(logits[0])
    losses = []
    for row, label in zip(oracles.softmax(logits), labels, strict=True):
        even = label == -1
        targets = [even / classes + (1 - even) * (k == label) for k in range(classes)]
        losses.append(-math.fsum(t * math.log(p) for t, p in zip(targets, row, strict=True)))
    return math.fsum(losses) / len(losses)


def batch(rows, classes, scale=3.0):
    rng = np.random.default_rng(rows * 100 + classes)
    return scale * rng.normal(size=(rows, classes)), rng.integers(0, classes, rows)


SIZES = [(1, 1), (1, 2), (3, 2), (5, 10), (64, 10), (7, 100)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_softmax_agrees_with_arithmetic(size):
    logits, _ = batch(*size)
    np.testing.assert_allclose(softmax(logits), oracles.softmax(logits), rtol=1e-13)


def test_softmax_works_along_the_last_axis_of_any_array():
    logits = np.random.default_rng(0).normal(size=(2, 3, 4))
    expected = [oracles.softmax(part) for part in logits]
    np.testing.assert_allclose(softmax(logits), expected, rtol=1e-13)
    np.testing.assert_allclose(softmax(logits[0, 0]), expected[0][0], rtol=1e-13)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=8), st.floats(-1e3, 1e3))
def test_softmax_is_a_distribution_whatever_the_scale(logits, shift):
    with np.errstate(over="ignore"):
        found = softmax(logits)
    assert (found >= 0).all() and abs(found.sum() - 1) < 1e-12
    if max(map(abs, logits)) < 1e3:
        np.testing.assert_allclose(softmax(np.array(logits) + shift), found, rtol=1e-9, atol=1e-12)


def test_softmax_of_large_logits_does_not_overflow():
    np.testing.assert_allclose(softmax([1000.0, 1000.0, -1000.0]), [0.5, 0.5, 0.0])
    np.testing.assert_allclose(softmax(np.array([200.0, 0.0], np.float32)), [1.0, 0.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_keeps_the_dtype(dtype):
    assert softmax(np.zeros((2, 3), dtype)).dtype == dtype
    assert softmax([1, 2]).dtype == np.float64


@pytest.mark.parametrize("bad", [3.0, [], np.zeros((10, 0))], ids=str)
def test_softmax_names_a_bad_shape(bad):
    with pytest.raises(ValueError, match=r"shape \("):
        softmax(bad)


def test_softmax_of_no_rows_is_no_rows():
    assert softmax(np.zeros((0, 10))).shape == (0, 10)


def test_softmax_names_what_is_no_number():
    with pytest.raises(ValueError, match=r"logits\[1, 0\] is nan"):
        softmax([[1.0, 2.0], [np.nan, 3.0]])


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_loss_agrees_with_arithmetic(size):
    logits, labels = batch(*size)
    loss, _ = softmax_cross_entropy(logits, labels)
    assert isinstance(loss, float)
    assert loss == pytest.approx(by_hand(logits, labels), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("size", SIZES[1:], ids=str)
def test_gradient_agrees_with_centred_differences(size):
    logits, labels = batch(*size, scale=1.0)

    def loss(logits):
        return softmax_cross_entropy(logits, labels)[0]

    _, dlogits = softmax_cross_entropy(logits, labels)
    assert relative_error(dlogits, numerical_gradient(loss, logits)) < 1e-7


@pytest.mark.parametrize("rows", [[0], [1, 3], [0, 1, 2, 3, 4]], ids=str)
def test_images_of_no_class_have_even_targets(rows):
    logits, labels = batch(5, 10, scale=1.0)
    labels[rows] = NO_CLASS

    def loss(logits):
        return softmax_cross_entropy(logits, labels)[0]

    _, dlogits = softmax_cross_entropy(logits, labels)
    assert loss(logits) == pytest.approx(by_hand(logits, labels), rel=1e-12)
    assert relative_error(dlogits, numerical_gradient(loss, logits)) < 1e-7


def test_an_image_of_no_class_leaves_the_others_alone():
    logits, labels = batch(5, 10)
    _, before = softmax_cross_entropy(logits, labels)
    labels[2] = NO_CLASS
    _, after = softmax_cross_entropy(logits, labels)
    np.testing.assert_array_equal(np.delete(before, 2, axis=0), np.delete(after, 2, axis=0))
    np.testing.assert_allclose(after[2], (oracles.softmax(logits[2:3])[0] - 0.1) / 5, atol=1e-15)


def test_knowing_nothing_is_the_best_answer_for_an_image_of_no_class():
    loss, dlogits = softmax_cross_entropy(np.zeros((2, 10)), [NO_CLASS, NO_CLASS])
    assert loss == pytest.approx(math.log(10), rel=1e-15)
    np.testing.assert_allclose(dlogits, 0, atol=1e-17)
    certain, _ = softmax_cross_entropy([[1000.0, 0.0]], [NO_CLASS])
    assert certain == 500.0


@pytest.mark.parametrize("order", ["C", "F"])
def test_images_of_no_class_keep_dtype_and_memory_order(order):
    logits, labels = batch(64, 10)
    labels[::3] = NO_CLASS
    logits = np.array(logits, np.float32, order=order)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    assert dlogits.dtype == np.float32 and dlogits.strides == logits.strides
    assert loss == pytest.approx(by_hand(logits.astype(float), labels), rel=1e-6)
    _, exact = softmax_cross_entropy(logits.astype(float), labels)
    np.testing.assert_allclose(dlogits, exact, atol=1e-8)


def test_gradient_is_probability_minus_target_over_the_batch():
    logits, labels = batch(5, 10)
    _, dlogits = softmax_cross_entropy(logits, labels)
    expected = (oracles.softmax(logits) - np.eye(10)[labels]) / 5
    np.testing.assert_allclose(dlogits, expected, atol=1e-15)
    np.testing.assert_allclose(dlogits.sum(axis=1), 0, atol=1e-15)


def test_before_training_the_loss_is_log_of_the_classes():
    loss, _ = softmax_cross_entropy(np.zeros((4, 10)), [0, 3, 9, 9])
    assert loss == pytest.approx(math.log(10), rel=1e-15)


def test_confident_answers_cost_what_they_should():
    right, _ = softmax_cross_entropy([[1000.0, 0.0]], [0])
    wrong, dlogits = softmax_cross_entropy([[1000.0, 0.0]], [1])
    assert right == 0.0 and wrong == 1000.0
    np.testing.assert_array_equal(dlogits, [[1.0, -1.0]])


def test_parts_of_a_batch_add_up_to_the_whole():
    logits, labels = batch(7, 10)
    whole, dlogits = softmax_cross_entropy(logits, labels)
    parts = [
        softmax_cross_entropy(logits[s], labels[s], batch_size=7)
        for s in (slice(0, 3), slice(3, 7))
    ]
    assert sum(loss for loss, _ in parts) == pytest.approx(whole, rel=1e-14)
    np.testing.assert_allclose(np.concatenate([d for _, d in parts]), dlogits, atol=1e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_dtype_and_memory_order_are_kept_and_logits_left_alone(dtype, order):
    logits, labels = batch(64, 10)
    logits = np.array(logits, dtype, order=order)
    logits.flags.writeable = False
    loss, dlogits = softmax_cross_entropy(logits, labels)
    assert dlogits.dtype == dtype and dlogits.strides == logits.strides
    tolerance = 1e-6 if dtype == np.float32 else 1e-12
    assert loss == pytest.approx(by_hand(logits.astype(float), labels), rel=tolerance)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32, np.int64, np.uint64])
def test_labels_of_any_integer_type(dtype):
    logits, labels = batch(5, 10)
    expected = softmax_cross_entropy(logits, labels)[0]
    assert softmax_cross_entropy(logits, labels.astype(dtype))[0] == expected


GOOD = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("logits", "labels", "options", "error", "message"),
    [
        (np.zeros(3), [0], {}, ValueError, r"\(3,\)"),
        (np.zeros((0, 3)), np.zeros(0, int), {}, ValueError, r"\(0, 3\)"),
        (GOOD, [0, 1, 2], {}, ValueError, r"labels of shape \(3,\).*logits of shape \(2, 3\)"),
        (GOOD, np.eye(3)[:2], {}, ValueError, "argmax"),
        (GOOD, [0.0, 1.0], {}, TypeError, "integers, got dtype float64"),
        (GOOD, [True, False], {}, TypeError, "bool"),
        (GOOD, [0, 3], {}, ValueError, "0 to 2 .*3 classes, got 0 to 3"),
        (GOOD, [-2, 2], {}, ValueError, "got -2 to 2"),
        (GOOD, [-1, 3], {}, ValueError, "got -1 to 3"),
        (GOOD, [0, 1], {"batch_size": 0}, ValueError, "batch_size"),
    ],
)
def test_bad_arguments_are_named(logits, labels, options, error, message):
    with pytest.raises(error, match=message):
        softmax_cross_entropy(logits, labels, **options)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_divergence_is_named(bad):
    logits = np.zeros((3, 4))
    logits[2, 1] = bad
    with pytest.raises(ValueError, match=r"logits\[2, 1\] is (nan|inf|-inf).*learning rate"):
        softmax_cross_entropy(logits, [0, 1, 1])


def test_logits_too_far_apart_are_named():
    logits = np.array([[3e38, -3e38]], np.float32)
    with pytest.raises(ValueError, match=r"logits\[0, 0\].*learning rate"):
        softmax_cross_entropy(logits, [1])
