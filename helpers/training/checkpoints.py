"""Checkpoints: everything a training run needs to go on as if it had never stopped.

One .npz file, without pickle: arrays by name, and under ``record`` all else as JSON. What they mean
is the run's own affair (see `helpers.training.run`).
"""

import json
from pathlib import Path

import numpy as np

from helpers import files

_RECORD = "record"


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, with the reason."""


class Checkpoint:
    """The file in which a run keeps its state.

    Parameters
    ----------
    path : str or Path
    """

    def __init__(self, path):
        self.path = Path(path)

    def write(self, identity, record, arrays):
        """Write the state after an epoch, whole or not at all.

        Parameters
        ----------
        identity : dict
            What must be the same for the run to go on, as JSON can hold it.
        record : dict
            The state, without arrays.
        arrays : dict of str to ndarray
        """
        # Some random states hold arrays.
        text = json.dumps({"identity": identity, "state": record}, default=np.ndarray.tolist)
        files.write_npz(self.path, arrays | {_RECORD: text})

    def read(self, identity):
        """Return what `write` was given.

        Parameters
        ----------
        identity : dict
            That of the run that wants to go on.

        Returns
        -------
        (dict, dict of str to ndarray) or None
            The record and the arrays; None where there is no file.

        Raises
        ------
        CheckpointError
            If the file is damaged or belongs to another run.
        """
        if not self.path.exists():
            return None
        try:
            arrays = files.read_npz(self.path)
            stored = json.loads(str(arrays.pop(_RECORD)))
            stored_identity, record = dict(stored["identity"]), dict(stored["state"])
        except (files.DamagedError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise self.damaged(error) from error
        self._compare(stored_identity, json.loads(json.dumps(identity)))
        return record, arrays

    def damaged(self, why):
        """Return the error that says so."""
        return CheckpointError(
            f"{self.path} is no checkpoint, or damaged ({why}); delete it to start anew"
        )

    def _compare(self, stored, wanted):
        for name, value in wanted.items():
            if stored.get(name) != value:
                raise CheckpointError(
                    f"{self.path} belongs to another run: {name} was {stored.get(name)!r}, "
                    f"now it is {value!r}; delete the file to start anew, or take another name"
                )
