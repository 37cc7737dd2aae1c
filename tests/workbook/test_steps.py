"""The checks of optimizers and of the loop refuse what is wrong and pass what is right."""

import numpy as np
import pytest

from helpers import optimizers
from helpers.workbook import NotYet, check, steps


def momentum(seen):
    return sum(0.9**k * g for k, g in enumerate(reversed(seen)))


class SharedMemory(optimizers.Momentum):
    velocities = {}

    def update(self, params, grads):
        for i, (param, grad) in enumerate(zip(params, grads, strict=True)):
            # By shape: with one optimizer at a time nobody notices.
            old = self.velocities.get((self.steps, i), 0)
            self.velocities[self.steps + 1, i] = 0.9 * old + grad
            param -= self.learning_rate * self.velocities[self.steps + 1, i]
        self.steps += 1


@pytest.mark.parametrize(
    ("make", "direction"),
    [(optimizers.SGD, lambda seen: seen[-1]), (optimizers.Momentum, momentum)],
)
def test_finished_optimizers_pass(make, direction):
    steps.try_steps(check("sgd"), make, direction)


def test_a_known_mistake_is_named():
    with pytest.raises(NotYet, match="no memory"):
        steps.try_steps(check("momentum"), optimizers.SGD, momentum, {"no memory": lambda s: s[-1]})


def test_a_memory_that_optimizers_share_is_noticed():
    with pytest.raises(NotYet, match="shared by all optimizers"):
        steps.try_steps(check("momentum"), SharedMemory, momentum)


def train(net, images, labels, loss_function, optimizer, count, batch_size, rng, **more):
    numbers, first, losses = batches(len(labels), batch_size, np.random.default_rng(rng)), 0.5, []
    for step in range(count):
        if more.get("schedule"):
            optimizer.learning_rate = first * more["schedule"](step / count)
        chosen = next(numbers)
        loss, dlogits = loss_function(net.forward(images[chosen], True), labels[chosen])
        net.backward(dlogits)
        optimizer.update(net.parameters, net.gradients)
        losses.append(loss)
        if more.get("after_step"):
            more["after_step"](loss)
    return losses


def batches(count, size, rng):
    while True:
        order = rng.permutation(count)
        yield from (order[i : i + size] for i in range(0, count - size + 1, size))


@pytest.mark.parametrize("schedule", [None, lambda done: 1 - done / 2])
def test_a_right_loop_passes(schedule):
    steps.try_train(check("train"), train, batches, schedule=schedule)


def test_a_loop_that_goes_without_its_schedule_is_refused():
    def constant(*given, schedule=None, **named):
        return train(*given, **named)

    with pytest.raises(NotYet, match="never changes"):
        steps.try_train(check("train"), constant, batches, schedule=lambda done: 1 - done / 2)
