"""How often a network is certain of a digit where there is none, and whether it is calibrated.

Run it as::

    uv run python -m bench.nonsense                       # the stored networks
    uv run python -m bench.nonsense small_cnn my_net.npz --drawn PATH_TO/pendigits_1000.json

Pictures that are no digits come from `helpers.nonsense` with a seed that no training uses, and
letters, of which no training knows, from `helpers.letters`. Digits stand beside them: a network
that is certain of nothing would be of no use. It prints a table in Markdown.
"""

import argparse
from pathlib import Path

import numpy as np

from bench.drawings import read
from helpers import architectures, mnist, nonsense
from helpers.calibration import calibration_error
from helpers.images import strokes_to_mnist
from helpers.letters import letters
from helpers.network import Sequential

SEED = [2026, 11]  # training takes [seed, 2]
CERTAIN, SURE = 0.99, 0.9


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.nonsense", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "networks", nargs="*", help="names, or .npz files; default: all in data/networks"
    )
    parser.add_argument("--drawn", type=Path, help="a JSON file of drawings, as for bench.drawn")
    parser.add_argument("--count", type=int, default=2000, help="pictures of a kind; default: 2000")
    options = parser.parse_args()
    names = options.networks or [
        name for name in architectures.NAMES if (architectures.NETWORKS / f"{name}.npz").exists()
    ]
    try:
        networks = dict(zip(column_names(names), map(load, names), strict=True))
        drawn = None if options.drawn is None else drawings(options.drawn)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    digits = {"test digits": mnist.load(verbose=False).test}
    if drawn is not None:
        digits["drawn digits"] = drawn
    print("\n".join(report(networks, pictures(options.count), digits)))


def column_names(names):
    """The names without folders and endings; in full where two would be the same."""
    stems = [Path(name).stem for name in names]
    return [s if stems.count(s) == 1 else name for s, name in zip(stems, names, strict=True)]


def load(name):
    """A network of the course by its name, or any from a file."""
    return Sequential.load(name) if name.endswith(".npz") else architectures.pretrained(name)


def drawings(path):
    """Drawings by people in the form of MNIST, with their labels."""
    drawn = read(path)
    images = [strokes_to_mnist([280 * np.array(s) for s in d["strokes"]]) for d in drawn]
    return mnist.Split(np.array(images)[:, None], np.array([d["label"] for d in drawn]))


def pictures(count):
    """Pictures that are no digits, by kind, the same at every call."""
    rng = np.random.default_rng(SEED)
    made = {kind: nonsense.pictures(count, rng, [kind]) for kind in nonsense.KINDS}
    made["letters (never seen)"] = letters(count, rng)[0]
    made["an empty canvas"] = np.zeros((1, 1, 28, 28), np.float32)
    return made


def report(networks, made, digits):
    """The lines of a table: a column for each network.

    Parameters
    ----------
    networks : dict of str to helpers.network.Sequential
    made : dict of str to ndarray of shape (N, 1, 28, 28)
        Pictures that are no digits, by kind.
    digits : dict of str to helpers.mnist.Split

    Returns
    -------
    list of str
    """
    rows = [["sure by 99 % (90 %) or more, %", *networks], ["---"] * (1 + len(networks))]
    for kind, images in made.items():
        rows.append([f"{len(images):,} {kind}" if len(images) > 1 else kind])
        rows[-1] += [how_sure(net.predict_proba(images)) for net in networks.values()]
    for kind, split in digits.items():
        answers = [net.predict_proba(split.images) for net in networks.values()]
        rows.append([f"{len(split):,} {kind}", *map(how_sure, answers)])
        right = [(p.argmax(axis=1) == split.labels).mean() for p in answers]
        rows.append([f"{kind}, read right, %", *(f"{100 * share:.2f}" for share in right)])
        errors = [calibration_error(p, split.labels) for p in answers]
        rows.append([f"{kind}, calibration error, %", *(f"{100 * e:.2f}" for e in errors)])
    return [f"| {' | '.join(row)} |" for row in rows]


def how_sure(probabilities):
    """The shares of which a network is certain, and sure; of a single picture, how sure."""
    surest = probabilities.max(axis=1)
    if len(surest) == 1:
        return f"{surest[0]:.0%} sure"
    certain, sure = ((surest >= level).mean() for level in (CERTAIN, SURE))
    return f"{100 * certain:.1f} ({100 * sure:.1f})"


if __name__ == "__main__":
    main()
