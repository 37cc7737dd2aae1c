"""How good predictions are: accuracy, confusion matrix, precision, recall, F1.

All functions take ``(labels, predictions)``, in this order, as scikit-learn does. With
``n`` of class *k* counted in the confusion matrix, rows true, columns predicted,

- precision of *k*: of all read as *k*, the share that are *k* (down a column);
- recall of *k*: of all that are *k*, the share read as *k* (along a row);
- F1: the harmonic mean of both, ``2 P R / (P + R)``.

A share of nothing (a class never predicted, or absent) is 0.0, as in scikit-learn.
"""

from dataclasses import dataclass

import numpy as np

__all__ = [
    "ClassificationReport",
    "accuracy",
    "classification_report",
    "confusion_matrix",
    "f1",
    "precision",
    "recall",
]


def accuracy(labels, predictions):
    """Share of the predictions that are right.

    Parameters
    ----------
    labels, predictions : array_like of shape (N,)
        True and predicted classes, integers from 0.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError, TypeError
        If the two are empty, of different length, negative or not integers.
    """
    labels, predictions = _validated(labels, predictions)
    return float(np.mean(labels == predictions))


def confusion_matrix(labels, predictions, classes=None):
    """Count how often each class was read as each class.

    Parameters
    ----------
    labels, predictions : array_like of shape (N,)
        True and predicted classes, integers from 0.
    classes : int, optional
        Number of classes; the largest class that occurs, plus one, unless given.

    Returns
    -------
    ndarray of shape (classes, classes), int64
        Entry ``[i, j]`` counts the images of class i that were read as j: rows are the true
        classes, columns the predicted ones.

    Raises
    ------
    ValueError, TypeError
        As `accuracy`, and if a class is not below `classes`.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1], [0, 1, 1])
    array([[1, 1],
           [0, 1]])
    """
    labels, predictions = _validated(labels, predictions)
    largest = int(max(labels.max(), predictions.max()))
    classes = largest + 1 if classes is None else classes
    if largest >= classes:
        raise ValueError(f"class {largest} occurs, so classes must be above it, got {classes}")
    # Each pair (true, predicted) is one number in base `classes`.
    pairs = labels.astype(np.int64) * classes + predictions.astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def precision(labels, predictions, classes=None):
    """Of the images read as each class, the share that are of it.

    Parameters
    ----------
    labels, predictions, classes
        As for `confusion_matrix`.

    Returns
    -------
    ndarray of shape (classes,), float64
        In [0, 1]; 0.0 for a class that was never predicted.
    """
    return classification_report(labels, predictions, classes).precision


def recall(labels, predictions, classes=None):
    """Of the images of each class, the share that were read as it.

    Parameters
    ----------
    labels, predictions, classes
        As for `confusion_matrix`.

    Returns
    -------
    ndarray of shape (classes,), float64
        In [0, 1]; 0.0 for a class that does not occur.
    """
    return classification_report(labels, predictions, classes).recall


def f1(labels, predictions, classes=None):
    """Harmonic mean of precision and recall for each class.

    Parameters
    ----------
    labels, predictions, classes
        As for `confusion_matrix`.

    Returns
    -------
    ndarray of shape (classes,), float64
        In [0, 1]; 0.0 for a class with no right prediction.
    """
    return classification_report(labels, predictions, classes).f1


@dataclass(frozen=True, eq=False, repr=False)
class ClassificationReport:
    """Precision, recall and F1 of each class; ``print`` shows them as a table.

    Attributes
    ----------
    precision, recall, f1 : ndarray of shape (classes,), float64
        In [0, 1].
    support : ndarray of shape (classes,), int64
        How many images of each class there are.
    accuracy : float
        Share of all images that were read right.
    confusion : ndarray of shape (classes, classes), int64
        The counts all of this comes from.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray
    accuracy: float
    confusion: np.ndarray

    @property
    def macro(self):
        """Precision, recall and F1, each the plain mean over the classes that occur.

        A class that is in neither the labels nor the predictions is left out.
        """
        occurs = self.confusion.sum(axis=0) + self.confusion.sum(axis=1) > 0
        return tuple(float(a[occurs].mean()) for a in (self.precision, self.recall, self.f1))

    def __repr__(self):
        # The table, so that a notebook shows it.
        return str(self)

    def __str__(self):
        row = "{:>9}  {:>9}  {:>9}  {:>9}  {:>9}".format
        lines = [row("class", "precision", "recall", "F1", "images")]
        columns = zip(self.precision, self.recall, self.f1, self.support, strict=True)
        for k, (*shares, count) in enumerate(columns):
            lines.append(row(k, *(f"{share:.4f}" for share in shares), count))
        total = int(self.support.sum())
        lines.append(row("mean", *(f"{share:.4f}" for share in self.macro), total))
        lines.append(f"{'accuracy':>9}  {self.accuracy:>9.4f}")
        return "\n".join(lines)


def classification_report(labels, predictions, classes=None):
    """Precision, recall, F1 and support of each class, together.

    Parameters
    ----------
    labels, predictions : array_like of shape (N,)
        True and predicted classes, integers from 0.
    classes : int, optional
        Number of classes; the largest class that occurs, plus one, unless given.

    Returns
    -------
    ClassificationReport

    Raises
    ------
    ValueError, TypeError
        As `confusion_matrix`.
    """
    confusion = confusion_matrix(labels, predictions, classes)
    right, support = np.diag(confusion), confusion.sum(axis=1)
    predicted = confusion.sum(axis=0)
    return ClassificationReport(
        precision=_share(right, predicted),
        recall=_share(right, support),
        f1=_share(2 * right, predicted + support),
        support=support,
        accuracy=float(right.sum() / support.sum()),
        confusion=confusion,
    )


def _share(part, whole):
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def _validated(labels, predictions):
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    for name, array in (("labels", labels), ("predictions", predictions)):
        if array.ndim != 1 or array.size == 0:
            hint = f"; take {name}.argmax(axis=1)" if array.ndim == 2 else ""
            raise ValueError(
                f"{name} must be one class number an image, shape (N,), got {array.shape}{hint}"
            )
        if array.dtype.kind not in "iu":
            raise TypeError(f"{name} must be integers, got dtype {array.dtype}")
        if array.min() < 0:
            raise ValueError(f"{name} must not be negative, got {array.min()}")
    if len(labels) != len(predictions):
        raise ValueError(
            f"{len(labels)} labels and {len(predictions)} predictions: one prediction a label is "
            "needed"
        )
    return labels, predictions
