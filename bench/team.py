"""All peers on one network, each in a process of its own, measured in turns."""

import os
import time

import numpy as np
import psutil

from bench import machine, peers
from bench.worker import Failed, Worker

_QUIET = 0.04  # share of the machine that other programs may take in a round
_PAUSE = 0.05  # seconds, in which the idle threads of the one before fall asleep
_SAME = 1e-4  # by how much the probabilities of one network may differ


class Team:
    """Workers that take turns. Use it in a `with` block, which ends their processes.

    Parameters
    ----------
    names : sequence of str
        Keys of `bench.peers.PEERS`.
    folder : Path
        Holds images.npy and labels.npy.
    network, batch_size, time_limit
        See `bench.worker.Worker`.

    Attributes
    ----------
    workers : dict of str to Worker
        Those that work.
    status : dict of str to str
        Of every peer: "measured", or why it is not.
    versions : dict of str to str
    other_load : float
        Largest share of the machine that other programs took in any round that counts.
    """

    def __init__(self, names, folder, network, batch_size, time_limit=180.0):
        self.workers, self.status, self.versions = {}, {}, {}
        self.other_load = 0.0
        for name in names:
            try:
                worker = Worker(name, folder, network, batch_size, time_limit)
            except peers.Absent as error:
                self.status[name] = f"absent: {error}"
            except Failed as error:
                self.status[name] = f"failed: {error}"
            else:
                self.workers[name], self.status[name] = worker, "measured"
                self.versions[name] = worker.version

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for worker in self.workers.values():
            worker.close()

    def each(self, function):
        """Return function(worker) of every worker by name; one that fails is out."""
        results = {}
        for name in list(self.workers):
            try:
                results[name] = function(self.workers[name])
            except Failed as error:
                self._drop(name, f"failed: {error}")
        return results

    def check_agreement(self, count=100):
        """Leave out who does not give the probabilities that `helpers` gives."""
        found = self.each(lambda worker: worker("probabilities", count=count))
        if peers.OURS not in found:
            return
        ours = np.array(found.pop(peers.OURS))
        for name, probabilities in found.items():
            difference = abs(np.array(probabilities) - ours).max()
            if not difference <= _SAME:
                text = f"failed: its probabilities are off by {difference:.2g}"
                self._drop(name, text)

    def in_turns(self, function, runs, others=None):
        """Measure everybody `runs` times, in turns.

        A round in which other programs used the machine is repeated, up to as many rounds again;
        the quietest rounds count.

        Parameters
        ----------
        function : callable
            Worker -> number.
        runs : int
        others : dict of str to callable, optional
            What else takes its turn, by name; called without arguments.

        Returns
        -------
        dict of str to list of float
            One value a round.
        """
        rounds = []
        while sum(load <= _QUIET for load, _ in rounds) < runs and len(rounds) < 2 * runs:
            watch = machine.OtherLoad(self._own_seconds)
            values = self._round(function, others or {}, len(rounds))
            rounds.append((watch.share(), values))
        kept = sorted(range(len(rounds)), key=lambda i: rounds[i][0])[:runs]
        self.other_load = max(self.other_load, *(rounds[i][0] for i in kept))
        names = [*self.workers, *(others or {})]
        return {name: [rounds[i][1][name] for i in sorted(kept)] for name in names}

    def _round(self, function, others, number):
        """One turn for everybody, another one first each time."""
        calls = {name: lambda w=worker: function(w) for name, worker in self.workers.items()}
        calls = list((calls | others).items())
        values = {}
        for i in range(len(calls)):
            name, call = calls[(i + number) % len(calls)]
            time.sleep(_PAUSE)
            try:
                values[name] = call()
            except Failed as error:
                self._drop(name, f"failed: {error}")
        return values

    def _own_seconds(self):
        times = psutil.Process(os.getpid()).cpu_times()
        return times.user + times.system + sum(w.cpu_seconds() for w in self.workers.values())

    def _drop(self, name, why):
        self.status[name] = why
        self.workers.pop(name).close()
