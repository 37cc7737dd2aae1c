"""An interruption (Ctrl+C, or Stop in JupyterLab) that waits for the right moment."""

import contextlib
import signal
import threading


class Interruption:
    """What has come of Ctrl+C so far: true once it was pressed.

    The first is only remembered, so that no update is left half done. The second raises
    `KeyboardInterrupt`, but only within `impatient`: whoever takes over or gives back is left in
    peace. After it none raises any more, for then things are being put in order.
    """

    def __init__(self):
        self._count = 0
        self._raises = False

    def __bool__(self):
        return self._count > 0

    @contextlib.contextmanager
    def impatient(self):
        """Context that a second interruption leaves at once, also one that came before."""
        self._raises = True
        try:
            self._raise_if_repeated()
            yield
        finally:
            self._raises = False

    def _on_signal(self, number, frame):
        self._count += 1
        self._raise_if_repeated()

    def _raise_if_repeated(self):
        if self._count > 1 and self._raises:
            self._raises = False
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
