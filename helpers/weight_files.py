"""Weight files: a network's architecture, its arrays and how they were made, in one .npz file.

A file is compared with the network by its headers, before anything large is read or made.
"""

import json
import math

import numpy as np

from helpers import arguments, files, layers
from helpers.files import Archive, DamagedError, parse_json

_ARCHITECTURE, _RECORD = "architecture", "record"
_LAYERS = {layer.__name__: layer for layer in layers.LAYERS}
_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))
_MAX_TEXT_BYTES = 2**22
_MAX_LAYERS = 1_000
_MAX_ACTIVATION = 2**22  # values that a layer makes of one image
# The first array of a layer, as its settings say: what is compared before a layer is made.
_FIRST_ARRAY = {
    "Dense": lambda c: ("weight", (c["inputs"], c["outputs"])),
    "Conv2D": lambda c: (
        "weight",
        (c["filters"], c["channels"], *arguments.pair(c["kernel_size"], "kernel_size")),
    ),
    "BatchNorm": lambda c: ("gamma", (c["features"],)),
}


class WeightsError(ValueError):
    """A weights file or network that cannot be used, with the reason."""


def write(path, net, state, record=None):
    """Write a network to one file, whole or not at all.

    Parameters
    ----------
    path : str or Path
    net : helpers.network.Sequential
    state : dict of str to ndarray
        Its arrays by name.
    record : dict, optional
        How they were made, for `WeightFile.record`.

    Raises
    ------
    WeightsError
        If a value is not finite, or the network cannot run. An earlier file stays as it is.
    OSError
        If the file cannot be written.
    """
    for name, value in state.items():
        if not np.isfinite(value).all():
            layer = net.layers[int(name.split(".")[0])]
            raise WeightsError(
                f"{path} was not written: {name} of {layer!r} holds NaN or infinity, so the "
                "training has diverged. Train again with a smaller learning rate; a file that "
                "was there is as it was"
            )
    if all(type(layer) in layers.LAYERS for layer in net.layers):
        _check_chain(path, net.layers, net.input_shape)
    described = [{"layer": type(layer).__name__, "config": layer.config()} for layer in net.layers]
    texts = {
        _ARCHITECTURE: json.dumps({"input_shape": net.input_shape, "layers": described}),
        **({} if record is None else {_RECORD: json.dumps(record)}),
    }
    files.write_npz(path, texts | state)


class WeightFile:
    """An open weights file. A context manager.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    FileNotFoundError
    WeightsError
        If this is no weights file, or a damaged one.
    """

    def __init__(self, path):
        self.path = path
        try:
            self._archive = Archive(path)
        except DamagedError as error:
            raise self._damaged(error) from error
        self._headers = {
            name: header
            for name, header in self._archive.headers.items()
            if name not in (_ARCHITECTURE, _RECORD)
        }

    def __enter__(self):
        return self

    def __exit__(self, *details):
        self._archive.__exit__(*details)

    def make(self):
        """Make the layers that the file describes, untrained.

        Returns
        -------
        layers : list of helpers.layers.Layer
        input_shape : tuple of int

        Raises
        ------
        WeightsError
            If the file describes no network of the course, or one that cannot run.
        """
        description = self._text(_ARCHITECTURE)
        if (total := sum(header.nbytes for header in self._headers.values())) > self._archive.limit:
            raise self._damaged(f"its arrays take {total:,} bytes")
        try:
            input_shape, entries = description["input_shape"], description["layers"]
            input_shape = tuple(arguments.whole_number(n, "input_shape") for n in input_shape)
            if not input_shape:
                raise ValueError("its input_shape is empty")
            if not 1 <= len(entries) <= _MAX_LAYERS:
                raise ValueError(f"{len(entries)} layers; it needs at least one layer")
            for index, entry in enumerate(entries):
                self._check_entry(index, entry["layer"], entry["config"])
            made = [_LAYERS[entry["layer"]](**entry["config"]) for entry in entries]
        except WeightsError:
            raise
        except Exception as error:  # settings that may be anything
            raise WeightsError(
                f"{self.path} holds no network of this course: unreadable architecture "
                f"({_shortened(error)})"
            ) from error
        _check_chain(self.path, made, input_shape)
        return made, input_shape

    def arrays(self, expected, layers, keep_dtype=False):
        """Read the arrays that a network needs.

        Parameters
        ----------
        expected : dict of str to ndarray
            The arrays of the network: name, shape and dtype count.
        layers : list of helpers.layers.Layer
            To be named in errors.
        keep_dtype : bool
            Whether to keep the file's float32 or float64, instead of the network's.

        Returns
        -------
        dict of str to ndarray
            In the machine's own byte order.

        Raises
        ------
        WeightsError
            If the file is damaged or for another network: the first array that does not fit is
            named.
        """
        for name, value in expected.items():
            self._check_header(name, value.shape, layers[int(name.split(".")[0])])
        if extra := sorted(set(self._headers) - set(expected)):
            shown = ", ".join(extra[:3]) + (" and more" if len(extra) > 3 else "")
            raise WeightsError(f"{self.path} is for another network: it also holds {shown}")
        found = {}
        for name, value in self._read(expected).items():
            dtype = value.dtype.newbyteorder("=") if keep_dtype else expected[name].dtype
            with np.errstate(over="ignore"):
                found[name] = value.astype(dtype)
            positive = name.endswith(".running_var")
            if not np.isfinite(found[name]).all() or (positive and (found[name] < 0).any()):
                layer = layers[int(name.split(".")[0])]
                kind = "no variances" if positive else "not numbers"
                raise WeightsError(f"{self.path}: {name} of {layer!r} holds values that are {kind}")
        return found

    def record(self):
        """How the weights were made: a dict, or None where the file does not say it.

        Raises
        ------
        WeightsError
            If the record is damaged.
        """
        if _RECORD not in self._archive.headers:
            return None
        record = self._text(_RECORD)
        if not isinstance(record, dict):
            raise self._damaged("its record is no JSON object")
        return record

    def check_all(self):
        """Raise WeightsError if a bit of any array is not as it was written."""
        self._read(self._archive.headers)

    def _check_entry(self, index, layer, config):
        if layer not in _LAYERS:
            raise WeightsError(
                f"{self.path}: its architecture has a layer {_shortened(layer)} that is none of "
                "this course. Make the network yourself, with that layer, and call "
                "net.load_weights(path)"
            )
        if "rng" in config:
            raise ValueError("an rng is no setting")
        if layer in _FIRST_ARRAY:
            name, shape = _FIRST_ARRAY[layer](config)
            self._check_header(f"{index}.{name}", shape, layer)

    def _check_header(self, name, shape, layer):
        header = self._headers.get(name)
        if header is None:
            raise WeightsError(f"{self.path} lacks the array {name} of {layer}")
        if header.shape != shape:
            raise WeightsError(
                f"{self.path} is for another network: {name} of {layer} has shape "
                f"{_shortened(shape)}, in the file {header.shape}"
            )
        if header.dtype.newbyteorder("=") not in _DTYPES:
            raise WeightsError(
                f"{self.path}: {name} of {layer} holds {header.dtype}, not float32 or float64"
            )

    def _text(self, name):
        """What JSON text in the file says."""
        header = self._archive.headers.get(name)
        if header is None or header.shape or header.dtype.kind != "U":
            raise WeightsError(
                f"{self.path} holds no network of this course: it has no {name} in words"
            )
        if header.nbytes > _MAX_TEXT_BYTES:
            raise self._damaged(f"its {name} takes {header.nbytes:,} bytes")
        try:
            return parse_json(str(self._read([name])[name]))
        except DamagedError as error:
            raise self._damaged(f"unreadable {name}: {error}") from error

    def _read(self, names):
        try:
            return self._archive.read(names)
        except DamagedError as error:
            raise self._damaged(error) from error

    def _damaged(self, reason):
        return WeightsError(
            f"{self.path} is no weights file, or damaged ({reason}); get it again, or train anew"
        )


def _check_chain(path, layers, shape):
    """Raise WeightsError unless each layer takes what the one before it makes."""
    try:
        for layer in layers:
            features = getattr(layer, "features", None)  # batch norm takes any shape by itself
            if features is not None and (len(shape) not in (1, 3) or shape[0] != features):
                raise ValueError(f"{layer!r} takes {features} features, not shape {shape}")
            shape = layer.output_shape(shape)
            if math.prod(shape) > _MAX_ACTIVATION:
                raise ValueError(f"{layer!r} would make {math.prod(shape):,} values of one image")
    except ValueError as error:
        raise WeightsError(
            f"{path}: this network cannot run: {error}. Give Sequential the input_shape of one "
            "image, and layers that fit each other"
        ) from error


def _shortened(value):
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]} …"
