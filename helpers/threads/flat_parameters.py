"""All parameters of a network in one vector, so that an optimizer's step is few operations."""

import numpy as np


class FlatParameters:
    """Holds the parameters of a network in one block of memory while it is trained.

    The layers' `params` become views of the block. `release` gives them their own arrays back.

    Parameters
    ----------
    net : helpers.network.Sequential

    Attributes
    ----------
    arrays : list of ndarray
        The block in pieces that fit into the cache: weights and filters as rows (1, n), which
        weight decay is for, then biases and the like as (m,).
    """

    _PIECE = 2**16

    def __init__(self, net):
        places = [(layer, key) for layer in net.layers for key in layer.params]
        # Weights first. The sort is stable, so the order is otherwise that of the layers.
        self._places = sorted(places, key=lambda place: place[0].params[place[1]].ndim < 2)
        self._originals = [layer.params[key] for layer, key in self._places]
        dtypes = {value.dtype for value in self._originals}
        if len(dtypes) > 1:
            raise ValueError(
                "the parameters have different dtypes "
                f"({', '.join(sorted(map(str, dtypes)))}); call net.astype(np.float32) first"
            )
        self._block = np.concatenate([np.ravel(value) for value in self._originals])
        offset = 0
        for (layer, key), value in zip(self._places, self._originals, strict=True):
            layer.params[key] = self._block[offset : offset + value.size].reshape(value.shape)
            offset += value.size
        self._weights = sum(value.size for value in self._originals if value.ndim > 1)
        self.arrays = self.pieces(self._block)

    def new_gradients(self):
        """An array for `gather`."""
        return np.empty_like(self._block)

    def gather(self, replica, out):
        """Copy the gradients of a replica into one vector, in the order of the parameters."""
        offset = 0
        for layer, key in self._places:
            grad = replica.replica_of(layer).grads[key]
            out[offset : offset + grad.size].reshape(grad.shape)[...] = grad
            offset += grad.size

    def pieces(self, vector):
        """The vector of `gather`, cut like `arrays`."""
        weights, rest = vector[: self._weights], vector[self._weights :]
        cut = [weights[None, i : i + self._PIECE] for i in range(0, weights.size, self._PIECE)]
        return cut + [rest[i : i + self._PIECE] for i in range(0, rest.size, self._PIECE)]

    def release(self):
        """Copy the values into the arrays that the layers had before, and give them back."""
        for (layer, key), original in zip(self._places, self._originals, strict=True):
            if original.flags.writeable:
                original[...] = layer.params[key]
                layer.params[key] = original
            else:
                layer.params[key] = layer.params[key].copy()
