"""The networks of the course, by name, and their trained weights."""

from pathlib import Path

import numpy as np

from helpers import training_record
from helpers.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from helpers.network import Sequential

NETWORKS = Path(__file__).resolve().parent.parent / "data" / "networks"


def mlp(seed=0):
    """Dense 128, ReLU, dense 10: the baseline without convolution.

    Parameters
    ----------
    seed : int
        For the initial weights and dropout.

    Returns
    -------
    helpers.network.Sequential
    """
    rng = np.random.default_rng(seed)
    return Sequential([Flatten(), Dense(784, 128, rng=rng), ReLU(), Dense(128, 10, rng=rng)])


def tiny_cnn(seed=0):
    """One convolution with 8 filters of 3x3, pooling, dense 10.

    Parameters
    ----------
    seed : int
        For the initial weights and dropout.

    Returns
    -------
    helpers.network.Sequential
    """
    rng = np.random.default_rng(seed)
    return Sequential(
        [
            Conv2D(1, 8, 3, rng=rng),
            ReLU(),
            MaxPool2D(2),
            Flatten(),
            Dense(8 * 13 * 13, 10, rng=rng),
        ]
    )


def small_cnn(seed=0):
    """Two convolutions of 5x5 (8 and 16 filters), dense 128, dropout 0.2: 37,610 parameters.

    Parameters
    ----------
    seed : int
        For the initial weights and dropout.

    Returns
    -------
    helpers.network.Sequential
    """
    rng = np.random.default_rng(seed)
    return Sequential(
        [
            Conv2D(1, 8, 5, rng=rng),
            ReLU(),
            MaxPool2D(2),
            Conv2D(8, 16, 5, rng=rng),
            ReLU(),
            MaxPool2D(2),
            Flatten(),
            Dense(16 * 4 * 4, 128, rng=rng),
            ReLU(),
            Dropout(0.2, rng=rng),
            Dense(128, 10, rng=rng),
        ]
    )


def classic_cnn(seed=0):
    """Two convolutions of 3x3 (32 and 64 filters), dense 128 with L2, dropout 0.5.

    Parameters
    ----------
    seed : int
        For the initial weights and dropout.

    Returns
    -------
    helpers.network.Sequential
    """
    rng = np.random.default_rng(seed)
    return Sequential(
        [
            Conv2D(1, 32, 3, rng=rng),
            ReLU(),
            MaxPool2D(2),
            Conv2D(32, 64, 3, rng=rng),
            ReLU(),
            MaxPool2D(2),
            Flatten(),
            Dense(64 * 5 * 5, 128, rng=rng, l2=1e-4),
            ReLU(),
            Dropout(0.5, rng=rng),
            Dense(128, 10, rng=rng),
        ]
    )


def deep_cnn(seed=0):
    """Four convolutions of 3x3 (32, 32, 64, 64 filters) with batch norm, dense 128, dropout.

    Parameters
    ----------
    seed : int
        For the initial weights and dropout.

    Returns
    -------
    helpers.network.Sequential
    """
    rng = np.random.default_rng(seed)
    return Sequential(
        [
            Conv2D(1, 32, 3, rng=rng),
            ReLU(),
            BatchNorm(32),
            Conv2D(32, 32, 3, rng=rng),
            ReLU(),
            BatchNorm(32),
            MaxPool2D(2),
            Dropout(0.25, rng=rng),
            Conv2D(32, 64, 3, rng=rng),
            ReLU(),
            BatchNorm(64),
            Conv2D(64, 64, 3, rng=rng),
            ReLU(),
            BatchNorm(64),
            MaxPool2D(2),
            Dropout(0.25, rng=rng),
            Flatten(),
            Dense(64 * 4 * 4, 128, rng=rng),
            ReLU(),
            BatchNorm(128),
            Dropout(0.5, rng=rng),
            Dense(128, 10, rng=rng),
        ]
    )


def best_cnn(seed=0):
    """Five convolutions of 3x3 (32, 32, 64, 64, 128 filters) with batch norm, dropout, dense 10.

    `deep_cnn` with a fifth convolution in place of the dense layer, and padding where only 12 x 12
    pixels are left. Its recipe also teaches it what is no digit, so the drawing pad uses it.

    Parameters
    ----------
    seed : int
        For the initial weights and dropout.

    Returns
    -------
    helpers.network.Sequential
    """
    rng = np.random.default_rng(seed)

    def block(channels, filters, padding=0):
        convolution = Conv2D(channels, filters, 3, padding=padding, rng=rng)
        return [convolution, ReLU(), BatchNorm(filters)]

    return Sequential(
        [
            *block(1, 32),
            *block(32, 32),
            MaxPool2D(2),
            Dropout(0.25, rng=rng),
            *block(32, 64, padding="same"),
            *block(64, 64, padding="same"),
            MaxPool2D(2),
            Dropout(0.25, rng=rng),
            *block(64, 128),
            MaxPool2D(2),
            Flatten(),
            Dropout(0.5, rng=rng),
            Dense(128 * 2 * 2, 10, rng=rng),
        ]
    )


MILESTONES = ("tiny_cnn", "mlp", "small_cnn", "classic_cnn", "deep_cnn")  # each with a known result
NAMES = (*MILESTONES, "best_cnn")
# The networks of which weights may be there, the best reader of drawings first.
_BY_QUALITY = ("best_cnn", "deep_cnn", "classic_cnn", "small_cnn", "mlp", "tiny_cnn")


def make(name, seed=0):
    """Make an untrained network by its name.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    seed : int
        For the initial weights and dropout.

    Returns
    -------
    helpers.network.Sequential

    Raises
    ------
    ValueError
        If there is no network of this name.
    """
    if name not in NAMES:
        raise ValueError(f"there is no network {name!r}; the course has {', '.join(NAMES)}")
    return globals()[name](seed)


def pretrained(name):
    """Load a trained network.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    helpers.network.Sequential

    Raises
    ------
    ValueError
        If there is no network of this name.
    FileNotFoundError
        If no trained weights of it are in `data/networks/`.
    helpers.network.WeightsError
        If the file is damaged or belongs to another network, or the record beside it, NAME.json,
        is missing or is not the record of these weights.
    """
    net = make(name)
    path = NETWORKS / f"{name}.npz"
    if not NETWORKS.is_dir():
        raise FileNotFoundError(
            f"helpers is installed without the trained networks of the course: there is no folder "
            f"{NETWORKS}. Run this from a checkout of the course, or give a network of your own, "
            "as in DigitPad(Sequential.load(path))"
        )
    if not path.exists():
        there = ", ".join(sorted(p.stem for p in NETWORKS.glob("*.npz"))) or "none"
        raise FileNotFoundError(
            f"no trained weights of {name} in data/networks (there: {there}); "
            f"train it with `python -m helpers.recipes train {name}`"
        )
    training_record.verify(name, path.with_suffix(""))
    net.load_weights(path)
    return net


def best_pretrained():
    """Load the best trained network that is in `data/networks/`: what the drawing pad uses."""
    for name in _BY_QUALITY:
        if (NETWORKS / f"{name}.npz").exists():
            return pretrained(name)
    return pretrained(_BY_QUALITY[0])  # its error says what to do
