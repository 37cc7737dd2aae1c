"""What makes a run of training this run and no other, in words and checksums."""

import hashlib

import numpy as np


def identity(run):
    """What must be the same for another run to go on from this one's checkpoint.

    Parameters
    ----------
    run : helpers.training.run.Run

    Returns
    -------
    dict
        As JSON can hold it.
    """
    settings = run.settings
    validation = (None, None) if run.validation is None else run.validation
    found = {
        "network": [repr(layer) for layer in run.net.layers],
        "dtype": str(run.net.parameters[0].dtype) if run.net.parameters else "none",
        "optimizer": run.optimizer_text,
        "batch_size": settings.batch_size,
        "augment": _called(settings.augment),
        "training images": _counted(run.images),
        "training labels": _digest(run.labels),
        "validation images": _counted(validation[0]),
        "validation labels": _digest(validation[1]),
        "first weights": _digest(*run.net.get_state().values()),
        "rng": _digest(repr(run.rng.bit_generator.state)),
        "early stopping": settings.patience is not None,  # else no best weights are kept
        "schedule": _called(settings.schedule),
    }
    if settings.schedule is not None:
        found["epochs"] = settings.epochs  # the schedule depends on it
    return found


def _called(function):
    """What tells a schedule or an augmentation from others, in every process the same."""
    if function is None:
        return None
    if (code := getattr(function, "__code__", None)) is None:
        return repr(function)
    constants = [value for value in code.co_consts if not hasattr(value, "co_code")]
    held = [_shown(cell.cell_contents) for cell in function.__closure__ or ()]
    digest = _digest(code.co_code.hex(), repr(constants), repr(code.co_names), repr(held))
    return f"{function.__qualname__} ({digest})"


def _shown(value):
    """The repr of a value, without the address that is in Python's own."""
    addressed = type(value).__repr__ is object.__repr__ or callable(value)
    return type(value).__name__ if addressed else repr(value)


def _counted(images):
    return "none" if images is None else f"{len(images)} ({_digest(images)})"


def _digest(*values):
    """A short checksum of arrays or texts; None for nothing."""
    if values[0] is None:
        return None
    found = hashlib.blake2b(digest_size=8)
    for value in values:
        if isinstance(value, np.ndarray):
            found.update(f"{value.shape} {value.dtype}".encode())
            found.update(memoryview(np.ascontiguousarray(value)).cast("B"))
        else:
            found.update(value.encode())
    return found.hexdigest()
