"""What is written beside trained weights: how they were made and how good they are."""

import hashlib
import json
import platform

import numpy as np

from helpers import files, metrics, mnist_files
from helpers.losses import softmax_cross_entropy

__all__ = ["describe", "figures", "write"]


def describe(net, digits, history):
    """What is known when training has ended.

    Parameters
    ----------
    net : helpers.network.Sequential
    digits : helpers.mnist.Digits
        What it was trained on.
    history : helpers.training.History

    Returns
    -------
    dict
        Parameters, data with checksums, versions, seconds and validation accuracy of each epoch.
    """
    return {
        "parameters": net.parameter_count,
        "data": {
            "source": digits.source,
            "training images": len(digits.train),
            "sha256": mnist_files.SHA256[digits.source],
        },
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "seconds": round(sum(history.seconds), 1),
        "validation by epoch": [round(value, 5) for value in history.validation_accuracy],
    }


def figures(net, split):
    """Measure a network on images.

    Parameters
    ----------
    net : helpers.network.Sequential
    split : helpers.mnist.Split

    Returns
    -------
    dict
        Number of images, loss, accuracy; precision, recall and F1 of each class.
    """
    logits = net.predict_logits(split.images)
    report = metrics.classification_report(split.labels, logits.argmax(axis=1), 10)
    loss, _ = softmax_cross_entropy(logits.astype(np.float64), split.labels)
    return {
        "images": len(split),
        "loss": round(loss, 5),
        "accuracy": report.accuracy,
        "precision": report.precision.round(4).tolist(),
        "recall": report.recall.round(4).tolist(),
        "f1": report.f1.round(4).tolist(),
    }


def write(net, record, stem):
    """Write weights and record, each file whole or not at all.

    Parameters
    ----------
    net : helpers.network.Sequential
    record : dict
        Gets the checksum of the weights, so that a file can be told from another run's.
    stem : Path
        The two files without their endings, .npz and .json.
    """
    weights = stem.with_suffix(".npz")
    net.save(weights)
    record["weights sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    with files.replacing(stem.with_suffix(".json")) as file:
        file.write((json.dumps(record, indent=2) + "\n").encode("utf-8"))
