"""Weight files: what is saved comes back, and what is damaged says so and changes nothing."""

import json
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_network import images, make_net

from helpers import architectures, files
from helpers.layers import Conv2D, Dense, Flatten, Layer, MaxPool2D
from helpers.network import Sequential, WeightsError
from helpers.weight_files import WeightFile


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


# ---- networks that must not be made, and values that must not be written


def described(layers, input_shape=(1, 28, 28), **arrays):
    """A weights file with a description of one's own."""

    def write(path):
        with path.open("wb") as file:
            text = json.dumps({"input_shape": input_shape, "layers": layers})
            np.savez_compressed(file, architecture=text, **arrays)

    return write


def layer(kind, **config):
    return {"layer": kind, "config": config}


def dense(index, inputs, outputs):
    return {
        f"{index}.weight": np.zeros((inputs, outputs), np.float32),
        f"{index}.bias": np.zeros(outputs, np.float32),
    }


def norm(**changed):
    arrays = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), np.ones(3, np.float32))
    return {f"1.{name}": value for name, value in (arrays | changed).items()}


FLATTEN, DENSE = layer("Flatten"), layer("Dense", inputs=784, outputs=3)
NOT_TO_BE_MADE = {
    "gigabytes of weights": (
        described([layer("Dense", inputs=10**5, outputs=10**5)], (10**5,)),
        "lacks the array 0.weight",
    ),
    "gigabytes beside a small array": (
        described([layer("Dense", inputs=10**5, outputs=10**5)], (10**5,), **dense(0, 2, 2)),
        "0.weight of Dense has shape",
    ),
    "more layers than any network": (described([FLATTEN] * 10_000), "10000 layers"),
    "a number beyond all numbers": (
        described([layer("Conv2D", channels=1, filters=10**400, kernel_size=1)]),
        "unreadable architecture|holds no network|lacks the array",
    ),
    "an activation of gigabytes": (
        described([layer("MaxPool2D", pool_size=1)], (1, 10**5, 10**5)),
        "cannot run: .*would make",
    ),
    "padding of gigabytes": (
        described(
            [layer("Conv2D", channels=1, filters=1, kernel_size=1, padding=10**6)],
            **{"0.weight": np.zeros((1, 1, 1, 1), np.float32), "0.bias": np.zeros(1, np.float32)},
        ),
        "cannot run: .*would make",
    ),
    "shapes that do not chain": (
        described([FLATTEN, layer("Dense", inputs=700, outputs=3)], **dense(1, 700, 3)),
        "cannot run: .*takes shape .700",
    ),
    "batch norm of other features": (
        described([FLATTEN, layer("BatchNorm", features=3)], **norm()),
        "cannot run: .*takes 3 features",
    ),
    "negative variance": (
        described(
            [FLATTEN, layer("BatchNorm", features=3)],
            (3,),
            **norm(running_var=np.array([1, -1, 1], np.float32)),
        ),
        "1.running_var of BatchNorm.* no variances",
    ),
    "no shape": (described([FLATTEN], "shape"), "unreadable architecture"),
    "a shape of nothing": (described([FLATTEN], (0, 28)), "unreadable architecture"),
    "settings that are none": (described([layer("Dropout", rate="much")]), "unreadable arch"),
    "settings of another layer": (described([layer("Flatten", rate=1)]), "unreadable arch"),
    "a generator": (described([layer("Dropout", rate=0.5, rng=1)]), "unreadable architecture"),
    "layers that are no list": (described({"a": 1}), "unreadable architecture"),
    "JSON nested deep": (
        lambda path: files.write_npz(path, {"architecture": "[" * 10**5}),
        "nested too deep",
    ),
    "half precision": (
        described(
            [FLATTEN, DENSE],
            **{name: value.astype("f2") for name, value in dense(1, 784, 3).items()},
        ),
        "holds float16, not float32 or float64",
    ),
    "an array of gigabytes under another name": (
        described([FLATTEN], more=np.zeros(2**25 + 1, np.float32)),
        "its arrays take",
    ),
}


@pytest.mark.parametrize("kind", NOT_TO_BE_MADE)
def test_a_network_that_must_not_be_made_is_named_soon(tmp_path, kind):
    write, message = NOT_TO_BE_MADE[kind]
    path = tmp_path / "net.npz"
    write(path)
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError, match=message) as caught:
            Sequential.load(path)
        assert tracemalloc.get_traced_memory()[1] < 2**27
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < 2
    assert "net.npz" in str(caught.value) and len(str(caught.value)) < 1000


class Doubled(Layer):
    """A layer of one's own."""

    def _forward(self, x, training):
        return 2 * x


def test_a_layer_of_ones_own_is_saved_and_loaded_into_a_network_that_has_it(tmp_path):
    net = Sequential([Flatten(), Doubled(), Dense(784, 10, rng=1)])
    net.save(tmp_path / "net.npz")
    with pytest.raises(WeightsError, match="'Doubled'.*Make the network yourself.*load_weights"):
        Sequential.load(tmp_path / "net.npz")
    again = Sequential([Flatten(), Doubled(), Dense(784, 10, rng=2)])
    again.load_weights(tmp_path / "net.npz")
    np.testing.assert_array_equal(again.parameters[0], net.parameters[0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["5.weight", "2.running_var"])
def test_what_is_not_finite_is_not_saved(saved, name, value):
    before, net = saved.read_bytes(), make_net(seed=5)
    index, key = name.split(".")
    layer = net.layers[int(index)]
    (layer.params[key] if key in layer.params else getattr(layer, key)).flat[3] = value
    message = f"net.npz was not written: {name} of .* NaN or infinity.*smaller learning rate"
    with pytest.raises(WeightsError, match=message):
        net.save(saved)
    assert saved.read_bytes() == before and list(saved.parent.iterdir()) == [saved]


def test_what_could_not_be_loaded_is_not_saved(tmp_path):
    net = Sequential([Dense(20, 10)])
    with pytest.raises(WeightsError, match="cannot run: .*takes shape .20.*input_shape"):
        net.save(tmp_path / "net.npz")
    Sequential([Dense(20, 10)], input_shape=(20,)).save(tmp_path / "net.npz")
    assert Sequential.load(tmp_path / "net.npz").parameter_count == 210


def test_a_file_decides_neither_byte_order_nor_the_dtype_of_a_network(saved, tmp_path):
    def other(arrays):
        arrays.update({n: v.astype(">f8") for n, v in arrays.items() if n != "architecture"})

    expected = make_net().get_state()
    rewritten(saved, other)
    net = make_net(seed=5)
    net.load_weights(saved)
    for found, dtype in ((net, np.float32), (Sequential.load(saved), np.float64)):
        for name, array in found.get_state().items():
            assert array.dtype == dtype and array.dtype.isnative
            np.testing.assert_array_equal(array, expected[name])


def test_numbers_too_large_for_the_network_are_named(saved):
    rewritten(saved, lambda a: a.update({"5.weight": np.full(a["5.weight"].shape, 1e300)}))
    net = make_net(seed=5)
    before = net.get_state()
    with pytest.raises(WeightsError, match="5.weight.*not numbers"):
        net.load_weights(saved)
    for name, array in net.get_state().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_record_is_kept_in_the_file(tmp_path):
    record = {"seed": 3, "words": "é"}
    make_net().save(tmp_path / "net.npz", record)
    with WeightFile(tmp_path / "net.npz") as file:
        assert file.record() == record
    assert repr(Sequential.load(tmp_path / "net.npz")) == repr(make_net())
    make_net(seed=5).load_weights(tmp_path / "net.npz")
    make_net().save(tmp_path / "net.npz")
    with WeightFile(tmp_path / "net.npz") as file:
        assert file.record() is None


# ---- any bytes, and any architecture

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**12) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
CONFIGS = st.dictionaries(
    st.sampled_from(
        ["inputs", "outputs", "channels", "filters", "kernel_size", "padding", "stride", "rate"]
        + ["pool_size", "features", "momentum", "epsilon", "l2", "rng", "self"]
    ),
    JSON_VALUES,
    max_size=5,
)
ENTRIES = st.builds(
    lambda kind, config: {"layer": kind, "config": config},
    st.sampled_from(["Dense", "Conv2D", "MaxPool2D", "ReLU", "Flatten", "Dropout", "BatchNorm"]),
    CONFIGS,
)


@example([{"layer": "ReLU", "config": {}}], [])
@given(JSON_VALUES | st.lists(ENTRIES | JSON_VALUES, max_size=4), st.lists(st.integers(-1, 10**6)))
@settings(max_examples=150, deadline=2000)
def test_any_description_is_a_network_or_an_error(tmp_path_factory, entries, input_shape):
    path = tmp_path_factory.getbasetemp() / "described.npz"
    described(entries, input_shape)(path)
    try:
        net = Sequential.load(path)
    except WeightsError as error:
        assert len(str(error)) < 1000
    else:
        net.forward(np.zeros((2, *net.input_shape), np.float32))


@given(st.binary(max_size=60), st.integers(0, 10**6))
@settings(max_examples=150, deadline=2000)
def test_any_damage_is_harmless_or_named(tmp_path_factory, noise, place):
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    make_net().save(path)
    whole = path.read_bytes()
    place %= len(whole)
    path.write_bytes(whole[:place] + noise + whole[place + len(noise) :])
    net = make_net(seed=5)
    before = net.get_state()
    try:
        net.load_weights(path)
        before = make_net().get_state()
    except WeightsError:
        pass
    for name, array in net.get_state().items():
        np.testing.assert_array_equal(array, before[name])
