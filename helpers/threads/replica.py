"""A replica of a network: shares its weights, has gradients and work arrays of its own."""

import copy
import functools

from helpers.fast import recording, work_arrays
from helpers.layers import LAYERS, MaxPool2D, ReLU


class Replica:
    """A network that shares the parameters of another and owns everything else.

    The first batch of each shape is recorded, the later ones are played: see
    `helpers.fast.recording`.

    Parameters
    ----------
    net : helpers.network.Sequential
    index : int
        Number of this replica.
    meeting : helpers.threads.Meeting
    training : bool
        False shares running statistics and random states with `net` as well, and goes forward only.
    """

    def __init__(self, net, index, meeting, training=True):
        self.index = index
        self.net = copy.copy(net)
        self.net.layers = _pooled_first([copy.copy(layer) for layer in net.layers])
        self.layers = self.net.layers
        self._recordable = all(type(layer) in LAYERS for layer in self.layers)
        self._recordings = {}
        self._latest = self.net
        self._shard = None
        arrays = None
        generators = {}  # layers that share a generator go on sharing one
        for i, layer in enumerate(self.layers):
            layer.grads = {}
            layer.memory = arrays = work_arrays.WorkArrays(i, arrays, overwrite=self._recordable)
            layer.backward_follows = training
            if not training:
                continue
            for name in layer.statistics:
                setattr(layer, name, getattr(layer, name).copy())
            if hasattr(layer, "gather"):
                layer.gather = functools.partial(meeting.show, index)
            if hasattr(layer, "rng"):
                layer.rng = copy.deepcopy(layer.rng, generators)
            if index and hasattr(layer, "l2"):
                layer.l2 = 0.0  # the penalty counts once
        # Below the first layer with parameters, gradients would be of no use.
        first = next((layer for layer in self.layers if layer.params), self.layers[0])
        first.input_gradient = False

    def set_shard(self, start, whole):
        """Tell the layers which part of the batch comes next: from `start`, of `whole` images."""
        self._shard = (start, whole)
        for layer in self.layers:
            if hasattr(layer, "shard"):
                layer.shard = (start, whole)

    def forward(self, images, training=False):
        """Logits of a batch; the array is overwritten by the next call."""
        if not self._recordable:
            return self.net.forward(images, training)
        key = (images.shape, images.dtype, training, self._shard)
        self._latest = self._recordings.get(key)
        if self._latest is None:
            self._latest = self._recordings[key] = recording.Recording(self.net, images, training)
        else:
            self._latest.forward(images)
        return self._latest.logits

    @property
    def recordings(self):
        """How many shapes of batches are recorded."""
        return len(self._recordings)

    def backward(self, dlogits):
        """Fill the gradients of the layers, for the latest `forward`."""
        self._latest.backward(dlogits)


def _pooled_first(row):
    """Let max pooling go before ReLU where it follows: that leaves fewer values to ReLU.

    Both orders give the same: a maximum of zero has no gradient, whoever is said to have won.
    """
    for i, pair in enumerate(zip(row, row[1:], strict=False)):
        if [type(layer) for layer in pair] == [ReLU, MaxPool2D]:
            row[i : i + 2] = reversed(pair)
    return row
