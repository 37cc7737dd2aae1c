"""The record beside trained weights: what is loaded is what it describes."""

import hashlib
import json

import numpy as np
import pytest

from helpers import architectures, environment, training_record
from helpers.calibration import calibration_error
from helpers.losses import softmax
from helpers.network import WeightsError


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """A folder of networks with one in it, in place of the course's own."""
    net = architectures.make("tiny_cnn", seed=8)
    training_record.write(net, {"network": "tiny_cnn"}, tmp_path / "tiny_cnn")
    monkeypatch.setattr(architectures, "NETWORKS", tmp_path)
    return tmp_path, net


@pytest.fixture
def stored_apart(stored):
    """The same as it was written once: no record in the weights file."""
    folder, net = stored
    net.save(folder / "tiny_cnn.npz")
    record = {"network": "tiny_cnn", "weights sha256": sha256(folder / "tiny_cnn.npz")}
    (folder / "tiny_cnn.json").write_text(json.dumps(record), encoding="utf-8")
    return stored


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rewrite(folder, change):
    path = folder / "tiny_cnn.json"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def test_weights_that_fit_their_record_are_loaded(stored):
    folder, net = stored
    loaded = architectures.pretrained("tiny_cnn")
    for ours, theirs in zip(net.parameters, loaded.parameters, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert architectures.best_pretrained().parameter_count == net.parameter_count
    record = json.loads((folder / "tiny_cnn.json").read_text(encoding="utf-8"))
    weights = (folder / "tiny_cnn.npz").read_bytes()
    assert record["weights sha256"] == hashlib.sha256(weights).hexdigest()


def other_weights(folder):
    architectures.make("tiny_cnn", seed=9).save(folder / "tiny_cnn.npz")


def one_bit(folder):
    data = bytearray((folder / "tiny_cnn.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "tiny_cnn.npz").write_bytes(data)


DAMAGE = {
    "no record": (lambda folder: (folder / "tiny_cnn.json").unlink(), "tiny_cnn.npz lacks .*json"),
    "no JSON": (lambda folder: rewrite(folder, lambda text: text[:-9]), "json is no record"),
    "no object": (lambda folder: rewrite(folder, lambda text: "[1, 2]"), "json is no record"),
    "no text": (
        lambda folder: (folder / "tiny_cnn.json").write_bytes(b"\xff\xfe\x00"),
        "json is no record",
    ),
    "no checksum": (
        lambda folder: rewrite(folder, lambda text: text.replace("sha256", "sum")),
        "json is no record.*weights sha256",
    ),
    "another network": (
        lambda folder: rewrite(folder, lambda text: text.replace("tiny_cnn", "mlp")),
        "record of mlp, not of tiny_cnn",
    ),
    "nested JSON": (
        lambda folder: rewrite(folder, lambda text: "[" * 100_000 + "]" * 100_000),
        "json is no record.*nested too deep",
    ),
    "other weights": (other_weights, "npz is damaged, or from another training"),
    "a bit turned": (one_bit, "npz is .*damaged"),
    "no weights": (lambda folder: (folder / "tiny_cnn.npz").write_bytes(b""), "npz is .*damaged"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_anything_else_is_named(stored_apart, damage):
    do, message = DAMAGE[damage]
    folder, _ = stored_apart
    do(folder)
    expect_named(folder, message)


@pytest.mark.parametrize("damage", ["a bit turned", "no weights"])
def test_damage_is_named_where_the_record_is_inside(stored, damage):
    do, message = DAMAGE[damage]
    folder, _ = stored
    do(folder)
    expect_named(folder, message)


def test_weights_of_another_network_are_named(stored):
    folder, net = stored
    net.save(folder / "tiny_cnn.npz", {"network": "mlp"})
    expect_named(folder, "record of mlp, not of tiny_cnn")


def test_a_kill_between_the_two_files_loses_nothing(stored, monkeypatch):
    """A second training is killed when its weights are there and their .json is not yet."""
    folder, _ = stored
    again = architectures.make("tiny_cnn", seed=9)

    def killed(_path):
        raise KeyboardInterrupt

    monkeypatch.setattr(training_record.files, "replacing", killed)
    with pytest.raises(KeyboardInterrupt):
        training_record.write(again, {"network": "tiny_cnn"}, folder / "tiny_cnn")
    loaded = architectures.pretrained("tiny_cnn")
    np.testing.assert_array_equal(loaded.parameters[0], again.parameters[0])


def expect_named(folder, message):
    with pytest.raises(WeightsError, match=message) as error:
        architectures.pretrained("tiny_cnn")
    text = str(error.value)
    assert str(folder / "tiny_cnn") in text, "names the file"
    assert "fetch tiny_cnn.npz and tiny_cnn.json again" in text, "says what to do"
    assert "helpers.recipes train tiny_cnn" in text
    finding = environment.trained_network()
    assert finding.text == "cannot be used"
    assert "tiny_cnn" in finding.advice


def test_a_network_that_is_not_there_is_named_as_before(stored):
    with pytest.raises(FileNotFoundError, match=r"no trained weights of mlp .*there: tiny_cnn"):
        architectures.pretrained("mlp")


def test_the_calibration_error_is_recorded(digits_sample):
    net, test = architectures.make("mlp", seed=1), digits_sample.test
    found = training_record.figures(net, test)["calibration error"]
    probabilities = softmax(net.forward(test.images).astype(np.float64))
    assert found == pytest.approx(calibration_error(probabilities, test.labels), abs=6e-6)
    assert 0 < found < 1
