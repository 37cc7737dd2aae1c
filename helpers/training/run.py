"""One run of training: its loop, its state, and how the network is taken and given back."""

import dataclasses
import math
import time
import warnings

import numpy as np
from tqdm.auto import tqdm

from helpers.losses import NO_CLASS, NotFiniteError, softmax_cross_entropy
from helpers.training import divergence
from helpers.training.history import History
from helpers.training.step import Steps

# A loss of so many times that of guessing, after so many epochs, has a reason outside the network.
_FAR_ABOVE_GUESSING = 2.0
_ENOUGH_EPOCHS = 3


@dataclasses.dataclass(frozen=True)
class Settings:
    """What `fit` was asked for, besides network, data and optimizer."""

    epochs: int
    batch_size: int
    schedule: object
    augment: object
    patience: int | None
    on_epoch: object
    progress: bool
    record: bool


class Run:
    """One call of `fit`. As a context, it takes the network over and gives it back.

    Parameters
    ----------
    net : helpers.network.Sequential
    train, validation : (images, labels) or None
    optimizer : helpers.optimizers.Optimizer
    rng : numpy.random.Generator
    settings : Settings
    thread_count : int
    interruption : helpers.training.interruption.Interruption
    """

    def __init__(
        self, net, train, validation, optimizer, rng, settings, thread_count, interruption
    ):
        self.net, self.optimizer, self.rng, self.settings = net, optimizer, rng, settings
        self.images, self.labels = train
        self.validation, self.threads = validation, thread_count
        self.interruption = interruption
        self.base_rate = optimizer.learning_rate
        self.optimizer_text = repr(optimizer)  # before a schedule changes the rate
        self.history = History()
        self.best = None  # state of the best epoch, for early stopping
        self.good = net.get_state()  # of the last epoch without a NaN
        self.final = None  # what the network gets in the end, if not its latest state
        self.checkpoint = self.own_identity = None
        self.epoch = 0

    def __enter__(self):
        self.steps = Steps(
            self.net, self.optimizer, self.images, self.labels, self.settings, self.threads
        )
        return self

    def __exit__(self, kind, error, trace):
        self.steps.give_back(self.best if self.best is not None else self.final)
        self.optimizer.learning_rate = self.base_rate

    # --- the state, for checkpoints ---------------------------------------------------------------

    def state(self):
        """Everything that the rest of the run depends on: a record for JSON, and arrays by name."""
        arrays = {f"net/{name}": value for name, value in self.net.get_state().items()}
        for name, value in (self.best or {}).items():
            arrays[f"best/{name}"] = value
        optimizer = self.optimizer.state()
        for name, values in optimizer.items():
            if name != "steps":
                arrays |= {f"optimizer/{name}/{i}": value for i, value in enumerate(values)}
        record = {
            "epoch": self.epoch,
            "steps": optimizer["steps"],
            "rng": self.rng.bit_generator.state,
            "layer_rngs": [g.bit_generator.state for g in self._generators()],
            "history": dataclasses.asdict(self.history),
        }
        return record, arrays

    def restore(self, record, arrays):
        """Take over what `state` returned, before the network is taken over.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it does not fit. Nothing has been changed then.
        """
        groups = {}
        for name, value in arrays.items():
            group, _, rest = name.partition("/")
            groups.setdefault(group, {})[rest] = value
        best = groups.get("best")
        for state in (groups["net"], *([] if best is None else [best])):
            self.net.check_state(state)
        optimizer = {"steps": record["steps"]} | _lists(groups.get("optimizer", {}))
        self.optimizer.check_state(optimizer, self.net.parameters)
        history = History.from_record(record["history"], record["epoch"])
        generators = self._generators()
        states = [record["rng"], *record["layer_rngs"]]
        for generator, state in zip([self.rng, *generators], states, strict=True):
            type(generator.bit_generator)().state = state  # raises where it does not fit
        for generator, state in zip([self.rng, *generators], states, strict=True):
            generator.bit_generator.state = state
        self.net.set_state(groups["net"])
        self.optimizer.restore(optimizer)
        self.best, self.history, self.epoch = best, history, record["epoch"]
        self.good = self.net.get_state()

    def _generators(self):
        return [g for layer in self.net.layers for g in layer.generators().values()]

    # --- the loop ---------------------------------------------------------------------------------

    def train(self):
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
                self._one_epoch(bar)
                self.epoch += 1
                self._after_epoch(bar)
                if self.interruption:
                    self.history.stopped = "interrupted"
                    bar.write("Interrupted: training ends here, what was learnt is kept.")
                    return
        if self._exhausted():
            self.history.stopped = "early stopping"
        self._compare_with_guessing()

    def evaluate(self, split):
        """Mean loss and accuracy on other images."""
        images, labels = split
        logits = self.net.predict_logits(images, self.threads)
        loss, _ = softmax_cross_entropy(logits, labels)
        return loss, float((logits.argmax(axis=1) == labels).mean())

    def _one_epoch(self, bar):
        start = time.perf_counter()
        order = self.rng.permutation(len(self.labels))
        size = self.settings.batch_size
        batches = [order[i : i + size] for i in range(0, len(order), size)]
        loss = correct = seen = 0
        for number, batch in enumerate(batches):
            done = (self.epoch + number / len(batches)) / self.settings.epochs
            try:
                if self.settings.schedule is not None:
                    self.optimizer.learning_rate = self.base_rate * self.settings.schedule(done)
                batch_loss, batch_correct = self.steps.take(batch, self.rng)
            except NotFiniteError as error:
                raise self._diverged(batch, number) from error
            loss += batch_loss * len(batch)
            correct += batch_correct
            seen += len(batch)
            bar.update(len(batch))
            if number % 50 == 0:
                bar.set_postfix_str(f"loss {loss / seen:.4f}", refresh=False)
            if self.interruption:
                break
        if not self.steps.finite():
            raise self._diverged(batch, number)
        self._remember(loss / seen, correct, self.labels[order[:seen]], time.perf_counter() - start)

    def _remember(self, loss, correct, labels, seconds):
        """Write down an epoch, perhaps interrupted, that saw images of these labels."""
        history = self.history
        history.loss.append(loss)
        history.accuracy.append(correct / max(1, np.count_nonzero(labels != NO_CLASS)))
        history.learning_rate.append(float(self.optimizer.learning_rate))
        history.seconds.append(seconds)

    # --- after an epoch ---------------------------------------------------------------------------

    def _after_epoch(self, bar):
        history = self.history
        self.steps.write_back()
        if self.validation is not None:
            loss, accuracy = self.evaluate(self.validation)
            history.validation_loss.append(loss)
            history.validation_accuracy.append(accuracy)
        self.good = self.net.get_state()
        if self.settings.patience is not None and history.best_epoch == history.epochs - 1:
            self.best = self.good
        if self.settings.progress:
            width = len(str(self.settings.epochs))
            bar.write(f"epoch {self.epoch:{width}}/{self.settings.epochs}  {history.latest()}")
        if self.checkpoint is not None and not self.interruption:
            self.checkpoint.write(self.own_identity, *self.state())
        if self.settings.on_epoch is not None:
            self.settings.on_epoch(history)

    def _compare_with_guessing(self):
        guessing = math.log(self.net.output_shape[-1])
        losses = self.history.loss
        if len(losses) >= _ENOUGH_EPOCHS and losses[-1] > _FAR_ABOVE_GUESSING * guessing:
            warnings.warn(
                f"after {len(losses)} epochs the loss is {losses[-1]:.3g}; guessing has "
                f"{guessing:.3g}. Do the labels belong to the images? Are the images in [0, 1]? "
                f"Is the learning rate too high ({self.base_rate:g})?",
                stacklevel=4,
            )

    def _exhausted(self):
        """Whether patience is at an end."""
        patience, history = self.settings.patience, self.history
        return (
            patience is not None
            and history.epochs > 0
            and history.epochs - 1 - history.best_epoch >= patience
        )

    def _diverged(self, batch, number):
        """The error that says where, and what to do; the network goes back to the last epoch."""
        self.steps.write_back()
        where = divergence.where(self.net, self.images[batch])
        self.final = self.good
        self.history.stopped = "diverged"
        return divergence.DivergenceError(
            where, self.epoch, number, float(self.optimizer.learning_rate), self.history
        )


def _lists(arrays):
    """{"mean/0": a, "mean/1": b} as {"mean": [a, b]}."""
    lists = {}
    for name in sorted(arrays, key=lambda name: int(name.split("/")[1])):
        lists.setdefault(name.split("/")[0], []).append(arrays[name])
    return lists
