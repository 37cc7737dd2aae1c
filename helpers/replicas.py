"""Several threads for one network.

NumPy lets go of Python's interpreter lock inside `matmul` and the ufuncs, so threads really run side
by side. Each works on its own part of the batch with a *replica*: a network that shares the weights
but has gradients and work arrays of its own. What must be known of the whole batch (the statistics
of batch norm) is added up over the replicas by an "all-reduce", as on a cluster.
"""

import concurrent.futures
import contextlib
import copy
import functools
import os
import threading

import numpy as np
import psutil
import threadpoolctl

from helpers import layers, memory, recording

# Below this many operations an image, threads wait for the interpreter lock more than they compute.
_WORTH_A_THREAD = 500_000


def default_threads(net):
    """Number of threads that suits a network on this machine: its physical cores, or 1 for small ones."""
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
    if threads != int(threads) or threads < 1:
        raise ValueError(f"threads must be a whole number of at least 1, not {threads!r}")
    return int(threads)


def one_blas_thread():
    """Context in which matrix products use one thread each: ours are the threads."""
    return _blas().limit(limits=1, user_api="blas")


@functools.cache
def _blas():
    return threadpoolctl.ThreadpoolController()


class Team:
    """A pool of threads, each with a replica of one network.

    Parameters
    ----------
    net : helpers.network.Sequential
    threads : int
    """

    def __init__(self, net, threads):
        self.net = net
        self._reduce = _AllReduce(threads)
        self.replicas = [Replica(net, i, self._reduce if threads > 1 else None) for i in range(threads)]
        self._pool = concurrent.futures.ThreadPoolExecutor(threads) if threads > 1 else None

    def run(self, function, parts):
        """Call function(replica, part) for each part, one thread each; return the results in order.

        Raises
        ------
        Exception
            The first error of a worker. The others are released from waiting for it.
        """
        if self._pool is None:
            return [function(self.replicas[0], parts[0])]
        futures = [
            self._pool.submit(self._guarded, function, replica, part)
            for replica, part in zip(self.replicas, parts, strict=True)
        ]
        concurrent.futures.wait(futures)
        errors = [f.exception() for f in futures if f.exception() is not None]
        errors.sort(key=lambda error: isinstance(error, threading.BrokenBarrierError))
        if errors:
            self._reduce.reset()
            raise errors[0]
        return [future.result() for future in futures]

    def _guarded(self, function, replica, part):
        try:
            return function(replica, part)
        except BaseException:
            self._reduce.barrier.abort()
            raise

    def write_back(self):
        """Bring running statistics and random states home to the network."""
        for layer, worked in zip(self.net.layers, self.replicas[0].layers, strict=True):
            for name in layer.statistics:
                setattr(layer, name, getattr(worked, name).copy())
            if hasattr(layer, "rng"):
                layer.rng.bit_generator.state = worked.rng.bit_generator.state

    def close(self):
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()


class _AllReduce:
    """Sums arrays over all replicas; every replica gets the same sums, to the bit."""

    def __init__(self, count):
        self.barrier = threading.Barrier(count)
        self._calls = [0] * count
        # Two sets in turn: nobody can be two calls ahead, so one wait a call is enough.
        self._slots = [[None] * count, [None] * count]

    def __call__(self, index, array):
        """Replace the array of replica `index` by the sum over all replicas."""
        slots = self._slots[self._calls[index] % 2]
        self._calls[index] += 1
        slots[index] = array.copy()
        self.barrier.wait()
        array[...] = sum(slots[1:], slots[0])

    def reset(self):
        """Start anew after an error, with nobody waiting."""
        self.barrier.reset()
        self._calls = [0] * len(self._calls)


class Replica:
    """A network that shares the parameters of another and owns everything else.

    The first batch of each shape is recorded, the later ones are played (see `helpers.recording`).

    Parameters
    ----------
    net : helpers.network.Sequential
    index : int
        Number of this replica.
    reduce : _AllReduce or None
        None for a replica that works alone.
    """

    def __init__(self, net, index=0, reduce=None):
        self.net = copy.copy(net)
        self.net.layers = [copy.copy(layer) for layer in net.layers]
        self.layers = self.net.layers
        self._recordable = all(type(layer).__module__ == layers.__name__ for layer in self.layers)
        self._recordings = {}
        self._latest = self.net
        self._shard = None
        arrays = None
        generators = {}  # layers that share a generator go on sharing one
        for i, layer in enumerate(self.layers):
            layer.grads = {}
            layer.memory = arrays = memory.WorkArrays(i, arrays)
            for name in layer.statistics:
                setattr(layer, name, getattr(layer, name).copy())
            if hasattr(layer, "all_reduce") and reduce is not None:
                layer.all_reduce = functools.partial(reduce, index)
            if hasattr(layer, "rng"):
                layer.rng = copy.deepcopy(layer.rng, generators)
            if index and hasattr(layer, "l2"):
                layer.l2 = 0.0  # the penalty counts once
        self.layers[0].input_gradient = False

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
        key = (images.shape, training, self._shard)
        self._latest = self._recordings.get(key)
        if self._latest is None:
            self._latest = self._recordings[key] = recording.Recording(self.net, images, training)
        else:
            self._latest.forward(images)
        return self._latest.logits

    def backward(self, dlogits):
        """Fill the gradients of the layers, for the latest `forward`."""
        self._latest.backward(dlogits)


def parts_of(count, threads):
    """Cut range(count) into `threads` neighbouring slices of nearly equal length."""
    edges = [count * i // threads for i in range(threads + 1)]
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def forward_in_blocks(net, images, block, threads=None):
    """Outputs of the network for any number of images, in bounded memory.

    Parameters
    ----------
    net : helpers.network.Sequential
    images : ndarray of shape (N, ...)
    block : int
        How many images are worked on at once by each thread.
    threads : int, optional

    Returns
    -------
    ndarray of shape (N, outputs)
    """
    threads = min(check_threads(threads, net), max(1, len(images) // block))
    if len(images) == 0:
        return np.empty((0, *_output_shape(net)), images.dtype)
    if len(images) <= block:
        return _lone_replica(net).forward(images)
    outputs = [None] * -(-len(images) // block)

    def work(replica, numbers):
        for i in range(len(outputs))[numbers]:
            y = replica.forward(images[i * block : (i + 1) * block])
            outputs[i] = y.copy()  # the next block reuses the replica's arrays

    team = Team(net, threads)
    try:
        with one_blas_thread():
            team.run(work, parts_of(len(outputs), threads))
    finally:
        team.close()
    return np.concatenate(outputs)


def _lone_replica(net):
    """A replica for one call: the network's own layers keep what their `backward` needs."""
    replica = copy.copy(net)
    replica.layers = [copy.copy(layer) for layer in net.layers]
    return replica


def _output_shape(net):
    shape = net.input_shape
    for layer in net.layers:
        shape = layer.output_shape(shape)
    return shape
