"""The IDX format: whatever is written is read back, and nothing else is taken for IDX."""

import gzip
import os
import struct
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from helpers.mnist import idx
from helpers.mnist.idx import IdxError, parse_idx, read_idx, write_idx

# Written by hand after the format's description: 2 x 3 numbers of int16.
BY_HAND = bytes([0, 0, 0x0B, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + struct.pack(
    ">6h", 1, -2, 300, 4, 5, -32768
)


def test_bytes_written_by_hand_are_read():
    array = parse_idx(BY_HAND)
    assert array.tolist() == [[1, -2, 300], [4, 5, -32768]]
    assert array.dtype == np.int16 and array.dtype.isnative
    assert array.flags.writeable


def test_an_array_is_written_as_the_bytes_by_hand(tmp_path):
    write_idx(tmp_path / "a", np.array([[1, -2, 300], [4, 5, -32768]], dtype=np.int16))
    assert (tmp_path / "a").read_bytes() == BY_HAND


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("name", ["a-idx", "a-idx.gz"])
@pytest.mark.parametrize("shape", [(7,), (0,), (2, 3, 4), (3, 1, 2, 5)])
def test_round_trip(tmp_path, dtype, name, shape):
    array = np.random.default_rng(0).uniform(0, 100, shape).astype(dtype)
    # Big-endian and Fortran-ordered in memory: the file must not depend on either.
    write_idx(tmp_path / name, np.asfortranarray(array.astype(array.dtype.newbyteorder(">"))))
    back = read_idx(tmp_path / name)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_compression_is_by_content_and_reproducible(tmp_path):
    array = np.arange(1000, dtype=np.int32)
    write_idx(tmp_path / "one.gz", array)
    write_idx(tmp_path / "two.gz", array)
    content = (tmp_path / "one.gz").read_bytes()
    assert content == (tmp_path / "two.gz").read_bytes()
    assert content[:4] == b"\x1f\x8b\x08\0"  # gzip, deflate, no file name
    assert content[4:8] == bytes(4)  # no time stamp
    (tmp_path / "unnamed").write_bytes(content)
    np.testing.assert_array_equal(read_idx(tmp_path / "unnamed"), array)


@pytest.mark.parametrize("array", [np.arange(3), np.array([True]), np.array(["3"])])
def test_types_that_idx_cannot_hold(tmp_path, array):
    with pytest.raises(ValueError, match=f"cannot hold {array.dtype}.*uint8, int8"):
        write_idx(tmp_path / "a", array)
    assert list(tmp_path.iterdir()) == []


def test_a_scalar_cannot_be_written(tmp_path):
    with pytest.raises(ValueError, match="1 to 64 dimensions, not 0"):
        write_idx(tmp_path / "a", np.uint8(3))


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    write_idx(tmp_path / "a", np.zeros(3, dtype=np.uint8))
    before = (tmp_path / "a").read_bytes()

    def disk_full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", disk_full)
    with pytest.raises(OSError, match="No space left"):
        write_idx(tmp_path / "a", np.ones(3, dtype=np.uint8))
    assert (tmp_path / "a").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


GOOD = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "found an empty file, expected IDX data"),
        (b"\0\0\x08", "found only 3 bytes, expected a magic number of 4 bytes"),
        (b"\0\x01" + GOOD[2:], "found magic number 00 01 08 01, expected one that starts with"),
        (b"<!DOCTYPE html>", r"found magic number 3c 21 44 4f \(a web page\?\)"),
        (b"\0\0\x0a" + GOOD[3:], r"found type byte 0x0a, expected one of 0x08 \(uint8\)"),
        (b"\0\0\x08\0", "found 0 dimensions, expected from 1 to 64"),
        (b"\0\0\x08\x04" + bytes(4) + b"\xff" * 12, "found the shape .*one that an array can have"),
        (b"\0\0\x08\x41" + bytes(300), "found 65 dimensions, expected from 1 to 64"),
        (b"\0\0\x08\x03" + GOOD[4:], "found 11 bytes, expected a header of 16 bytes for 3 dim"),
        (GOOD[:-1], r"found 10 bytes \(too short\), expected 11 bytes for shape \(3,\) of uint8"),
        (GOOD + b"\0", r"found 12 bytes \(too long\), expected 11 bytes"),
        (b"\0\0\x0e\x02" + b"\xff" * 8, r"found 12 bytes \(too short\), expected 147,573,952,5"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_damaged_content(tmp_path, content, message, compressed):
    path = tmp_path / "digits-idx"
    path.write_bytes(gzip.compress(content) if compressed else content)
    with pytest.raises(IdxError, match=f"digits-idx: {message}.*Get a fresh copy of the file"):
        read_idx(path)


def test_the_good_content_is_good():
    assert parse_idx(GOOD).tolist() == [7, 8, 9]


def test_gzip_cut_short_at_every_length(tmp_path):
    path, whole = tmp_path / "digits.gz", gzip.compress(GOOD)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(IdxError, match="digits.gz: found"):
            read_idx(path)
    path.write_bytes(whole[:15])
    with pytest.raises(IdxError, match="a gzip stream that is cut short after 15 bytes"):
        read_idx(path)


def test_a_flipped_bit_in_gzip(tmp_path):
    # Not in the header's first ten bytes: its flags and time stamp are no content.
    path, whole = tmp_path / "digits.gz", gzip.compress(GOOD * 20)
    for position in range(10, len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(IdxError, match="digits.gz: found a (damaged )?gzip stream"):
            read_idx(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_idx(tmp_path / "nowhere")


def test_the_error_keeps_its_parts():
    error = IdxError("a.gz", "three", "four", "Count again.")
    assert (error.file, error.found, error.expected) == ("a.gz", "three", "four")
    assert str(error) == "a.gz: found three, expected four. Count again."


# ---- more than a header promises, and gzip that unpacks without end


def expect_idx_error(path, message, mib):
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(IdxError, match=message):
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < mib * 2**20
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < 2


def test_a_gzip_bomb_is_not_unpacked(tmp_path):
    zeros = gzip.compress(bytes(2**22))
    path = tmp_path / "digits.gz"
    path.write_bytes(gzip.compress(GOOD) + zeros * 90)
    expect_idx_error(path, r"found 12 bytes \(too long\), expected 11 bytes", 4)
    path.write_bytes(zeros * 90)
    expect_idx_error(path, "found 0 dimensions|found type byte 0x00", 4)


def test_empty_gzip_members_without_end(tmp_path):
    path = tmp_path / "digits.gz"
    path.write_bytes(gzip.compress(b"") * 150_000)
    expect_idx_error(path, r"a damaged gzip stream \(more than 100 members\)", 4)


def test_a_header_that_promises_gigabytes(tmp_path, monkeypatch):
    monkeypatch.setattr(idx, "MAX_BYTES", 2**20)
    path = tmp_path / "digits"
    path.write_bytes(bytes([0, 0, 8, 1]) + struct.pack(">I", 2**31) + bytes(2**22))
    expect_idx_error(path, "found more than 1,048,576 bytes, expected a file that fits", 4)


def test_gzip_in_several_members_with_padding_is_read(tmp_path):
    path = tmp_path / "digits.gz"
    path.write_bytes(gzip.compress(GOOD[:5]) + bytes(3) + gzip.compress(GOOD[5:]) + bytes(512))
    assert read_idx(path).tolist() == [7, 8, 9]
    path.write_bytes(gzip.compress(GOOD) + b"rubbish")
    with pytest.raises(IdxError, match="a damaged gzip stream"):
        read_idx(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "digits")
    with pytest.raises(OSError, match="a pipe or a device, not an ordinary file"):
        read_idx(tmp_path / "digits")


@given(
    of_numpy.arrays(
        st.sampled_from(["u1", "i1", "i2", "i4", "f4", "f8"]),
        of_numpy.array_shapes(max_dims=4, max_side=4, min_side=0),
    ),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_any_array_comes_back(tmp_path_factory, array, compressed):
    path = tmp_path_factory.getbasetemp() / ("any.gz" if compressed else "any")
    write_idx(path, array)
    np.testing.assert_array_equal(read_idx(path), array)


@given(
    st.sampled_from([GOOD, BY_HAND]),
    st.integers(0, 40),
    st.binary(max_size=30),
    st.sampled_from(["plain", "compressed", "damaged gzip", "instead"]),
)
@settings(max_examples=300, deadline=2000)
def test_any_bytes_are_an_array_or_an_error(tmp_path_factory, good, place, noise, how):
    path = tmp_path_factory.getbasetemp() / "bytes"
    whole = gzip.compress(good) if how == "damaged gzip" else good
    content = whole[:place] + noise + whole[place + len(noise) :]
    if how == "instead":
        content = noise
    path.write_bytes(gzip.compress(content) if how == "compressed" else content)
    try:
        assert read_idx(path).nbytes <= len(content) + 100
    except IdxError as error:
        assert str(path) in str(error)
