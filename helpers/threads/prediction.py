"""Outputs for any number of images: in blocks, on all cores, in bounded memory."""

import operator
import os
import threading
import weakref

import numpy as np

from helpers.threads import cores
from helpers.threads.team import Abandoned, Team, parts_of

# From so many images on, a product with the weights of a dense layer is worth two threads.
_MANY = 128
# A predictor that has recorded so many shapes of blocks is made anew, which frees their memory.
_MOST_RECORDINGS = 16


def forward_in_blocks(net, images, block, threads=None):
    """Outputs of the network for any number of images, in bounded memory.

    Parameters
    ----------
    net : helpers.network.Sequential
    images : ndarray of shape (N, ...)
    block : int
        How many images are worked on at once by each thread.
    threads : int, optional

    Returns
    -------
    ndarray of shape (N, outputs)
    """
    if len(images) == 0:
        return np.empty((0, *net.output_shape), images.dtype)
    wanted = cores.physical_cores() if threads is None else cores.check_threads(threads, net)
    threads = min(wanted, -(-len(images) // block))
    blas_threads = 1
    if len(images) >= _MANY and all(value.ndim < 4 for value in net.parameters):
        # A few large products: BLAS shares each of them better than we could share the images.
        threads, blas_threads = 1, wanted
    # Blocks of equal size, and as many for each thread.
    rounds = -(-len(images) // (block * threads))
    block = -(-len(images) // (rounds * threads))
    predictor = _predictors.get((threads, net))
    if predictor is None or not predictor.fits(net):
        predictor = _predictors[threads, net] = Predictor(net, threads)
    return predictor.forward(images, block, blas_threads)


class Predictor:
    """Replicas that are kept from one prediction to the next, with what they have recorded.

    Parameters
    ----------
    net : helpers.network.Sequential
    threads : int
    """

    def __init__(self, net, threads):
        self._team = Team(net, threads, training=False)
        self._arrays = _arrays_of(net)
        self._busy = threading.Lock()

    def fits(self, net):
        """Whether the network still has the layers and arrays that it had, and little is kept."""
        if self._team.spoilt or self._team.replicas[0].recordings >= _MOST_RECORDINGS:
            return False
        arrays = _arrays_of(net)
        return len(arrays) == len(self._arrays) and all(map(operator.is_, arrays, self._arrays))

    def forward(self, images, block, blas_threads=1):
        """Outputs for all images, `block` at a time."""
        blocks = [images[i : i + block] for i in range(0, len(images), block)]
        outputs = [None] * len(blocks)

        def work(replica, numbers):
            for i in range(len(blocks))[numbers]:
                if self._team.meeting.abandoned:
                    raise Abandoned("another thread has failed, or prediction was interrupted")
                # The next block reuses the replica's arrays.
                outputs[i] = replica.forward(blocks[i]).copy()

        with self._busy, cores.blas_threads(blas_threads):
            self._team.run(work, parts_of(len(blocks), len(self._team.replicas)))
        return np.concatenate(outputs)


class _ByIdentity:
    """A dictionary by (threads, net) that does not keep the nets alive."""

    def __init__(self):
        self._nets = weakref.WeakKeyDictionary()

    def get(self, key):
        return self._nets.get(key[1], {}).get(key[0])

    def __setitem__(self, key, predictor):
        self._nets.setdefault(key[1], {})[key[0]] = predictor

    def clear(self):
        self._nets = weakref.WeakKeyDictionary()


_predictors = _ByIdentity()
if hasattr(os, "register_at_fork"):
    # A child has none of its parent's threads, and would wait for them for ever.
    os.register_at_fork(after_in_child=_predictors.clear)


def _arrays_of(net):
    """What a prediction depends on, as objects: layers, parameters and running statistics."""
    arrays = []
    for layer in net.layers:
        arrays += [layer, *layer.params.values()]
        arrays += [getattr(layer, name) for name in layer.statistics]
    return arrays
