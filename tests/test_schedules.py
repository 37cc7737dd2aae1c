"""Learning-rate schedules against their published formulas."""

import math

import numpy as np
import pytest

from helpers import schedules
from helpers.architectures import mlp
from helpers.optimizers import SGD
from helpers.training import fit

ALL = [
    schedules.constant(),
    schedules.cosine(0.1),
    schedules.one_cycle(0.15),
    schedules.step((0.3, 0.6)),
]
WHOLE = np.linspace(0, 1, 501)


@pytest.mark.parametrize("schedule", ALL, ids=repr)
def test_factors_are_shares_of_the_learning_rate(schedule):
    factors = [schedule(done) for done in WHOLE]
    assert all(isinstance(factor, float) for factor in factors)
    assert 0 <= min(factors)
    assert max(factors) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("schedule", ALL, ids=repr)
@pytest.mark.parametrize("done", [-0.01, 1.01, math.nan])
def test_a_share_outside_training_is_refused(schedule, done):
    with pytest.raises(ValueError, match="share of training done, 0 to 1, not"):
        schedule(done)


def test_cosine_is_the_formula_of_sgdr():
    schedule = schedules.cosine(final=0.2)
    for done in WHOLE:
        expected = 0.2 + 0.5 * (1 - 0.2) * (1 + math.cos(done * math.pi))
        assert schedule(done) == pytest.approx(expected, rel=1e-12)


def test_one_cycle_rises_to_one_and_falls_to_its_end():
    schedule = schedules.one_cycle(warmup=0.25, start=0.04, final=1e-3)
    factors = np.array([schedule(done) for done in WHOLE])
    peak = int(np.argmax(factors))
    assert WHOLE[peak] == 0.25
    assert factors[peak] == 1.0
    assert (np.diff(factors[: peak + 1]) > 0).all()
    assert (np.diff(factors[peak:]) < 0).all()
    assert factors[[0, -1]] == pytest.approx([0.04, 1e-3])
    # Half-way down a cosine lies half-way between its ends.
    assert schedule(0.625) == pytest.approx((1 + 1e-3) / 2)


def test_step_multiplies_at_each_point():
    schedule = schedules.step(at=(0.5, 0.75), factor=0.1)
    found = [schedule(done) for done in (0.0, 0.499, 0.5, 0.749, 0.75, 0.999)]
    assert found == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: schedules.cosine(final=1.5), r"final must be in \[0, 1\], not 1.5"),
        (lambda: schedules.one_cycle(warmup=0), "warmup must be above 0 and below 1, not 0"),
        (lambda: schedules.one_cycle(warmup=1.0), "warmup must be above 0 and below 1, not 1.0"),
        (lambda: schedules.one_cycle(start=-0.1), r"start must be in \[0, 1\], not -0.1"),
        (lambda: schedules.step(at=(0.7, 0.5)), "at must hold rising shares"),
        (lambda: schedules.step(at=(0.5, 0.5)), "at must hold rising shares"),
        (lambda: schedules.step(at=(0.5, 1.0)), "at must hold rising shares"),
        (lambda: schedules.step(factor=0), "factor must be above 0 and at most 1, not 0"),
    ],
)
def test_settings_out_of_range_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_name_tells_the_settings():
    assert repr(schedules.cosine(final=0.1)) == "cosine(final=0.1)"
    assert repr(schedules.one_cycle()) == "one_cycle(warmup=0.3, start=0.04, final=0.0001)"


def test_fit_follows_the_schedule_and_gives_the_rate_back():
    rng = np.random.default_rng(0)
    images = rng.random((64, 1, 28, 28), dtype=np.float32)
    labels = rng.integers(0, 10, 64)
    optimizer = SGD(0.1)
    history = fit(
        mlp(),
        (images, labels),
        optimizer=optimizer,
        epochs=4,
        batch_size=32,
        schedule=schedules.step(at=(0.5,), factor=0.1),
        progress=False,
    )
    assert history.learning_rate == pytest.approx([0.1, 0.1, 0.01, 0.01])
    assert optimizer.learning_rate == 0.1
