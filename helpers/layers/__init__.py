"""The layers of the course, one a file; what they share is in `helpers.layers.base`."""

from helpers.layers.base import Layer
from helpers.layers.batch_norm import BatchNorm
from helpers.layers.conv2d import Conv2D
from helpers.layers.dense import Dense
from helpers.layers.dropout import Dropout
from helpers.layers.flatten import Flatten
from helpers.layers.max_pool2d import MaxPool2D
from helpers.layers.relu import ReLU

__all__ = [
    "LAYERS",
    "BatchNorm",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "MaxPool2D",
    "ReLU",
]

LAYERS = (Dense, Conv2D, MaxPool2D, ReLU, Flatten, Dropout, BatchNorm)
