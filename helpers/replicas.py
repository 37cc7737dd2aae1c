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

from helpers import memory

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
        self.replicas = [_replica(net, i, self._reduce) for i in range(threads)]
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
            self._reduce.barrier.reset()
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
        # Two sets in turn: nobody can be two calls ahead, so one wait a call is enough.
        self._slots = [[None] * count, [None] * count]

    def of(self, index):
        """The function that replica number `index` calls."""
        turn = 0

        def all_reduce(*arrays):
            nonlocal turn
            slots = self._slots[turn]
            turn = 1 - turn
            slots[index] = arrays
            self.barrier.wait()
            return [sum(parts[1:], parts[0]) for parts in zip(*slots, strict=True)]

        return all_reduce


def _replica(net, index, reduce):
    """A network that shares the parameters of `net` and owns everything else."""
    replica = copy.copy(net)
    arrays = memory.WorkArrays()
    replica.layers = [copy.copy(layer) for layer in net.layers]
    for i, layer in enumerate(replica.layers):
        layer.grads = {}
        layer.memory = arrays.of(i)
        if hasattr(layer, "all_reduce"):
            layer.all_reduce = reduce.of(index)
        if hasattr(layer, "rng"):
            layer.rng = copy.deepcopy(layer.rng)
        if index and hasattr(layer, "l2"):
            layer.l2 = 0.0  # the penalty counts once
    replica.layers[0].input_gradient = False
    return replica


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
