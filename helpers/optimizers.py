"""Rules that turn gradients into steps: SGD, momentum, RMSProp and Adam."""

import inspect
import math

import numpy as np

from helpers import arguments


class Optimizer:
    """What all optimizers share.

    Parameters
    ----------
    learning_rate : float
    weight_decay : float
        L2 regularisation: adds `weight_decay * w` to the gradient of every array with two axes or
        more (weights and filters), not to biases, gamma or beta.

    Attributes
    ----------
    learning_rate : float
        May be changed between steps, as a schedule does.
    steps : int
        How many updates were made.
    """

    _state_names = ()  # running averages, one array for each parameter

    def __init__(self, learning_rate, weight_decay=0.0):
        self.learning_rate = _positive(learning_rate, "learning_rate")
        if not 0 <= weight_decay < math.inf:
            raise ValueError(f"weight_decay must be 0 or more, not {weight_decay!r}")
        self.weight_decay = weight_decay
        self.steps = 0
        self._state = {name: [] for name in self._state_names}

    def update(self, params, grads):
        """Take one step.

        Parameters
        ----------
        params : list of ndarray
            Changed in place.
        grads : list of ndarray
            dL/dparam, same shapes; not written to.

        Raises
        ------
        ValueError
            If the lists do not match each other, or the parameters of earlier steps.
        """
        if len(params) != len(grads):
            raise ValueError(f"{len(params)} parameters, but {len(grads)} gradients")
        for i, (param, grad) in enumerate(zip(params, grads, strict=True)):
            if param.shape != grad.shape:
                raise ValueError(
                    f"parameter {i} has shape {param.shape}, its gradient {grad.shape}"
                )
        self.begin_step(params)
        for i, (param, grad) in enumerate(zip(params, grads, strict=True)):
            self.update_one(i, param, grad)

    def begin_step(self, params):
        """First half of `update`, for callers that share the second half between threads."""
        for averages in self._state.values():
            if not averages:
                averages.extend(np.zeros_like(param) for param in params)
            if [a.shape for a in averages] != [p.shape for p in params]:
                raise ValueError(
                    "these are not the parameters of the earlier steps: make a new optimizer for "
                    "another network"
                )
        self.steps += 1

    def update_one(self, i, param, grad):
        """Second half of `update`, for parameter number i."""
        if self.weight_decay and param.ndim > 1:
            grad = grad + self.weight_decay * param
        self._step(param, grad, *(self._state[name][i] for name in self._state_names))

    def state(self):
        """Everything but the settings that a later step depends on: {"steps": int, name: list}."""
        return {"steps": self.steps} | self._state

    def check_state(self, state, params):
        """Complain about a state that does not belong to such an optimizer and such parameters.

        Parameters
        ----------
        state : dict
        params : list of ndarray
            As many values as in the arrays of the state, in whatever pieces.

        Raises
        ------
        ValueError
        """
        steps, size = state["steps"], sum(param.size for param in params)
        if not isinstance(steps, int) or steps < 0:
            raise ValueError(f"the optimizer's steps must be a number, not {steps!r}")
        for name in self._state_names:
            arrays = state.get(name, []) if steps == 0 else state[name]
            if steps and sum(np.size(array) for array in arrays) != size:
                raise ValueError(f"the optimizer's {name} does not fit {size} parameters")
            if not all(np.isfinite(array).all() for array in arrays):
                raise ValueError(f"the optimizer's {name} holds values that are not finite")

    def restore(self, state):
        """Take over what `state` returned."""
        self.steps = int(state["steps"])
        self._state = {name: [np.array(a) for a in state[name]] for name in self._state_names}

    def __repr__(self):
        kind = type(self)
        names = [name for name in inspect.signature(kind).parameters if hasattr(self, name)]
        values = {name: getattr(self, name) for name in names}
        return arguments.written(kind, values, always=("learning_rate",))


class SGD(Optimizer):
    """Stochastic gradient descent: w <- w - learning_rate * g.

    Parameters
    ----------
    learning_rate : float
    weight_decay : float
        See `Optimizer`.
    """

    def __init__(self, learning_rate=0.01, weight_decay=0.0):
        super().__init__(learning_rate, weight_decay)

    def _step(self, param, grad):
        param -= self.learning_rate * grad


class Momentum(Optimizer):
    """SGD with momentum: v <- momentum * v + g, w <- w - learning_rate * v.

    Parameters
    ----------
    learning_rate : float
    momentum : float
        How much of the velocity is kept, in [0, 1).
    weight_decay : float
        See `Optimizer`.

    References
    ----------
    Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
    """

    _state_names = ("velocity",)

    def __init__(self, learning_rate=0.01, momentum=0.9, weight_decay=0.0):
        super().__init__(learning_rate, weight_decay)
        self.momentum = arguments.number(momentum, "momentum", 0.0, 1.0)

    def _step(self, param, grad, velocity):
        velocity *= self.momentum
        velocity += grad
        param -= self.learning_rate * velocity


class RMSProp(Optimizer):
    """s <- rho * s + (1 - rho) * g^2, w <- w - learning_rate * g / (sqrt(s) + epsilon).

    Parameters
    ----------
    learning_rate : float
    rho : float
        How much of the mean square is kept, in [0, 1).
    epsilon : float
        Keeps the quotient finite.
    weight_decay : float
        See `Optimizer`.

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5 - RMSProp", Coursera: Neural Networks for Machine Learning,
    2012.
    """

    _state_names = ("square",)

    def __init__(self, learning_rate=0.001, rho=0.9, epsilon=1e-7, weight_decay=0.0):
        super().__init__(learning_rate, weight_decay)
        self.rho = arguments.number(rho, "rho", 0.0, 1.0)
        self.epsilon = _positive(epsilon, "epsilon")

    def _step(self, param, grad, square):
        square *= self.rho
        square += (1 - self.rho) * grad * grad
        param -= self.learning_rate * grad / (np.sqrt(square) + self.epsilon)


class Adam(Optimizer):
    """Momentum and RMSProp together, both corrected for their start from zero.

    m <- beta1 * m + (1 - beta1) * g,        v <- beta2 * v + (1 - beta2) * g^2,
    w <- w - learning_rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)

    Parameters
    ----------
    learning_rate : float
    beta1, beta2 : float
        How much of the mean and of the mean square is kept, in [0, 1).
    epsilon : float
        Keeps the quotient finite.
    weight_decay : float
        See `Optimizer`.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, algorithm 1.
    """

    _state_names = ("mean", "square")

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0):
        super().__init__(learning_rate, weight_decay)
        self.beta1 = arguments.number(beta1, "beta1", 0.0, 1.0)
        self.beta2 = arguments.number(beta2, "beta2", 0.0, 1.0)
        self.epsilon = _positive(epsilon, "epsilon")

    def _step(self, param, grad, mean, square):
        """Three passes over the parameters are saved by leaving the factors 1 - beta to the end.

        `mean` is m / (1 - beta1) and `square` is v / (1 - beta2).
        """
        mean *= self.beta1
        mean += grad
        square *= self.beta2
        step = grad * grad
        square += step
        shrink = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.steps))
        np.sqrt(square, out=step)
        step += self.epsilon / shrink
        np.divide(mean, step, out=step)
        step *= self.learning_rate * (1 - self.beta1) / (1 - self.beta1**self.steps) / shrink
        param -= step


def _positive(value, name):
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be greater than 0, not {value!r}")
    return value
