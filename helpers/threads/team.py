"""A team of threads that work on one batch, and where they meet.

NumPy lets go of Python's interpreter lock inside `matmul` and the ufuncs, so threads really run
side by side. Each works on its own part of the batch with a replica of the network. What must be
known of the whole batch (the statistics of batch norm) the replicas show each other when they meet,
as computers of a cluster do.
"""

import concurrent.futures
import queue

from helpers.fast import order
from helpers.threads.replica import Replica


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
            with order.short_runs():
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


def parts_of(count, threads):
    """Cut range(count) into `threads` neighbouring slices of nearly equal length."""
    edges = [count * i // threads for i in range(threads + 1)]
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
