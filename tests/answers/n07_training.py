"""Answers to the exercises of notebook 07."""

SGD = """
for param, grad in zip(params, grads, strict=True):
    param -= self.learning_rate * grad
"""
BATCHES = """
while True:
    order = rng.permutation(count)
    for start in range(0, count - size + 1, size):
        yield order[start : start + size]
"""
SWEEP = """
for rate in rates:
    optimizer.learning_rate = rate
    losses.append(backpropagate(net, next(numbers)))
    optimizer.update(net.parameters, net.gradients)
    if losses[-1] > 2 * losses[0]:
        break
return losses
"""
MOMENTUM = """
if self.velocities is None:
    self.velocities = [np.zeros_like(param) for param in params]
for i, (param, grad) in enumerate(zip(params, grads, strict=True)):
    self.velocities[i] = self.momentum * self.velocities[i] + grad
    param -= self.learning_rate * self.velocities[i]
"""
NESTEROV = """
for i, (param, grad) in enumerate(zip(params, grads, strict=True)):
    self.velocities[i] = self.momentum * self.velocities[i] + grad
    param -= self.learning_rate * (grad + self.momentum * self.velocities[i])
"""
RMSPROP = """
memory[0] = self.rho * memory[0] + (1 - self.rho) * grad**2
return grad / (np.sqrt(memory[0]) + self.epsilon)
"""
ADAM = """
memory[0] = self.beta1 * memory[0] + (1 - self.beta1) * grad
memory[1] = self.beta2 * memory[1] + (1 - self.beta2) * grad**2
mean = corrected(memory[0], self.beta1, self.steps)
square = corrected(memory[1], self.beta2, self.steps)
return mean / (np.sqrt(square) + self.epsilon)
"""
TRAIN = """
if schedule is not None:
    optimizer.learning_rate = first_rate * schedule(step / steps)
chosen = next(numbers)
logits = net.forward(images[chosen], training=True)
loss, dlogits = loss_function(logits, labels[chosen])
net.backward(dlogits)
optimizer.update(net.parameters, net.gradients)
losses.append(loss)
if after_step is not None:
    after_step(loss)
"""
SMOOTH = """
mean, found = 0.0, []
for t, loss in enumerate(losses, 1):
    mean = keep * mean + (1 - keep) * loss
    found.append(corrected(mean, keep, t))
return np.array(found)
"""
ONE_CYCLE = """
if done < warmup:
    return 1 + (start - 1) * cosine(done / warmup)
share = (done - warmup) / (1 - warmup)
return final + (1 - final) * cosine(share)
"""
STOP_EARLY = """
best = 0
for epoch, loss in enumerate(losses):
    if loss < losses[best]:
        best = epoch
    if epoch - best >= patience:
        break
return epoch + 1, best + 1
"""
CLIP = """
length = np.sqrt(sum((grad**2).sum() for grad in grads))
factor = min(1, limit / max(length, 1e-300))
return [factor * grad for grad in grads]
"""
ADAMW = """
for param in params:
    if param.ndim > 1:
        param *= 1 - self.learning_rate * self.decay
super().update(params, grads)
"""


def spoilt(text, *changes):
    """Return wrong answers: the right one with a part replaced, and words of the message."""
    for right, _, _ in changes:
        assert right in text, right
    return [(text.replace(right, wrong), words) for right, wrong, words in changes]


WRONG = {
    "batches": [
        *spoilt(
            BATCHES,
            ("rng.permutation(count)", "np.arange(count)", "not shuffled"),
            ("rng.permutation(count)", "rng.integers(count, size=count)", "twice"),
            ("rng.permutation(count)", "np.random.permutation(count)", "same rng"),
            ("rng.permutation(count)", "1 + rng.permutation(count)", "no numbers of images"),
            ("count - size + 1", "count", "sizes of the batches"),
            ("    yield order", "    return order", "no generator"),
            (
                "while True:\n    order = rng.permutation(count)\n",
                "order = rng.permutation(count)\nwhile True:\n",
                "new order",
            ),
            ("yield order[start : start + size]", "yield order[:size]", "twice"),
        ),
        ("return rng.permutation(count)[:size]", "no generator"),
    ],
    "sweep": spoilt(
        SWEEP,
        ("    optimizer.learning_rate = rate\n", "", "does not grow"),
        ("    optimizer.update(net.parameters, net.gradients)\n", "", "no step"),
        ("    if losses[-1] > 2 * losses[0]:\n        break\n", "", "goes on"),
        ("2 * losses[0]", "losses[0]", "just above the first"),
        ("return losses", "found = losses", "returns nothing"),
        ("next(numbers)", "np.arange(128)", ""),
        (
            "    if losses[-1] > 2 * losses[0]:\n        break\nreturn losses",
            "    if losses[-1] > 2 * losses[0]:\n        return losses[:-1]\nreturn losses",
            "not noted",
        ),
    )
    + [
        (
            "for rate in rates:\n"
            "    losses.append(backpropagate(net, next(numbers)))\n"
            "    optimizer.update(net.parameters, net.gradients)\n"
            "    optimizer.learning_rate = rate\n"
            "    if losses[-1] > 2 * losses[0]:\n"
            "        break\n"
            "return losses",
            "rate of the one before",
        )
    ],
    "sgd": [
        *spoilt(
            SGD,
            ("param -=", "param = param -", "Nothing changed"),
            ("-=", "+=", "uphill"),
            ("self.learning_rate * ", "", "learning rate is left out"),
            ("self.learning_rate", "0.01", "should be"),
            ("in zip(params, grads, strict=True)", "in [(params[0], grads[0])]", "every array"),
            (
                "param -= self.learning_rate * grad",
                "grad *= self.learning_rate\n    param -= grad",
                "writes to its argument",
            ),
        ),
        (
            "for i in range(len(params)):\n"
            "    params[i] = params[i] - self.learning_rate * grads[i]",
            "new arrays into the list",
        ),
        ("return [p - self.learning_rate * g for p, g in zip(params, grads)]", "Nothing changed"),
    ],
    "momentum": [
        *spoilt(
            MOMENTUM,
            (
                "* self.velocities[i] + grad",
                "* self.velocities[i] + (1 - self.momentum) * grad",
                "Here only the old velocity",
            ),
            ("self.momentum *", "0.9 *", "keeps 0.9"),
            ("self.momentum * ", "", "Nothing of the old velocity"),
            ("param -= self.learning_rate *", "param += self.learning_rate *", "uphill"),
            (
                "param -= self.learning_rate * ",
                "param = param - self.learning_rate * ",
                "changed nothing",
            ),
            (
                "    param -= self.learning_rate *",
                "    params[i] = param - self.learning_rate *",
                "new arrays into the list",
            ),
            ("self.velocities[i]", "self.velocities[0]", "memory of its own"),
            (
                "if self.velocities is None:\n    self.velocities =",
                "self.velocities =",
                "plain SGD",
            ),
            (" + grad\n", " + self.learning_rate * grad\n", ""),
            (
                "if self.velocities is None:\n    self.velocities = [",
                "if self.velocities is None:\n    self.velocities = Momentum.shared = "
                "getattr(Momentum, 'shared', None) or [",
                "",
            ),
        ),
        (
            "for param, grad in zip(params, grads):\n"
            "    velocity = np.zeros_like(param)\n"
            "    velocity = self.momentum * velocity + grad\n"
            "    param -= self.learning_rate * velocity",
            "plain SGD",
        ),
        (
            "if self.velocities is None:\n"
            "    self.velocities = [g for g in grads]\n"
            "    for p, g in zip(params, grads):\n"
            "        p -= self.learning_rate * g\n"
            "    return\n"
            "for v, p, g in zip(self.velocities, params, grads):\n"
            "    v *= self.momentum\n"
            "    v += g\n"
            "    p -= self.learning_rate * g",
            "",
        ),
        (  # the rate inside the memory
            "if self.velocities is None:\n"
            "    self.velocities = [np.zeros_like(p) for p in params]\n"
            "for v, p, g in zip(self.velocities, params, grads):\n"
            "    v *= self.momentum\n"
            "    v += self.learning_rate * g\n"
            "    p -= v",
            "keep the rate out of the memory",
        ),
    ],
    "nesterov": [
        *spoilt(
            NESTEROV,
            (
                "(grad + self.momentum * self.velocities[i])",
                "self.velocities[i]",
                "*new* velocity",
            ),
            ("(grad + self.momentum *", "(self.velocities[i] + self.momentum *", ""),
            ("(grad + self.momentum *", "(grad +", "counts whole"),
            ("(grad + self.momentum *", "(self.momentum *", "gradient is missing"),
            ("(grad + self.momentum * self.velocities[i])", "grad", "plain SGD"),
            ("param -=", "param = param -", "changed nothing"),
            ("self.momentum", "0.9", ""),
            ("param -= ", "param += ", "uphill"),
        ),
        (
            "for i, (param, grad) in enumerate(zip(params, grads)):\n"
            "    param -= self.learning_rate * (grad + self.momentum * self.velocities[i])\n"
            "    self.velocities[i] = self.momentum * self.velocities[i] + grad",
            "*new* velocity",
        ),
    ],
    "rmsprop": spoilt(
        RMSPROP,
        ("(np.sqrt(memory[0]) + self.epsilon)", "np.sqrt(memory[0])", "0 / 0"),
        (
            "(np.sqrt(memory[0]) + self.epsilon)",
            "np.sqrt(memory[0] + self.epsilon)",
            "inside the root",
        ),
        ("np.sqrt(memory[0])", "memory[0]", "Where is the root"),
        ("memory[0] = self.rho * memory[0] +", "q = self.rho * memory[0] +", ""),
        (
            "self.rho * memory[0] + (1 - self.rho)",
            "(1 - self.rho) * memory[0] + self.rho",
            "swapped",
        ),
        ("self.rho", "0.9", "keeps 0.9"),
        ("self.epsilon", "1e-7", "adds 1e-7"),
        ("return grad", "return self.learning_rate * grad", ""),
        ("return ", "answer = ", ""),
        ("grad**2\n", "grad**2\ngrad *= 1.0\ngrad /= 2\n", "writes to its argument"),
        ("self.rho * memory[0] + ", "", ""),
    ),
    "corrected": [
        ("return average", "should be"),
        ("return average / (1 - keep)", "first step only"),
        ("return average * (1 - keep**steps)", "has to grow"),
        ("return average / keep**steps", "what is left of the start"),
        ("return average / (1 - keep * steps)", "keep of keep"),
        ("return average / (1 - 0.9**steps)", "0.9 is used"),
        ("average /= 1 - keep**steps\nreturn average", "writes to its argument"),
        ("answer = average / (1 - keep**steps)", "returns nothing"),
    ],
    "adam": [
        *spoilt(
            ADAM,
            (
                "corrected(memory[0], self.beta1, self.steps)",
                "memory[0]",
                "mean of the gradients is not corrected",
            ),
            (
                "corrected(memory[1], self.beta2, self.steps)",
                "memory[1]",
                "mean of the squares is not corrected",
            ),
            ("np.sqrt(square)", "square", "root of the mean square"),
            (" + self.epsilon", "", "0 / 0"),
            ("return mean", "return grad", "RMSProp"),
            ("(memory[1], self.beta2", "(memory[1], self.beta1", ""),
            ("mean = corrected", "mean = memory[0] = corrected", ""),
            ("self.steps", "1", ""),
            ("grad**2", "grad", ""),
            ("return ", "answer = ", ""),
            ("memory[1] = self.beta2", "memory[1] = self.beta1", ""),
            ("self.epsilon", "1e-8", ""),
        ),
        (
            "m = self.beta1 * memory[0] + (1 - self.beta1) * grad\n"
            "q = self.beta2 * memory[1] + (1 - self.beta2) * grad**2\n"
            "return corrected(m, self.beta1, self.steps) / (\n"
            "    np.sqrt(corrected(q, self.beta2, self.steps)) + self.epsilon)",
            "",
        ),
        (
            "memory[0] = self.beta1 * memory[0] + (1 - self.beta1) * grad\n"
            "memory[1] = self.beta2 * memory[1] + (1 - self.beta2) * grad**2\n"
            "return memory[0] / (np.sqrt(memory[1]) + self.epsilon)",
            "Neither mean",
        ),
    ],
    "train": [
        *spoilt(
            TRAIN,
            ("first_rate * schedule", "optimizer.learning_rate * schedule", "step before"),
            ("step / steps", "(step + 1) / steps", "0 in the first step"),
            (", training=True", "", "training=True"),
            ("labels[chosen]", "labels[: len(chosen)]", "belong together"),
            ("labels[chosen]", "labels[next(numbers)]", "belong together"),
            (
                "chosen = next(numbers)",
                "chosen = np.arange(step * batch_size, (step + 1) * batch_size) % len(labels)",
                "next batches",
            ),
            ("net.backward(dlogits)\n", "", "backward was called 0 times"),
            (
                "net.backward(dlogits)\noptimizer.update(net.parameters, net.gradients)\n",
                "optimizer.update(net.parameters, net.gradients)\nnet.backward(dlogits)\n",
                "comes after backward",
            ),
            ("optimizer.update(net.parameters, net.gradients)\n", "", "the optimizer took 0"),
            ("net.backward(dlogits)", "net.backward(logits)", "second value"),
            ("losses.append(loss)\n", "", "losses that train returns"),
            ("losses.append(loss)", "losses.append(logits)", ""),
            ("if after_step is not None:\n    after_step(loss)\n", "", "after_step"),
            ("if after_step is not None:\n    after_step(loss)\n", "after_step(loss)\n", ""),
            (
                "net.parameters, net.gradients",
                "net.parameters[:], net.gradients[:]",
                "Hand net.parameters",
            ),
        ),
        ("pass", "forward was called 0 times"),
    ],
    "smooth": spoilt(
        SMOOTH,
        ("corrected(mean, keep, t)", "mean", "not corrected"),
        (
            "found.append(corrected(mean, keep, t))",
            "mean = corrected(mean, keep, t)\n    found.append(mean)",
            "carried on",
        ),
        ("mean, found = 0.0, []", "mean, found = losses[0], []", ""),
        ("keep * mean + (1 - keep)", "0.9 * mean + 0.1", ""),
        ("enumerate(losses, 1)", "enumerate(losses, 2)", ""),
        ("return np.array(found)", "return found[-1]", "shape"),
        ("return np.array(found)", "answer = np.array(found)", "returns nothing"),
    )
    + [
        (SMOOTH.replace("keep", "0.9"), "0.9 is used"),
        (
            "found = [losses[0]]\nfor loss in losses[1:]:\n"
            "    found.append(keep * found[-1] + (1 - keep) * loss)\nreturn found",
            "begins with the first loss",
        ),
    ],
    "one-cycle": [
        *spoilt(
            ONE_CYCLE,
            ("return 1 + (start - 1)", "return start + (1 - start)", "swapped"),
            ("cosine(done / warmup)", "cosine(done)", "done / warmup"),
            ("share = (done - warmup) / (1 - warmup)", "share = done", "begin at 0"),
            (" / (1 - warmup)", "", "0.7 long"),
            ("final + (1 - final) * ", "", "final"),
            ("warmup:", "0.3:", ""),
            ("(start - 1)", "(0.04 - 1)", ""),
            ("return", "factor =", "returns nothing"),
            ("final + (1 - final)", "1e-4 + (1 - 1e-4)", ""),
        ),
        ("return cosine(done)", "swapped"),
    ],
    "stop-early": [
        *spoilt(
            STOP_EARLY,
            ("losses[best]:", "losses[epoch - 1]:", ""),
            ("if loss < losses[best]:", "if loss <= losses[best]:", "equal loss"),
            ("return epoch + 1, best + 1", "return epoch, best", "from 0"),
            ("epoch + 1, best + 1", "best + 1, epoch + 1", "swapped"),
            (">= patience", "> patience", "too late"),
            ("        break", "        pass", "too late"),
            ("return", "answer =", "returns nothing"),
            ("patience:", "2:", ""),
        ),
        (
            "best, waited = 0, 0\n"
            "for epoch, loss in enumerate(losses):\n"
            "    if loss < losses[best]:\n"
            "        best = epoch\n"
            "    elif epoch:\n"
            "        waited += 1\n"
            "    if waited >= patience:\n"
            "        break\n"
            "return epoch + 1, best + 1",
            "anew",
        ),
        (
            "for epoch in range(1, len(losses)):\n"
            "    if losses[epoch] > losses[epoch - 1]:\n"
            "        return epoch + 1, epoch\n"
            "return len(losses), len(losses)",
            "the one *before*",
        ),
    ],
    "clip": [
        *spoilt(
            CLIP,
            ("np.sqrt", "abs", "root of the sum"),
            ("return", "if factor == 1:\n    return grads\nreturn", "new arrays"),
            ("grad**2", "abs(grad)", ""),
            ("min(1, limit / max(length, 1e-300))", "limit / max(length, 1e-300)", "lengthened"),
            ("min(1, limit / max(length, 1e-300))", "min(1, length / limit)", ""),
            ("min(1, limit / max(length, 1e-300))", "1", ""),
            (
                "min(1, limit / max(length, 1e-300))",
                "np.minimum(1, np.divide(limit, length) * 1) if length else np.nan",
                "",
            ),
            (
                "sum((grad**2).sum() for grad in grads)",
                "max((grad**2).sum() for grad in grads)",
                "",
            ),
            ("(grad**2).sum()", "np.linalg.norm(grad, 2) ** 2", ""),
            ("return [factor * grad for grad in grads]", "return factor * grads[0]", "a list"),
            ("return ", "answer = ", "a list"),
            (
                "return [factor * grad for grad in grads]",
                "for grad in grads:\n    grad *= factor\nreturn grads",
                "writes to its argument",
            ),
        ),
        ("return [np.clip(grad, -limit, limit) for grad in grads]", "changes the direction"),
        (
            "return [g * min(1, limit / max(np.sqrt((g**2).sum()), 1e-9)) for g in grads]",
            "keeps the direction",
        ),
    ],
    "adamw": [
        *spoilt(
            ADAMW,
            ("if param.ndim > 1", "if True", "bias must not decay"),
            ("if param.ndim > 1", "if param.ndim == 2", "Which arrays decay"),
            ("in params:", "in params[:1]:", ""),
            ("self.decay", "0.1", ""),
            ("self.learning_rate * ", "", ""),
            ("1 - self", "1 + self", ""),
            (" * self.decay", "", ""),
            ("param *= 1 -", "param -=", ""),
            ("param *= 1 - ", "param = param * 1 - ", "without decay"),
            ("super().update(params, grads)", "", ""),
            ("params, grads)", "[param.copy() for param in params], grads)", ""),
        ),
        (
            "super().update(params, [g + self.decay * p * (p.ndim > 1)\n"
            "    for p, g in zip(params, grads)])",
            "",
        ),
        (
            ADAMW.partition("super()")[1]
            + ".update(params, grads)\n"
            + ADAMW.partition("super")[0],
            "",
        ),
        ("super().update(params, grads)", "without decay"),
    ],
}

RIGHT = {
    "batches": [
        "while True:\n"
        "    numbers = np.arange(count)\n"
        "    rng.shuffle(numbers)\n"
        "    whole = count // size\n"
        "    yield from numbers[: whole * size].reshape(whole, size)",
    ],
    "sweep": [
        "for optimizer.learning_rate in rates:\n"
        "    losses += [backpropagate(net, next(numbers))]\n"
        "    optimizer.update(net.parameters, net.gradients)\n"
        "    if max(losses) > 2 * losses[0]:\n"
        "        return losses\n"
        "return losses",
    ],
    "sgd": [
        "for w, g in zip(params, grads):\n    w[...] = w - self.learning_rate * g",
        "for p, g in zip(params, grads):\n    np.subtract(p, self.learning_rate * g, out=p)",
        "for i, p in enumerate(params):\n    params[i] -= self.learning_rate * grads[i]",
    ],
    "momentum": [
        "if not self.velocities:\n"
        "    self.velocities = [p * 0 for p in params]\n"
        "for v, p, g in zip(self.velocities, params, grads):\n"
        "    v *= self.momentum\n"
        "    v += g\n"
        "    p -= self.learning_rate * v",
        "old = self.velocities or [0] * len(params)\n"
        "self.velocities = [self.momentum * v + g for v, g in zip(old, grads)]\n"
        "for p, v in zip(params, self.velocities):\n"
        "    p[...] -= self.learning_rate * v",
    ],
    "nesterov": [
        "for v, p, g in zip(self.velocities, params, grads):\n"
        "    v *= self.momentum\n"
        "    v += g\n"
        "    p -= self.learning_rate * g\n"
        "    p -= self.learning_rate * self.momentum * v",
    ],
    "rmsprop": [
        "memory[0] *= self.rho\nmemory[0] += (1 - self.rho) * grad * grad\n"
        "return grad / (memory[0] ** 0.5 + self.epsilon)",
        "q = memory[0]\nq += (1 - self.rho) * (grad**2 - q)\n"
        "return np.divide(grad, np.sqrt(q) + self.epsilon)",
    ],
    "corrected": ["return np.asarray(average) / (1 - np.power(keep, steps))"],
    "adam": [
        "m, q = memory\nm *= self.beta1\nm += (1 - self.beta1) * grad\n"
        "q *= self.beta2\nq += (1 - self.beta2) * grad * grad\n"
        "return (m / (1 - self.beta1**self.steps)) / (\n"
        "    np.sqrt(q / (1 - self.beta2**self.steps)) + self.epsilon)",
    ],
    "train": [
        "factor = 1 if schedule is None else schedule(step / steps)\n"
        "optimizer.learning_rate = first_rate * factor\n"
        "i = next(numbers)\n"
        "loss, d = loss_function(net.forward(images[i], True), labels[i])\n"
        "losses += [loss]\n"
        "net.backward(d)\n"
        "optimizer.update(net.parameters, net.gradients)\n"
        "if after_step:\n    after_step(loss)",
    ],
    "smooth": [
        "n = len(losses)\n"
        "return [sum((1 - keep) * keep ** (t - k) * losses[k] for k in range(t + 1))"
        " / (1 - keep ** (t + 1)) for t in range(n)]",
    ],
    "one-cycle": [
        "if done >= warmup:\n"
        "    done = (done - warmup) / (1 - warmup)\n"
        "    return final * (1 - cosine(done)) + cosine(done)\n"
        "return start * cosine(done / warmup) + 1 - cosine(done / warmup)",
    ],
    "stop-early": [
        "for n in range(1, len(losses) + 1):\n"
        "    best = int(np.argmin(losses[:n]))\n"
        "    if n - 1 - best >= patience:\n"
        "        return n, best + 1\n"
        "return n, best + 1",
    ],
    "clip": [
        "long = np.linalg.norm(np.concatenate([np.ravel(g) for g in grads]))\n"
        "return [g * (limit / long) if long > limit else g.copy() for g in grads]",
    ],
    "adamw": [
        "for p in params:\n    p -= (p.ndim >= 2) * self.learning_rate * self.decay * p\n"
        "Adam.update(self, params, grads)",
    ],
}
