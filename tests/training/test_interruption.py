"""Ctrl+C: remembered at first, an error the second time, never while things are put in order."""

import signal

import pytest

from helpers.training.interruption import stop_after_step


def press():
    signal.raise_signal(signal.SIGINT)


def test_the_first_is_only_remembered():
    with stop_after_step() as interruption, interruption.impatient():
        assert not interruption
        press()
        assert interruption


def test_the_second_ends_what_is_impatient():
    with stop_after_step() as interruption:
        press()
        with pytest.raises(KeyboardInterrupt), interruption.impatient():
            press()
            raise AssertionError("not reached")


def test_what_came_before_counts_on_entering():
    with stop_after_step() as interruption:
        press()
        press()
        with pytest.raises(KeyboardInterrupt), interruption.impatient():
            raise AssertionError("not reached")


def test_nothing_raises_outside_or_a_third_time():
    """So that no Ctrl+C comes between leaving the block and putting things in order."""
    with stop_after_step() as interruption:
        press()
        press()
        with pytest.raises(KeyboardInterrupt), interruption.impatient():
            raise AssertionError("not reached")
        press()
    stopping = stop_after_step()
    with stopping as interruption, pytest.raises(KeyboardInterrupt), interruption.impatient():
        press()
        try:
            press()
        finally:
            press()
