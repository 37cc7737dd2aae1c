"""Train a network of the course by its recipe, and write down how it was made.

The test images are looked at once, at the end.
"""

import dataclasses
from pathlib import Path

import numpy as np

from helpers import (
    architectures,
    arguments,
    calibration,
    files,
    mnist,
    nonsense,
    training_record,
)
from helpers.recipes.recipe import RECIPES, Recipe
from helpers.threads import check_threads
from helpers.training import fit


class Interrupted(Exception):
    """Training was stopped before its end."""


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
    OSError
        If nothing can be written there.
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
    threads = check_threads(threads, net)
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
    stem = output / (name if kind == "best" else f"{name}_{kind}")
    files.require_writable(stem.with_suffix(".npz"))  # now, not after the training
    return stem


def _calibrate(net, validation):
    temperature = calibration.fit_temperature(
        net.predict_logits(validation.images), validation.labels
    )
    calibration.apply_temperature(net, temperature)
    return round(temperature, 5)


def _fit(net, recipe, digits, seed, threads, checkpoint, progress):
    # Made from the seed alone, so that a resumed training sees the same.
    train = nonsense.added_to(digits.train, recipe.nonsense, np.random.default_rng([seed, 2]))
    history = fit(
        net,
        train,
        validation=digits.validation,
        optimizer=recipe.optimizer(),
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        rng=np.random.default_rng([seed, 1]),  # not the numbers that the weights came from
        schedule=recipe.schedule,
        augment=recipe.augment,
        checkpoint=checkpoint,
        threads=threads,
        progress=progress,
    )
    if history.stopped == "interrupted":
        kept = ""
        if checkpoint is not None and checkpoint.exists():
            kept = "; the same command goes on from the last whole epoch"
        raise Interrupted(f"stopped in epoch {history.epochs} of {recipe.epochs}{kept}")
    return history
