"""Recipes: each network trains by them, and what is written says how it was made."""

import hashlib
import json
import subprocess
import sys
import time

import numpy as np
import pytest

from helpers import architectures, metrics, recipes
from helpers.augmentation import Augmentation
from helpers.losses import softmax
from helpers.mnist import files as mnist_files
from helpers.network import Sequential
from helpers.optimizers import SGD, Adam
from helpers.recipes import RECIPES, Recipe, train
from helpers.recipes.__main__ import main
from helpers.schedules import one_cycle

QUICK = {"source": "sample", "progress": False}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The smallest network, by its best recipe cut to two epochs, on the sample."""
    folder = tmp_path_factory.mktemp("networks")
    net, record = train("mlp", seed=3, output=folder, epochs=2, **QUICK)
    return folder, net, record


def test_every_network_has_a_recipe_and_the_milestones_a_known_one():
    assert tuple(RECIPES) == architectures.NAMES
    for name, kinds in RECIPES.items():
        known = ("known",) if name in architectures.MILESTONES else ()
        assert tuple(kinds)[: len(known) + 1] == (*known, "best")


def test_the_known_recipes_are_the_published_ones():
    small = RECIPES["small_cnn"]["known"]
    assert repr(small.optimizer()) == "Adam(learning_rate=0.001)"
    assert (small.epochs, small.batch_size, small.validation_share) == (10, 128, 0.2)
    tiny = RECIPES["tiny_cnn"]["known"]
    assert repr(tiny.optimizer()) == "SGD(learning_rate=0.001)"
    assert (tiny.epochs, tiny.batch_size, tiny.images) == (3, 1, 5000)


def test_the_recipe_for_the_sample_trains_on_the_sample_alone():
    from dataclasses import replace

    recipe = RECIPES["deep_cnn"]["sample"]
    assert recipe.sample
    recipe = replace(recipe, images=None, epochs=1, augment=None)
    _, record = train("tiny_cnn", recipe=recipe, **QUICK)
    assert record["data"]["training images"] == 4000
    assert record["data"]["sha256"] == mnist_files.SHA256["sample"]
    assert record["validation"]["images"] == 1000


@pytest.mark.parametrize("name", architectures.NAMES)
def test_every_network_trains_by_its_best_recipe(name):
    """On few images, for the time: all settings pass through `fit`."""
    from dataclasses import replace

    recipe = replace(RECIPES[name]["best"], images=256, epochs=1)
    net, record = train(name, recipe=recipe, test=False, **QUICK)
    assert np.isfinite(record["validation"]["loss"])
    assert record["parameters"] == net.parameter_count
    assert record["data"]["training images"] == 256


def test_the_record_tells_how_the_weights_were_made(trained):
    folder, _, record = trained
    stored = json.loads((folder / "mlp.json").read_text(encoding="utf-8"))
    assert stored == record
    assert stored["network"] == "mlp"
    assert stored["seed"] == 3
    assert stored["threads"] >= 1
    assert stored["parameters"] == 101_770
    assert stored["recipe"]["name"] == "best"
    assert stored["recipe"]["epochs"] == 2
    assert "one_cycle" in stored["recipe"]["schedule"]
    assert "Augmentation" in stored["recipe"]["augment"]
    assert stored["data"]["source"] == "sample"
    assert stored["data"]["sha256"] == mnist_files.SHA256["sample"]
    assert stored["data"]["training images"] == 3600
    assert stored["versions"]["numpy"] == np.__version__
    assert 0 < stored["seconds"] < 600
    assert len(stored["validation by epoch"]) == 2
    weights = (folder / "mlp.npz").read_bytes()
    assert stored["weights sha256"] == hashlib.sha256(weights).hexdigest()
    assert len(weights) < 2_000_000


def test_the_written_weights_are_those_of_the_network(trained):
    folder, net, _ = trained
    loaded = Sequential.load(folder / "mlp.npz")
    for ours, theirs in zip(net.parameters, loaded.parameters, strict=True):
        assert theirs.dtype == np.float32
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("part", ["validation", "test"])
def test_the_figures_are_those_of_the_network(trained, digits_sample, part):
    _, net, record = trained
    split = getattr(digits_sample, part)
    probabilities = softmax(net.forward(split.images).astype(np.float64))
    predictions = probabilities.argmax(axis=1)
    figures = record[part]
    assert figures["images"] == len(split)
    assert figures["accuracy"] == (predictions == split.labels).mean() > 0.7
    loss = -np.log(probabilities[np.arange(len(split)), split.labels]).mean()
    assert figures["loss"] == pytest.approx(loss, abs=1e-5)
    report = metrics.classification_report(split.labels, predictions)
    for name in ("precision", "recall", "f1"):
        np.testing.assert_allclose(figures[name], getattr(report, name), atol=1e-4)


def test_no_checkpoint_is_left_behind(trained):
    folder, _, _ = trained
    assert sorted(path.name for path in folder.iterdir()) == ["mlp.json", "mlp.npz"]


def test_the_same_seed_gives_the_same_weights(trained):
    _, net, _ = trained
    again, _ = train("mlp", seed=3, epochs=2, **QUICK)
    other, _ = train("mlp", seed=4, epochs=2, **QUICK)
    for a, b, c in zip(net.parameters, again.parameters, other.parameters, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train("mlp", epochs=1, **QUICK)
    assert list(tmp_path.iterdir()) == []


def test_the_test_images_can_be_left_alone():
    _, record = train("mlp", epochs=1, test=False, **QUICK)
    assert "test" not in record
    assert "validation" in record


def test_the_known_recipe_does_not_take_the_place_of_the_best(tmp_path):
    train("mlp", recipe="known", output=tmp_path, epochs=1, **QUICK)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlp_known.json", "mlp_known.npz"]


def test_an_own_recipe():
    recipe = Recipe(
        lambda: Adam(0.003),
        epochs=2,
        batch_size=64,
        schedule=one_cycle(),
        augment=Augmentation(shift=1, elastic=0.5),
    )
    _, record = train("mlp", recipe=recipe, test=False, **QUICK)
    assert record["recipe"]["name"] == "own"
    assert record["validation"]["accuracy"] > 0.7


def test_the_known_recipe_of_tiny_cnn_reaches_what_is_known(digits_full):
    """85 to 88 % on the test images, with plain gradient descent on 5,000 images."""
    _, record = train("tiny_cnn", recipe="known", source="full", progress=False)
    assert record["test"]["accuracy"] >= 0.85
    assert record["recipe"]["optimizer"] == repr(SGD(0.001))


# --- stopped and resumed ------------------------------------------------------------------------


def test_an_interrupted_training_goes_on(trained, tmp_path, interrupt_after):
    """Ctrl+C in the second epoch; the same call then ends at the same weights."""
    _, net, _ = trained
    with (
        interrupt_after(40),
        pytest.raises(recipes.Interrupted, match="stopped in epoch 2 of 2; the same command"),
    ):
        train("mlp", seed=3, output=tmp_path, epochs=2, **QUICK)
    assert [path.name for path in tmp_path.iterdir()] == ["mlp_seed3.checkpoint.npz"]
    resumed, record = train("mlp", seed=3, output=tmp_path, epochs=2, **QUICK)
    for ours, theirs in zip(net.parameters, resumed.parameters, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(record["validation by epoch"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlp.json", "mlp.npz"]


def test_a_killed_command_goes_on_to_the_same_weights(tmp_path):
    """The command, killed as soon as it has a checkpoint, then given again."""
    command = [sys.executable, "-m", "helpers.recipes", "train", "mlp", "--epochs", "15"]
    command += ["--source", "sample", "--seed", "1", "--output", str(tmp_path)]
    checkpoint = tmp_path / "mlp_seed1.checkpoint.npz"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.wait(30)
    assert checkpoint.exists(), "it was over before it could be killed"
    assert not (tmp_path / "mlp.npz").exists()
    net, _ = train("mlp", seed=1, output=tmp_path, epochs=15, **QUICK)
    whole, _ = train("mlp", seed=1, epochs=15, **QUICK)
    for ours, theirs in zip(whole.parameters, net.parameters, strict=True):
        np.testing.assert_array_equal(ours, theirs)


# --- the command --------------------------------------------------------------------------------


def test_the_command_trains_and_tells(tmp_path, capsys):
    arguments = ["train", "mlp", "--source", "sample", "--epochs", "1", "--output", str(tmp_path)]
    assert main(arguments) == 0
    shown = capsys.readouterr()
    assert "mlp: 101,770 parameters, trained in" in shown.out
    record = json.loads((tmp_path / "mlp.json").read_text(encoding="utf-8"))
    for part in ("validation", "test"):
        assert f"{record[part]['accuracy']:.2%}" in shown.out
    assert "epoch 1/1" in shown.out + shown.err
    assert "images/s" in shown.out + shown.err


def test_the_command_lists_the_recipes(capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    for name in architectures.NAMES:
        assert f"{name} (best)" in shown
    for name in architectures.MILESTONES:
        assert f"{name} (known)" in shown
    assert "SGD(learning_rate=0.001)" in shown


def test_the_command_says_when_it_was_interrupted(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        recipes, "train", lambda *a, **k: (_ for _ in ()).throw(recipes.Interrupted("stopped"))
    )
    assert main(["train", "mlp", "--output", str(tmp_path)]) == 130
    assert "mlp: stopped" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "no/such/folder"], "there is no folder no"),
        (["--epochs", "0"], "epochs must be a whole number of at least 1, not 0"),
        (["--threads", "0"], "threads must be a whole number of at least 1, not 0"),
        (["--seed", "-1"], "seed"),
    ],
)
def test_the_command_names_what_is_wrong(tmp_path, capsys, arguments, message):
    start = ["train", "mlp", "--source", "sample", "--output", str(tmp_path)]
    assert main([*start, *arguments]) == 1
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_names_an_unknown_network(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["train", "huge_cnn"])
    assert stopped.value.code == 2
    assert "small_cnn" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "huge_cnn"}, "there is no recipe for 'huge_cnn'; there are tiny_cnn, mlp"),
        ({"name": "mlp", "recipe": "secret"}, "recipe of mlp must be known or best, or a Recipe"),
        ({"name": "mlp", "seed": -1}, "seed must be a whole number of at least 0, not -1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        train(**arguments, **QUICK)


# --- what is in data/networks -------------------------------------------------------------------

STORED = sorted(path.stem for path in architectures.NETWORKS.glob("*.npz"))


def test_there_is_a_trained_network():
    assert "small_cnn" in STORED


@pytest.mark.parametrize("name", STORED)
def test_stored_weights_are_small_and_come_with_their_record(name):
    path = architectures.NETWORKS / f"{name}.npz"
    assert path.stat().st_size < 2_000_000
    record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["weights sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert record["data"]["sha256"] == mnist_files.SHA256["full"]
    net = architectures.pretrained(name)
    assert record["parameters"] == net.parameter_count
    assert {value.dtype for value in net.parameters} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", STORED)
def test_stored_weights_reach_their_figures(name, digits_full):
    """The record's test accuracy is measured again; another processor may flip one image."""
    record = json.loads((architectures.NETWORKS / f"{name}.json").read_text(encoding="utf-8"))
    test = digits_full.test
    accuracy = (architectures.pretrained(name).predict(test.images) == test.labels).mean()
    assert accuracy == pytest.approx(record["test"]["accuracy"], abs=1.5e-4)
