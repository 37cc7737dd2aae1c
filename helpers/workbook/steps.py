"""Try what trains: an optimizer's steps and its memory, and the loop around it."""

import numpy as np

from helpers.workbook import comparison

_SHAPES = (3,), (2, 4), (2, 1, 3, 3)


def try_steps(test, make, direction, known=None):
    """Refuse an optimizer whose steps are not its learning rate times the right direction.

    It is tried with one array, with several, beside another one of its kind, with gradients of
    zero, and with a learning rate that changes between steps.

    Parameters
    ----------
    test : helpers.workbook.check
    make : callable
        learning rate -> a new optimizer of the student's.
    direction : callable
        list of the gradients of one array so far, newest last -> ndarray
    known : dict of str to callable, optional
        What well-known mistakes give, by a sentence that names the mistake.
    """
    known = {
        "This is uphill: a step subtracts.": lambda seen: -direction(seen),
        **(known or {}),
    }
    for rate in (0.1, 0.5):
        left_out = {"The learning rate is left out.": lambda s, r=rate: direction(s) / r}
        _run(test, [make(rate)], _SHAPES[1:2], direction, known | left_out)
    _run(
        test,
        [make(0.1)],
        _SHAPES,
        direction,
        known,
        "With one array it was right. Does every array take a step, with a memory of its own?",
    )
    _run(
        test,
        [make(0.1), make(0.5)],
        _SHAPES,
        direction,
        known,
        "One optimizer alone was right, two at once are not: is the memory made in `self`, or "
        "shared by all optimizers?",
    )
    _run(
        test,
        [make(0.1)],
        _SHAPES,
        direction,
        known,
        "With a steady learning rate it was right, with one that changes between steps it is not: "
        "keep the rate out of the memory, and read self.learning_rate anew in each step.",
        factors=(1, 3, 0.5),
    )


def _run(test, optimizers, shapes, direction, known, advice="", factors=(1, 1, 1)):
    rng = np.random.default_rng(7)
    arrays = [[rng.normal(size=shape) for shape in shapes] for _ in optimizers]
    seen = [[[] for _ in shapes] for _ in optimizers]
    moved = [[[] for _ in shapes] for _ in optimizers]
    rates = [optimizer.learning_rate for optimizer in optimizers]
    for factor in factors:
        for which, optimizer in enumerate(optimizers):
            optimizer.learning_rate = rates[which] * factor
            grads = [rng.normal(size=shape) for shape in shapes]
            if len(grads) > 1:
                grads[0][:] = 0  # a unit that no image moves
            before = [array.copy() for array in arrays[which]]
            _step(test, optimizer, arrays[which], grads, advice)
            for i, grad in enumerate(grads):
                seen[which][i].append(grad)
                moved[which][i].append((before[i] - arrays[which][i]) / optimizer.learning_rate)
    for which in range(len(optimizers)):
        for i, shape in enumerate(shapes):
            what = f"the direction of the {shape} array in each of {len(factors)} steps"
            found = _problem(moved[which][i], direction, what, seen[which][i], known)
            test.that(found is None, f"{found} {advice}".strip())


def _problem(moved, direction, what, seen, known):
    """Name the mistake where the directions are not what is wanted."""
    histories = [seen[: step + 1] for step in range(len(seen))]
    wanted = np.array([direction(history) for history in histories])
    if comparison.problem(moved, wanted, what, atol=1e-9) is None:
        return None
    with np.errstate(all="ignore"):
        told = {text: [wrong(history) for history in histories] for text, wrong in known.items()}
    return comparison.problem(moved, wanted, what, told, atol=1e-9)


def _step(test, optimizer, params, grads, advice):
    held, before = list(params), [param.copy() for param in params]
    try:
        test.call(optimizer.update, params, grads, writes=(0,))
    except ValueError as error:
        test.that(not advice, f"{error}. {advice}")
        raise
    same = len(held) == len(params) and all(a is b for a, b in zip(held, params, strict=True))
    test.that(
        same,
        "update puts new arrays into the list. The network still holds the old ones: write into "
        "those, with -=.",
    )
    still = [
        i for i, grad in enumerate(grads) if grad.any() and np.array_equal(before[i], params[i])
    ]
    if still and advice:
        test.that(False, f"The array of shape {before[still[0]].shape} did not change. {advice}")
    test.that(
        not still,
        "update changed nothing. `w = w - …` makes a new array and gives it the name w; the one "
        "that the network holds stays as it was.",
    )


def try_train(test, train, batches, steps=5, schedule=None):
    """Refuse a training loop that does not do its five things in each step, in order.

    Parameters
    ----------
    test : helpers.workbook.check
    train, batches : callable
        As notebook 07 builds them.
    steps : int
    schedule : callable, optional
    """
    net, optimizer, told = _Witness(), _NotedSteps(), []
    places = np.arange(7.0)[:, None] + 10
    losses = test.call(
        *(train, net, places, np.arange(7), net.loss, optimizer, steps),
        **{"batch_size": 3, "rng": 4, "schedule": schedule, "after_step": told.append},
    )
    _check_order(test, net, optimizer, steps)
    order = batches(7, 3, np.random.default_rng(4))
    wanted = [next(order).tolist() for _ in range(steps)]
    found = [labels for _, labels in net.asked]
    test.that(found == wanted, "These are not the next batches of `numbers`, one in each step.")
    factors = np.array([1.0 if schedule is None else schedule(k / steps) for k in range(steps)])
    known = {"the rate never changes. Where is the schedule?": np.full(steps, 0.5)}
    known["each factor falls on the rate of the step before; it belongs on the first one."] = (
        0.5 * np.cumprod(factors)
    )
    known["the share of training done is step / steps: 0 in the first step."] = [
        0.5 * schedule((k + 1) / steps) if schedule else 0 for k in range(steps)
    ]
    what = "the learning rate of each step"
    test.same(optimizer.rates, 0.5 * factors, what, known if schedule else None)
    test.same(losses, np.arange(1.0, steps + 1), "the losses that train returns")
    test.same(told, losses, "what after_step was told")
    train(net, places, np.arange(7), net.loss, optimizer, 1, 3, 4)  # nobody listens


def _check_order(test, net, optimizer, steps):
    for name in ("forward", "backward"):
        count = sum(entry[0] == name for entry in net.log)
        test.that(count == steps, f"In {steps} steps {name} was called {count} times: once each.")
    noted = len(optimizer.rates)
    test.that(noted == steps, f"In {steps} steps the optimizer took {noted}: one in each.")
    forwards = [entry for entry in net.log if entry[0] == "forward"]
    test.that(
        all(training is True for _, training in forwards),
        "forward is called without training=True; dropout and batch norm (08) will need to know.",
    )
    test.that(len(net.asked) == steps, "Ask the loss function once in each step.")
    together = all([place - 10 for place in seen] == labels for seen, labels in net.asked)
    test.that(
        together,
        "The images and the labels of a batch do not belong together: choose both with the same "
        "numbers.",
    )
    order = [entry[0] for entry in net.log]
    test.that(
        order == ["forward", "loss", "backward"] * steps,
        f"The order in each step is forward, loss, backward; here it was {', '.join(order[:3])}.",
    )
    test.that(
        all(known is net.slopes[k] for k, known in enumerate(net.passed_back)),
        "backward gets what the loss function returned as its second value.",
    )
    given = optimizer.given
    test.that(
        given[0] is net.parameters and given[1] is net.gradients,
        "Hand net.parameters and net.gradients to the optimizer.",
    )
    test.that(
        optimizer.after == list(range(1, steps + 1)),
        "The optimizer's step comes after backward: before it, the gradients are those of the "
        "batch before.",
    )


class _Witness:
    """A network of one number, and everything that is done with it, written down."""

    def __init__(self):
        self.parameters, self.gradients = [np.zeros(1)], [np.zeros(1)]
        self.log, self.asked, self.slopes, self.passed_back = [], [], [], []

    def forward(self, x, training=False):
        self.log.append(("forward", training))
        self._seen = x[:, 0].tolist()
        return x + self.parameters[0]

    def loss(self, logits, labels):
        self.log.append(("loss", None))
        self.asked.append((self._seen, labels.tolist()))
        self.slopes.append(np.full(logits.shape, 0.1))
        return float(len(self.asked)), self.slopes[-1]

    def backward(self, dlogits):
        self.log.append(("backward", None))
        self.passed_back.append(dlogits)
        self.gradients[0][:] = len(self.passed_back)


class _NotedSteps:
    """An optimizer that takes no step, and notes its learning rate and when it was asked."""

    def __init__(self):
        self.learning_rate, self.rates, self.after, self.given = 0.5, [], [], (None, None)

    def update(self, params, grads):
        self.rates.append(self.learning_rate)
        self.given = params, grads
        self.after.append(int(grads[0][0]))
