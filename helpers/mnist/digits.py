"""The digits: find the files, split them into training, validation and test, hand them over.

The files are read by `helpers.mnist.idx`, checked by `helpers.mnist.files` and downloaded by
`helpers.mnist.download`.

References
----------
.. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
   recognition", Proceedings of the IEEE 86(11), 1998.
"""

from dataclasses import dataclass

import numpy as np

from helpers.mnist import download, files
from helpers.mnist.download import DownloadError

SOURCES = ("auto", "full", "sample")
HOW_TO_GET_THE_REST = (
    "All 70,000: connect to the internet and call mnist.fetch(), or set MNIST_DIR to a folder "
    "with the four files."
)


@dataclass(frozen=True, eq=False)
class Split:
    """Images and their labels.

    ``len(split)`` is the number of images; ``split[:100]`` is a `Split` of the first 100, and
    ``split[3]`` the pair of one image and its label.

    Parameters
    ----------
    images : ndarray of shape (N, 1, 28, 28)
        float32 from 0 (paper) to 1 (ink).
    labels : ndarray of shape (N,)
        int64 from 0 to 9.

    Raises
    ------
    ValueError
        If there are not as many labels as images.
    """

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self):
        if np.shape(self.labels) != np.shape(self.images)[:1]:
            raise ValueError(
                f"A split needs one label for each image; it got images of shape "
                f"{np.shape(self.images)} and labels of shape {np.shape(self.labels)}."
            )

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        if np.ndim(index) == 0 and not isinstance(index, slice):
            return self.images[index], self.labels[index]
        return Split(self.images[index], self.labels[index])

    def __repr__(self):
        return f"<Split of {len(self):,} images, {' x '.join(map(str, self.images.shape[1:]))}>"


@dataclass(frozen=True, eq=False)
class Digits:
    """MNIST in three parts.

    Attributes
    ----------
    train, validation, test : Split
        To learn from, to choose by, to look at once in the end.
    source : {"full", "sample"}
        Whether these are all 70,000 digits or the 5,000 of the course.
    """

    train: Split
    validation: Split
    test: Split
    source: str


def load(source="auto", *, validation_share=0.1, seed=0, verbose=True):
    """Load MNIST.

    The arrays are read-only, so that no cell can change the digits of another; take a
    ``.copy()`` to change one. Images keep the order of the files.

    Parameters
    ----------
    source : {"auto", "full", "sample"}
        ``"full"`` is all of MNIST: from the folder ``$MNIST_DIR`` if that is set, else from
        ``data/mnist/``, to which missing files are downloaded first. ``"sample"`` is the 5,000
        digits in ``data/sample/``. ``"auto"`` is the full set, or the sample if there is no
        network; it then does not ask the network again for five minutes.
    validation_share : float
        Share of the training images, 0 <= share < 1, that become validation images. Each class
        gives the same share.
    seed : int
        Chooses which images those are.
    verbose : bool
        Print which digits were taken, and show a progress bar for downloads.

    Returns
    -------
    Digits

    Raises
    ------
    ValueError
        If an argument is out of range, or (as `helpers.mnist.IdxError`) a file is damaged.
    FileNotFoundError
        If ``$MNIST_DIR`` lacks a file, or `helpers` is installed without the course's data.
    DownloadError
        If ``source="full"`` needs the network and cannot have it.
    """
    if source not in SOURCES:
        raise ValueError(f"source must be one of {', '.join(SOURCES)}; it is {source!r}.")
    if not 0 <= validation_share < 1:
        raise ValueError(f"validation_share must be from 0 to below 1; it is {validation_share!r}.")
    say = print if verbose else _say_nothing
    survey, place, how_to_get_the_rest = _locate(source, say)
    digits = _split(survey, validation_share, seed)
    sample = survey.source == "sample"
    say(
        f"{'MNIST sample' if sample else 'MNIST'} from {place}: {len(digits.train):,} training, "
        f"{len(digits.validation):,} validation and {len(digits.test):,} test images."
    )
    if sample:
        say(how_to_get_the_rest)
    return digits


def fetch(*, verbose=True):
    """Download whatever ``data/mnist/`` lacks of the full set, with a progress bar.

    Parameters
    ----------
    verbose : bool
        Whether to say what is done.

    Raises
    ------
    DownloadError
        If no mirror has the files or they cannot be written. No partial file remains.
    FileNotFoundError
        If `helpers` is installed without the course's data.
    """
    files.require_data()
    _fetch_missing(print if verbose else _say_nothing)


def _say_nothing(_text):
    pass


def _locate(source, say):
    """Return the survey of a whole folder, and for the user its name and what to do for more."""
    more = HOW_TO_GET_THE_REST
    folder = files.chosen_folder()
    if source != "sample" and folder is not None:
        survey = files.survey(folder, "full" if source == "full" else None)
        survey.require_whole("$MNIST_DIR")
        return survey, "$MNIST_DIR", more
    files.require_data()
    if source != "sample":
        try:
            return _fetch_missing(say, ask_again=source == "full"), "data/mnist", more
        except DownloadError as error:
            if source == "full":
                raise
            say(f"Out of reach: {error.reason}.")
            if error.advice != download.ADVICE:
                more = "All 70,000: set MNIST_DIR to a folder of yours with the four files."
    survey = files.survey(files.sample_folder(), "sample")
    survey.require_whole("data/sample")
    return survey, "data/sample", more


def _fetch_missing(say, ask_again=True):
    """Bring the cache into order and return its survey."""
    folder = files.cache_folder()
    survey = files.survey(folder, "full")
    if not survey.problems:
        return survey
    for name in survey.damaged:
        say(f"Damaged: {survey.problems[name]}")
    if not ask_again and (error := download.recent_failure()):
        raise error
    count = len(survey.problems)
    say(f"Fetching {count} file{'s' if count > 1 else ''} of MNIST into data/mnist.")
    download.fetch(folder, [f"{n}.gz" for n in survey.problems], progress=say is print)
    survey = files.survey(folder, "full")
    survey.require_whole("data/mnist")
    return survey


def _split(survey, validation_share, seed):
    arrays = survey.arrays
    labels = arrays[files.TRAIN_LABELS]
    held_out = _stratified(labels, validation_share, np.random.default_rng(seed))
    images = arrays[files.TRAIN_IMAGES]
    return Digits(
        train=_prepare(images[~held_out], labels[~held_out]),
        validation=_prepare(images[held_out], labels[held_out]),
        test=_prepare(arrays[files.TEST_IMAGES], arrays[files.TEST_LABELS]),
        source=survey.source,
    )


def _stratified(labels, share, rng):
    """Return a mask over `labels` that is true for the same share of every class."""
    wanted = np.bincount(labels, minlength=10) * share
    quota = np.floor(wanted).astype(int)
    # Largest remainders, so that the classes' whole numbers add up to the share of all.
    spare = round(wanted.sum()) - quota.sum()
    quota[np.argsort(quota - wanted, kind="stable")[:spare]] += 1
    mask = np.zeros(len(labels), dtype=bool)
    for digit, count in enumerate(quota):
        mask[rng.permutation(np.flatnonzero(labels == digit))[:count]] = True
    return mask


def _prepare(images, labels):
    """Scale to [0, 1], add the channel axis, and protect from changes."""
    images = np.divide(images[:, None], np.float32(255), dtype=np.float32)
    labels = labels.astype(np.int64)
    images.flags.writeable = labels.flags.writeable = False
    return Split(images, labels)
