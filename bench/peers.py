"""Who is measured, and what each must be able to do.

A peer is made from a network of the course, with its weights, and offers:

``load(images, labels)``
    Takes the training images, (N, 1, 28, 28) float32, in whatever form suits it best.
``train(count, epochs, warm=True)``
    Whole training steps over the first `count` images: draw a batch, forward, loss, backward, Adam.
    Returns the seconds of each epoch. With `warm`, whatever happens only once comes before.
``probabilities(images)``
    The ten probabilities of each image, as an ndarray.
``gradients(images, labels)``
    Of the mean loss in training mode, in the order and layout of `Sequential.gradients`.
"""

import dataclasses
import importlib
import importlib.metadata

LEARNING_RATE = 0.001  # Adam's, for everybody


@dataclasses.dataclass(frozen=True)
class Entry:
    """One row of the table.

    Attributes
    ----------
    family : str
        Forms of one framework belong together; the best of them counts.
    module, form : str
        Where `make` is, and what it is asked for.
    needs : str or None
        The package without which the peer is absent.
    """

    family: str
    module: str
    form: str
    needs: str | None = None


PEERS = {
    "helpers": Entry("helpers", "bench.peers_numpy", "helpers"),
    "textbook": Entry("textbook", "bench.peers_numpy", "textbook"),
    "PyTorch eager": Entry("PyTorch", "bench.peers_torch", "eager", "torch"),
    "PyTorch channels_last": Entry("PyTorch", "bench.peers_torch", "channels_last", "torch"),
    "PyTorch compile": Entry("PyTorch", "bench.peers_torch", "compile", "torch"),
    "JAX jit": Entry("JAX", "bench.peers_jax", "jit", "jax"),
}
OURS, TEXTBOOK, EAGER = "helpers", "textbook", "PyTorch eager"


class Absent(Exception):
    """The package of a peer is not installed."""


def make(name, net, batch_size):
    """Make a peer.

    Parameters
    ----------
    name : str
        A key of `PEERS`.
    net : helpers.network.Sequential
        Gives architecture, weights and dtype; not changed.
    batch_size : int

    Returns
    -------
    object
        See the top of this module.

    Raises
    ------
    Absent
        If its package is not installed.
    """
    return load_module(name).make(PEERS[name].form, net, batch_size)


def load_module(name):
    """Import what a peer needs. Raises `Absent` where its package is not installed."""
    entry = PEERS[name]
    try:
        return importlib.import_module(entry.module)
    except ModuleNotFoundError as error:
        if error.name != entry.needs:
            raise
        raise Absent(f"{entry.needs} is not installed") from error


def version(name):
    """Version of a peer's package, as text."""
    package = PEERS[name].needs or "numpy"
    return f"{package} {importlib.metadata.version(package)}"


def batches(order, size):
    """Cut the numbers of the images into batches, the last one perhaps smaller."""
    return [order[i : i + size] for i in range(0, len(order), size)]
