"""A replica of a network: shares its weights, has gradients and work arrays of its own."""

import copy

from helpers.fast import recording, work_arrays
from helpers.layers import LAYERS, MaxPool2D, ReLU


class Seat:
    """Where a replica sits among those that share a batch: what its layers may ask for.

    Parameters
    ----------
    index : int
        Number of the replica.
    meeting : helpers.threads.team.Meeting
    training : bool
        Whether the replica goes backward too.

    Attributes
    ----------
    shard : tuple of int or None
        Which images of the batch come next: (start, size of the whole batch).
    """

    def __init__(self, index, meeting, training):
        self.index, self.meeting, self.training = index, meeting, training
        self.shard = None
        self._own = {}  # layers that share a generator go on sharing one

    def share(self, array):
        """What all replicas show when they meet, in order: copies of their arrays."""
        return self.meeting.show(self.index, array)

    def own(self, generator):
        """A copy of a random generator, the same one for all layers that share it."""
        return copy.deepcopy(generator, self._own)


class Replica:
    """A network that shares the parameters of another and owns everything else.

    The first batch of each shape is recorded, the later ones are played: see
    `helpers.fast.recording`. Where a layer does what cannot be recorded, none is.

    Parameters
    ----------
    net : helpers.network.Sequential
    index : int
        Number of this replica.
    meeting : helpers.threads.team.Meeting
    training : bool
        False shares running statistics and random states with `net` as well, and goes forward only.
    record : bool
        False runs every step by its layers.
    """

    def __init__(self, net, index, meeting, training=True, record=True):
        self.index = index
        self.seat = Seat(index, meeting, training)
        ours = all(type(layer) in LAYERS for layer in net.layers)
        self._record = record and ours
        self._recordings = {}
        self._latest = None
        work = None
        self._replicas = {}
        for i, layer in enumerate(_pooled_first(list(net.layers))):
            work = work_arrays.WorkArrays(i, work, overwrite=ours)
            self._replicas[id(layer)] = layer.as_replica(self.seat, work)
        self.net = copy.copy(net)
        self.net.layers = self.layers = list(self._replicas.values())
        # Below the first layer with parameters, gradients would be of no use.
        first = next((layer for layer in self.layers if layer.params), self.layers[0])
        first.input_gradient = False

    def replica_of(self, layer):
        """This replica's own form of a layer of the network."""
        return self._replicas[id(layer)]

    def set_shard(self, start, whole):
        """Tell which part of the batch comes next: from `start`, of `whole` images."""
        self.seat.shard = (start, whole)

    def forward(self, images, training=False):
        """Logits of a batch; the array is overwritten by the next call."""
        self._latest = self._recorded(images, training) if self._record else None
        if self._latest is None:
            return self.net.forward(images, training)
        return self._latest.logits

    def _recorded(self, images, training):
        """The recording for such a batch, played or made; None where that cannot be."""
        key = (images.shape, images.dtype, training, self.seat.shard)
        found = self._recordings.get(key)
        if found is not None:
            found.forward(images)
            return found
        self._before = images, training, self._state()
        try:
            found = self._recordings[key] = recording.Recording(self.net, images, training)
        except recording.CannotRecord:
            self._stop_recording()
        return found

    def _stop_recording(self):
        """Run everything by the layers from now on, as if this batch had not begun."""
        self._record = False
        self._recordings.clear()
        for layer, arrays, generators in self._before[2]:
            for name, value in arrays.items():
                getattr(layer, name)[...] = value
            for name, state in generators.items():
                getattr(layer, name).bit_generator.state = state

    def _state(self):
        """What a step in training changes besides gradients, for each layer."""
        if not self.seat.training:
            return []
        return [
            (
                layer,
                {name: getattr(layer, name).copy() for name in layer.statistics},
                {name: g.bit_generator.state for name, g in layer.generators().items()},
            )
            for layer in self.layers
        ]

    @property
    def recordings(self):
        """How many shapes of batches are recorded."""
        return len(self._recordings)

    def backward(self, dlogits):
        """Fill the gradients of the layers, for the latest `forward`."""
        if self._latest is not None:
            try:
                return self._latest.backward(dlogits)
            except recording.CannotRecord:
                self._stop_recording()
                images, training, _ = self._before
                self.net.forward(images, training)
        return self.net.backward(dlogits)


def _pooled_first(row):
    """Let max pooling go before ReLU where it follows: that leaves fewer values to ReLU.

    Both orders give the same: a maximum of zero has no gradient, whoever is said to have won.
    """
    # Not pairwise: a ReLU that has moved down may meet the next pooling.
    for i, pair in enumerate(zip(row, row[1:], strict=False)):  # noqa: RUF007
        if [type(layer) for layer in pair] == [ReLU, MaxPool2D]:
            row[i : i + 2] = reversed(pair)
    return row
