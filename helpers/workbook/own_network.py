"""A network of her own layers, with trained weights: whose they are, in words.

>>> from helpers.workbook import own_network
>>> arrays, trained_by = own_network.trained("small_cnn")
"""

import numpy as np

from helpers import architectures, files
from helpers.workbook import keep

FILE = "my_network.npz"


def store(parameters, name="small_cnn", workbook=None):
    """Store the weights of a network of her own layers in the workbook, for notebook 11.

    Parameters
    ----------
    parameters : list of ndarray
        In the order of the layers, each with its weight before its bias.
    name : str
        One of `helpers.architectures.NAMES`, whose layers with parameters hers has.
    workbook : Path, optional
        As for `trained`.

    Returns
    -------
    str
        What was done: a sentence.

    Raises
    ------
    ValueError
        If the arrays do not fit such a network, or are not finite. What was stored stays.
    """
    workbook = keep.folder() if workbook is None else workbook
    if workbook is None:
        return "no workbook here: the weights are not stored"
    expected = getattr(architectures, name)(0).get_state()
    if len(parameters) != len(expected):
        raise ValueError(f"{name} has {len(expected)} arrays of weights, not {len(parameters)}")
    arrays = dict(zip(expected, parameters, strict=True))
    if problem := _problem(arrays, expected):
        raise ValueError(f"these are not the weights of a {name}: {problem}")
    files.write_npz(workbook / FILE, arrays)
    return f"stored in {FILE}: the {len(arrays)} arrays of your network"


def trained(name="small_cnn", workbook=None):
    """Return trained weights for a network of her own layers: her own, else the course's.

    Her own are those that notebook 07 saved in the workbook, as ``my_network.npz``.

    Parameters
    ----------
    name : str
        One of `helpers.architectures.NAMES`, whose layers hers has in the same order.
    workbook : Path, optional
        By default the workbook in which this process works, if it does.

    Returns
    -------
    arrays : dict of str to ndarray
        ``"3.weight"`` is the weight of the layer at index 3.
    trained_by : str
        Whose they are: a sentence. It also says why hers are not used, where there are some.
    """
    course = architectures.pretrained(name).get_state()
    workbook = keep.folder() if workbook is None else workbook
    if workbook is None or not (workbook / FILE).is_file():
        return course, "Weights: the course's training."
    try:
        arrays = {
            key: value for key, value in files.read_npz(workbook / FILE).items() if "." in key
        }
    except (files.DamagedError, OSError) as error:
        return course, f"Weights: the course's training; {FILE} cannot be read ({error})."
    if problem := _problem(arrays, course):
        return course, f"Weights: the course's training; {FILE} is for another network: {problem}."
    return arrays, f"Weights: your own training in notebook 07 ({FILE})."


def read_by(net):
    """Say whose layers a network is made of.

    Parameters
    ----------
    net : object
        With a list `layers`. A class from `helpers` is the course's, any other is hers.

    Returns
    -------
    str
        For the network's attribute ``read_by``, which the drawing pad shows.

    Examples
    --------
    >>> read_by(architectures.small_cnn())
    "the course's layers: Conv2D, ReLU, MaxPool2D, Flatten, Dense, Dropout, Sequential"
    """
    kinds = {type(part).__name__: type(part) for part in (*net.layers, net)}
    course = [name for name, kind in kinds.items() if kind.__module__.startswith("helpers.")]
    hers = [name for name in kinds if name not in course]
    if not hers:
        return f"the course's layers: {', '.join(course)}"
    rest = f"; the course's: {', '.join(course)}" if course else ""
    return f"your own layers: {', '.join(hers)}{rest}"


def _problem(arrays, expected):
    for name, value in expected.items():
        if name not in arrays:
            return f"it lacks {name}"
        if arrays[name].shape != value.shape:
            return f"{name} has the shape {arrays[name].shape}, not {value.shape}"
        if arrays[name].dtype.kind != "f" or not np.isfinite(arrays[name]).all():
            return f"{name} holds values that are no numbers"
    extra = sorted(set(arrays) - set(expected))
    return f"it also holds {extra[0]}" if extra else None
