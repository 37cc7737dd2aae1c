"""One step of training on several threads: forward, backward, update.

docs/how_fit_works.md tells who owns which array, and where the threads meet.
"""

import math

import numpy as np

from helpers import threads
from helpers.losses import softmax_cross_entropy


class Steps:
    """Takes a network over, and takes steps with it until it is given back.

    Parameters
    ----------
    net : helpers.network.Sequential
    optimizer : helpers.optimizers.Optimizer
    images, labels : ndarray
        All of them.
    settings : helpers.training.run.Settings
    thread_count : int

    Attributes
    ----------
    parameters : helpers.threads.FlatParameters
    team : helpers.threads.Team
    """

    def __init__(self, net, optimizer, images, labels, settings, thread_count):
        self._net, self._optimizer, self._settings = net, optimizer, settings
        self._images, self._labels = images, labels
        self._threads = thread_count
        self.parameters = threads.FlatParameters(net)
        vectors = [self.parameters.new_gradients() for _ in range(thread_count)]
        self._vectors = vectors
        self._pieces = [self.parameters.pieces(vector) for vector in vectors]
        self.team = threads.Team(net, thread_count, record=settings.record)

    def write_back(self):
        """Bring statistics and random states home; the parameters are the network's own."""
        self.team.write_back(self._net)

    def give_back(self, state=None):
        """End the threads, and give the network its own arrays back.

        Parameters
        ----------
        state : dict, optional
            What the network shall hold instead of its latest state.
        """
        self.team.close()
        self.write_back()
        if state is not None:
            self._net.set_state(state)
        self.parameters.release()

    def finite(self):
        """Whether all parameters and statistics are finite."""
        layers = self.team.replicas[0].layers
        statistics = (getattr(layer, name) for layer in layers for name in layer.statistics)
        return all(np.isfinite(array).all() for array in (*self.parameters.arrays, *statistics))

    def take(self, batch, rng):
        """Forward, backward and update on the images with these numbers.

        Parameters
        ----------
        batch : ndarray of int
        rng : numpy.random.Generator
            For augmentation.

        Returns
        -------
        loss : float
            Mean over the batch, with the penalties of the layers.
        correct : int
        """
        part_of_images = self._prepared(batch, rng)
        penalty = self._net.penalty
        self._optimizer.begin_step(self.parameters.arrays)
        # A last batch may have fewer images than there are threads.
        parts = threads.parts_of(len(batch), min(self._threads, len(batch)))

        def work(replica, part):
            replica.set_shard(part.start, len(batch))
            images, labels = part_of_images(part), self._labels[batch[part]]
            # What is not finite is found by the loss, or at the end of the epoch.
            with np.errstate(over="ignore", invalid="ignore"):
                result = self._gradients(replica, images, labels, len(batch))
                self.team.meeting.wait(replica.index)
                self._update(replica.index, len(parts))
            return result

        losses, correct = zip(*self.team.run(work, parts), strict=True)
        return math.fsum(losses) + penalty, sum(correct)

    def _prepared(self, batch, rng):
        """A function that gives each thread its part of the images, changed by augmentation."""
        augment = self._settings.augment
        if augment is None:
            return lambda part: self._images[batch[part]]
        if hasattr(augment, "draw"):
            # What is random is drawn here, so that it does not depend on the number of threads.
            drawn = augment.draw(len(batch), rng)
            return lambda part: augment.apply(self._images[batch[part]], drawn[part])
        images = augment(self._images[batch], rng)
        return lambda part: images[part]

    def _gradients(self, replica, images, labels, whole):
        """Forward and backward on a part of a batch of `whole` images."""
        logits = replica.forward(images, training=True)
        loss, dlogits = softmax_cross_entropy(logits, labels, batch_size=whole)
        replica.backward(dlogits)
        self.parameters.gather(replica, self._vectors[replica.index])
        return loss, int((logits.argmax(axis=1) == labels).sum())

    def _update(self, index, count):
        """Add up the gradients of all replicas and take the step, for this thread's pieces."""
        for i in range(index, len(self.parameters.arrays), count):
            total = self._pieces[0][i]
            for pieces in self._pieces[1:count]:
                total += pieces[i]
            self._optimizer.update_one(i, self.parameters.arrays[i], total)
