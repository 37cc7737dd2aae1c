"""Ways to damage a file, and to make up what is none; each draws from a generator."""

import gzip
import io
import json
import os
import zipfile

import numpy as np


def damaged(content, rng):
    """Bytes with some of them turned, replaced, left out, repeated or added."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        start = int(rng.integers(len(content) + 1))
        length = int(rng.choice([1, 2, 4, 8, 50, len(content) // 2 + 1]))
        piece = bytes(content[start : start + length])
        new = {
            "noise": rng.bytes(length),
            "zeros": bytes(length),
            "ones": b"\xff" * length,
            "one bit": bytes(b ^ (1 << int(rng.integers(8))) for b in piece[:1]) + piece[1:],
            "nothing": b"",
            "twice": piece * 2,
            "a number": int(rng.choice([0, 1, 2**15, 2**31 - 1, 2**32 - 1])).to_bytes(4, "big"),
        }
        content[start : start + length] = new[rng.choice(list(new))]
    return bytes(content)


def rewritten(path, rng):
    """A valid archive with other arrays, headers or words; else noise."""
    try:
        with zipfile.ZipFile(path) as file:
            members = {name: file.read(name) for name in file.namelist()}
    except zipfile.BadZipFile:  # an IDX file: another header
        content = path.read_bytes()
        content = bytearray(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
        content[2:8] = rng.bytes(6) if rng.random() < 0.5 else b"\x08\x03\xff\xff\xff\xff"
        return gzip.compress(bytes(content)) if rng.random() < 0.5 else bytes(content)
    name = str(rng.choice(sorted(members)))
    change = rng.choice(["damage", "header", "array", "words", "drop", "add", "swap"])
    if change == "damage":
        members[name] = damaged(members[name], rng)
    elif change == "header":
        members[name] = members[name][:10] + damaged(members[name][10:128], rng)
    elif change == "array":
        members[name] = _npy(_any_array(rng))
        if rng.random() < 0.1:  # as if it held objects, which only a pickle can
            members[name] = members[name].replace(b"'<f4'", b"'|O' ").replace(b"'<f8'", b"'|O' ")
    elif change == "words":
        members[name] = _npy(np.array(_other_words(members[name], rng)))
    elif change == "drop":
        del members[name]
    elif change == "add":
        members[f"{rng.integers(9)}.weight.npy"] = _npy(_any_array(rng))
    else:
        other = str(rng.choice(sorted(members)))
        members[name], members[other] = members[other], members[name]
    return _archive(members)


def _npy(array):
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


def _archive(members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return content.getvalue()


def _any_array(rng):
    shape = tuple(rng.integers(0, 70, rng.integers(0, 5)) % 12)
    dtype = str(rng.choice(["f2", "f4", ">f4", "f8", "g", "i8", "u1", "U5", "?", "c16", "M8[s]"]))
    with np.errstate(all="ignore"):
        values = rng.choice([0.0, 1.0, -1.0, np.nan, np.inf, 1e300, 7.0], shape)
        return (
            np.nan_to_num(values).astype("i8").astype(dtype)
            if dtype[-1] in "]8"
            else (values.astype(dtype))
        )


def _other_words(member, rng):
    """JSON with one value replaced, where a member is JSON."""
    try:
        value = json.loads(str(np.load(io.BytesIO(member), allow_pickle=False)))
    except ValueError:
        return "{" * int(rng.integers(1, 5000))
    return json.dumps(_replaced(value, rng))


def _replaced(value, rng):
    if isinstance(value, (dict, list)) and value and rng.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = keys[int(rng.integers(len(keys)))]
        value = value.copy()
        value[key] = _replaced(value[key], rng)
        return value
    choices = [None, True, -1, 0, 1, 10**5, 10**9, 10**30, 0.5, 1e308, float("nan"), "", "Dense"]
    choices += [[], {}, [1], [10**6, 10**6], {"layer": "ReLU", "config": {}}, "[" * 3000]
    return choices[int(rng.integers(len(choices)))]


def made_up(path, rng):
    """What is no file of this kind at all; some are pipes, folders or bombs."""
    kind = rng.choice(["noise", "empty", "pipe", "folder", "bomb", "members", "names", "brackets"])
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        huge = (
            b"\x93NUMPY\x01\x00v\x00"
            + (
                b"{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % rng.integers(10**9)
            ).ljust(117)
            + b"\n"
        )
        path.write_bytes(
            {
                "noise": rng.bytes(int(rng.integers(2000))),
                "empty": b"",
                "bomb": _archive({"architecture.npy": huge, "0.weight.npy": huge + bytes(2**20)}),
                "members": gzip.compress(b"") * 20_000,
                "names": _archive({f"{i}.npy": b"" for i in range(2000)}),
                "brackets": _archive({"architecture.npy": _npy(np.array("[" * 50_000))}),
            }[kind]
        )


def clear(path):
    """Remove a file, a pipe or an empty folder."""
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
