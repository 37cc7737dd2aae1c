"""Learning-rate schedules: how large a step to take, by how much of the training is done.

A schedule is a callable: share of training done, in [0, 1) -> factor on the optimizer's learning
rate. `fit(schedule=...)` calls it before every step.

>>> schedule = one_cycle(warmup=0.25)
>>> schedule(0.0), schedule(0.25)
(0.04, 1.0)
"""

import dataclasses
import math

__all__ = ["constant", "cosine", "one_cycle", "step"]


def constant():
    """Return a schedule that leaves the learning rate as it is.

    Returns
    -------
    callable
        share of training done in [0, 1) -> 1.0
    """
    return _Schedule("constant()", lambda done: 1.0)


def cosine(final=0.0):
    """Return a schedule that falls from 1 along half a cosine.

    Parameters
    ----------
    final : float
        Factor at the end, in [0, 1].

    Returns
    -------
    callable
        share of training done in [0, 1) -> factor in [final, 1]

    Raises
    ------
    ValueError
        If `final` is out of range.

    References
    ----------
    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017,
    equation 5, without the restarts.
    """
    _share(final, "final")
    return _Schedule(f"cosine(final={final:g})", lambda done: _descend(1.0, final, done))


def one_cycle(warmup=0.3, start=0.04, final=1e-4):
    """Return a schedule that rises to 1 and falls to almost nothing, both along a cosine.

    The large rates in the middle cross flat ground fast and keep away from narrow minima; the small
    ones at the end settle.

    Parameters
    ----------
    warmup : float
        Share of training in which the rate rises, in (0, 1).
    start, final : float
        Factors at the beginning and at the end, in [0, 1].

    Returns
    -------
    callable
        share of training done in [0, 1) -> factor in [0, 1]

    Raises
    ------
    ValueError
        If a setting is out of range.

    References
    ----------
    Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning
    Rates", 2018; with cosines instead of straight lines, as in fast.ai's library.
    """
    if not 0 < warmup < 1:
        raise ValueError(f"warmup must be above 0 and below 1, not {warmup!r}")
    _share(start, "start")
    _share(final, "final")

    def factor(done):
        if done < warmup:
            return _descend(start, 1.0, done / warmup)
        return _descend(1.0, final, (done - warmup) / (1 - warmup))

    return _Schedule(f"one_cycle(warmup={warmup:g}, start={start:g}, final={final:g})", factor)


def step(at=(0.5, 0.75), factor=0.1):
    """Return a schedule that multiplies the rate by the same factor at some points.

    Parameters
    ----------
    at : sequence of float
        Shares of training at which the rate drops, rising, each in (0, 1).
    factor : float
        What the rate is multiplied by each time, in (0, 1].

    Returns
    -------
    callable
        share of training done in [0, 1) -> factor in (0, 1]

    Raises
    ------
    ValueError
        If a setting is out of range.

    References
    ----------
    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, section 3.4.
    """
    at = tuple(at)
    if list(at) != sorted(set(at)) or not all(0 < share < 1 for share in at):
        raise ValueError(f"at must hold rising shares above 0 and below 1, not {at!r}")
    if not 0 < factor <= 1:
        raise ValueError(f"factor must be above 0 and at most 1, not {factor!r}")
    name = f"step(at={at!r}, factor={factor:g})"
    return _Schedule(name, lambda done: factor ** sum(done >= share for share in at))


@dataclasses.dataclass(frozen=True)
class _Schedule:
    """A function of the share of training done, with a name that tells its settings."""

    name: str
    factor: object

    def __call__(self, done):
        if not 0 <= done <= 1:
            raise ValueError(f"a schedule takes the share of training done, 0 to 1, not {done!r}")
        return self.factor(done)

    def __repr__(self):
        return self.name


def _descend(first, last, share):
    """From `first` to `last` along half a cosine, up or down."""
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * share))


def _share(value, name):
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be in [0, 1], not {value!r}")
