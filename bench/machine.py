"""The machine: what it is, how fast its matrix products are, and who else is using it."""

import hashlib
import os
import platform
import subprocess
import time
from pathlib import Path

import numpy as np
import psutil
import threadpoolctl

import helpers
from helpers.threads import physical_cores

_SIZE = 2048  # of the matrices: large enough for any BLAS to be at its best


def describe():
    """What a reader must know of the machine, as text by name."""
    (blas,) = [p for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"][:1] or [{}]
    return {
        "processor": _processor(),
        "cores": f"{physical_cores()} physical, {os.cpu_count()} logical",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "BLAS": " ".join(
            str(blas[key]) for key in ("internal_api", "version", "architecture") if blas.get(key)
        ),
    }


def code():
    """A short name for the state of `helpers`, to tell whether figures belong together."""
    digest = hashlib.sha256()
    for path in sorted(Path(helpers.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def sgemm_rate(repeats=4):
    """Operations a second of a large float32 matrix product on all cores, the best of a few."""
    a = np.random.default_rng(0).random((_SIZE, _SIZE), dtype=np.float32)
    out = np.empty_like(a)
    taken = []
    with threadpoolctl.threadpool_limits(physical_cores(), user_api="blas"):
        for _ in range(repeats):
            start = time.perf_counter()
            np.matmul(a, a, out=out)
            taken.append(time.perf_counter() - start)
    return 2 * _SIZE**3 / min(taken)


class OtherLoad:
    """Share of the machine's processor time that goes to anybody but us.

    Parameters
    ----------
    own : callable
        Returns the processor seconds that we have used so far.
    """

    def __init__(self, own):
        self._own = own
        self._begin = self._now()

    def share(self):
        """Since this object was made; 0 to 1."""
        (start, busy, own), (now, busy_now, own_now) = self._begin, self._now()
        seconds = (now - start) * os.cpu_count()
        return min(1.0, max(0.0, (busy_now - busy - own_now + own) / seconds))

    def _now(self):
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        # On Linux guests are counted as users too.
        guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
        return time.perf_counter(), sum(times) - idle - guests, self._own()


def _processor():
    name = platform.processor() or platform.machine()
    try:
        if platform.system() == "Linux":
            lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            name = next(line.split(":")[1] for line in lines if line.startswith("model name"))
        elif platform.system() == "Darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            name = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, StopIteration, subprocess.SubprocessError):
        pass  # the general name will do
    return name.strip()
