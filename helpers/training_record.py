"""What is written beside trained weights: how they were made and how good they are."""

import hashlib
import json
import platform

import numpy as np

from helpers import files, metrics
from helpers.calibration import calibration_error
from helpers.losses import softmax, softmax_cross_entropy
from helpers.mnist import files as mnist_files
from helpers.weight_files import WeightFile, WeightsError

__all__ = ["describe", "figures", "verify", "write"]

_WEIGHTS_SHA256 = "weights sha256"


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
        Number of images, loss, accuracy, calibration error; precision, recall and F1 of each
        class.
    """
    logits = net.predict_logits(split.images).astype(np.float64)
    report = metrics.classification_report(split.labels, logits.argmax(axis=1), 10)
    loss, _ = softmax_cross_entropy(logits, split.labels)
    return {
        "images": len(split),
        "loss": round(loss, 5),
        "accuracy": report.accuracy,
        "calibration error": round(calibration_error(softmax(logits), split.labels), 5),
        "precision": report.precision.round(4).tolist(),
        "recall": report.recall.round(4).tolist(),
        "f1": report.f1.round(4).tolist(),
    }


def write(net, record, stem):
    """Write weights and record to NAME.npz, and the record once more to NAME.json, to be read.

    Parameters
    ----------
    net : helpers.network.Sequential
    record : dict
        Gets the checksum of the weights file.
    stem : Path
        The two files without their endings.
    """
    weights = stem.with_suffix(".npz")
    net.save(weights, record)  # in one file, so that no kill can part them
    record[_WEIGHTS_SHA256] = _sha256(weights)
    with files.replacing(stem.with_suffix(".json")) as file:
        file.write((json.dumps(record, indent=2) + "\n").encode("utf-8"))


def verify(name, stem):
    """See that stored weights are whole, and of the training that their record describes.

    The record is in the weights file; older ones have it in NAME.json alone.

    Parameters
    ----------
    name : str
        Of the network that they shall be of.
    stem : Path
        The two files without their endings, .npz and .json.

    Raises
    ------
    FileNotFoundError
        If there are no weights.
    helpers.network.WeightsError
        If the record is missing or unreadable, or is of another network or of other weights.
    """
    weights, path = stem.with_suffix(".npz"), stem.with_suffix(".json")
    what_to_do = (
        f"fetch {weights.name} and {path.name} again, both, "
        f"or train anew with `python -m helpers.recipes train {name}`"
    )
    try:
        with WeightFile(weights) as file:
            record = file.record()
            file.check_all()
    except WeightsError as error:
        raise WeightsError(f"{error}: {what_to_do}") from error
    if record is None:
        _verify_beside(weights, path, what_to_do)
        record = files.read_json(path)
    if record.get("network") != name:
        raise WeightsError(
            f"{weights} has the record of {record.get('network')}, not of {name}; {what_to_do}"
        )


def _verify_beside(weights, path, what_to_do):
    """Raise WeightsError unless the record beside the weights is theirs."""
    try:
        expected = files.read_json(path)[_WEIGHTS_SHA256]
    except FileNotFoundError as error:
        raise WeightsError(
            f"{weights} lacks its record {path.name}, which says how it was made; {what_to_do}"
        ) from error
    except (OSError, files.DamagedError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{path} is no record of a training, or damaged ({error!r}); {what_to_do}"
        ) from error
    found = _sha256(weights)
    if found != expected:
        raise WeightsError(
            f"{weights} is damaged, or from another training than {path.name} beside it: its "
            f"SHA-256 is {found}, the record says {expected}; {what_to_do}"
        )


def _sha256(path):
    with files.open_ordinary(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
