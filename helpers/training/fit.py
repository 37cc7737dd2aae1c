"""The training loop.

The loop is the one of every textbook: draw a batch, go forward, compute the loss, go backward, take
a step. What is added makes it fast (threads), safe (checkpoints, interruption) and honest
(validation, early stopping).
"""

import dataclasses
import math
import time

import numpy as np
from tqdm.auto import tqdm

from helpers import arguments
from helpers.losses import NO_CLASS, softmax_cross_entropy
from helpers.optimizers import Adam
from helpers.threads import FlatParameters, Team, check_threads, one_blas_thread, parts_of
from helpers.training.checkpoints import Checkpoint
from helpers.training.history import History
from helpers.training.interruption import stop_after_step


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
    label_smoothing=0.0,
    patience=None,
    checkpoint=None,
    on_epoch=None,
    threads=None,
    progress=True,
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
    label_smoothing : float
        See `helpers.losses.softmax_cross_entropy`.
    patience : int, optional
        Early stopping: end after so many epochs without a lower validation loss. The weights of the
        best epoch are brought back, also after an interruption.
    checkpoint : str or Path, optional
        An .npz file, written after every epoch. Where it exists, training goes on from it, to the
        same weights as if it had never stopped.
    on_epoch : callable, optional
        Called with the History after every epoch, to draw it for example.
    threads : int, optional
        Default: the number of physical cores, or 1 for networks too small to gain.
    progress : bool
        Show a bar with the time left, and a line for each epoch.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If images and labels do not fit each other or the network, or a setting is out of range.
    """
    train = _checked(train, "train", net, lowest=NO_CLASS)
    validation = None if validation is None else _checked(validation, "validation", net)
    if patience is not None and validation is None:
        raise ValueError("early stopping (patience) needs validation images")
    for name, value in {"epochs": epochs, "batch_size": batch_size, "patience": patience}.items():
        if value is not None:
            arguments.whole_number(value, name)
    settings = _Settings(
        epochs, batch_size, schedule, augment, label_smoothing, patience, on_epoch, progress
    )
    threads = check_threads(threads, net)
    threads = min(threads, batch_size, len(train[1]))
    optimizer = Adam() if optimizer is None else optimizer
    run = _Run(
        net, train, validation, optimizer, np.random.default_rng(rng or 0), settings, threads
    )
    with run, stop_after_step() as interrupted, one_blas_thread():
        if checkpoint is not None:
            run.checkpoint = Checkpoint(checkpoint)
            run.resume()
        run.train(interrupted)
    return run.history


@dataclasses.dataclass(frozen=True)
class _Settings:
    epochs: int
    batch_size: int
    schedule: object
    augment: object
    label_smoothing: float
    patience: int | None
    on_epoch: object
    progress: bool


class _Run:
    """One call of `fit`."""

    def __init__(self, net, train, validation, optimizer, rng, settings, threads):
        self.net, self.optimizer, self.rng, self.settings = net, optimizer, rng, settings
        self.images, self.labels = train
        self.validation = validation
        self.threads = threads
        self.base_rate = optimizer.learning_rate
        self.optimizer_text = repr(optimizer)  # before a schedule changes the rate
        self.history = History()
        self.best = None  # weights of the best epoch, for early stopping
        self.checkpoint = None
        self.epoch = 0

    def __enter__(self):
        self.parameters = FlatParameters(self.net)
        self.vectors = [self.parameters.new_gradients() for _ in range(self.threads)]
        self.gradients = [self.parameters.pieces(vector) for vector in self.vectors]
        self.team = Team(self.net, self.threads)
        return self

    def __exit__(self, kind, error, trace):
        self.team.close()
        self.team.write_back(self.net)
        if self.best is not None:
            self.net.set_state_values(self.best)
        self.parameters.release()
        self.optimizer.learning_rate = self.base_rate

    def train(self, interrupted):
        """All epochs that are left."""
        count, done = len(self.labels), self.epoch
        bar = tqdm(
            total=count * self.settings.epochs,
            initial=count * done,
            unit=" images",
            unit_scale=True,
            leave=False,
            disable=not self.settings.progress,
        )
        with bar:
            while self.epoch < self.settings.epochs and not self._exhausted():
                self._one_epoch(bar, interrupted)
                self.epoch += 1
                self._after_epoch(bar, interrupted)
                if interrupted:
                    self.history.stopped = "interrupted"
                    bar.write("Interrupted: training ends here, what was learnt is kept.")
                    return
        if self._exhausted():
            self.history.stopped = "early stopping"

    def resume(self):
        """Take over the state of the checkpoint, where there is one."""
        self.epoch = self.checkpoint.restore(self)
        if self.epoch:
            self.team.close()
            self.team = Team(self.net, self.threads)

    def evaluate(self, split):
        """Mean loss and accuracy on other images."""
        images, labels = split
        self.team.write_back(self.net)
        logits = self.net.predict_logits(images, self.threads)
        loss, _ = softmax_cross_entropy(logits, labels)
        return loss, float((logits.argmax(axis=1) == labels).mean())

    def _one_epoch(self, bar, interrupted):
        start = time.perf_counter()
        order = self.rng.permutation(len(self.labels))
        batches = _batches(order, self.settings.batch_size, self.threads)
        loss = correct = seen = 0
        for number, batch in enumerate(batches):
            done = (self.epoch + number / len(batches)) / self.settings.epochs
            batch_loss, batch_correct = self._step(batch, done)
            loss += batch_loss * len(batch)
            correct += batch_correct
            seen += len(batch)
            bar.update(len(batch))
            if number % 50 == 0:
                bar.set_postfix_str(f"loss {loss / seen:.4f}", refresh=False)
            if interrupted:
                break
        history = self.history
        history.loss.append(loss / seen)
        of_a_class = np.count_nonzero(self.labels[order[:seen]] != NO_CLASS)
        history.accuracy.append(correct / max(1, of_a_class))
        history.learning_rate.append(float(self.optimizer.learning_rate))
        history.seconds.append(time.perf_counter() - start)

    def _step(self, batch, done):
        """Forward, backward and update on the images with these numbers."""
        if self.settings.schedule is not None:
            self.optimizer.learning_rate = self.base_rate * self.settings.schedule(done)
        take = self._prepared(batch)
        penalty = self.net.penalty
        self.optimizer.begin_step(self.parameters.arrays)

        def work(replica, part):
            replica.set_shard(part.start, len(batch))
            result = self._gradients(replica, take(part), self.labels[batch[part]], len(batch))
            self.team.meeting.wait(replica.index)
            self._update(replica.index)
            return result

        results = self.team.run(work, parts_of(len(batch), self.threads))
        losses, correct = zip(*results, strict=True)
        return math.fsum(losses) + penalty, sum(correct)

    def _prepared(self, batch):
        """A function that gives each thread its part of the images, changed by augmentation."""
        augment = self.settings.augment
        if augment is None:
            return lambda part: self.images[batch[part]]
        if hasattr(augment, "draw"):
            # What is random is drawn here, so that it does not depend on the number of threads.
            drawn = augment.draw(len(batch), self.rng)
            return lambda part: augment.apply(self.images[batch[part]], drawn[part])
        images = augment(self.images[batch], self.rng)
        return lambda part: images[part]

    def _gradients(self, replica, images, labels, whole):
        """Forward and backward on a part of a batch of `whole` images."""
        logits = replica.forward(images, training=True)
        loss, dlogits = softmax_cross_entropy(
            logits, labels, label_smoothing=self.settings.label_smoothing, batch_size=whole
        )
        replica.backward(dlogits)
        self.parameters.gather(replica, self.vectors[replica.index])
        return loss, int((logits.argmax(axis=1) == labels).sum())

    def _update(self, index):
        """Add up the gradients of all replicas and take the step, for this thread's pieces."""
        for i in range(index, len(self.parameters.arrays), self.threads):
            total = self.gradients[0][i]
            for gradients in self.gradients[1:]:
                total += gradients[i]
            self.optimizer.update_one(i, self.parameters.arrays[i], total)

    def _after_epoch(self, bar, interrupted):
        history = self.history
        if self.validation is not None:
            loss, accuracy = self.evaluate(self.validation)
            history.validation_loss.append(loss)
            history.validation_accuracy.append(accuracy)
        if self.settings.patience is not None and history.best_epoch == history.epochs - 1:
            self.team.write_back(self.net)
            self.best = self.net.get_state()
        if self.settings.progress:
            width = len(str(self.settings.epochs))
            bar.write(f"epoch {self.epoch:{width}}/{self.settings.epochs}  {history.latest()}")
        if self.checkpoint is not None and not interrupted:
            self.team.write_back(self.net)
            self.checkpoint.write(self)
        if self.settings.on_epoch is not None:
            self.settings.on_epoch(history)

    def _exhausted(self):
        """Whether patience is at an end."""
        patience, history = self.settings.patience, self.history
        return (
            patience is not None
            and history.epochs > 0
            and history.epochs - 1 - history.best_epoch >= patience
        )


def _batches(order, batch_size, threads):
    """Cut the numbers of the images into batches, the last one perhaps smaller."""
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    if len(batches) > 1 and len(batches[-1]) < threads:
        # Every thread needs an image.
        batches[-2:] = [np.concatenate(batches[-2:])]
    return batches


def _checked(split, name, net, lowest=0):
    """(images, labels) of a Split or a pair, with everything verified that would fail later."""
    images, labels = (split.images, split.labels) if hasattr(split, "images") else split
    images, labels = np.asarray(images), np.asarray(labels)
    if images.shape[1:] != net.input_shape or len(images) == 0:
        raise ValueError(
            f"{name} images have shape {images.shape}; the network takes "
            f"(N, {', '.join(map(str, net.input_shape))}) with N of at least 1"
        )
    if images.dtype.kind != "f":
        raise ValueError(f"{name} images are {images.dtype}; divide by 255 to get floats in [0, 1]")
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
