"""Record one training step and play it again.

A step does the same operations on the same arrays every time; only the values differ. So Python
need not decide anew what to do: the first step is run on arrays that write down every NumPy
operation, with the memory it reads and writes, and all later steps play the list. JAX's `jit` and
CUDA's graphs follow the same idea. Less Python between the operations also means that threads
seldom wait for each other's hold of the interpreter.

What may be recorded is listed: ufuncs and their reductions, `FUNCTIONS`, and the attributes and
methods that `Recorded` has. All else raises `CannotRecord`, and the step is then run without being
recorded. A print inside a layer is no operation: it runs in the first step only.
"""

import contextlib
import functools

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.lib.stride_tricks import as_strided


class CannotRecord(TypeError):
    """An operation that is not on the list, or whose result would stay the same in later steps."""


FUNCTIONS = {np.copyto, np.einsum}


class Tape:
    """A list of operations, as functions without arguments."""

    def __init__(self):
        self.operations = []

    def append(self, function, *arguments, **named):
        """Write an operation down."""
        self.operations.append(functools.partial(function, *arguments, **named))

    def cut(self):
        """Return the operations so far and begin a new list."""
        operations, self.operations = self.operations, []
        return operations


class Recorded(NDArrayOperatorsMixin):
    """An array that writes the operations on it down on a tape.

    It is no `ndarray`, so that what is not defined here cannot go by unnoticed.

    Parameters
    ----------
    array : ndarray
    tape : Tape
    """

    def __init__(self, array, tape):
        self.array, self.tape = array, tape

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        if method not in {"__call__", "reduce"} or ufunc.nout != 1:
            raise CannotRecord(f"np.{ufunc.__name__}.{method} cannot be recorded")
        function = ufunc if method == "__call__" else ufunc.reduce
        inputs = [plain(value) for value in inputs]
        if out is None:
            result = np.asarray(function(*inputs, **kwargs))
        else:
            (result,) = (plain(value) for value in out)
            function(*inputs, out=result, **kwargs)
        self.tape.append(function, *inputs, out=result, **kwargs)
        return Recorded(result, self.tape)

    def __array_function__(self, function, types, args, kwargs):
        if function not in FUNCTIONS:
            raise CannotRecord(f"np.{function.__name__} cannot be recorded")
        args = [plain(value) for value in args]
        kwargs = {name: plain(value) for name, value in kwargs.items()}
        result = function(*args, **kwargs)
        if result is None:
            self.tape.append(function, *args, **kwargs)
            return None
        self.tape.append(function, *args, **kwargs | {"out": result})
        return Recorded(result, self.tape)

    def __array__(self, *args, **kwargs):
        raise CannotRecord("as a plain array, it would stay the same in all later steps")

    def _refuse(self, *args):
        raise CannotRecord("a decision by its values would stay the same in all later steps")

    __bool__ = __float__ = __int__ = __index__ = _refuse

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise CannotRecord(f"the array's {name} cannot be recorded")

    shape = property(lambda self: self.array.shape)
    dtype = property(lambda self: self.array.dtype)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    itemsize = property(lambda self: self.array.itemsize)
    nbytes = property(lambda self: self.array.nbytes)
    strides = property(lambda self: self.array.strides)
    flags = property(lambda self: self.array.flags)
    T = property(lambda self: self.transpose())

    def __len__(self):
        return len(self.array)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key):
        part = self.array[key]
        if not isinstance(part, np.ndarray) or part.size and not _share(part, self.array):
            raise CannotRecord(f"index {key!r} makes a copy")
        return Recorded(part, self.tape)

    def __setitem__(self, key, value):
        np.copyto(self[key], value)

    def transpose(self, *axes):
        """A view with the axes in another order."""
        return Recorded(self.array.transpose(*axes), self.tape)

    def swapaxes(self, first, second):
        """A view with two axes swapped."""
        return Recorded(self.array.swapaxes(first, second), self.tape)

    def strided(self, shape, strides):
        """A view, as `numpy.lib.stride_tricks.as_strided` makes it."""
        return Recorded(as_strided(self.array, shape, strides), self.tape)

    def reshape(self, *shape):
        """A view where there is one, else a copy."""
        return self._same_or_copied(self.array.reshape(*shape))

    def sum(self, axis=None, keepdims=False):
        """The sum over some axes."""
        return np.add.reduce(self, axis=axis, keepdims=keepdims)

    def fill(self, value):
        """Set all entries."""
        self[...] = value

    def astype(self, dtype, copy=True):
        """The array itself where it has the dtype, else a copy."""
        if np.dtype(dtype) == self.dtype and not copy:
            return self
        return self._same_or_copied(np.empty(self.shape, dtype))

    def copy(self):
        """A copy."""
        return self._same_or_copied(np.empty(self.shape, self.dtype))

    def _same_or_copied(self, result):
        """`result`, with the copying that made it written down where it is not a view."""
        if not _share(result, self.array):
            # Seen with the shape of the source, a new contiguous array takes a plain copy.
            target = result.reshape(self.shape)
            np.copyto(target, self.array)
            self.tape.append(np.copyto, target, self.array)
        return Recorded(result, self.tape)


def strided(x, shape, strides):
    """A view of an array, recorded or not, that reads its memory with other steps.

    Parameters
    ----------
    x : ndarray or Recorded
    shape, strides : tuple of int
        As for `numpy.lib.stride_tricks.as_strided`.

    Returns
    -------
    ndarray or Recorded
    """
    return x.strided(shape, strides) if isinstance(x, Recorded) else as_strided(x, shape, strides)


def plain(value):
    """The array behind a recorded one; anything else as it is."""
    return value.array if isinstance(value, Recorded) else value


def _share(a, b):
    return np.may_share_memory(a, b)


class Recording:
    """Forward and backward of one network for one shape of batch, on fixed arrays.

    Parameters
    ----------
    net : helpers.network.Sequential
        A replica. Its layers take their arrays from `helpers.fast.work_arrays.WorkArrays`.
    images : ndarray
        The first batch.
    training : bool

    Raises
    ------
    CannotRecord
        If a layer does what cannot be recorded.
    """

    def __init__(self, net, images, training):
        self._net = net
        self._tape = Tape()
        self._images = np.array(images)
        with _written_down(net, self._tape):
            x = Recorded(self._images, self._tape)
            for layer in net.layers:
                x = layer.forward(x, training)
        self._forward = self._tape.cut()
        self._backward = None
        self.logits = plain(x)

    def forward(self, images):
        """Fill `logits` for another batch of the same shape."""
        np.copyto(self._images, images)
        _play(self._forward)

    def backward(self, dlogits):
        """Fill the gradients of the replica's layers."""
        if self._backward is None:
            self._record_backward(dlogits)
        else:
            np.copyto(self._dlogits, dlogits)
            _play(self._backward)
        for layer, grads in zip(self._net.layers, self._grads, strict=True):
            layer.grads = grads

    def _record_backward(self, dlogits):
        self._dlogits = np.array(dlogits)
        for layer in self._net.layers:
            layer.grads = {}  # the old dicts belong to the recording of another shape
        with _written_down(self._net, self._tape):
            dy = Recorded(self._dlogits, self._tape)
            for layer in reversed(self._net.layers):
                dy = layer.backward(dy)
                if dy is None:
                    break
        self._backward = self._tape.cut()
        self._grads = [
            {name: plain(grad) for name, grad in layer.grads.items()} for layer in self._net.layers
        ]


def _play(operations):
    for operation in operations:
        operation()


@contextlib.contextmanager
def _written_down(net, tape):
    """Within the block, parameters and work arrays of the network are `Recorded`."""
    own_params = [layer.params for layer in net.layers]
    statistics = [(layer, name) for layer in net.layers for name in layer.statistics]
    for layer in net.layers:
        layer.params = {name: Recorded(value, tape) for name, value in layer.params.items()}
        layer.work.tape = tape
    for layer, name in statistics:
        setattr(layer, name, Recorded(getattr(layer, name), tape))
    try:
        yield
    finally:
        for layer, params in zip(net.layers, own_params, strict=True):
            layer.params = params
            layer.work.tape = None
        for layer, name in statistics:
            setattr(layer, name, plain(getattr(layer, name)))
