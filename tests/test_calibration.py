"""Calibration: against loops, and a minimiser of SciPy's."""

import math

import numpy as np
import oracles
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.architectures import make
from helpers.calibration import apply_temperature, calibration_error, fit_temperature, reliability
from helpers.layers import Dense, Flatten, ReLU
from helpers.losses import softmax
from helpers.network import Sequential


def make_data(count, classes=10, temperature=1.0, seed=0):
    """Logits, and labels drawn from the probabilities they stand for once they are cooled."""
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=(count, classes))
    cumulated = softmax(logits / temperature).cumsum(axis=1)
    return logits, (rng.random((count, 1)) > cumulated).sum(axis=1).clip(0, classes - 1)


def by_loops(probabilities, labels, bins):
    """Confidence, accuracy and count of each bin, and the expected calibration error."""
    rows = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = []
        for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
            best = max(range(len(row)), key=lambda k: row[k])
            if low < row[best] <= high:
                inside.append((row[best], best == label))
        count = len(inside)
        sure = math.fsum(c for c, _ in inside) / count if count else math.nan
        right = sum(r for _, r in inside) / count if count else math.nan
        rows.append((sure, right, count))
    gap = math.fsum(abs(c - a) * n for c, a, n in rows if n) / len(labels)
    return rows, gap


@pytest.mark.parametrize("bins", [1, 2, 15, 100])
@pytest.mark.parametrize(("count", "classes"), [(1, 2), (7, 3), (2000, 10)])
def test_reliability_agrees_with_loops(count, classes, bins):
    logits, labels = make_data(count, classes, temperature=2)
    probabilities = softmax(logits)
    rows, gap = by_loops(probabilities, labels, bins)
    found = reliability(probabilities, labels, bins)
    for ours, theirs in zip(
        (found.confidence, found.accuracy, found.count), zip(*rows, strict=True), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert calibration_error(probabilities, labels, bins) == found.error
    assert found.error == pytest.approx(gap, rel=1e-12)


def test_an_example_by_hand():
    """Four images 75 % sure of which two are right, one certain and wrong."""
    probabilities = [[0.75, 0.25]] * 4 + [[0.0, 1.0]]
    assert calibration_error(probabilities, [0, 0, 1, 1, 0], bins=10) == pytest.approx(
        (4 * 0.25 + 1 * 1.0) / 5
    )
    found = reliability(probabilities, [0, 0, 1, 1, 0], bins=10)
    assert found.count.tolist() == [0, 0, 0, 0, 0, 0, 0, 4, 0, 1]
    assert np.isnan(found.confidence[:7]).all()


def test_a_perfect_network_is_calibrated():
    assert calibration_error(np.eye(10), np.arange(10)) == 0
    assert calibration_error(np.eye(10, dtype=np.float32), np.arange(10)[::-1]) == 1


def test_labels_drawn_from_the_probabilities_are_calibrated():
    logits, labels = make_data(20_000)
    assert calibration_error(softmax(logits), labels) < 0.01
    assert calibration_error(softmax(3 * logits), labels) > 0.05


@pytest.mark.parametrize("temperature", [0.3, 1.0, 1.7, 8.0])
def test_the_temperature_is_the_one_scipy_finds(temperature):
    logits, labels = make_data(3000, temperature=temperature)

    def loss(beta):
        rows = softmax(beta * logits)
        return -np.log(rows[np.arange(len(labels)), labels]).mean()

    theirs = 1 / scipy.optimize.minimize_scalar(loss, (0.05, 5), options={"xtol": 1e-10}).x
    ours = fit_temperature(logits, labels)
    assert ours == pytest.approx(theirs, rel=1e-5)
    assert ours == pytest.approx(temperature, rel=0.15)
    assert fit_temperature(logits.astype(np.float32), labels) == pytest.approx(ours, rel=1e-5)


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(2, 5))
def test_no_other_temperature_fits_better(seed, count, classes):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(count, classes)), rng.integers(0, classes, count)
    best = fit_temperature(logits, labels)
    assert 0.01 <= best <= 100

    def loss(temperature):
        rows = oracles.softmax(logits / temperature)
        return -sum(math.log(max(row[k], 1e-300)) for row, k in zip(rows, labels, strict=True))

    for other in (0.01, 0.1, 0.9 * best, 1.1 * best, 10, 100):
        if 0.01 <= other <= 100:
            assert loss(best) <= loss(other) + 1e-9 * count


def test_labels_that_every_temperature_suits_or_none():
    logits = np.array([[5.0, 0.0], [0.0, 5.0]])
    assert fit_temperature(logits, np.array([0, 1])) == pytest.approx(0.01)
    assert fit_temperature(logits, np.array([1, 0])) == pytest.approx(100)


def test_a_cooled_network_gives_divided_logits():
    net = make("small_cnn", seed=3)
    rng = np.random.default_rng(0)
    net.layers[-1].params["bias"] = rng.normal(size=10).astype(np.float32)
    images = rng.random((50, 1, 28, 28), np.float32)
    before = net.predict_logits(images).copy()
    apply_temperature(net, 2.5)
    after = net.predict_logits(images)
    np.testing.assert_allclose(after, before / 2.5, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(after.argmax(axis=1), before.argmax(axis=1))
    assert {value.dtype for value in net.parameters} == {np.dtype(np.float32)}


def test_the_fitted_temperature_leaves_nothing_to_cool():
    logits, labels = make_data(3000, temperature=2)
    cooled = logits / fit_temperature(logits, labels)
    assert fit_temperature(cooled, labels) == pytest.approx(1, rel=1e-9)
    assert calibration_error(softmax(cooled), labels) < calibration_error(softmax(logits), labels)


EVEN = np.full((2, 2), 0.5)


@pytest.mark.parametrize(
    ("scores", "labels", "options", "error", "message"),
    [
        (np.zeros(3), [0], {}, ValueError, r"\(N, classes\).*not \(3,\)"),
        (EVEN, [0], {}, ValueError, r"not \(2, 2\) and \(1,\)"),
        (EVEN[:0], np.zeros(0, int), {}, ValueError, r"\(0, 2\)"),
        (EVEN, [0.0, 1.0], {}, TypeError, "integers, got dtype float64"),
        (EVEN, [0, 2], {}, ValueError, "lie in 0 to 1, got 0 to 2"),
        (EVEN, [-1, 1], {}, ValueError, "got -1 to 1"),
        (EVEN * np.nan, [0, 1], {}, ValueError, "not finite"),
        (EVEN * 2, [0, 1], {}, ValueError, "sum to 1"),
        ([[1.5, -0.5]], [0], {}, ValueError, "at least 0"),
        (EVEN, [0, 1], {"bins": 0}, ValueError, "bins must be a whole number"),
        (EVEN, [0, 1], {"bins": 2.5}, ValueError, "bins must be a whole number"),
    ],
)
def test_bad_arguments_are_named(scores, labels, options, error, message):
    with pytest.raises(error, match=message):
        calibration_error(scores, labels, **options)
    if not options and "sum" not in message and "at least" not in message:
        with pytest.raises(error, match=message):
            fit_temperature(scores, labels)


@pytest.mark.parametrize("temperature", [0, -1, np.inf, np.nan])
def test_a_temperature_that_is_none_is_named(temperature):
    with pytest.raises(ValueError, match="temperature must be above 0"):
        apply_temperature(make("mlp"), temperature)


def test_a_network_without_a_dense_end_is_named():
    net = Sequential([Flatten(), Dense(784, 10), ReLU()])
    with pytest.raises(ValueError, match=r"last layer must be Dense .*ReLU"):
        apply_temperature(net, 2)
