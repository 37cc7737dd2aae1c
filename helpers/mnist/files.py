"""Where MNIST's four files lie, and whether they are what they should be.

The checksum is taken of a file's uncompressed content: the same digits, compressed by another
program, are the same digits.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.mnist.idx import IdxError, parse_idx, read_content

DATA = Path(__file__).resolve().parents[2] / "data"
CHECKOUT = DATA.parent

TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
NAMES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
PARTNERS = {TRAIN_LABELS: TRAIN_IMAGES, TEST_LABELS: TEST_IMAGES}

SHA256 = {
    "full": {
        TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    "sample": {
        TRAIN_IMAGES: "1e9078310c567ba67f27a599ba4b3d500ec700a6e7c642714aeba14d0af99cb1",
        TRAIN_LABELS: "daf1c61ba276c5ec7656a0a9c541c2f61cb96d7af3a019906cdb4cf08ef09728",
        TEST_IMAGES: "661b9be9d66bbdec4fdea0720f1e9836bc6594070cb44db09fbd6b9b8f3b60e2",
        TEST_LABELS: "9f9f83403fa89036e5960042fa3fdded854d1e4a5602fe4b476f8ff0e7865ff8",
    },
}
ADVICE = {
    "$MNIST_DIR": "Put MNIST's four original files into the folder $MNIST_DIR, or unset it.",
    "data/mnist": "Delete the file and fetch it again: python -m helpers.mnist --fetch",
    "data/sample": "Bring the sample back: git checkout -- data/sample",
}


def require_data():
    """Raise FileNotFoundError if `helpers` is installed away from the course's ``data/``."""
    if not DATA.is_dir():
        raise FileNotFoundError(
            f"helpers is installed without the course's data: there is no folder {DATA}. Run it "
            f"from a checkout of the course, or set MNIST_DIR to a folder with MNIST's four files."
        )


def cache_folder():
    """Where a download goes: ``data/mnist/`` of the checkout."""
    return DATA / "mnist"


def sample_folder():
    """Where the 5,000 digits of the checkout lie: ``data/sample/``, whatever folder one works in.

    Returns
    -------
    Path
    """
    return DATA / "sample"


def chosen_folder():
    """Return the folder that ``$MNIST_DIR`` names, or None if it is unset or empty.

    A relative path is looked up from the working directory, then from the checkout: a notebook's
    working directory is ``notebooks/``, not the folder in which the variable was set. Blanks and
    quotes around the name, as Windows' ``set`` leaves them, do not count.
    """
    value = os.environ.get("MNIST_DIR", "")
    bare = value.strip().strip("\"'").strip()
    if not bare:
        return None
    names = dict.fromkeys(map(os.path.expanduser, (value, bare)))  # leaves ~nobody as it is
    places = [Path(base, name) for name in names for base in ("", CHECKOUT)]
    return next((place for place in places if os.path.exists(place)), Path(list(names)[-1]))


@dataclass(frozen=True)
class Survey:
    """What is in a folder of MNIST files.

    Attributes
    ----------
    folder : Path
    source : {"full", "sample"}
        Which set the files were compared with.
    arrays : dict of str to ndarray
        The content of every file that could be read, by file name without ``.gz``.
    problems : dict of str to Exception
        What is wrong, for every file that is missing (`FileNotFoundError`), unreadable (`OSError`)
        or not what it should be (`IdxError`).
    """

    folder: Path
    source: str
    arrays: dict
    problems: dict

    @property
    def missing(self):
        """Names of the files that are not there."""
        return [n for n, error in self.problems.items() if isinstance(error, FileNotFoundError)]

    @property
    def damaged(self):
        """Names of the files that are there and not what they should be."""
        return [name for name in self.problems if name not in self.missing]

    def require_whole(self, place):
        """Raise the first problem, if any, with the advice for this place (a key of `ADVICE`)."""
        if not self.problems:
            return
        advice = ADVICE[place]
        error = self.problems[(self.damaged + self.missing)[0]]
        if isinstance(error, IdxError):
            raise IdxError(error.file, error.found, error.expected, advice) from error
        kind = FileNotFoundError if isinstance(error, FileNotFoundError) else OSError
        raise kind(f"{error}. {advice}") from error


def survey(folder, source=None):
    """Read and check the four files in a folder.

    Parameters
    ----------
    folder : Path
    source : {"full", "sample"}, optional
        The set that the files must be. By default the sample if the checksum of any file says so,
        else the full set.

    Returns
    -------
    Survey
        Problems are collected, not raised.
    """
    arrays, paths, digests, problems = {}, {}, {}, {}
    for name in NAMES:
        try:
            paths[name], arrays[name], digests[name] = _read_best(folder, name)
        except (OSError, IdxError) as error:
            problems[name] = error
    source = source or _guess_source(digests)
    counts = _count_problems(arrays, paths)
    for name, digest in digests.items():
        if digest != SHA256[source][name]:
            problems[name] = counts.get(name) or IdxError(
                paths[name],
                f"content with SHA-256 {digest}",
                f"{SHA256[source][name]} ({'MNIST' if source == 'full' else 'the sample'})",
            )
    return Survey(folder, source, arrays, {n: problems[n] for n in NAMES if n in problems})


def find(folder, name):
    """Return the paths at which one of the four files lies, compressed or not.

    Some programs write ``train-images.idx3-ubyte`` for ``train-images-idx3-ubyte``, or unpack a
    file into a folder of its own name.

    Parameters
    ----------
    folder : Path
    name : str
        One of `NAMES`.

    Returns
    -------
    list of Path
        The compressed one first.

    Raises
    ------
    FileNotFoundError
        If the folder or the file is not there.
    """
    if not folder.is_dir():
        kind = "a file, not a folder" if folder.exists() else "not there"
        raise FileNotFoundError(f"There is no folder {folder}: it is {kind}")
    spellings = [name, name.replace("-idx", ".idx")]
    files = [folder / f"{spelling}{ending}" for ending in (".gz", "") for spelling in spellings]
    inside = [path / file.name for path in files if path.is_dir() for file in files]
    found = [path for path in files + inside if path.exists() and not path.is_dir()]
    if not found:
        raise FileNotFoundError(f"There is neither {name}.gz nor {name} in {folder}")
    return found


def _read_best(folder, name):
    """Path, array and checksum of one of the four files: of a good copy, if there is one."""
    found, first_error = [], None
    for path in find(folder, name):
        try:
            array, digest = _read(path, name)
        except (OSError, IdxError) as error:
            first_error = first_error or error
            continue
        found.append((path, array, digest))
        if digest in {known[name] for known in SHA256.values()}:
            return found[-1]
    if not found:
        raise first_error
    return found[0]


def _read(path, name):
    """Return a file's array and the SHA-256 of its uncompressed content."""
    content = read_content(path)
    array = parse_idx(content, file=path)
    wanted = (28, 28) if "images" in name else ()
    if array.dtype != np.uint8 or array.ndim != 1 + len(wanted) or array.shape[1:] != wanted:
        kind = "images of 28x28 uint8" if wanted else "one uint8 label per image"
        raise IdxError(path, f"an array of shape {array.shape} and type {array.dtype}", kind)
    if not wanted and (outside := np.flatnonzero(array > 9)).size:
        first = outside[0]
        raise IdxError(path, f"label {array[first]} at position {first}", "labels from 0 to 9")
    return array, hashlib.sha256(content).hexdigest()


def _guess_source(digests):
    known = SHA256["sample"]
    return "sample" if any(digest == known[n] for n, digest in digests.items()) else "full"


def _count_problems(arrays, paths):
    """Return an error for each file of a pair whose images and labels differ in number."""
    problems = {}
    for labels, images in PARTNERS.items():
        if labels in arrays and images in arrays and len(arrays[labels]) != len(arrays[images]):
            for name, other in ((labels, images), (images, labels)):
                what, partner = name.split("-")[1], other.split("-")[1]
                problems[name] = IdxError(
                    paths[name],
                    f"{len(arrays[name]):,} {what}",
                    f"as many as there are {partner} in {paths[other].name}: "
                    f"{len(arrays[other]):,}",
                )
    return problems
