"""An interruption (Ctrl+C, or Stop in JupyterLab) that waits for the right moment."""

import contextlib
import signal
import threading


class Interruption:
    """What has come of Ctrl+C so far: true once it was pressed.

    The first is only remembered, so that no update is left half done; each further one raises
    `KeyboardInterrupt`, but not within `shielded`.
    """

    def __init__(self):
        self._count = 0
        self._shielded = False

    def __bool__(self):
        return self._count > 0

    @contextlib.contextmanager
    def shielded(self):
        """Context that no interruption leaves."""
        self._shielded = True
        try:
            yield
        finally:
            self._shielded = False

    def raise_if_repeated(self):
        """Raise `KeyboardInterrupt` for a further interruption that a shield has held up."""
        if self._count > 1:
            raise KeyboardInterrupt

    def _on_signal(self, number, frame):
        self._count += 1
        if self._count > 1 and not self._shielded:
            raise KeyboardInterrupt


@contextlib.contextmanager
def stop_after_step():
    """Context in which the first Ctrl+C is only remembered; gives the `Interruption`."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption  # only the main thread receives signals
        return
    previous = signal.signal(signal.SIGINT, interruption._on_signal)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, previous)
