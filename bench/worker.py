"""One peer in a process of its own, so that no peer's threads or memory touch another's.

Commands come as lines of JSON on standard input and answers go to standard output; `Worker` is the
other end. What the peer itself prints goes to a log.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import numpy as np
import psutil

from bench import memory, peers
from helpers import architectures

ROOT = Path(__file__).resolve().parent.parent


class Failed(Exception):
    """A peer gave an error or took too long; the text says which."""


class Worker:
    """Starts a peer and sends it commands.

    Parameters
    ----------
    peer : str
        A key of `bench.peers.PEERS`.
    folder : Path
        Holds images.npy and labels.npy, and takes the log.
    network, batch_size : str, int
    time_limit : float
        Seconds that one command may take.

    Raises
    ------
    bench.peers.Absent
        If the peer's package is not installed.
    Failed
        If it cannot be made.
    """

    def __init__(self, peer, folder, network, batch_size, time_limit=180.0):
        self.peer, self.time_limit = peer, time_limit
        self._log = folder / f"{peer}.log"
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env=os.environ | {"JAX_PLATFORMS": "cpu"},
                text=True,
                encoding="utf-8",
            )
        self._answers = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        made = self("make", peer=peer, folder=str(folder), network=network, batch_size=batch_size)
        if "absent" in made:
            self.close()
            raise peers.Absent(made["absent"])
        self.version = made["version"]

    def __call__(self, command, **arguments):
        """Send a command and return its answer; see the functions of `_Session`."""
        try:
            self._process.stdin.write(json.dumps([command, arguments]) + "\n")
            self._process.stdin.flush()
            answer = self._answers.get(timeout=self.time_limit)
        except queue.Empty:
            answer = {"failed": f"no answer to {command!r} within {self.time_limit:g} s"}
        except OSError:  # nobody listens any more
            answer = None
        if answer is None:
            answer = {"failed": f"its process ended during {command!r}: {self._last_words()}"}
        if isinstance(answer, dict) and "failed" in answer:
            self.close()
            raise Failed(answer["failed"])
        return answer

    def cpu_seconds(self):
        """Processor time the peer has used so far, its children's included."""
        total = 0.0
        with contextlib.suppress(psutil.Error):  # a child may just have ended
            process = psutil.Process(self._process.pid)
            for each in [process, *process.children(recursive=True)]:
                times = each.cpu_times()
                total += times.user + times.system
        return total

    def close(self):
        """End the process and its children, at once if they do not go by themselves."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(self._process.pid).children(recursive=True):
                    child.kill()
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def _read(self):
        for line in self._process.stdout:
            self._answers.put(json.loads(line))
        self._answers.put(None)

    def _last_words(self):
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "no message"


class _Session:
    """The commands."""

    def make(self, peer, folder, network, batch_size):
        """Make the peer and let it take the images."""
        images = np.load(Path(folder) / "images.npy")
        labels = np.load(Path(folder) / "labels.npy")
        self.images, self.batch_size = images, batch_size
        try:
            peers.load_module(peer)
        except peers.Absent as error:
            return {"absent": str(error)}
        self.baseline = memory.resident()
        self.peer = peers.make(peer, architectures.make(network), batch_size)
        self.peer.load(images, labels)
        return {"version": peers.version(peer)}

    def train(self, count, epochs, warm=True):
        """Seconds of each epoch over the first `count` images."""
        return self.peer.train(count, epochs, warm)

    def whole(self, count):
        """Seconds of everything that one epoch takes, what happens only once included."""
        start = time.perf_counter()
        self.peer.train(count, 1, warm=False)
        return time.perf_counter() - start

    def predict(self, count, seconds):
        """Seconds that the prediction of `count` images takes: median over about `seconds`."""
        taken = []
        while sum(taken) < seconds or len(taken) < 2:
            first = len(taken) * count % max(1, len(self.images) - count)
            start = time.perf_counter()
            self.peer.probabilities(self.images[first : first + count])
            taken.append(time.perf_counter() - start)
        return float(np.median(taken[1:]))  # the first one warms up

    def probabilities(self, count):
        """Of the first `count` images."""
        return self.peer.probabilities(self.images[:count]).tolist()

    def memory(self, steps):
        """Peak of the memory in `steps` training steps, and what was there before, in bytes."""
        self.peer.train(min(steps, len(self.images) // self.batch_size) * self.batch_size, 1)
        return {"peak": memory.peak(), "baseline": self.baseline}


def main():
    """Answer commands until standard input ends."""
    # What libraries print, from C too, must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    session = _Session()
    for line in sys.stdin:
        command, arguments = json.loads(line)
        try:
            answer = getattr(session, command)(**arguments)
        except Exception as error:
            traceback.print_exc()  # to the log
            answer = {"failed": f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
