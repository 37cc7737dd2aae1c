"""What all layers share: the contract, memory order, dtype and checks of arguments.

Every layer keeps one contract:

    y  = layer.forward(x, training=False)    what the layer computes
    dx = layer.backward(dy)                  given dy = dL/dy: returns dL/dx, fills `layer.grads`

`layer.params` and `layer.grads` are dicts with the same keys and shapes. x and dy are never written
to. Activations are (N, C, H, W) or (N, F) to whoever calls; inside, `_forward` and `_backward` work
on the memory behind them, (H, W, C, N) or (F, N), with the batch last (see `helpers.fast.order`).

The dtype follows the parameters: float32 to train, float64 to check gradients.
"""

import copy
import math

import numpy as np

from helpers import arguments
from helpers.fast import order, recording, work_arrays

_AXES = {2: "(N, F)", 4: "(N, C, H, W)"}


class Alone:
    """Where a layer works by itself, on whole batches. In `fit` it has a seat in a team instead.

    Attributes
    ----------
    shard : tuple of int or None
        Which images of the batch the layer gets: (start, size of the whole batch). None is all.
    """

    shard = None

    def share(self, array):
        """What all who work on the batch have to show, in order: here only this array."""
        return [array]


class Layer:
    """Base of all layers.

    A layer of your own defines `_forward` and `_backward`, which work on the memory behind an
    activation: (H, W, C, N) or (F, N). If it has state of its own besides parameters, `statistics`
    and random generators, it also overrides `as_replica` and `write_back`.

    Attributes
    ----------
    params, grads : dict of str to ndarray
        Same keys, same shapes. `grads` is filled by `backward`.
    input_gradient : bool
        False spares `backward` the gradient of the input, which nobody needs in a first layer.
    backward_follows : bool
        False spares `forward` what only `backward` needs.
    penalty : float
        What the layer adds to the loss by itself (see `Dense`).
    statistics : tuple of str
        Names of arrays that belong to the trained layer but are no parameters.
    work : helpers.fast.work_arrays.Fresh or WorkArrays
        Where the layer takes its arrays from.
    seat : Alone or helpers.threads.replica.Seat
        With whom it shares a batch.
    """

    penalty = 0.0
    statistics = ()
    input_gradient = True
    backward_follows = True
    _ndims = None  # numbers of axes accepted; None is any with a batch

    def __init__(self):
        self.params = {}
        self.grads = {}
        self.work = work_arrays.Fresh()
        self.seat = Alone()
        self._output_shape = None

    def forward(self, x, training=False):
        """Compute the layer's output.

        Parameters
        ----------
        x : array_like of shape (N, C, H, W) or (N, F)
        training : bool
            Whether dropout drops and batch norm uses the statistics of the batch.

        Returns
        -------
        ndarray
            A new array; `x` is not written to.

        Raises
        ------
        ValueError
            If the layer does not take arrays of this shape.
        """
        x = _as_array(x)
        if self._ndims is not None and x.ndim not in self._ndims:
            wanted = " or ".join(f"{n} axes {_AXES[n]}" for n in self._ndims)
            raise ValueError(f"{self!r} takes an array of {wanted}, not one of shape {x.shape}")
        if x.ndim < 2 or x.size == 0:
            raise ValueError(f"{self!r} takes a batch that is not empty, not shape {x.shape}")
        x = self._arranged(x.astype(self._dtype(x), copy=False))
        y = order.batch_first(self._forward(x, training))
        self._output_shape = y.shape
        return y

    def backward(self, dy):
        """Send a gradient back through the latest `forward`.

        Parameters
        ----------
        dy : array_like, same shape as the output of `forward`
            Gradient of the loss with respect to the output.

        Returns
        -------
        ndarray or None
            Gradient with respect to the input. None where `input_gradient` is False.

        Raises
        ------
        RuntimeError
            If `forward` has not been called.
        ValueError
            If `dy` has not the shape of the output.
        """
        if self._output_shape is None:
            raise RuntimeError(f"{self!r}: call forward before backward")
        dy = _as_array(dy)
        if dy.shape != self._output_shape:
            raise ValueError(
                f"{self!r}: dy has shape {dy.shape}, but the output has {self._output_shape}"
            )
        dx = self._backward(order.batch_last(dy.astype(self._dtype(dy), copy=False)))
        return None if dx is None else order.batch_first(dx)

    def as_replica(self, seat, work):
        """This layer as one of several threads has it: same parameters, all else its own.

        Parameters
        ----------
        seat : helpers.threads.replica.Seat
            Where the replica sits: who shares the batch with it.
        work : helpers.fast.work_arrays.WorkArrays
            Where it takes its arrays from.

        Returns
        -------
        Layer
        """
        replica = copy.copy(self)
        replica.grads, replica.seat, replica.work = {}, seat, work
        replica.backward_follows = seat.training
        if seat.training:
            for name in self.statistics:
                setattr(replica, name, getattr(self, name).copy())
            for name, generator in self.generators().items():
                setattr(replica, name, seat.own(generator))
        return replica

    def write_back(self, replica):
        """Take over what training changed in a replica, besides the parameters."""
        for name in self.statistics:
            getattr(self, name)[...] = getattr(replica, name)
        theirs = replica.generators()
        for name, generator in self.generators().items():
            generator.bit_generator.state = theirs[name].bit_generator.state

    def reseed(self, rng):
        """Draw anew what was drawn without an `rng`, so that layers of a network differ.

        Parameters
        ----------
        rng : numpy.random.Generator
        """

    def generators(self):
        """The random generators that the layer holds, by attribute."""
        kinds = np.random.Generator
        return {name: value for name, value in vars(self).items() if isinstance(value, kinds)}

    def output_shape(self, input_shape):
        """Shape of the output for an input of `input_shape`, both without the batch axis."""
        return tuple(input_shape)

    def config(self):
        """Arguments that make such a layer again, as plain numbers."""
        return {}

    def __repr__(self):
        return arguments.written(type(self), self.config())

    def _arranged(self, x):
        """`x` with the batch last, as `_forward` wants it."""
        return order.batch_last(x)

    def _dtype(self, x):
        for value in self.params.values():
            return value.dtype
        return x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)


def _as_array(x):
    return x if isinstance(x, recording.Recorded) else np.asarray(x)


def he_normal(shape, fan_in, rng):
    """Draw initial weights, He normal: mean 0, variance 2 / `fan_in`; float32.

    Without `rng`, a generator with seed 0 draws them. A network then draws them anew, each layer's
    from a stream of its own: see `helpers.network.Sequential`.
    """
    rng = np.random.default_rng(0 if rng is None else rng)
    return (rng.standard_normal(shape) * math.sqrt(2 / fan_in)).astype(np.float32)


def outer_shape(x):
    """(C, H, W) of an array that lies as (H, W, C, N)."""
    return x.shape[2], x.shape[0], x.shape[1]


def image_shape(asking, shape):
    """Return the shape if it is one of images, (C, H, W), else complain for the layer `asking`."""
    if len(shape) != 3:
        raise ValueError(f"{asking!r} takes images (C, H, W), not shape {tuple(shape)}")
    return shape
