"""The training loop.

The loop is the one of every textbook: draw a batch, go forward, compute the loss, go backward, take
a step. What is added makes it fast (threads), safe (checkpoints, interruption) and honest
(validation, early stopping).
"""

import numpy as np

from helpers import arguments
from helpers import threads as threads_
from helpers.losses import NO_CLASS
from helpers.network import Sequential
from helpers.optimizers import Adam, Optimizer
from helpers.training.checkpoints import Checkpoint
from helpers.training.identity import identity
from helpers.training.interruption import stop_after_step
from helpers.training.run import Run, Settings


def fit(
    net,
    train,
    validation=None,
    *,
    optimizer=None,
    epochs=10,
    batch_size=64,
    rng=None,
    schedule=None,
    augment=None,
    patience=None,
    checkpoint=None,
    on_epoch=None,
    threads=None,
    progress=True,
    record=True,
):
    """Train a network with mini-batches; the network is changed in place.

    An interruption (Ctrl+C, or Stop in JupyterLab) ends training after the current batch and keeps
    what was learnt. The same seed and number of threads give the same weights, to the bit.

    Parameters
    ----------
    net : helpers.network.Sequential
    train, validation : Split or (images, labels)
        images (N, C, H, W) or (N, F) of floats; labels (N,) of integers. Training images that are
        of no class have the label `helpers.losses.NO_CLASS`: they count in the loss, not in the
        accuracy.
    optimizer : helpers.optimizers.Optimizer, optional
        Default `Adam()`.
    epochs : int
        How often all training images are seen.
    batch_size : int
    rng : numpy.random.Generator or int, optional
        Draws the order of the images, and augmentation. Default: seed 0.
    schedule : callable, optional
        share of training done, in [0, 1) -> factor for the optimizer's learning rate.
    augment : callable, optional
        (images (N, C, H, W), rng) -> images of the same shape; sees every training batch. One
        with methods `draw` and `apply`, as `helpers.augmentation.Augmentation` has, is applied by
        all threads, each to its part of the batch.
    patience : int, optional
        Early stopping: end after so many epochs without a lower validation loss. The weights of the
        best epoch are brought back, also after an interruption.
    checkpoint : str or Path, optional
        An .npz file, written after every epoch. Where it exists, training goes on from it, to the
        same weights as if it had never stopped.
    on_epoch : callable, optional
        Called with the History after every epoch, to draw it for example.
    threads : int, optional
        Default: the number of physical cores, or 1 for networks too small to gain. It decides
        nothing but the speed: the steps are the same, the weights the same to rounding.
    progress : bool
        Show a bar with the time left, and a line for each epoch.
    record : bool
        Write the NumPy operations of the first step down and play them in the later ones, without
        running the layers' Python again. With False every step runs the layers, so that a print or
        a breakpoint inside one works; layers of one's own always run. See docs/how_fit_works.md.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If images and labels do not fit each other or the network, or a setting is out of range.
    TypeError
        If an argument is of another kind: a class for an optimizer, an array for a split.
    DivergenceError
        If the loss or a weight is not finite any more. The network has the weights of the last
        epoch before; the error's `history` tells of the epochs.
    CheckpointError
        If the checkpoint is damaged, or was written by another run. Nothing has been changed.
    """
    _check_kinds(net, train, validation, optimizer)
    train = _checked(train, "train", net, lowest=NO_CLASS)
    validation = None if validation is None else _checked(validation, "validation", net)
    if patience is not None and validation is None:
        raise ValueError("early stopping (patience) needs validation images")
    for name, value in {"epochs": epochs, "batch_size": batch_size, "patience": patience}.items():
        if value is not None:
            arguments.whole_number(value, name)
    checkpoint = None if checkpoint is None else Checkpoint(checkpoint)
    settings = Settings(epochs, batch_size, schedule, augment, patience, on_epoch, progress, record)
    thread_count = threads_.check_threads(threads, net)
    thread_count = min(thread_count, batch_size, len(train[1]))
    optimizer = Adam() if optimizer is None else optimizer
    rng = np.random.default_rng(rng or 0)
    with stop_after_step() as interruption, threads_.one_blas_thread():
        run = Run(net, train, validation, optimizer, rng, settings, thread_count, interruption)
        if checkpoint is not None:
            _resume(run, checkpoint)
        with run, interruption.impatient():
            run.train()
    return run.history


def _resume(run, checkpoint):
    """Let a run keep a checkpoint, and go on from it where it exists."""
    run.checkpoint, run.own_identity = checkpoint, identity(run)
    found = checkpoint.read(run.own_identity)
    if found is not None:
        try:
            run.restore(*found)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise checkpoint.damaged(repr(error)) from error


def _check_kinds(net, train, validation, optimizer):
    """Complain about arguments of another kind, with what to write instead."""
    if not isinstance(net, Sequential):
        raise TypeError(f"net must be a helpers.network.Sequential, not {type(net).__name__}")
    if hasattr(train, "train"):
        raise TypeError("train is a whole set of digits: give digits.train")
    if isinstance(train, np.ndarray):
        raise TypeError("train is an array: give images and labels together, (images, labels)")
    if isinstance(optimizer, type):
        raise TypeError(f"optimizer is a class: write {optimizer.__name__}()")
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"optimizer must be an object such as Adam(learning_rate=1e-3), not {optimizer!r}"
        )


def _checked(split, name, net, lowest=0):
    """(images, labels) of a Split or a pair, with everything verified that would fail later."""
    images, labels = arguments.images_and_labels(split)
    images, labels = np.asarray(images), np.asarray(labels)
    if images.shape[1:] != net.input_shape or len(images) == 0:
        raise ValueError(
            f"{name} images have shape {images.shape}; the network takes "
            f"(N, {', '.join(map(str, net.input_shape))}) with N of at least 1"
        )
    arguments.check_images(images, f"{name} images")
    if labels.ndim == 2 and len(labels) == len(images):
        raise ValueError(
            f"{name} labels of shape {labels.shape} look one-hot: give labels.argmax(axis=1)"
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"{name} labels must be {len(images)} integers, one an image, "
            f"not {labels.dtype} of shape {labels.shape}"
        )
    classes = net.output_shape[-1]
    if labels.min() < lowest or labels.max() >= classes:
        raise ValueError(
            f"{name} labels must lie in 0 to {classes - 1}, the outputs of the network, "
            f"not {labels.min()} to {labels.max()}"
        )
    return images, labels
