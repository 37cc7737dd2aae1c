"""The file of results: what was measured stays when the next network is measured."""

import json
from pathlib import Path

from helpers import architectures

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
    if not isinstance(results, dict) or not set(results) <= {*architectures.MILESTONES, "epoch"}:
        raise Mismatch(f"{path} holds no results of this command; move it away")
    return results


def add(path, name, result):
    """Put a result into the file, in the place of an older one; return all results.

    Raises
    ------
    Mismatch
        If the others are of another machine or setting. Then the file stays as it is.
    """
    results = read(path)
    check(results, name, result, path)
    results[name] = result
    beside = Path(path).with_suffix(".part")
    beside.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
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
