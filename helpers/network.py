"""A network as a row of layers: forward, backward, predict, save and load."""

import copy
import functools
import math
import warnings

import numpy as np

from helpers import arguments, losses, weight_files
from helpers.layers import Layer
from helpers.threads import forward_in_blocks
from helpers.weight_files import WeightsError

__all__ = ["Sequential", "WeightsError"]

# Prediction works on as many images at once as make the largest activation about this large.
_BLOCK_BYTES = 2**22
# Below this an image is not in [0, 1], be it up to rounding or resampling.
_LEAST_PIXEL = -0.1
_PLAIN_BLOCK = 128


class Sequential:
    """Layers in a row; the output of each is the input of the next.

    Parameters
    ----------
    layers : iterable of helpers.layers.Layer
    input_shape : tuple of int
        Shape of one input, without the batch axis.
    seed : int
        What a layer made without an `rng` draws, its initial weights or its masks, it draws anew
        from a stream of its own: layer i from ``numpy.random.default_rng([seed, i])``.

    Examples
    --------
    >>> from helpers.layers import Dense, Flatten
    >>> net = Sequential([Flatten(), Dense(784, 10)])
    >>> net.parameter_count
    7850
    """

    def __init__(self, layers, input_shape=(1, 28, 28), seed=0):
        self.layers = list(layers)
        self.input_shape = tuple(input_shape)
        self._range_told = False
        if not self.layers:
            raise ValueError("a network needs at least one layer")
        if len({id(layer) for layer in self.layers}) < len(self.layers):
            raise ValueError("the same layer object is listed twice; make one for each place")
        for i, layer in enumerate(self.layers):
            if isinstance(layer, Layer):
                layer.reseed(np.random.default_rng([seed, i]))

    def forward(self, x, training=False):
        """Send a batch through all layers.

        Parameters
        ----------
        x : array_like of shape (N, *input_shape)
        training : bool

        Returns
        -------
        ndarray of shape (N, ...)
            The output of the last layer: the logits.
        """
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, dlogits):
        """Send a gradient back through all layers and fill their `grads`.

        Parameters
        ----------
        dlogits : array_like, same shape as the output of `forward`

        Returns
        -------
        ndarray of shape (N, *input_shape)
            Gradient of the loss with respect to the input.
        """
        for layer in reversed(self.layers):
            dlogits = layer.backward(dlogits)
            if dlogits is None:  # nobody needs the gradient of what comes before
                break
        return dlogits

    @property
    def parameters(self):
        """All parameter arrays, in the order of the layers."""
        return [value for layer in self.layers for value in layer.params.values()]

    @property
    def gradients(self):
        """The gradients of `parameters`, as the latest `backward` left them."""
        return [layer.grads[key] for layer in self.layers for key in layer.params]

    @property
    def parameter_count(self):
        """Number of values that training changes."""
        return sum(value.size for value in self.parameters)

    @property
    def output_shape(self):
        """Shape of one output, without the batch axis."""
        return self._shapes()[-1]

    def _shapes(self):
        """Shape of one input, then of what each layer makes of it."""
        shapes = [self.input_shape]
        for layer in self.layers:
            shapes.append(layer.output_shape(shapes[-1]))
        return shapes

    @property
    def penalty(self):
        """What the layers add to the loss by themselves, such as L2."""
        return sum(layer.penalty for layer in self.layers)

    def astype(self, dtype):
        """Convert all parameters and running statistics in place; return the network."""
        for layer in self.layers:
            for name, value in _arrays(layer).items():
                _set_array(layer, name, value.astype(dtype))
        return self

    def copy(self):
        """An independent network with the same weights."""
        return copy.deepcopy(self)

    def predict_proba(self, images, threads=None):
        """Probability of each class for each image.

        Parameters
        ----------
        images : array_like of shape (N, *input_shape)
            Values in [0, 1]. Any number: they are worked through in blocks.
        threads : int, optional
            Default: the number of physical cores.

        Returns
        -------
        ndarray of shape (N, classes)
            Rows sum to 1.

        Raises
        ------
        ValueError
            If the images have another shape, or are whole numbers (0 to 255) instead of shares.
        """
        return losses.softmax(self.predict_logits(images, threads))

    def predict_logits(self, images, threads=None):
        """The outputs before softmax, (N, classes), in bounded memory. See `predict_proba`."""
        images = np.asarray(images)
        if images.shape[1:] != self.input_shape or images.ndim == 0:
            raise ValueError(
                f"the network takes images of shape (N, {', '.join(map(str, self.input_shape))}), "
                f"not {images.shape}"
            )
        arguments.check_images(images, "images")
        if len(images) and not self._range_told and images[0].min() < _LEAST_PIXEL:
            self._range_told = True
            warnings.warn(
                f"images hold values down to {float(images[0].min()):.3g}; the networks of the "
                "course are trained on [0, 1]. From [-1, 1] come there with (images + 1) / 2.",
                stacklevel=2,
            )
        if not all(isinstance(layer, Layer) for layer in self.layers):
            # A student's own layers know their forward, not their shapes, and nothing of threads.
            starts = range(0, len(images), _PLAIN_BLOCK)
            blocks = [self.forward(images[i : i + _PLAIN_BLOCK]) for i in starts]
            one = np.zeros((1, *self.input_shape), images.dtype)
            return np.concatenate(blocks) if blocks else self.forward(one)[:0]
        return forward_in_blocks(self, images, self._block, threads)

    @functools.cached_property
    def _block(self):
        """How many images to predict at once: enough to fill a core, few enough for its cache."""
        largest = max(map(math.prod, self._shapes()[1:]), default=1)
        return min(1024, max(48, _BLOCK_BYTES // (4 * largest)))

    def predict(self, images, threads=None):
        """The most likely class of each image, int64 of shape (N,). See `predict_proba`."""
        return self.predict_proba(images, threads).argmax(axis=1)

    def summary(self):
        """A table of the layers, the shapes between them and their parameters, as text."""
        rows = [("input", self.input_shape, 0)]
        for layer, shape in zip(self.layers, self._shapes()[1:], strict=True):
            rows.append((repr(layer), shape, sum(p.size for p in layer.params.values())))
        texts = [(name, " x ".join(map(str, shape)), f"{n:,}") for name, shape, n in rows]
        texts.insert(0, ("layer", "output shape", "parameters"))
        texts.append(("total", "", f"{self.parameter_count:,}"))
        widths = [max(len(row[i]) for row in texts) for i in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in texts]
        rule = "-" * len(lines[0])
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])

    def operations(self):
        """Multiplications and additions that one image costs going forward."""
        total = 0
        for layer, shape in zip(self.layers, self._shapes()[1:], strict=True):
            weight = layer.params.get("weight")
            if weight is not None:
                pixels = math.prod(shape[1:])
                total += 2 * weight.size * pixels
        return total

    def save(self, path, record=None):
        """Write architecture and weights to one .npz file, without pickle.

        The file appears whole or not at all.

        Parameters
        ----------
        path : str or Path
        record : dict, optional
            How the weights were made, kept in the same file.

        Raises
        ------
        WeightsError
            If a weight is not finite, or the layers do not fit each other. A file that was there
            stays as it is.
        OSError
            If the file cannot be written.
        """
        weight_files.write(path, self, self._state(), record)

    @classmethod
    def load(cls, path):
        """Make the network that `save` wrote.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        FileNotFoundError
        WeightsError
            If the file is damaged, holds no network of the course, lacks an array, or describes a
            network that cannot run.
        """
        with weight_files.WeightFile(path) as file:
            net = cls(*file.make())
            net.set_state(file.arrays(net._state(), net.layers, keep_dtype=True))
        return net

    def load_weights(self, path):
        """Take the weights of a file written by a network of the same architecture.

        Nothing is changed where the file does not fit. The network keeps its dtype.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        FileNotFoundError
        WeightsError
            If the file is damaged, or belongs to another network: the first array that does not
            fit is named.
        """
        with weight_files.WeightFile(path) as file:
            self.set_state(file.arrays(self._state(), self.layers))

    def _state(self):
        return {
            f"{i}.{name}": value
            for i, layer in enumerate(self.layers)
            for name, value in _arrays(layer).items()
        }

    def get_state(self):
        """Copies of all parameters and running statistics, by name."""
        return {name: value.copy() for name, value in self._state().items()}

    def set_state(self, state):
        """Take over what `get_state` returned: values of an array of the same kind, else the array.

        Raises
        ------
        ValueError
            If a name or a shape does not fit, or a value is not finite. Nothing has been changed.
        """
        self.check_state(state)
        for name, value in state.items():
            index, key = name.split(".")
            there = _arrays(self.layers[int(index)])[key]
            if there.dtype == value.dtype and there.flags.writeable:
                there[...] = value
            else:
                _set_array(self.layers[int(index)], key, value.copy())

    def check_state(self, state):
        """Complain about a state that `set_state` would not take."""
        expected = self._state()
        if set(state) != set(expected):
            raise ValueError(
                f"the state has {sorted(state)}, but the network has {sorted(expected)}"
            )
        for name, value in expected.items():
            given = state[name]
            if given.shape != value.shape or given.dtype.kind != "f":
                raise ValueError(
                    f"{name} must be {value.dtype} of shape {value.shape}, "
                    f"not {given.dtype} of {given.shape}"
                )
            if not np.isfinite(given).all():
                raise ValueError(f"{name} holds values that are not finite")

    def __repr__(self):
        return f"Sequential of {len(self.layers)} layers, {self.parameter_count:,} parameters"


def _arrays(layer):
    """Parameters and running statistics of a layer, by name."""
    return layer.params | {name: getattr(layer, name) for name in layer.statistics}


def _set_array(layer, name, value):
    if name in layer.params:
        layer.params[name] = value
    else:
        setattr(layer, name, value)
