"""Made-up nonsense and letters: the form of MNIST, the same for the same seed, and no digits."""

import dataclasses

import numpy as np
import pytest

from helpers import handwriting, nonsense, recipes
from helpers.images import strokes_to_mnist
from helpers.letters import LETTERS, letters
from helpers.losses import NO_CLASS
from helpers.recipes import RECIPES, train

QUICK = {"source": "sample", "progress": False, "test": False}


@pytest.fixture(scope="module")
def made():
    return {
        kind: nonsense.pictures(60, np.random.default_rng(5), [kind]) for kind in nonsense.KINDS
    }


@pytest.mark.parametrize("kind", nonsense.KINDS)
def test_every_kind_has_the_form_of_mnist(made, kind):
    pictures = made[kind]
    assert pictures.shape == (60, 1, 28, 28) and pictures.dtype == np.float32
    assert np.isfinite(pictures).all()
    assert pictures.min() >= 0 and pictures.max() <= 1
    different = len(np.unique(pictures.reshape(60, -1), axis=0))
    assert different >= (30 if kind == "blank" else 58)


@pytest.mark.parametrize("kind", ["scribbles", "signs", "figures"])
def test_what_is_drawn_has_a_digit_s_place_and_size(made, kind):
    for picture in made[kind][:, 0]:
        rows, columns = (np.flatnonzero(picture.any(axis=axis)) for axis in (1, 0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 <= 20
        assert picture.max() == 1
        centre = np.average(np.arange(28), weights=picture.sum(axis=1))
        assert abs(centre - 14) <= 1 or rows[0] == 0 or rows[-1] == 27


def test_an_empty_canvas_is_among_them(made):
    assert sum(not picture.any() for picture in made["blank"]) >= 5


def test_kinds_take_turns():
    rng = np.random.default_rng(0)
    mixed = nonsense.pictures(6, rng, ["blank", "textures", "textures"])
    alone = np.random.default_rng(0)
    for picture, kind in zip(mixed, ["blank", "textures", "textures"] * 2, strict=True):
        np.testing.assert_array_equal(picture, nonsense.pictures(1, alone, [kind])[0])
    assert len(nonsense.pictures(0, rng)) == 0


def test_the_same_seed_makes_the_same():
    first, again, other = (nonsense.pictures(40, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, None, ["poems"]), r"some of noise, .*, not \['poems'\]"),
        ((5, None, []), r"some of noise, .*, not \(\)"),
        ((-1, None), "count must be a whole number of at least 0, not -1"),
        ((1.5, None), "count must be a whole number of at least 0, not 1.5"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        nonsense.pictures(*arguments)


# --- strokes ------------------------------------------------------------------------------------


def test_any_shape_is_written_as_digits_are():
    strokes = handwriting.by_hand([[(0, 0), (0.5, 1)], [(0, 1), (0.5, 0)]])
    np.testing.assert_allclose(strokes[0][[0, -1]], [(0, 0), (0.5, 1)])
    np.testing.assert_allclose(strokes[1][[0, -1]], [(0, 1), (0.5, 0)])


def test_a_wider_pen_leaves_more_ink():
    strokes = [100 * stroke for stroke in handwriting.write(4)]
    ink = [strokes_to_mnist(strokes, width).sum() for width in (1.5, 2.25, 3)]
    assert ink[0] < 0.8 * ink[1] < 0.8 * 0.9 * ink[2]
    np.testing.assert_array_equal(strokes_to_mnist(strokes), strokes_to_mnist(strokes, 2.25))


# --- letters ------------------------------------------------------------------------------------


def test_letters_have_the_form_of_mnist():
    images, written = letters(52, np.random.default_rng(0))
    assert images.shape == (52, 1, 28, 28) and images.dtype == np.float32
    assert "".join(written) == LETTERS * 4
    assert images.min() >= 0 and (images.max(axis=(1, 2, 3)) == 1).all()
    again, _ = letters(52, np.random.default_rng(0))
    np.testing.assert_array_equal(images, again)
    assert not np.array_equal(images[0], images[13])


# --- in training --------------------------------------------------------------------------------


def test_nonsense_is_added_behind_the_digits(digits_sample):
    def made(share, seed=3):
        return nonsense.added_to(digits, share, np.random.default_rng(seed))

    digits = digits_sample.train
    both = made(0.1)
    assert len(both) == 3960
    np.testing.assert_array_equal(both.images[:3600], digits.images)
    np.testing.assert_array_equal(both.labels[:3600], digits.labels)
    assert (both.labels[3600:] == NO_CLASS).all()
    assert both.images.dtype == np.float32 and both.labels.dtype == np.int64
    np.testing.assert_array_equal(made(0.1).images, both.images)
    assert not np.array_equal(made(0.1, seed=4).images, both.images)
    assert made(0.0) is digits


def test_records_of_recipes_without_nonsense_stay_as_they_were():
    assert not {"nonsense", "calibrate"} & set(RECIPES["small_cnn"]["known"].settings())
    settings = dataclasses.replace(RECIPES["mlp"]["known"], nonsense=0.2, calibrate=True).settings()
    assert settings["nonsense"] == 0.2
    assert settings["calibrate"] is True


@pytest.mark.parametrize("bad", [-0.1, np.inf, np.nan])
def test_a_share_that_is_none_is_named(bad):
    with pytest.raises(ValueError, match="nonsense must be a share of at least 0"):
        dataclasses.replace(RECIPES["mlp"]["known"], nonsense=bad)


@pytest.fixture(scope="module")
def trained():
    """Three networks: as ever, with nonsense, and with nonsense and a temperature."""
    plain = dataclasses.replace(RECIPES["mlp"]["known"], epochs=4)
    taught = dataclasses.replace(plain, nonsense=0.2)
    cooled = dataclasses.replace(taught, calibrate=True)
    return [train("mlp", recipe=recipe, **QUICK) for recipe in (plain, taught, cooled)]


def test_a_network_that_was_taught_is_less_sure_of_nonsense(trained):
    pictures = nonsense.pictures(400, np.random.default_rng(99))
    (plain, record), (taught, with_nonsense), _ = trained
    sure = [(net.predict_proba(pictures).max(axis=1) > 0.9).mean() for net in (plain, taught)]
    assert sure[0] > 10 * sure[1]
    assert sure[0] > 0.1
    gap = record["validation"]["accuracy"] - with_nonsense["validation"]["accuracy"]
    assert abs(gap) < 0.05


def test_the_record_tells_of_both(trained):
    (_, plain), (_, taught), (_, cooled) = trained
    assert "nonsense" not in plain["recipe"] and "temperature" not in plain
    assert taught["recipe"]["nonsense"] == 0.2 and "temperature" not in taught
    assert cooled["recipe"]["calibrate"] is True and 0.1 < cooled["temperature"] < 10
    assert taught["data"]["training images"] == 3600
    assert taught["validation"]["loss"] >= cooled["validation"]["loss"]


def test_a_temperature_changes_no_prediction(trained, digits_sample):
    (_, _), (taught, _), (cooled, record) = trained
    images = digits_sample.test.images
    np.testing.assert_allclose(
        taught.predict_logits(images) / record["temperature"],
        cooled.predict_logits(images),
        rtol=1e-3,
        atol=1e-4,
    )
    np.testing.assert_array_equal(taught.predict(images), cooled.predict(images))


def test_an_interrupted_training_sees_the_same_nonsense_again(tmp_path, interrupt_after):
    """Ctrl+C in the second epoch; the same call then ends at the weights of an unbroken run."""
    recipe = dataclasses.replace(
        RECIPES["mlp"]["best"], epochs=2, nonsense=0.1, images=1000, calibrate=True
    )
    whole, _ = train("mlp", recipe=recipe, **QUICK)
    with interrupt_after(12), pytest.raises(recipes.Interrupted, match="stopped in epoch 2 of 2"):
        train("mlp", recipe=recipe, output=tmp_path, **QUICK)
    resumed, _ = train("mlp", recipe=recipe, output=tmp_path, **QUICK)
    for ours, theirs in zip(whole.parameters, resumed.parameters, strict=True):
        np.testing.assert_array_equal(ours, theirs)
