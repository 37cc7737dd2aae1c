"""Threads of a team: who meets, and what an error or an interruption leaves behind."""

import concurrent.futures
import multiprocessing
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import threadpoolctl

from helpers import architectures
from helpers.threads import Meeting, Replica, Team, cores, prediction
from helpers.threads import team as team_module

IMAGES = np.random.default_rng(0).random((300, 1, 28, 28), dtype=np.float32)


@pytest.fixture
def team():
    made = Team(architectures.tiny_cnn(0), 3)
    yield made
    made.close()


def in_threads(count, function):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return [f.result(10) for f in [pool.submit(function, i) for i in range(count)]]


@pytest.mark.parametrize("expected", [3, 2, 1])
def test_only_those_who_are_expected_meet(expected):
    meeting = Meeting(3)
    for present in (3, expected, 3, expected):  # whoever was absent is in step again
        meeting.expect(present)
        for _ in range(3):
            shown = in_threads(present, lambda i: meeting.show(i, np.array([i, 7])))
            assert all(
                [a.tolist() for a in each] == [[i, 7] for i in range(present)] for each in shown
            )


@pytest.mark.parametrize("parts", [[0], [0, 1], [0, 1, 2]])
def test_each_part_goes_to_one_replica(team, parts):
    assert team.run(lambda replica, part: (replica.index, part), parts) == [(i, i) for i in parts]
    assert not team.spoilt


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_an_error_releases_those_who_wait(team, failing):
    def work(replica, part):
        if replica.index == failing:
            raise OSError(f"part {part} is broken")
        team.meeting.wait(replica.index)

    with pytest.raises(OSError, match=f"part {failing} is broken"):
        team.run(work, [0, 1, 2])
    assert not team.spoilt
    assert team.run(lambda replica, part: part, [5, 6, 7]) == [5, 6, 7]


def test_waiting_after_abandonment_is_an_error():
    """However often: what `abandon` has put into a queue is gone after the first time."""
    meeting, told = Meeting(2), []
    meeting.abandon()

    def wait():
        for _ in range(3):
            with pytest.raises(team_module.Abandoned, match="another thread has failed"):
                meeting.wait(0)
            told.append(True)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    waiting.join(10)
    assert told == [True] * 3


def test_a_team_that_was_left_while_a_thread_works_is_spoilt(team, monkeypatch):
    release = threading.Event()

    def work(replica, part):
        if replica.index == 0:
            raise KeyboardInterrupt
        release.wait(10)

    def interrupted(futures):
        raise KeyboardInterrupt  # the second one, while the first is dealt with

    with monkeypatch.context() as patch:
        patch.setattr(team_module.concurrent.futures, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            team.run(work, [0, 1, 2])
    assert team.spoilt
    release.set()


def interrupts_at_every_line(act, files):
    """Call `act` again and again, with an interruption at line 1, 2, ... of some files."""
    for at in range(1, 10_000):
        passed = 0

        def trace(frame, event, _, at=at):
            nonlocal passed
            if os.path.basename(frame.f_code.co_filename) not in files:
                return None
            if event == "line":
                passed += 1
                if passed == at:
                    raise KeyboardInterrupt
            return trace

        sys.settrace(trace)
        try:
            act()
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        yield at
        if passed < at:
            return


def test_prediction_is_right_after_an_interruption_at_any_line():
    net = architectures.tiny_cnn(0)
    expected = net.predict_logits(IMAGES, threads=1)
    files = {"team.py", "prediction.py"}
    for at in interrupts_at_every_line(lambda: net.predict_logits(IMAGES, threads=2), files):
        found = net.predict_logits(IMAGES, threads=2)
        assert found.shape == expected.shape, f"after an interruption at line {at}"
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_an_interruption_ends_within_a_block(monkeypatch):
    """The other thread does not work through the rest of its list."""
    net = architectures.tiny_cnn(0)
    done = []

    def slow(self, images, training=False):
        if self.index == 0:
            raise KeyboardInterrupt
        done.append(len(images))
        time.sleep(0.05)
        return np.zeros((len(images), 10), np.float32)

    monkeypatch.setattr(Replica, "forward", slow)
    with pytest.raises(KeyboardInterrupt):
        prediction.forward_in_blocks(net, np.zeros((4000, 1, 28, 28), np.float32), 10, threads=2)
    assert len(done) <= 2


# BLAS


def blas_threads():
    found = [p["num_threads"] for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"]
    return max(found)


def test_overlapping_limits_end_with_the_last_one():
    before = blas_threads()
    first, second = cores.blas_threads(1), cores.blas_threads(2)
    first.__enter__()
    second.__enter__()
    assert blas_threads() == 1  # the lowest counts
    first.__exit__(None, None, None)
    assert blas_threads() == min(2, max(before, 2))
    second.__exit__(None, None, None)
    assert blas_threads() == before


def test_limits_of_many_threads_leave_nothing_behind():
    before = blas_threads()

    def work(i):
        for count in (1, 2, 1):
            with cores.blas_threads(count):
                time.sleep(0.002)

    in_threads(4, work)
    assert blas_threads() == before


# Fork


FORKED = """
import multiprocessing
import numpy as np
from helpers import architectures

images = np.random.default_rng(0).random((100, 1, 28, 28), dtype=np.float32)
net = architectures.small_cnn(0)
expected = net.predict(images, threads=2).tolist()
context = multiprocessing.get_context("fork")
queue = context.Queue()
child = context.Process(target=lambda: queue.put(net.predict(images, threads=2).tolist()))
child.start()
assert queue.get(timeout=20) == expected
child.join(5)
"""


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork"
)
def test_a_forked_child_predicts_too():
    """In a process of its own: other tests load libraries that do not bear a fork."""
    command = [sys.executable, "-W", "ignore", "-c", FORKED]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
