"""NumPy: the networks of the course through `fit`, and the textbook version."""

import time

import numpy as np

from bench import textbook
from bench.peers import LEARNING_RATE, batches
from helpers.losses import softmax, softmax_cross_entropy
from helpers.optimizers import Adam
from helpers.training import fit

_BLOCK = 100  # images that the textbook predicts at once


def make(form, net, batch_size):
    """See `bench.peers.make`; form is "helpers" or "textbook"."""
    return {"helpers": _Helpers, "textbook": _Textbook}[form](net, batch_size)


class _Peer:
    def __init__(self, net, batch_size):
        self.net, self.batch_size = net, batch_size
        self.optimizer = Adam(LEARNING_RATE)

    def load(self, images, labels):
        self.images, self.labels = images, labels

    def gradients(self, images, labels):
        _, dlogits = softmax_cross_entropy(self.net.forward(images, training=True), labels)
        self.net.backward(dlogits)
        return self.net.gradients


class _Helpers(_Peer):
    """As a student calls it: `fit` and `predict_proba`, with the default number of threads."""

    def __init__(self, net, batch_size):
        super().__init__(net.copy(), batch_size)

    def train(self, count, epochs, warm=True):
        history = fit(
            self.net,
            (self.images[:count], self.labels[:count]),
            optimizer=self.optimizer,
            epochs=epochs + warm,
            batch_size=self.batch_size,
            progress=False,
        )
        return history.seconds[warm:]  # the first epoch also starts threads and records the step

    def probabilities(self, images):
        return self.net.predict_proba(images)


class _Textbook(_Peer):
    def __init__(self, net, batch_size):
        super().__init__(textbook.like(net), batch_size)
        self.rng = np.random.default_rng(0)

    def train(self, count, epochs, warm=True):
        if warm:
            self._step(np.arange(self.batch_size))
        seconds = []
        for _ in range(epochs):
            start = time.perf_counter()
            for batch in batches(self.rng.permutation(count), self.batch_size):
                self._step(batch)
            seconds.append(time.perf_counter() - start)
        return seconds

    def _step(self, batch):
        gradients = self.gradients(self.images[batch], self.labels[batch])
        self.optimizer.update(self.net.parameters, gradients)

    def probabilities(self, images):
        # In blocks, as textbooks do: the columns of 1,000 images would fill a gigabyte.
        blocks = batches(images, _BLOCK)
        return softmax(np.concatenate([self.net.forward(block) for block in blocks]))
