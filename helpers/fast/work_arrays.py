"""Where a layer gets its arrays: new ones when a student calls it, the same ones again in `fit`."""

import math

import numpy as np

from helpers.fast import recording


class Fresh:
    """New arrays for everything: what a layer uses when a student calls it."""

    def __call__(self, name, shape, dtype, over=None, fill=None):
        """Return a new array.

        Parameters
        ----------
        name : str
            What the array is for; only `WorkArrays` looks at it.
        shape : tuple of int
        dtype : dtype
        over : ndarray, optional
            An argument of the same shape and dtype that nobody would miss inside `fit`. Here
            somebody might, so it is left alone.
        fill : callable, optional
            Puts constants into a new array. Whoever asks for one must leave them there.
        """
        array = np.empty(shape, dtype)
        if fill is not None:
            fill(array)
        return array

    def own(self, x):
        """`x` as an array that nobody else holds: a copy."""
        return x.copy()

    def run(self, function, *arrays):
        """Call a function that is not NumPy's and fills or changes arrays in place."""
        function(*arrays)


class WorkArrays:
    """Arrays that are handed out again at every step, for training only.

    New memory is slow: the system hands it out page by page, and it is in no cache. A layer inside
    `fit` takes its arrays here by name and finds the one of the previous step. Where it says so
    with `over`, it gets its own input back to write on.

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

    def __call__(self, name, shape, dtype, over=None, fill=None):
        """Return the array of this name.

        Names that begin with "scratch" are shared by all layers: their content is dead once a
        layer's method returns. A gradient "dx" is dead when the next one has been computed from it,
        so two blocks in turn do for all layers.
        """
        if over is not None and self._overwrite:
            return over
        if name == "dx":
            self._pool.turn = 1 - self._pool.turn
            place = f"scratch dx {self._pool.turn}"
        elif fill is not None:
            place = (self._owner, name, shape)  # constants of another shape would lie elsewhere
        else:
            place = name if name.startswith("scratch") else (self._owner, name)
        view = self._views.get((place, shape, dtype))
        if view is None:
            view = self._views[place, shape, dtype] = self._pool.take(place, shape, dtype)
            if fill is not None:
                fill(view)
        if self.tape is not None:
            view = view.view(recording.Recorded)
            view.tape = self.tape
        return view

    def own(self, x):
        """`x` as an array that nobody else holds: a recording's is its own already."""
        return x.copy() if self.tape is None else x

    def run(self, function, *arrays):
        """Call a function that is not NumPy's and fills or changes arrays in place."""
        plain = [array.view(np.ndarray) for array in arrays]
        if self.tape is not None and not all(isinstance(a, recording.Recorded) for a in arrays):
            raise recording.CannotRecord(f"{function} is given an array that is not recorded")
        function(*plain)
        if self.tape is not None:
            self.tape.append(function, *plain)


class _Pool:
    """Blocks of memory by name, as large as the largest array asked for under that name."""

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
        """Cut a block from a large chunk, which the system maps with large pages.

        The processor tells addresses apart by their last twelve bits first: a load that agrees in
        them with a store under way must wait. So blocks start at different places of a page.
        """
        if self._chunk.nbytes < size + 4096:
            self._chunk = np.empty(max(size + 4096, self._CHUNK), np.uint8)
        skip = (1600 * len(self._blocks) - self._chunk.ctypes.data) % 4096
        block = self._chunk[skip : skip + size]
        self._chunk = self._chunk[skip + size :]
        return block
