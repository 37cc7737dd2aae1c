"""The images that all peers are measured on, as files that their processes read."""

import contextlib
import dataclasses
import tempfile
from pathlib import Path

import numpy as np

from helpers import mnist


@dataclasses.dataclass(frozen=True)
class Data:
    """Folders with images.npy and labels.npy.

    Attributes
    ----------
    all, few : Path
        All training images, and some, for processes whose memory is measured.
    count : int
        Number of all training images.
    source : str
        "full" or "sample", as `helpers.mnist` says.
    """

    all: Path
    few: Path
    count: int
    source: str


@contextlib.contextmanager
def prepared(source, few, limit=None):
    """Write the images into a folder that is gone after the block; give the `Data`.

    Parameters
    ----------
    source : str
        See `helpers.mnist.load`.
    few : int
        Number of images in the smaller folder.
    limit : int, optional
        Leave out the images beyond.
    """
    digits = mnist.load(source)
    parts = digits.train, digits.validation
    images = np.concatenate([part.images for part in parts])[:limit]
    labels = np.concatenate([part.labels for part in parts])[:limit]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        folders = [Path(folder) / name for name in ("all", "few")]
        for path, count in zip(folders, (len(images), few), strict=True):
            path.mkdir()
            np.save(path / "images.npy", images[:count])
            np.save(path / "labels.npy", labels[:count])
        yield Data(*folders, len(images), digits.source)
