"""What all tests share: the digits, and no network."""

import contextlib
import itertools
import os
import signal

import hypothesis
import pytest

from helpers import mnist
from helpers.augmentation import Augmentation
from helpers.mnist import download
from helpers.mnist import files as mnist_files

ON_CI = os.environ.get("CI", "").lower() in {"true", "1"}


def pytest_configure():
    # Notebooks under test run in processes of their own, which take the variable over. Without it
    # they would go to the network.
    cached = any(mnist_files.cache_folder().glob("train-images*"))
    if not os.environ.get("MNIST_DIR") and not cached:
        os.environ["MNIST_DIR"] = str(mnist_files.sample_folder())


if ON_CI:
    # The same cases every time: a change is judged by itself, not by luck.
    hypothesis.settings.register_profile("ci", derandomize=True, database=None)
    hypothesis.settings.load_profile("ci")


def pytest_report_header():
    folder = mnist_files.chosen_folder() or mnist_files.cache_folder()
    which = "the 5,000-digit sample" if folder == mnist_files.sample_folder() else folder
    return f"MNIST: {which}"


@pytest.fixture(scope="session", autouse=True)
def no_network():
    """Keep `mnist.load` from asking a real mirror."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(download, "MIRRORS", ())
        yield


@pytest.fixture(scope="session")
def skip_or_fail():
    """A function for a test that lacks something: skip on a user's machine, fail under CI=true."""
    return pytest.fail if ON_CI else pytest.skip


@pytest.fixture(scope="session")
def digits_sample():
    """The 5,000 digits that are always there."""
    return mnist.load("sample", verbose=False)


@pytest.fixture(scope="session")
def digits_full(skip_or_fail):
    """All 70,000 digits. A folder $MNIST_DIR that is broken is an error everywhere."""
    digits = mnist.load(verbose=False)
    if digits.source != "full":
        skip_or_fail("needs the full MNIST: set MNIST_DIR, or run python -m helpers.mnist --fetch")
    return digits


@pytest.fixture
def figures(monkeypatch):
    """The figures and alt texts that are handed to `style.show`."""
    from helpers.plots import style  # most tests draw nothing

    seen = []
    monkeypatch.setattr(style, "show", lambda figure, alt, caption=None: seen.append((figure, alt)))
    return seen


@pytest.fixture
def interrupt_after(monkeypatch):
    """A context in which training gets Ctrl+C when it has drawn so many batches' augmentation."""

    @contextlib.contextmanager
    def interrupting(batches):
        draw, calls = Augmentation.draw, itertools.count()

        def interrupted_draw(self, count, rng):
            if next(calls) == batches:
                signal.raise_signal(signal.SIGINT)
            return draw(self, count, rng)

        with monkeypatch.context() as patch:
            patch.setattr(Augmentation, "draw", interrupted_draw)
            yield

    return interrupting
