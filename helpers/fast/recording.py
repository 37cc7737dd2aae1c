"""Record one training step and play it again.

A step does the same operations on the same arrays every time; only the values differ. So Python
need not decide anew what to do: the first step is run on arrays that write down every NumPy
operation, with the memory it reads and writes, and all later steps play the list. JAX's `jit` and
CUDA's graphs follow the same idea. Less Python between the operations also means that threads
seldom wait for each other's hold of the interpreter.

What may be recorded: ufuncs, their reductions, the functions in `_FUNCTIONS`, views and
assignments. Anything else (a mask as index, a value taken out as a Python number) raises
`CannotRecord`. Only the layers of the course are recorded: they take every array that changes from
their `memory`.
"""

import contextlib
import functools

import numpy as np


class CannotRecord(TypeError):
    """An operation whose result would not be the same in the next step."""


_FUNCTIONS = {np.copyto, np.einsum}


class Tape:
    """A list of operations, as functions without arguments."""

    def __init__(self):
        self.operations = []

    def append(self, function, *arguments, **named):
        self.operations.append(functools.partial(function, *arguments, **named))

    def cut(self):
        """Return the operations so far and begin a new list."""
        operations, self.operations = self.operations, []
        return operations


class Recorded(np.ndarray):
    """An array that writes operations on it down on its `tape`."""

    tape = None

    def __array_finalize__(self, source):
        if self.tape is None:
            self.tape = getattr(source, "tape", None)

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        tape = _tape_of((*inputs, *(out or ())))
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        inputs = [_plain(value) for value in inputs]
        if out is None:
            result = np.asarray(function(*inputs, **kwargs))
        else:
            (result,) = (_plain(value) for value in out)
            function(*inputs, out=result, **kwargs)
        tape.append(function, *inputs, out=result, **kwargs)
        return _recorded(result, tape)

    def __array_function__(self, function, types, args, kwargs):
        if function not in _FUNCTIONS:
            raise CannotRecord(f"np.{function.__name__} cannot be recorded")
        tape = _tape_of((*args, *kwargs.values()))
        args = [_plain(value) for value in args]
        kwargs = {name: _plain(value) for name, value in kwargs.items()}
        result = function(*args, **kwargs)
        if result is None:
            tape.append(function, *args, **kwargs)
            return None
        tape.append(function, *args, **kwargs | {"out": result})
        return _recorded(result, tape)

    def __setitem__(self, key, value):
        np.copyto(self[key], value)

    def __getitem__(self, key):
        part = super().__getitem__(key)
        if not isinstance(part, np.ndarray) or part.size and not _share(part, self):
            raise CannotRecord(f"index {key!r} makes a copy")
        return part

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def reshape(self, *shape):
        return self._same_or_copied(super().reshape(*shape))

    def ravel(self):
        return self.reshape(-1)

    def fill(self, value):
        self[...] = value

    def astype(self, dtype, copy=True):
        if np.dtype(dtype) == self.dtype and not copy:
            return self
        converted = np.empty(self.shape, dtype)
        return self._same_or_copied(_recorded(converted, self.tape))

    def copy(self, order="C"):
        return self._same_or_copied(_recorded(np.empty(self.shape, self.dtype), self.tape))

    def _same_or_copied(self, result):
        """`result`, with the copying that made it written down where it is not a view."""
        if not _share(result, self):
            source = _plain(self)
            # Seen with the shape of the source, a new contiguous array takes a plain copy.
            target = _plain(result).reshape(source.shape)
            np.copyto(target, source)
            self.tape.append(np.copyto, target, source)
        return result

    def _refuse(self, *args, **kwargs):
        raise CannotRecord("what this returns would stay the same in all later steps")

    # Methods of arrays that are neither views nor ufuncs would go by unnoticed.
    item = tolist = tobytes = __bool__ = __float__ = __int__ = __index__ = _refuse
    argmax = argmin = argsort = argpartition = nonzero = searchsorted = _refuse
    choose = compress = cumprod = cumsum = dot = flatten = repeat = round = take = _refuse
    byteswap = itemset = partition = put = resize = sort = _refuse


def _share(a, b):
    return np.may_share_memory(_plain(a), _plain(b))


def _plain(value):
    return value.view(np.ndarray) if isinstance(value, Recorded) else value


def _recorded(array, tape):
    array = array.view(Recorded)
    array.tape = tape
    return array


def _tape_of(values):
    for value in values:
        if isinstance(value, Recorded):
            return value.tape
    return None


class Recording:
    """Forward and backward of one network for one shape of batch, on fixed arrays.

    Parameters
    ----------
    net : helpers.network.Sequential
        A replica. Its layers take their arrays from `helpers.fast.work_arrays.WorkArrays`.
    images : ndarray
        The first batch.
    training : bool
    """

    def __init__(self, net, images, training):
        self._net = net
        self._tape = Tape()
        self._images = np.array(images)
        with _written_down(net, self._tape):
            x = _recorded(self._images, self._tape)
            for layer in net.layers:
                x = layer.forward(x, training)
        self._forward = self._tape.cut()
        self._backward = None
        self.logits = _plain(x)

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
            dy = _recorded(self._dlogits, self._tape)
            for layer in reversed(self._net.layers):
                dy = layer.backward(dy)
                if dy is None:
                    break
        self._backward = self._tape.cut()
        self._grads = [
            {name: _plain(grad) for name, grad in layer.grads.items()} for layer in self._net.layers
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
        layer.params = {name: _recorded(value, tape) for name, value in layer.params.items()}
        layer.memory.tape = tape
    for layer, name in statistics:
        setattr(layer, name, _recorded(getattr(layer, name), tape))
    try:
        yield
    finally:
        for layer, params in zip(net.layers, own_params, strict=True):
            layer.params = params
            layer.memory.tape = None
        for layer, name in statistics:
            setattr(layer, name, _plain(getattr(layer, name)))
