"""Accuracy, confusion matrix, precision, recall and F1 against counting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.metrics import (
    accuracy,
    classification_report,
    confusion_matrix,
    f1,
    precision,
    recall,
)

# Two of class 0 (one read as 1), three of class 1 (one read as 2), one of class 2, read right.
LABELS = [0, 0, 1, 1, 1, 2]
PREDICTIONS = [0, 1, 1, 2, 1, 2]


def test_a_case_worked_out_by_hand():
    assert accuracy(LABELS, PREDICTIONS) == 4 / 6
    np.testing.assert_array_equal(
        confusion_matrix(LABELS, PREDICTIONS), [[1, 1, 0], [0, 2, 1], [0, 0, 1]]
    )
    np.testing.assert_allclose(precision(LABELS, PREDICTIONS), [1, 2 / 3, 1 / 2])
    np.testing.assert_allclose(recall(LABELS, PREDICTIONS), [1 / 2, 2 / 3, 1])
    np.testing.assert_allclose(f1(LABELS, PREDICTIONS), [2 / 3, 2 / 3, 2 / 3])


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40))
def test_agrees_with_counting(pairs):
    labels, predictions = map(list, zip(*pairs, strict=True))
    report = classification_report(labels, predictions, classes=7)
    confusion = confusion_matrix(labels, predictions, classes=7)
    assert report.accuracy == accuracy(labels, predictions)
    assert report.accuracy == sum(a == b for a, b in pairs) / len(pairs)
    for k in range(7):
        right = sum(a == b == k for a, b in pairs)
        read, true = predictions.count(k), labels.count(k)
        p, r = right / read if read else 0.0, right / true if true else 0.0
        assert report.precision[k] == p and report.recall[k] == r and report.support[k] == true
        assert report.f1[k] == pytest.approx(2 * p * r / (p + r) if right else 0.0)
        for j in range(7):
            assert confusion[k, j] == pairs.count((k, j))
    occurring = sorted(set(labels) | set(predictions))
    shares = (report.precision, report.recall, report.f1)
    assert report.macro == pytest.approx([np.mean(share[occurring]) for share in shares])


def test_a_share_of_nothing_is_zero():
    # Class 1 is never predicted, class 2 never occurs, class 3 does neither.
    report = classification_report([0, 1], [0, 2], classes=4)
    np.testing.assert_array_equal(report.precision, [1, 0, 0, 0])
    np.testing.assert_array_equal(report.recall, [1, 0, 0, 0])
    np.testing.assert_array_equal(report.f1, [1, 0, 0, 0])
    assert report.macro == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_the_number_of_classes_is_found_or_given():
    assert confusion_matrix([0, 2], [1, 0]).shape == (3, 3)
    assert confusion_matrix([0, 2], [1, 4]).shape == (5, 5)
    assert confusion_matrix([0], [0], classes=10).shape == (10, 10)
    assert confusion_matrix([0], [0]).dtype == np.int64
    with pytest.raises(ValueError, match="class 4 occurs.*got 4"):
        confusion_matrix([0, 2], [1, 4], classes=4)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.uint64])
def test_any_integer_type(dtype):
    labels = np.array([9, 200 % 100, 99], dtype)
    assert confusion_matrix(labels, labels)[99, 99] == 1
    assert accuracy(labels, np.array([9, 1, 99])) == 2 / 3


def test_the_report_reads_as_a_table():
    report = classification_report(LABELS, PREDICTIONS)
    lines = str(report).splitlines()
    assert lines[0].split() == ["class", "precision", "recall", "F1", "images"]
    assert lines[2].split() == ["1", "0.6667", "0.6667", "0.6667", "3"]
    assert lines[-2].split() == ["mean", "0.7222", "0.7222", "0.6667", "6"]
    assert lines[-1].split() == ["accuracy", "0.6667"]
    assert repr(report) == str(report)
    assert len({len(line) for line in lines[:-1]}) == 1, "columns line up"


@pytest.mark.parametrize(
    ("labels", "predictions", "error", "message"),
    [
        ([], [], ValueError, r"labels.*\(0,\)"),
        ([0, 1], [0], ValueError, "2 labels and 1 predictions"),
        ([0, 1], np.zeros((2, 10)), ValueError, r"predictions.*\(2, 10\).*argmax"),
        ([[0], [1]], [0, 1], ValueError, r"labels.*\(2, 1\)"),
        ([0.0, 1.0], [0, 1], TypeError, "labels must be integers, got dtype float64"),
        ([0, 1], [True, False], TypeError, "predictions.*bool"),
        ([0, -1], [0, 1], ValueError, "labels must not be negative, got -1"),
    ],
)
@pytest.mark.parametrize(
    "metric", [accuracy, confusion_matrix, precision, recall, f1, classification_report]
)
def test_bad_arguments_are_named(metric, labels, predictions, error, message):
    with pytest.raises(error, match=message):
        metric(labels, predictions)
