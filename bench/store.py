"""The file of results: what was measured stays when the next network is measured."""

import json
from pathlib import Path

from helpers import architectures
from helpers.files import replacing

_SAME = ("machine", "batch_size", "source")  # what figures in one table must have in common


class Mismatch(ValueError):
    """The file holds results that do not belong beside the new ones."""


def read(path):
    """Results by network, and "epoch"; empty where there is no file.

    Raises
    ------
    Mismatch
        If the file is no file of results.
    """
    if not Path(path).exists():
        return {}
    try:
        results = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise Mismatch(f"{path} cannot be read ({error}); move it away") from error
    names = {*architectures.MILESTONES, "epoch"}
    if not (
        isinstance(results, dict)
        and set(results) <= names
        and all(isinstance(one, dict) and one.keys() >= {*_SAME} for one in results.values())
    ):
        raise Mismatch(f"{path} holds no results of this command; move it away")
    return results


def add(path, name, result, beside=None):
    """Put a result into the file, in the place of an older one; return all results.

    Parameters
    ----------
    path : str or Path
    name : str
    result : dict
    beside : dict, optional
        The results to put it beside. Default: those in the file.

    Raises
    ------
    Mismatch
        If the others are of another machine or setting. Then the file stays as it is.
    """
    results = dict(read(path) if beside is None else beside)
    check(results, name, result, path)
    results[name] = result
    with replacing(path) as file:
        file.write((json.dumps(results, indent=1) + "\n").encode())
    return results


def check(results, name, result, path):
    """Complain about a result that does not fit the others; the one it replaces does not count."""
    for other, known in results.items():
        for key in _SAME:
            if other != name and known[key] != result[key]:
                raise Mismatch(
                    f"{path} holds {other} with another {key.replace('_', ' ')}: {known[key]}, now "
                    f"{result[key]}. Give --output another folder, or --fresh to begin anew"
                )
