"""A team of threads that work on one batch, and where they meet.

NumPy lets go of Python's interpreter lock inside `matmul` and the ufuncs, so threads really run
side by side. Each works on its own part of the batch with a replica of the network. What must be
known of the whole batch (the statistics of batch norm) the replicas show each other when they meet,
as computers of a cluster do.
"""

import concurrent.futures
import itertools
import queue
import threading

from helpers.fast import order
from helpers.threads.replica import Replica


class Team:
    """Threads, each with a replica of one network. The caller's thread is the first of them.

    Parameters
    ----------
    net : helpers.network.Sequential
    threads : int
    training, record : bool
        See `Replica`.

    Attributes
    ----------
    spoilt : bool
        True where `run` was left while a thread still worked: the team must not be used again.
    """

    def __init__(self, net, threads, training=True, record=True):
        self.meeting = Meeting(threads)
        self.replicas = [Replica(net, i, self.meeting, training, record) for i in range(threads)]
        self._pool = concurrent.futures.ThreadPoolExecutor(threads) if threads > 1 else None
        # In prediction, all replicas have the network's own statistics and random states.
        self._layers = net.layers if training else []
        self.spoilt = False

    def run(self, function, parts):
        """Call function(replica, part) for each part, one thread each; return the results in order.

        Parameters
        ----------
        function : callable
        parts : list
            At most one for each thread; the other threads have nothing to do.

        Raises
        ------
        Exception
            The first error of a worker. The others are released from waiting for it.
        """
        self.meeting.expect(len(parts))
        calls = list(zip(self.replicas, parts, strict=False))
        self.spoilt = True  # until it is sure that nobody works any more
        futures = []
        try:
            for call in calls[1:]:
                futures.append(self._pool.submit(self._guarded, function, *call))
            results = [self._guarded(function, *calls[0])]
            results += [future.result() for future in futures]
        except BaseException as error:
            self.meeting.abandon()
            concurrent.futures.wait(futures)
            self.meeting.reset()
            self.spoilt = False
            if isinstance(error, Abandoned):
                for future in futures:
                    if not isinstance(future.exception(), (Abandoned, type(None))):
                        raise future.exception() from None
            raise
        self._catch_up(len(parts))
        self.spoilt = False
        return results

    def _catch_up(self, count):
        """Let those who had nothing to do know the statistics and random states of the others."""
        for idle in self.replicas[count:]:
            for layer in self._layers:
                idle.replica_of(layer).write_back(self.replicas[0].replica_of(layer))

    def _guarded(self, function, replica, part):
        try:
            with order.short_runs():
                return function(replica, part)
        except BaseException:
            self.meeting.abandon()
            raise

    def write_back(self, net):
        """Bring running statistics and random states home to the network."""
        for layer in net.layers:
            layer.write_back(self.replicas[0].replica_of(layer))

    def close(self):
        """End the threads."""
        if self.spoilt:
            self.meeting.abandon()  # somebody may still wait there
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
        self._count = self._expected = count
        self.reset()

    @property
    def abandoned(self):
        """Whether somebody has failed: whoever works on a long list looks here in between."""
        return self._abandoned.is_set()

    def expect(self, count):
        """Let only the first so many threads meet from now on. Nobody may be waiting."""
        if count != self._expected:
            self._expected = count
            self.reset()

    def reset(self):
        """Start anew, with nobody waiting."""
        self._abandoned = threading.Event()
        # Through queue [i][j] thread j says to thread i: I am here.
        self._here = [[queue.SimpleQueue() for _ in range(self._count)] for _ in range(self._count)]
        self._calls = [0] * self._count
        # Two sets in turn: nobody can be two calls ahead, so one wait a call is enough.
        self._shown = [[None] * self._count, [None] * self._count]

    def wait(self, index):
        """Return when all threads have called this; `index` is the caller's number."""
        if self.abandoned:
            raise Abandoned("another thread has failed")
        others = [i for i in range(self._expected) if i != index]
        for other in others:
            self._here[other][index].put(None)
        for other in others:
            self._here[index][other].get()
        if self.abandoned:
            raise Abandoned("another thread has failed")

    def show(self, index, array):
        """Return a copy of every array that is shown, in the order of the threads."""
        shown = self._shown[self._calls[index] % 2]
        self._calls[index] += 1
        shown[index] = array.copy()
        self.wait(index)
        return shown[: self._expected]

    def abandon(self):
        """Release everybody who waits now or later, with an error."""
        self._abandoned.set()
        for queues in self._here:
            for each in queues:
                each.put(None)


def parts_of(count, threads):
    """Cut range(count) into `threads` neighbouring slices of nearly equal length."""
    edges = [count * i // threads for i in range(threads + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]
