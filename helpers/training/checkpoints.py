"""Checkpoints: everything a training run needs to go on as if it had never stopped."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np

from helpers import files


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, with the reason."""


class Checkpoint:
    """One .npz file with weights, optimizer, random states and history. No pickle.

    Parameters
    ----------
    path : str or Path
    """

    def __init__(self, path):
        self.path = Path(path)

    def write(self, run):
        """Write the state after an epoch, whole or not at all."""
        arrays = {f"net/{name}": value for name, value in run.net.get_state().items()}
        for name, value in (run.best or {}).items():
            arrays[f"best/{name}"] = value
        optimizer = run.optimizer.state()
        for name, values in optimizer.items():
            if name != "steps":
                arrays |= {f"optimizer/{name}/{i}": value for i, value in enumerate(values)}
        record = {
            "settings": _settings(run),
            "epoch": run.epoch,
            "steps": optimizer["steps"],
            "rng": run.rng.bit_generator.state,
            "layer_rngs": [layer.rng.bit_generator.state for layer in _random_layers(run.net)],
            "history": dataclasses.asdict(run.history),
        }
        # Some random states hold arrays.
        arrays["record"] = json.dumps(record, default=np.ndarray.tolist)
        files.write_npz(self.path, arrays)

    def restore(self, run):
        """Bring a run to the state in the file.

        Returns
        -------
        int
            Number of epochs done: 0 where there is no file.

        Raises
        ------
        CheckpointError
            If the file is damaged or belongs to another run.
        """
        if not self.path.exists():
            return 0
        try:
            arrays = files.read_npz(self.path)
            record = json.loads(str(arrays.pop("record")))
        except (files.DamagedError, KeyError, ValueError) as error:
            raise CheckpointError(
                f"{self.path} is no checkpoint, or damaged ({error}); delete it to start anew"
            ) from error
        self._compare(record["settings"], _settings(run))
        groups = {}
        for name, value in arrays.items():
            group, _, rest = name.partition("/")
            groups.setdefault(group, {})[rest] = value
        run.net.set_state_values(groups["net"])
        run.best = groups.get("best")
        run.optimizer.restore({"steps": record["steps"]} | _lists(groups.get("optimizer", {})))
        run.rng.bit_generator.state = record["rng"]
        for layer, state in zip(_random_layers(run.net), record["layer_rngs"], strict=True):
            layer.rng.bit_generator.state = state
        for name, value in record["history"].items():
            setattr(run.history, name, value)
        run.history.stopped = "finished"
        return record["epoch"]

    def _compare(self, stored, wanted):
        for name, value in wanted.items():
            if stored.get(name) != value:
                raise CheckpointError(
                    f"{self.path} belongs to another run: {name} was {stored.get(name)!r}, "
                    f"now it is {value!r}; delete the file to start anew, or take another name"
                )


def _settings(run):
    """What must be the same for the run to go on."""
    schedule = run.settings.schedule
    settings = {
        "network": [repr(layer) for layer in run.net.layers],
        "optimizer": run.optimizer_text,
        "batch_size": run.settings.batch_size,
        "label_smoothing": run.settings.label_smoothing,
        "training images": len(run.labels),
        "validation images": 0 if run.validation is None else len(run.validation[1]),
        "early stopping": run.settings.patience is not None,  # else no best weights are kept
        "schedule": None,
    }
    if schedule is not None:
        # A function's address is another one in every process.
        settings["schedule"] = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(schedule))
        settings["epochs"] = run.settings.epochs  # the schedule depends on it
    return settings


def _random_layers(net):
    return [layer for layer in net.layers if hasattr(layer, "rng")]


def _lists(arrays):
    """{"mean/0": a, "mean/1": b} as {"mean": [a, b]}."""
    lists = {}
    for name in sorted(arrays, key=lambda name: int(name.split("/")[1])):
        lists.setdefault(name.split("/")[0], []).append(arrays[name])
    return lists
