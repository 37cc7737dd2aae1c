"""An interruption (Ctrl+C, or Stop in JupyterLab) that waits for the right moment."""

import contextlib
import signal
import threading


class _Flag:
    def __init__(self):
        self.set = False

    def __bool__(self):
        return self.set


@contextlib.contextmanager
def stop_after_step():
    """Turn the first Ctrl+C into a flag, so that no update is left half done; the second raises."""
    flag = _Flag()
    if threading.current_thread() is not threading.main_thread():
        yield flag  # only the main thread receives signals
        return

    def on_interrupt(number, frame):
        if flag.set:
            raise KeyboardInterrupt
        flag.set = True

    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield flag
    finally:
        signal.signal(signal.SIGINT, previous)
