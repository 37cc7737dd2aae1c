"""A fresh kernel that runs cells within a time, and never hangs."""

import contextlib
import logging
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """Why a cell did not run to its end.

    Attributes
    ----------
    kind : str
        The name of the exception.
    message : str
    lost : bool
        Whether the kernel cannot be used any more.
    """

    kind: str
    message: str
    lost: bool = False


class Session:
    """A running kernel.

    Parameters
    ----------
    client : nbclient.NotebookClient

    Attributes
    ----------
    said : str
        What the last cell printed.
    """

    def __init__(self, client):
        self._client = client
        self.said = ""

    def run(self, source, seconds):
        """Run a cell.

        Parameters
        ----------
        source : str
        seconds : float
            That it may take.

        Returns
        -------
        Failure or None
        """
        import nbformat
        from nbclient.exceptions import CellTimeoutError, DeadKernelError

        self.said = ""
        cell = nbformat.v4.new_code_cell(source)
        self._client.nb.cells.append(cell)
        self._client.timeout = max(1, int(seconds))
        try:
            self._client.execute_cell(cell, len(self._client.nb.cells) - 1)
        except CellTimeoutError:
            said = f"It was stopped after {seconds:.0f} seconds: a loop that does not end?"
            return Failure("Timeout", said, lost=True)
        except (DeadKernelError, RuntimeError, ConnectionError):
            said = "Python itself ended while it ran: too much memory asked for, or exit called?"
            return Failure("DeadKernel", said, lost=True)
        self.said = "".join(o.text for o in cell.outputs if o.get("name") == "stdout")
        for output in cell.outputs:
            if output.output_type == "error":
                return Failure(output.ename, _message(output))
        return None


def _message(output):
    if output.ename in ("NotYet", "Blank", "AssertionError"):
        return output.evalue
    return f"{output.ename}: {output.evalue}".strip()


@contextlib.contextmanager
def fresh(folder):
    """Start a kernel of this Python; stop it at the end, whatever it is doing.

    Parameters
    ----------
    folder : Path
        Where it works.

    Yields
    ------
    Session
    """
    import nbformat
    from nbclient import NotebookClient

    client = NotebookClient(
        nbformat.v4.new_notebook(),
        kernel_name="python3",
        allow_errors=True,
        record_timing=False,
        store_widget_state=False,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder)}},
    )
    client.log.setLevel(logging.CRITICAL)
    # It warns of a transport without encryption; this one stays on this machine.
    with client.setup_kernel(stderr=subprocess.DEVNULL):
        yield Session(client)
