"""Where a layer takes its arrays from: new ones, or in `fit` those of the step before.

New memory is slow: the system hands it out page by page, and it is in no cache. A layer asks by
what it wants an array for, and how long it needs it:

    array      until the layer's backward is done, or the next forward
    scratch    until the method that asked returns; all layers share it
    gradient   a gradient for the layer below; dead when that one has computed its own
    constant   for ever, with values that nobody writes on again
    over       the same memory as an array that nobody else needs any more
"""

import math

import numpy as np

from helpers.fast import order, recording


class Fresh:
    """New arrays for everything: what a layer uses when a student calls it."""

    def array(self, name, shape, dtype):
        """An array that lasts until the layer's backward is done.

        Parameters
        ----------
        name : str
            Tells it from the layer's others.
        shape : tuple of int
        dtype : dtype

        Returns
        -------
        ndarray
            With values of no meaning.
        """
        return np.empty(shape, dtype)

    def scratch(self, name, shape, dtype):
        """An array that is dead when the method that asked for it returns. See `array`."""
        return np.empty(shape, dtype)

    def gradient(self, shape, dtype):
        """An array for the gradient that `backward` returns. See `array`."""
        return np.empty(shape, dtype)

    def constant(self, name, shape, dtype, fill):
        """An array with constants, which whoever asks must leave there.

        Parameters
        ----------
        name, shape, dtype
            See `array`.
        fill : callable
            Puts the constants into a new array.
        """
        array = np.empty(shape, dtype)
        fill(array)
        return array

    def over(self, x, name):
        """`x` itself where it may be written on, else an array like it. See `array`."""
        return np.empty(x.shape, x.dtype)

    def gradient_over(self, dy):
        """`dy` itself where it may be written on, else a gradient like it. See `gradient`."""
        return np.empty(dy.shape, dy.dtype)

    def scratch_over(self, x, name):
        """`x` itself where it may be written on, else scratch like it. See `scratch`."""
        return np.empty(x.shape, x.dtype)

    def own(self, x):
        """`x` as an array that nobody else holds: a copy."""
        return x.copy()

    def run(self, function, *arrays):
        """Call a function that is not NumPy's and fills or changes arrays in place."""
        function(*arrays)


class WorkArrays:
    """The methods of `Fresh`, on arrays that are handed out again at every step.

    Parameters
    ----------
    owner : int
        Number of the layer.
    shared : WorkArrays, optional
        The work arrays of another layer of the same network.
    overwrite : bool
        Whether a layer may write on its input. Not where a layer of one's own may still need what
        it has put out.
    """

    def __init__(self, owner=0, shared=None, overwrite=True):
        self._owner = owner
        self._overwrite = overwrite and owner > 0  # what comes to the first layer is the caller's
        self._pool = _Pool() if shared is None else shared._pool
        self._views = {}
        self.tape = None  # where operations are written down, see `helpers.fast.recording`

    def array(self, name, shape, dtype):
        return self._handed_out((self._owner, name), shape, dtype)

    def scratch(self, name, shape, dtype):
        return self._handed_out(name, shape, dtype)

    def gradient(self, shape, dtype):
        # Dead when the next one has been computed from it: two in turn do for all layers.
        self._pool.turn = 1 - self._pool.turn
        return self._handed_out(self._pool.turn, shape, dtype)

    def constant(self, name, shape, dtype, fill):
        # Constants of another shape would lie elsewhere.
        return self._handed_out((self._owner, name, shape), shape, dtype, fill)

    def over(self, x, name):
        return x if self._overwrite else self.array(name, x.shape, x.dtype)

    def gradient_over(self, dy):
        return dy if self._overwrite else self.gradient(dy.shape, dy.dtype)

    def scratch_over(self, x, name):
        return x if self._overwrite else self.scratch(name, x.shape, x.dtype)

    def own(self, x):
        """`x` as an array that nobody else holds: a recording's is its own already."""
        return x.copy() if self.tape is None else x

    def run(self, function, *arrays):
        if self.tape is not None and not all(isinstance(a, recording.Recorded) for a in arrays):
            raise recording.CannotRecord(f"{function} is given an array that is not recorded")
        plain = [recording.plain(array) for array in arrays]
        function(*plain)
        if self.tape is not None:
            self.tape.append(function, *plain)

    def _handed_out(self, place, shape, dtype, fill=None):
        view = self._views.get((place, shape, dtype))
        if view is None:
            view = self._views[place, shape, dtype] = self._pool.take(place, shape, dtype)
            if fill is not None:
                fill(view)
        return view if self.tape is None else recording.Recorded(view, self.tape)


class _Pool:
    """Blocks of memory by place, as large as the largest array asked for there."""

    _CHUNK = 2**26

    def __init__(self):
        self.turn = 0
        self._blocks = {}
        self._chunk = np.empty(0, np.uint8)

    def take(self, place, shape, dtype):
        size = math.prod(shape) * np.dtype(dtype).itemsize
        block = self._blocks.get(place)
        if block is None or block.nbytes < size:
            block = self._blocks[place] = self._cut(size)
        return block[:size].view(dtype).reshape(shape)

    def _cut(self, size):
        """Cut a block from a large chunk, which the system maps with large pages."""
        if self._chunk.nbytes < size + order.PAGE:
            self._chunk = np.empty(max(size + order.PAGE, self._CHUNK), np.uint8)
        skip = order.bytes_to_skip(self._chunk, len(self._blocks))
        block = self._chunk[skip : skip + size]
        self._chunk = self._chunk[skip + size :]
        return block
