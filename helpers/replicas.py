"""Several threads for one network.

NumPy lets go of Python's interpreter lock inside `matmul` and the ufuncs, so threads really run
side by side. Each works on its own part of the batch with a *replica*: a network that shares the
weights but has gradients and work arrays of its own. What must be known of the whole batch (the
statistics of batch norm) the replicas show each other when they meet, as computers of a cluster do.
"""

import concurrent.futures
import contextlib
import copy
import functools
import os
import queue

import psutil
import threadpoolctl

from helpers import arguments, layers, memory, recording

# Below this many operations an image, threads wait for the interpreter lock more than they compute.
_WORTH_A_THREAD = 2_000_000


def default_threads(net):
    """Number of threads to train a network with: the physical cores, or 1 if it is small."""
    return physical_cores() if net.operations() >= _WORTH_A_THREAD else 1


@functools.cache
def physical_cores():
    """Number of physical cores that this process may use."""
    with contextlib.suppress(AttributeError):  # only Linux has it
        return min(psutil.cpu_count(logical=False) or 1, len(os.sched_getaffinity(0)))
    return psutil.cpu_count(logical=False) or 1


def check_threads(threads, net):
    """Return `threads`, or the default where it is None; complain about anything below 1."""
    if threads is None:
        return default_threads(net)
    return arguments.whole_number(threads, "threads")


def one_blas_thread():
    """Context in which matrix products use one thread each: ours are the threads."""
    return blas_threads(1)


def blas_threads(count):
    """Context in which every matrix product may use so many threads."""
    return _blas().limit(limits=count, user_api="blas")


@functools.cache
def _blas():
    return threadpoolctl.ThreadpoolController()


class Team:
    """Threads, each with a replica of one network. The caller's thread is the first of them.

    Parameters
    ----------
    net : helpers.network.Sequential
    threads : int
    training : bool
        See `Replica`.
    """

    def __init__(self, net, threads, training=True):
        self.meeting = Meeting(threads)
        self.replicas = [Replica(net, i, self.meeting, training) for i in range(threads)]
        self._pool = concurrent.futures.ThreadPoolExecutor(threads) if threads > 1 else None

    def run(self, function, parts):
        """Call function(replica, part) for each part, one thread each; return the results in order.

        Raises
        ------
        Exception
            The first error of a worker. The others are released from waiting for it.
        """
        calls = list(zip(self.replicas, parts, strict=True))
        futures = [self._pool.submit(self._guarded, function, *call) for call in calls[1:]]
        try:
            results = [self._guarded(function, *calls[0])]
            return results + [future.result() for future in futures]
        except BaseException as error:
            concurrent.futures.wait(futures)
            self.meeting.reset()
            if isinstance(error, Abandoned):
                for future in futures:
                    if not isinstance(future.exception(), (Abandoned, type(None))):
                        raise future.exception() from None
            raise

    def _guarded(self, function, replica, part):
        try:
            with memory.short_runs():
                return function(replica, part)
        except BaseException:
            self.meeting.abandon()
            raise

    def write_back(self, net):
        """Bring running statistics and random states home to the network."""
        for layer, worked in zip(net.layers, self.replicas[0].layers, strict=True):
            for name in layer.statistics:
                getattr(layer, name)[...] = getattr(worked, name)
            if hasattr(layer, "rng"):
                layer.rng.bit_generator.state = worked.rng.bit_generator.state

    def close(self):
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()


class Abandoned(RuntimeError):
    """Another thread failed, so that waiting for it is in vain."""


class Meeting:
    """Where threads wait for each other and show each other arrays.

    Like `threading.Barrier`, but lighter: training meets a dozen times in a step.

    Parameters
    ----------
    count : int
        Number of threads.
    """

    def __init__(self, count):
        self._count = count
        self.reset()

    def reset(self):
        """Start anew, with nobody waiting."""
        self._abandoned = False
        # Through queue [i][j] thread j says to thread i: I am here.
        self._here = [[queue.SimpleQueue() for _ in range(self._count)] for _ in range(self._count)]
        self._calls = [0] * self._count
        # Two sets in turn: nobody can be two calls ahead, so one wait a call is enough.
        self._shown = [[None] * self._count, [None] * self._count]

    def wait(self, index):
        """Return when all threads have called this; `index` is the caller's number."""
        if self._abandoned:
            raise Abandoned("another thread has failed")
        others = [i for i in range(self._count) if i != index]
        for other in others:
            self._here[other][index].put(None)
        for other in others:
            self._here[index][other].get()
        if self._abandoned:
            raise Abandoned("another thread has failed")

    def show(self, index, array):
        """Return a copy of every thread's array, in the order of the threads."""
        shown = self._shown[self._calls[index] % 2]
        self._calls[index] += 1
        shown[index] = array.copy()
        self.wait(index)
        return shown

    def abandon(self):
        """Release everybody who waits now or later, with an error."""
        self._abandoned = True
        for queues in self._here:
            for each in queues:
                each.put(None)


class Replica:
    """A network that shares the parameters of another and owns everything else.

    The first batch of each shape is recorded, the later ones are played (see `helpers.recording`).

    Parameters
    ----------
    net : helpers.network.Sequential
    index : int
        Number of this replica.
    meeting : Meeting
    training : bool
        False shares running statistics and random states with `net` as well, and goes forward only.
    """

    def __init__(self, net, index, meeting, training=True):
        self.index = index
        self.net = copy.copy(net)
        self.net.layers = _pooled_first([copy.copy(layer) for layer in net.layers])
        self.layers = self.net.layers
        self._recordable = all(type(layer) in layers.LAYERS for layer in self.layers)
        self._recordings = {}
        self._latest = self.net
        self._shard = None
        arrays = None
        generators = {}  # layers that share a generator go on sharing one
        for i, layer in enumerate(self.layers):
            layer.grads = {}
            layer.memory = arrays = memory.WorkArrays(i, arrays, overwrite=self._recordable)
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
        if [type(layer) for layer in pair] == [layers.ReLU, layers.MaxPool2D]:
            row[i : i + 2] = reversed(pair)
    return row


def parts_of(count, threads):
    """Cut range(count) into `threads` neighbouring slices of nearly equal length."""
    edges = [count * i // threads for i in range(threads + 1)]
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
