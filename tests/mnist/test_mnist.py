"""Finding, checking and splitting MNIST."""

import gzip
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers import mnist
from helpers.mnist import __main__ as command
from helpers.mnist import download
from helpers.mnist import files as mnist_files
from helpers.mnist.files import NAMES, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from helpers.mnist.idx import IdxError, parse_idx, write_idx

SAMPLE = mnist_files.sample_folder()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of its own with data/sample/, and no MNIST_DIR."""
    shutil.copytree(SAMPLE, tmp_path / "data" / "sample")
    monkeypatch.setattr(mnist_files, "DATA", tmp_path / "data")
    monkeypatch.setattr(mnist_files, "CHECKOUT", tmp_path)
    monkeypatch.delenv("MNIST_DIR", raising=False)
    return tmp_path


@pytest.fixture
def folder(checkout, monkeypatch):
    """A folder with the sample's files, uncompressed, in MNIST_DIR."""
    folder = checkout / "mine"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(gzip.decompress((SAMPLE / f"{name}.gz").read_bytes()))
    monkeypatch.setenv("MNIST_DIR", str(folder))
    return folder


def parts(digits):
    return digits.train, digits.validation, digits.test


# ---- what is loaded


@pytest.mark.parametrize("which", ["sample", "full"])
def test_the_contract(which, request):
    digits = request.getfixturevalue(f"digits_{which}")
    assert digits.source == which
    sizes = {"sample": (3_600, 400, 1_000), "full": (54_000, 6_000, 10_000)}[which]
    assert tuple(map(len, parts(digits))) == sizes
    for split in parts(digits):
        assert split.images.shape == (len(split), 1, 28, 28)
        assert split.images.dtype == np.float32 and split.labels.dtype == np.int64
        assert split.images.flags.c_contiguous
        assert split.images.min() == 0 and split.images.max() == 1
        assert set(split.labels) == set(range(10))


def test_the_full_set_is_mnist(digits_full):
    # Known of MNIST: the number of each digit, the first test labels, mean and spread of the ink.
    train, validation, test = parts(digits_full)
    known = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert (np.bincount(train.labels) + np.bincount(validation.labels)).tolist() == known
    assert test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    images = np.concatenate([train.images, validation.images])
    assert images.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert images.std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)


def test_pixels_are_those_of_the_file(digits_sample):
    raw = gzip.decompress((SAMPLE / f"{TEST_IMAGES}.gz").read_bytes())
    pixels = np.frombuffer(raw[16:], dtype=np.uint8).reshape(1000, 28, 28)
    np.testing.assert_array_equal(np.rint(digits_sample.test.images[:, 0] * 255), pixels)


def test_the_sample_is_made_of_training_digits(digits_sample, digits_full):
    known = {}
    for split in (digits_full.train, digits_full.validation):
        known |= {i.tobytes(): label for i, label in zip(split.images, split.labels, strict=True)}
    assert len(known) == 60_000
    seen = set()
    for split in parts(digits_sample):
        for image, label in zip(split.images, split.labels, strict=True):
            assert known[image.tobytes()] == label
            seen.add(image.tobytes())
    assert len(seen) == 5_000


def test_the_sample_is_balanced_and_mixed(digits_sample):
    for split, each in zip(parts(digits_sample), (360, 40, 100), strict=True):
        assert np.bincount(split.labels).tolist() == [each] * 10
        # The first hundred of any part are a fair mixture: nobody has to shuffle before a slice.
        assert np.bincount(split.labels[:100], minlength=10).min() >= 2


# ---- the validation split


@pytest.mark.parametrize("share", [0.0, 0.1, 1 / 6, 0.2, 0.333, 0.9])
def test_validation_is_stratified_and_exact(share, digits_sample):
    everything = mnist.load("sample", validation_share=0, verbose=False).train
    digits = mnist.load("sample", validation_share=share, verbose=False)
    assert len(digits.validation) == round(share * 4000)
    counts = np.bincount(digits.validation.labels, minlength=10)
    assert counts.max() - counts.min() <= 1
    # Nothing lost, nothing twice.
    images = np.concatenate([digits.train.images, digits.validation.images])
    assert {i.tobytes() for i in images} == {i.tobytes() for i in everything.images}
    assert len(images) == len(everything)


def test_validation_of_unequal_classes(digits_full):
    train, validation = digits_full.train.labels, digits_full.validation.labels
    counts = np.bincount(train) + np.bincount(validation)
    np.testing.assert_array_less(np.abs(np.bincount(validation) - 0.1 * counts), 1)


def test_the_split_is_fixed_and_keeps_the_order():
    everything = mnist.load("sample", validation_share=0, verbose=False).train
    place = {image.tobytes(): i for i, image in enumerate(everything.images)}
    again = [mnist.load("sample", verbose=False) for _ in range(2)]
    for first, second in zip(*map(parts, again), strict=True):
        np.testing.assert_array_equal(first.images, second.images)
    for split in (again[0].train, again[0].validation):
        places = [place[image.tobytes()] for image in split.images]
        assert places == sorted(places)
        np.testing.assert_array_equal(everything.labels[places], split.labels)
    other = mnist.load("sample", seed=1, verbose=False)
    assert not np.array_equal(other.validation.images, again[0].validation.images)


def test_the_global_generator_is_left_alone():
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    mnist.load("sample", verbose=False)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("share", [-0.1, 1, 1.5, float("nan")])
def test_shares_that_make_no_sense(share):
    with pytest.raises(ValueError, match=f"from 0 to below 1; it is {share}"):
        mnist.load("sample", validation_share=share)


def test_unknown_source():
    with pytest.raises(ValueError, match="one of auto, full, sample; it is 'web'"):
        mnist.load("web")


# ---- Split


def test_arrays_are_read_only(digits_sample):
    for split in parts(digits_sample):
        with pytest.raises(ValueError, match="read-only"):
            split.images[0] = 0
        with pytest.raises(ValueError, match="read-only"):
            split.labels[:10] = 0
    images = digits_sample.train.images[:2].copy()
    images[:] = 0.5
    assert (images == 0.5).all()


def test_part_of_a_split(digits_sample):
    train = digits_sample.train
    first = train[:100]
    assert isinstance(first, mnist.Split) and len(first) == 100
    np.testing.assert_array_equal(first.labels, train.labels[:100])
    threes = train[train.labels == 3]
    assert len(threes) == 360 and set(threes.labels) == {3}
    image, label = train[7]
    assert label == train.labels[7]
    np.testing.assert_array_equal(image, train.images[7])
    assert [label for _, label in train[:5]] == train.labels[:5].tolist()
    assert repr(first) == "<Split of 100 images, 1 x 28 x 28>"


def test_a_split_needs_a_label_for_each_image():
    with pytest.raises(ValueError, match=r"images of shape \(3, 1, 28, 28\).*shape \(2,\)"):
        mnist.Split(np.zeros((3, 1, 28, 28)), np.zeros(2))
    with pytest.raises(ValueError, match="one label for each image"):
        mnist.Split(np.zeros((3, 1, 28, 28)), np.zeros((3, 10)))


# ---- where it is looked for


def test_it_says_what_it_took(checkout, capsys):
    mnist.load("sample")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "MNIST sample from data/sample: 3,600 training, 400 validation and 1,000 test images."
    )
    assert "mnist.fetch()" in lines[1] and "MNIST_DIR" in lines[1] and len(lines) == 2
    mnist.load("sample", verbose=False)
    assert capsys.readouterr() == ("", "")


def test_no_message_names_a_folder_of_this_machine(folder, capsys):
    mnist.load()
    mnist.load("sample")
    out = capsys.readouterr().out
    assert "from $MNIST_DIR: 3,600 training" in out and "from data/sample: 3,600 training" in out
    assert str(folder.parent) not in out


def test_mnist_dir_comes_first(folder):
    write_idx(folder.parent / "data" / "sample" / f"{TEST_LABELS}.gz", np.zeros(3, np.uint8))
    digits = mnist.load(verbose=False)  # does not look at the damaged data/sample
    assert digits.source == "sample" and len(digits.test) == 1000


@pytest.mark.parametrize("working_directory", [".", "notebooks"])
def test_a_relative_mnist_dir(folder, monkeypatch, working_directory):
    (folder.parent / "notebooks").mkdir()
    monkeypatch.chdir(folder.parent / working_directory)
    monkeypatch.setenv("MNIST_DIR", "mine")
    assert len(mnist.load(verbose=False).test) == 1000


def test_an_empty_mnist_dir_is_unset(monkeypatch):
    monkeypatch.setenv("MNIST_DIR", "")
    assert mnist_files.chosen_folder() is None


def test_the_sample_is_not_the_full_set(folder):
    with pytest.raises(IdxError, match=r"SHA-256 1e90.*expected ba89.* \(MNIST\)\. Put MNIST's"):
        mnist.load("full")


@pytest.mark.parametrize("source", ["auto", "full"])
def test_a_broken_mnist_dir_is_never_passed_over(folder, monkeypatch, source):
    monkeypatch.setenv("MNIST_DIR", str(folder / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere.*\$MNIST_DIR, or unset it"):
        mnist.load(source)
    assert mnist.load("sample", verbose=False).source == "sample"


def test_a_file_that_is_missing_or_a_folder(folder):
    (folder / TEST_LABELS).unlink()
    with pytest.raises(FileNotFoundError, match=f"neither {TEST_LABELS}.gz nor .* in .*mine"):
        mnist.load()
    (folder / TEST_LABELS).mkdir()
    with pytest.raises(OSError, match=f"{TEST_LABELS}.*Put MNIST's four original files"):
        mnist.load()


# ---- how people name files and folders


def test_dotted_names(folder):
    for name in NAMES:
        (folder / name).rename(folder / name.replace("-idx", ".idx"))
    assert len(mnist.load(verbose=False).test) == 1000


def test_files_in_folders_of_their_own_names(folder):
    for name in NAMES:
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        (folder / name).mkdir()
        (folder / name / name).write_bytes(content)
    assert len(mnist.load(verbose=False).test) == 1000


def test_a_folder_does_not_hide_a_file(folder):
    for name in NAMES:
        (folder / f"{name}.gz").mkdir()
    assert len(mnist.load(verbose=False).test) == 1000


@pytest.mark.parametrize("content", [b"", b"<html>", gzip.compress(bytes(100), mtime=0)[:30]])
def test_a_broken_copy_does_not_hide_a_good_one(folder, content):
    for name in NAMES:
        (folder / f"{name}.gz").write_bytes(content)
    assert len(mnist.load(verbose=False).test) == 1000
    (folder / TEST_LABELS).unlink()
    with pytest.raises(IdxError, match=f"{TEST_LABELS}.gz: found"):
        mnist.load(verbose=False)


@pytest.mark.parametrize("around", ["{} ", '"{}"', "'{}'", ' "{}" ', "{}\n"])
def test_blanks_and_quotes_around_the_name(folder, monkeypatch, around):
    monkeypatch.setenv("MNIST_DIR", around.format(folder))
    assert mnist_files.chosen_folder() == folder
    assert len(mnist.load(verbose=False).test) == 1000


def test_a_folder_whose_name_ends_in_a_quote(folder, monkeypatch):
    named = folder.rename(folder.with_name("it's'"))
    monkeypatch.setenv("MNIST_DIR", str(named))
    assert mnist_files.chosen_folder() == named


@pytest.mark.parametrize("value", [" ", '""', "' '"])
def test_nothing_between_quotes_is_nothing(checkout, monkeypatch, value):
    monkeypatch.setenv("MNIST_DIR", value)
    assert mnist_files.chosen_folder() is None


def test_the_home_of_nobody_known(checkout, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", "~no-such-user-as-this/mnist")
    with pytest.raises(FileNotFoundError, match=r"no folder ~no-such.*\$MNIST_DIR, or unset it"):
        mnist.load()


def test_a_file_in_place_of_the_folder(folder, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(folder / TRAIN_IMAGES))
    with pytest.raises(FileNotFoundError, match="it is a file, not a folder.*Put MNIST's four"):
        mnist.load()


def test_installed_without_data(tmp_path, monkeypatch):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(mnist_files, "DATA", tmp_path / "site-packages" / "data")
    for use in (mnist.load, lambda: mnist.load("sample"), mnist.fetch):
        with pytest.raises(FileNotFoundError, match="without the course's data.*set MNIST_DIR"):
            use()
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("MNIST_DIR", str(SAMPLE))
    assert len(mnist.load(verbose=False).test) == 1000


# ---- damaged files


def idx_bytes(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def with_flipped_bit(content):
    damaged = bytearray(content)
    damaged[len(damaged) // 2] ^= 1
    return bytes(damaged)


@pytest.mark.parametrize(
    "name, damage, message",
    [
        (TRAIN_LABELS, lambda c: b"", "an empty file"),
        (TRAIN_IMAGES, lambda c: c[:-1], r"3,136,015 bytes \(too short\), expected 3,136,016"),
        (TRAIN_IMAGES, lambda c: c + b"0", r"3,136,017 bytes \(too long\)"),
        (TEST_IMAGES, lambda c: b"\1" + c[1:], "magic number 01 00 08 03"),
        (TEST_IMAGES, lambda c: c[:2] + b"\x0b" + c[3:], "too short"),
        (TEST_IMAGES, lambda c: with_flipped_bit(c), "SHA-256 .*, expected 661b.*the sample"),
        (TEST_IMAGES, lambda c: gzip.compress(c)[:5000], "gzip stream that is cut short"),
        (TEST_IMAGES, lambda c: with_flipped_bit(gzip.compress(c)), "a damaged gzip stream"),
        (TEST_LABELS, lambda c: c[:-3] + b"\x0a" + c[-2:], "label 10 at position 997, expected la"),
        (
            TEST_LABELS,
            lambda c: idx_bytes(np.zeros(999)),
            f"999 labels, expected as many as there are images in {TEST_IMAGES}: 1,000",
        ),
        (
            TEST_IMAGES,
            lambda c: idx_bytes(np.zeros((1001, 28, 28))),
            f"1,001 images, expected as many as there are labels in {TEST_LABELS}: 1,000",
        ),
        (
            TEST_IMAGES,
            lambda c: idx_bytes(np.zeros((1000, 32, 32))),
            r"shape \(1000, 32, 32\) and type uint8, expected images of 28x28",
        ),
        (TEST_IMAGES, lambda c: idx_bytes(np.zeros(1000)), r"shape \(1000,\) .* images of 28x28"),
        (TEST_LABELS, lambda c: idx_bytes(np.zeros((10, 28, 28))), "one uint8 label per image"),
    ],
)
def test_a_damaged_file(folder, name, damage, message):
    path = folder / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(IdxError, match=f"{name}: found .*{message}.*Put MNIST's four original"):
        mnist.load(verbose=False)


def test_a_damaged_sample_says_how_to_restore_it(checkout):
    path = checkout / "data" / "sample" / f"{TRAIN_LABELS}.gz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(IdxError, match="cut short after 100 bytes.*git checkout -- data/sample"):
        mnist.load("sample")


def test_another_compression_of_the_same_digits_is_fine(folder):
    path = folder / TRAIN_IMAGES
    (folder / f"{TRAIN_IMAGES}.gz").write_bytes(gzip.compress(path.read_bytes(), compresslevel=1))
    path.unlink()
    assert len(mnist.load(verbose=False).train) == 3600


# ---- the command line


def test_status_of_a_fresh_checkout(checkout, capsys):
    assert command.main([]) == 0
    out = capsys.readouterr().out
    assert "$MNIST_DIR   is not set" in out
    assert "data/mnist   nothing here" in out
    assert "the sample: 4,000 training and 1,000 test images, checksums correct" in out
    assert "python -m helpers.mnist --fetch" in out


def test_status_of_mnist_dir(folder, capsys):
    assert command.main([]) == 0
    assert "mnist.load() takes $MNIST_DIR." in capsys.readouterr().out
    (folder / TEST_LABELS).write_bytes(b"")
    (folder / TEST_IMAGES).unlink()
    assert command.main([]) == 1
    out, err = capsys.readouterr()
    assert "$MNIST_DIR   1 missing and 1 damaged of 4 files" in out
    assert err.startswith("error: ") and "found an empty file" in err and err.count("\n") == 1


def test_status_of_a_damaged_cache(checkout, capsys):
    cache = checkout / "data" / "mnist"
    cache.mkdir()
    (cache / f"{TEST_LABELS}.gz").write_bytes(b"<html>")
    assert command.main([]) == 1
    out, err = capsys.readouterr()
    assert "data/mnist   3 missing and 1 damaged of 4 files" in out
    assert "a web page?" in err and "python -m helpers.mnist --fetch" in err


def test_status_without_data(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(mnist_files, "DATA", tmp_path / "data")
    assert command.main([]) == 1
    assert "without the course's data" in capsys.readouterr().err


def run(*command, **environment):
    kept = {k: v for k, v in os.environ.items() if k not in {"MNIST_DIR", "CI"}}
    return subprocess.run(
        [sys.executable, "-m", *command],
        env=kept | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_the_module_runs(tmp_path):
    good = run("helpers.mnist", MNIST_DIR=str(SAMPLE))
    assert good.returncode == 0 and "mnist.load() takes $MNIST_DIR" in good.stdout
    assert good.stderr == ""
    bad = run("helpers.mnist", MNIST_DIR=str(tmp_path / "nowhere"))
    assert bad.returncode == 1
    assert "error: There is no folder" in bad.stderr and "Traceback" not in bad.stderr


# ---- the script that made the sample, and the fixtures


def test_the_script_splits_evenly_and_repeatably(tmp_path, capsys):
    path = Path(mnist_files.DATA) / "make_sample.py"
    spec = importlib.util.spec_from_file_location("make_sample", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(10, dtype=np.uint8), 150)
    images = rng.integers(0, 256, (1500, 28, 28), dtype=np.uint8)
    for run_of in ("one", "two"):
        script.write_sample(images, labels, tmp_path / run_of)
    printed = capsys.readouterr().out
    together = []
    for name in NAMES:
        one, two = (tmp_path / f / f"{name}.gz" for f in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
        content = gzip.decompress(one.read_bytes())
        assert hashlib.sha256(content).hexdigest() in printed
        together.append(parse_idx(content))
    assert np.bincount(together[1]).tolist() == [50] * 10
    assert np.bincount(together[3]).tolist() == [100] * 10
    label_of = {i.tobytes(): label for i, label in zip(images, labels, strict=True)}
    made = np.concatenate(together[::2]), np.concatenate(together[1::2])
    assert {i.tobytes(): label for i, label in zip(*made, strict=True)} == label_of


def test_the_readme_gives_the_checksums():
    readme = (mnist_files.DATA / "README.md").read_text(encoding="utf-8")
    for source in ("full", "sample"):
        for name, digest in mnist_files.SHA256[source].items():
            assert f"| `{name}` | `{digest}` |" in readme
    for name, digest in download.PUBLISHED_SHA256.items():
        assert f"| `{name}` | `{digest}` |" in readme


@pytest.mark.parametrize(
    "environment, returncode, said",
    [
        ({"MNIST_DIR": str(SAMPLE)}, 0, "1 skipped"),
        ({"MNIST_DIR": str(SAMPLE), "CI": "true"}, 1, "needs the full MNIST: set MNIST_DIR"),
        ({"MNIST_DIR": "nowhere", "CI": "true"}, 1, "There is no folder nowhere"),
    ],
)
def test_without_the_full_set(tmp_path, environment, returncode, said):
    shutil.copy(Path(__file__).parents[1] / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text("def test_it(digits_full): pass\n", encoding="utf-8")
    environment = environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # to start faster
    done = run("pytest", "-p", "no:cacheprovider", str(tmp_path), **environment)
    assert done.returncode == returncode
    assert said in done.stdout


def test_the_sample_is_found_from_any_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names = sorted(path.name for path in mnist.sample_folder().iterdir() if path.suffix == ".gz")
    assert len(names) == 4 and "train-images-idx3-ubyte.gz" in names
