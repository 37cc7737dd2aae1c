"""How each network of the course is trained, and the command that does it.

    python -m helpers.recipes train small_cnn --seed 0
    python -m helpers.recipes list

A network has up to four recipes: "known", with which others reached what is known of it; "best",
ours; "fast", for a classroom; and "sample", for the 5,000 digits that come with the course. What is
in ours was chosen on validation images; `train` looks at the test images once, at the end.
"""

import dataclasses
import functools
from pathlib import Path

import numpy as np

import helpers.training
from helpers import (
    architectures,
    arguments,
    calibration,
    mnist,
    nonsense,
    replicas,
    training_record,
)
from helpers.augmentation import Augmentation
from helpers.averaging import Averaged, recompute_statistics
from helpers.optimizers import SGD, Adam
from helpers.schedules import one_cycle

__all__ = ["KINDS", "RECIPES", "Interrupted", "Recipe", "train"]

KINDS = ("best", "known", "fast", "sample")


class Interrupted(Exception):
    """Training was stopped before its end."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    optimizer : callable
        Makes a new optimizer.
    epochs, batch_size : int
    schedule, augment, label_smoothing
        As for `helpers.training.fit`.
    average : float or None
        Decay of an average of the weights, see `helpers.averaging.Averaged`.
    validation_share : float
        Share of the training images that are kept for validation, above 0.
    images : int or None
        Train on so many images only, the first in the file.
    sample : bool
        Train on the sample's training digits and validate on its test digits. The test images are
        still those of the source: none of them is in the sample of MNIST's training images.
    nonsense : float
        Pictures that are no digits (`helpers.nonsense`) are added to the training images, this
        share of their number: the network learns to be sure of none. At least 0.
    calibrate : bool
        Divide the logits, after training, by the temperature that suits the validation images.
    """

    optimizer: object
    epochs: int
    batch_size: int
    schedule: object = None
    augment: object = None
    label_smoothing: float = 0.0
    average: float | None = None
    validation_share: float = 0.1
    images: int | None = None
    sample: bool = False
    nonsense: float = 0.0
    calibrate: bool = False

    def __post_init__(self):
        if not 0 <= self.nonsense < np.inf:
            raise ValueError(f"nonsense must be a share of at least 0, not {self.nonsense!r}")

    def settings(self):
        """The settings as plain values and text."""
        plain = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for added in ("nonsense", "calibrate"):  # the records of older recipes are without
            if not plain[added]:
                del plain[added]
        return plain | {
            "optimizer": repr(self.optimizer()),
            "schedule": None if self.schedule is None else repr(self.schedule),
            "augment": None if self.augment is None else repr(self.augment),
        }


_ADAM = functools.partial(Adam, 0.001)
_SCHEDULE = one_cycle(warmup=0.15)
# Which suits was seen on validation images: networks without pooling, or with little room, cannot
# learn large shifts as well; much room and a long training can take more of everything.
_GENTLE = Augmentation(shift=1, rotation=8, scale=0.08, slant=0.15, elastic=0.7)
_WIDE = Augmentation(shift=1.5, rotation=10, scale=0.1, slant=0.15, elastic=0.4)
_FAR = Augmentation(shift=2, rotation=12, scale=0.13, slant=0.2, elastic=0.6)
_NARROW = Augmentation(shift=0.7, rotation=8, scale=0.08, slant=0.12, elastic=0.4)


def _best(epochs, augment, learning_rate=0.003, batch_size=128, **settings):
    optimizer = functools.partial(Adam, learning_rate)
    return Recipe(optimizer, epochs, batch_size, schedule=_SCHEDULE, augment=augment, **settings)


RECIPES = {
    "tiny_cnn": {
        "known": Recipe(functools.partial(SGD, 0.001), 3, 1, images=5000),
        "best": _best(25, _NARROW, learning_rate=0.01),
    },
    "mlp": {"known": Recipe(_ADAM, 10, 128), "best": _best(40, _GENTLE)},
    "small_cnn": {
        "known": Recipe(_ADAM, 10, 128, validation_share=0.2),
        "best": _best(20, _WIDE),
        "fast": _best(8, _WIDE),
    },
    "classic_cnn": {"known": Recipe(_ADAM, 10, 64), "best": _best(15, _WIDE)},
    "deep_cnn": {
        "known": Recipe(_ADAM, 10, 64),
        "best": _best(30, _WIDE),
        "fast": _best(5, _WIDE),
        "sample": _best(150, _WIDE, batch_size=64, sample=True),
    },
    "best_cnn": {"best": _best(36, _FAR, nonsense=0.03, calibrate=True)},
}


def train(
    name,
    seed=0,
    recipe="best",
    *,
    output=None,
    source="auto",
    epochs=None,
    threads=None,
    test=True,
    progress=True,
):
    """Train a network of the course by its recipe.

    Parameters
    ----------
    name : str
        One of `helpers.architectures.NAMES`.
    seed : int
        Draws the first weights, dropout, the order of the images, augmentation and nonsense. The
        same seed and number of threads give the same weights, to the bit.
    recipe : {"best", "known", "fast", "sample"} or Recipe
        Which of a network's in `RECIPES`, or one of your own.
    output : str or Path, optional
        A folder. The weights go there as NAME.npz and how they were made as NAME.json (NAME_known
        for the known recipe, and so on), and, while training lasts, a checkpoint after every epoch:
        the same call goes on from it. Without a folder nothing is written.
    source : {"auto", "full", "sample"}
        As for `helpers.mnist.load`.
    epochs : int, optional
        Instead of the recipe's.
    threads : int, optional
        As for `helpers.training.fit`.
    test : bool
        Look at the test images in the end. False while recipes are being chosen.
    progress : bool
        Show a bar with the time left, and a line for each epoch.

    Returns
    -------
    net : helpers.network.Sequential
    record : dict
        What the .json file holds: seed, recipe, data, versions, figures, seconds; the temperature,
        if the recipe has one fitted.

    Raises
    ------
    ValueError
        If there is no such network or recipe, or the checkpoint belongs to other settings.
    FileNotFoundError
        If `output` is no folder.
    Interrupted
        If training was stopped; the checkpoint of the last whole epoch is kept.
    """
    arguments.whole_number(seed, "seed", minimum=0)
    kind = recipe if isinstance(recipe, str) else "own"
    recipe = _recipe(name, recipe)
    if epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=epochs)
    stem = None if output is None else _stem(output, name, kind)
    digits = _digits(recipe, source, progress)
    net = architectures.make(name, seed)
    threads = replicas.check_threads(threads, net)
    checkpoint = stem and stem.with_name(f"{stem.name}_seed{seed}.checkpoint.npz")
    history = _fit(net, recipe, digits, seed, threads, checkpoint, progress)
    record = {
        "network": name,
        "recipe": {"name": kind} | recipe.settings(),
        "seed": seed,
        "threads": threads,
    } | training_record.describe(net, digits, history)
    if recipe.calibrate:
        record["temperature"] = _calibrate(net, digits.validation)
    for part in ("validation", "test") if test else ("validation",):
        record[part] = training_record.figures(net, getattr(digits, part))
    if stem is not None:
        training_record.write(net, record, stem)
        checkpoint.unlink(missing_ok=True)
    return net, record


def _recipe(name, recipe):
    if name not in RECIPES:
        raise ValueError(f"there is no recipe for {name!r}; there are {', '.join(RECIPES)}")
    if isinstance(recipe, Recipe):
        return recipe
    if recipe not in RECIPES[name]:
        there = " or ".join(RECIPES[name])
        raise ValueError(f"recipe of {name} must be {there}, or a Recipe, not {recipe!r}")
    return RECIPES[name][recipe]


def _digits(recipe, source, verbose):
    digits = mnist.load(source, validation_share=recipe.validation_share, verbose=verbose)
    if recipe.sample:
        sample = mnist.load("sample", validation_share=0, verbose=False)
        digits = dataclasses.replace(
            digits, train=sample.train, validation=sample.test, source="sample"
        )
    return dataclasses.replace(digits, train=digits.train[: recipe.images])


def _stem(output, name, kind):
    output = Path(output)
    if not output.is_dir():
        raise FileNotFoundError(f"there is no folder {output} to write to; make it first")
    return output / (name if kind == "best" else f"{name}_{kind}")


def _calibrate(net, validation):
    temperature = calibration.fit_temperature(
        net.predict_logits(validation.images), validation.labels
    )
    calibration.apply_temperature(net, temperature)
    return round(temperature, 5)


def _fit(net, recipe, digits, seed, threads, checkpoint, progress):
    optimizer = recipe.optimizer()
    if recipe.average is not None:
        optimizer = Averaged(optimizer, recipe.average)
    # Made from the seed alone, so that a resumed training sees the same.
    train = nonsense.added_to(digits.train, recipe.nonsense, np.random.default_rng([seed, 2]))
    history = helpers.training.fit(
        net,
        train,
        validation=digits.validation,
        optimizer=optimizer,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        rng=np.random.default_rng([seed, 1]),  # not the numbers that the weights came from
        schedule=recipe.schedule,
        augment=recipe.augment,
        label_smoothing=recipe.label_smoothing,
        checkpoint=checkpoint,
        threads=threads,
        progress=progress,
    )
    if history.stopped == "interrupted":
        kept = ""
        if checkpoint is not None and checkpoint.exists():
            kept = "; the same command goes on from the last whole epoch"
        raise Interrupted(f"stopped in epoch {history.epochs} of {recipe.epochs}{kept}")
    if recipe.average is not None:
        optimizer.copy_to(net)
        images = train.images[:10_000]
        if train is not digits.train:  # some of both in every batch, as in training
            chosen = np.random.default_rng([seed, 3]).permutation(len(train))[:10_000]
            images = train.images[chosen]
        recompute_statistics(net, images)
    return history


if __name__ == "__main__":
    from helpers.recipes_command import main

    raise SystemExit(main())
