"""Weight files: what is saved comes back, and what is damaged says so and changes nothing."""

import json
import zipfile

import numpy as np
import pytest
from test_network import images, make_net

from helpers import architectures
from helpers.layers import Conv2D, Dense, Flatten, MaxPool2D
from helpers.network import Sequential, WeightsError


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "net.npz"
    make_net().save(path)
    return path


def rewritten(path, change):
    """Save the file again with its dict of arrays changed."""
    with np.load(path) as file:
        arrays = dict(file)
    change(arrays)
    with path.open("wb") as file:
        np.savez(file, **arrays)
    return path


def architecture(change):
    """A change of the description of the network."""

    def apply(arrays):
        description = json.loads(str(arrays["architecture"]))
        arrays["architecture"] = json.dumps(change(description))

    return apply


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_comes_back_to_the_bit(tmp_path, dtype):
    net, x = make_net(dtype=dtype), images(4)
    net.save(tmp_path / "net.npz")
    again = Sequential.load(tmp_path / "net.npz")
    assert repr(again) == repr(net) and again.summary() == net.summary()
    assert again.input_shape == net.input_shape
    for name, array in net.get_state().items():
        found = again.get_state()[name]
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
    np.testing.assert_array_equal(again.forward(x), net.forward(x))
    np.testing.assert_array_equal(again.predict_proba(x), net.predict_proba(x))


@pytest.mark.parametrize("name", architectures.NAMES)
def test_the_networks_of_the_course_come_back(tmp_path, name):
    net = architectures.make(name, seed=3)
    net.save(str(tmp_path / name))
    assert (tmp_path / name).exists(), "no suffix is added behind one's back"
    again, other = Sequential.load(tmp_path / name), architectures.make(name, seed=4)
    other.load_weights(tmp_path / name)
    for key, array in net.get_state().items():
        np.testing.assert_array_equal(again.get_state()[key], array)
        np.testing.assert_array_equal(other.get_state()[key], array)


def test_every_setting_of_every_layer_comes_back(tmp_path):
    made = [
        Conv2D(1, 2, (3, 2), stride=(1, 2), padding=(2, 1)),
        MaxPool2D((3, 2), stride=(2, 1)),
        Flatten(),
        Dense(32, 3, l2=0.25),
    ]
    net = Sequential(made, (1, 8, 8))
    net.save(tmp_path / "net.npz")
    again = Sequential.load(tmp_path / "net.npz")
    assert [repr(layer) for layer in again.layers] == [repr(layer) for layer in net.layers]
    np.testing.assert_array_equal(
        again.forward(np.ones((1, 1, 8, 8))), net.forward(np.ones((1, 1, 8, 8)))
    )


def test_a_loaded_network_can_be_trained(saved):
    net = Sequential.load(saved)
    net.backward(np.ones_like(net.forward(images(2), training=True)))
    for param, grad in zip(net.parameters, net.gradients, strict=True):
        param -= 0.1 * grad


def test_a_file_holds_no_pickle(saved):
    with zipfile.ZipFile(saved) as file:
        assert all(name.endswith(".npy") for name in file.namelist())
    with np.load(saved, allow_pickle=False) as file:
        assert all(file[name].dtype.kind in "fU" for name in file.files)


def test_saving_replaces_an_older_file(saved):
    make_net(seed=5).save(saved)
    found = Sequential.load(saved).get_state()
    np.testing.assert_array_equal(found["0.weight"], make_net(seed=5).get_state()["0.weight"])


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=str)
def test_a_save_that_breaks_off_leaves_the_older_file(saved, monkeypatch, error):
    before = saved.read_bytes()

    def half(file, **arrays):
        file.write(b"PK half of a file")
        raise error

    monkeypatch.setattr(np, "savez_compressed", half)
    with pytest.raises(type(error)):
        make_net(seed=5).save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved], "nothing half-written lies about"


def test_saving_into_no_folder_names_the_path(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        make_net().save(tmp_path / "nowhere" / "net.npz")


def test_loading_what_is_not_there_names_the_path(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent.npz"):
        Sequential.load(tmp_path / "absent.npz")
    with pytest.raises(FileNotFoundError, match="absent.npz"):
        make_net().load_weights(tmp_path / "absent.npz")


def single_array(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def pickled(path):
    with path.open("wb") as file:
        np.savez(file, architecture=np.array([{"a": 1}], dtype=object))


def cut(share):
    return lambda path: path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def set_array(name, value):
    return lambda path: rewritten(path, lambda arrays: arrays.update({name: value}))


def drop(name):
    return lambda path: rewritten(path, lambda arrays: arrays.pop(name))


def nan_inside(path):
    def change(arrays):
        arrays["5.weight"][3, 2] = np.nan

    rewritten(path, change)


DAMAGED = {
    "empty": (lambda path: path.write_bytes(b""), "net.npz"),
    "no zip": (lambda path: path.write_text("hello " * 100, encoding="utf-8"), "net.npz"),
    "cut at a tenth": (cut(0.1), "net.npz"),
    "cut in the middle": (cut(0.5), "net.npz"),
    "cut at the end": (cut(0.999), "net.npz"),
    "a single array": (single_array, "net.npz"),
    "a pickle": (pickled, "net.npz"),
    "an array missing": (drop("5.weight"), "lacks.*5.weight.*Dense"),
    "a statistic missing": (drop("2.running_var"), "lacks.*2.running_var.*BatchNorm"),
    "an array of another shape": (
        set_array("5.weight", np.zeros((48, 7), np.float32)),
        r"5.weight.*Dense.*\(48, 6\).*\(48, 7\)",
    ),
    "an array too many": (set_array("9.weight", np.zeros(3, np.float32)), "9.weight"),
    "an array of integers": (set_array("0.bias", np.zeros(4, int)), "0.bias"),
    "an array of text": (set_array("0.bias", np.array(["a"] * 4)), "0.bias"),
    "NaN": (nan_inside, "5.weight.*not numbers"),
}
NO_NETWORK = {
    "no description": (drop("architecture"), "architecture"),
    "no JSON": (set_array("architecture", np.array("{")), "architecture"),
    "a number for a description": (set_array("architecture", np.float32(3)), "architecture"),
    "an unknown layer": (
        lambda path: rewritten(
            path, architecture(lambda d: d | {"layers": [{"layer": "LSTM", "config": {}}]})
        ),
        "LSTM",
    ),
    "a function for a layer": (
        lambda path: rewritten(
            path,
            architecture(
                lambda d: d | {"layers": [{"layer": "_pair", "config": {"value": 1, "name": "a"}}]}
            ),
        ),
        "architecture",
    ),
    "a setting out of range": (
        lambda path: rewritten(
            path,
            architecture(lambda d: d | {"layers": [{"layer": "Dropout", "config": {"rate": 2}}]}),
        ),
        "rate",
    ),
    "no layers": (
        lambda path: rewritten(path, architecture(lambda d: d | {"layers": []})),
        "at least one layer",
    ),
    "a list for a description": (
        lambda path: rewritten(path, architecture(lambda d: [1, 2])),
        "architecture",
    ),
}


@pytest.mark.parametrize(
    ("damage", "message"), [*DAMAGED.values(), *NO_NETWORK.values()], ids=[*DAMAGED, *NO_NETWORK]
)
def test_a_damaged_file_is_named_when_a_network_is_loaded(saved, damage, message):
    damage(saved)
    with pytest.raises(WeightsError, match=message) as caught:
        Sequential.load(saved)
    assert "net.npz" in str(caught.value)


@pytest.mark.parametrize(("damage", "message"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_named_and_changes_no_weight(saved, damage, message):
    damage(saved)
    net = make_net(seed=5)
    before = net.get_state()
    with pytest.raises(WeightsError, match=message) as caught:
        net.load_weights(saved)
    assert "net.npz" in str(caught.value)
    for name, array in net.get_state().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_flipped_byte_is_found_or_does_no_harm(saved):
    whole, expected = saved.read_bytes(), make_net().get_state()
    found = 0
    for place in range(0, len(whole), 7):
        data = bytearray(whole)
        data[place] ^= 0xFF
        saved.write_bytes(data)
        net = make_net(seed=5)
        before = net.get_state()
        try:
            net.load_weights(saved)
            wanted = expected
        except WeightsError:
            found, wanted = found + 1, before
        for name, array in net.get_state().items():
            np.testing.assert_array_equal(array, wanted[name])
    # What no checksum covers is dates and the like.
    assert found > len(whole) / 7 / 2


def test_weights_of_another_network_are_named(tmp_path):
    architectures.make("tiny_cnn").save(tmp_path / "tiny.npz")
    net = architectures.make("small_cnn")
    before = net.get_state()
    with pytest.raises(WeightsError, match=r"tiny.npz.*another network.*0.weight.*Conv2D"):
        net.load_weights(tmp_path / "tiny.npz")
    for name, array in net.get_state().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_folder_is_no_weights_file(tmp_path):
    with pytest.raises(WeightsError, match="no weights file"):
        Sequential.load(tmp_path)
