"""Reading files that may be anything: what is in them, or DamagedError, within bounds."""

import io
import json
import os
import struct
import threading
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from helpers.files import DamagedError, archives, read_json, read_npz, write_npz

GOOD = {
    "a": np.arange(12, dtype=np.float32).reshape(3, 4),
    "words": np.array("text"),
    "none": np.zeros((0, 3)),
}


def npy(header, data=b"", version=(1, 0)):
    """An .npy file with a header of one's own."""
    text = header if isinstance(header, bytes) else header.encode()
    text = text.ljust(118 - 10) + b"\n"
    kind = "<H" if version == (1, 0) else "<I"
    return b"\x93NUMPY" + bytes(version) + struct.pack(kind, len(text)) + text + data


def archive(members, compression=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return content.getvalue()


def shaped(shape, descr="<f4"):
    return f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}"


def expect_damaged(path, match=None, mib=64):
    """Reading ends in DamagedError, soon and in little memory."""
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(DamagedError, match=match) as caught:
            read_npz(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < mib * 2**20
    assert time.process_time() - start < 2
    assert "allow_pickle" not in str(caught.value) and "trust" not in str(caught.value)


def test_what_is_written_is_read(tmp_path):
    write_npz(tmp_path / "a.npz", GOOD)
    found = read_npz(tmp_path / "a.npz")
    assert found.keys() == GOOD.keys()
    for name, value in GOOD.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_array_equal(found[name], value)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9][a-z0-9._/]{0,10}", fullmatch=True),
        of_numpy.arrays(
            st.sampled_from(["f4", "f8", "i8", "u1", "U3", "?"]),
            of_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        ),
        max_size=4,
    )
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_arrays_come_back(tmp_path_factory, arrays):
    path = tmp_path_factory.getbasetemp() / "any.npz"
    write_npz(path, arrays)
    found = read_npz(path)
    assert found.keys() == arrays.keys()
    for name, value in arrays.items():
        np.testing.assert_array_equal(found[name], value)


HUGE = 10**9
BOMBS = {
    "a shape of gigabytes": {"a.npy": npy(shaped((HUGE,)))},
    "a shape beyond all numbers": {"a.npy": npy(shaped((10**30,)))},
    "a shape below zero": {"a.npy": npy(shaped((-4,)))},
    "a shape that is no number": {"a.npy": npy(shaped(("x",)))},
    "text of no width": {"a.npy": npy(shaped((10**12,), "<U0"))},
    "objects": {"a.npy": npy(shaped((2,), "|O"), b"cos\nsystem\n")},
    "a structure": {"a.npy": npy(shaped((2,), [("x", "<f4")]), bytes(8))},
    "an open bracket": {"a.npy": npy("{'descr': (((((")},
    "brackets": {"a.npy": npy("(" * 100)},
    "signs": {"a.npy": npy("-" * 100 + "1")},
    "an unclosed string": {"a.npy": npy("{'descr': '''")},
    "other keys": {"a.npy": npy("{'a': 1}")},
    "a header that is long": {"a.npy": npy(" " * 5000)},
    "a header of four gigabytes": {"a.npy": b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(10**6)},
    "an unknown version": {"a.npy": b"\x93NUMPY\x09\x09" + bytes(200)},
    "a header of Python 2": {
        "a.npy": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1L,), }", bytes(4))
    },
    "no magic": {"a.npy": bytes(200)},
    "too little data": {"a.npy": npy(shaped((4,)), bytes(15))},
    "too much data": {"a.npy": npy(shaped((4,)), bytes(17))},
    "no arrays": {"a.txt": b"hello"},
    "many members": {f"{i}.npy": b"" for i in range(20_000)},
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_file_that_asks_for_more_than_it_holds(tmp_path, bomb):
    path = tmp_path / "a.npz"
    path.write_bytes(archive(BOMBS[bomb]))
    expect_damaged(path)


def test_much_in_sum_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    each = npy(shaped((2**23,)), bytes(2**25))
    path.write_bytes(archive({f"{i}.npy": each for i in range(5)}))
    expect_damaged(path, "arrays of 167,772,160 bytes; at most 134,217,728")


def test_a_large_file_that_is_large_on_disk_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1000)
    values = np.random.default_rng(0).random(10_000)
    write_npz(tmp_path / "a.npz", {"a": values})
    np.testing.assert_array_equal(read_npz(tmp_path / "a.npz")["a"], values)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_compressions_are_refused(tmp_path, method):
    (tmp_path / "a.npz").write_bytes(archive({"a.npy": npy(shaped((1,)), bytes(4))}, method))
    expect_damaged(tmp_path / "a.npz", "unknown method")


def test_a_name_that_is_there_twice(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file, pytest.warns(UserWarning, match="Duplicate"):
        for value in (bytes(4), b"1234"):
            file.writestr("a.npy", npy(shaped((1,)), value))
    (tmp_path / "a.npz").write_bytes(content.getvalue())
    expect_damaged(tmp_path / "a.npz", "there twice")


def test_bytes_turned_at_any_place(tmp_path):
    path = tmp_path / "a.npz"
    write_npz(path, GOOD)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for mask in (0x01, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= mask
            path.write_bytes(damaged)
            try:
                found = read_npz(path)
            except DamagedError:
                continue
            for name in found.keys() & GOOD.keys():
                np.testing.assert_array_equal(found[name], GOOD[name])


def test_cut_short_at_any_length(tmp_path):
    path = tmp_path / "a.npz"
    write_npz(path, GOOD)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedError):
            read_npz(path)


@given(st.binary(max_size=400), st.integers(0, 10**6), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_bytes_end_in_one_error(tmp_path_factory, noise, place, instead):
    path = tmp_path_factory.getbasetemp() / "noise.npz"
    write_npz(path, GOOD)
    whole = path.read_bytes()
    place %= len(whole)
    path.write_bytes(noise if instead else whole[:place] + noise + whole[place + len(noise) :])
    try:
        read_npz(path)
    except DamagedError as error:
        assert len(str(error)) < 500


# ---- what is no ordinary file


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
@pytest.mark.parametrize("read", [read_npz, read_json])
def test_a_pipe_is_not_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "a")
    problems = []

    def attempt():
        try:
            read(tmp_path / "a")
        except (OSError, DamagedError) as error:
            problems.append(str(error))

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(5)
    assert problems and "a pipe or a device, not an ordinary file" in problems[0]


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DamagedError, match="is a folder, not an ordinary file"):
        read_npz(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_npz(tmp_path / "nowhere")


# ---- JSON


@pytest.mark.parametrize(
    "text, message",
    [
        ("{", "no JSON"),
        ("[" * 10**5 + "]" * 10**5, "nested too deep"),
        ('{"a":' * 10**5, "nested too deep"),
        ("9" * 10_000, "no JSON"),
        (" " * 2**23, "more than 4,194,304 bytes"),
    ],
)
def test_json_that_is_none(tmp_path, text, message):
    (tmp_path / "a").write_text(text, encoding="utf-8")
    with pytest.raises(DamagedError, match=message):
        read_json(tmp_path / "a")


def test_json_is_read(tmp_path):
    (tmp_path / "a").write_text(json.dumps({"a": [1, "ö"]}), encoding="utf-8")
    assert read_json(tmp_path / "a") == {"a": [1, "ö"]}
