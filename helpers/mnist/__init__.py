"""MNIST: find it, verify it, split it, hand it over.

>>> from helpers import mnist
>>> digits = mnist.load(source="sample", verbose=False)
>>> digits.train.images.shape
(3600, 1, 28, 28)

On the command line, ``python -m helpers.mnist`` says what is there.
"""

from helpers.mnist.digits import SOURCES, Digits, Split, fetch, load
from helpers.mnist.download import DownloadError
from helpers.mnist.files import sample_folder
from helpers.mnist.idx import IdxError

__all__ = [
    "SOURCES",
    "Digits",
    "DownloadError",
    "IdxError",
    "Split",
    "fetch",
    "load",
    "sample_folder",
]
