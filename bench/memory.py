"""How much memory this process holds, as the operating system counts it."""

import sys

import psutil


def resident():
    """Resident memory now, in bytes."""
    return psutil.Process().memory_info().rss


def peak():
    """Largest resident memory since the process began, in bytes."""
    if sys.platform == "linux":
        # getrusage would count the parent's memory too, from before the program was loaded.
        with open("/proc/self/status", encoding="ascii") as status:
            (line,) = (line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource  # only Unix has it

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
