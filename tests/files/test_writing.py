"""Files that are written whole or not at all, where file systems refuse this and that."""

import errno
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time

import pytest

from helpers import files
from helpers.files import leftovers, writing

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes, links and locks of POSIX")


def write(path, content=b"new"):
    with files.replacing(path) as file:
        file.write(content)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def refuse(code):
    def refusing(*_args, **_kwargs):
        raise OSError(code, os.strerror(code))

    return refusing


# ---- what is refused, and what is kept


@pytest.mark.parametrize("code", [errno.EPERM, errno.EINVAL, errno.ENOTSUP, errno.EACCES])
@pytest.mark.parametrize("function", ["os.fsync", "shutil.copymode"])
def test_a_file_system_without_modes_or_flushing_is_enough(tmp_path, monkeypatch, function, code):
    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(function, refuse(code))
    write(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert names_in(tmp_path) == ["a"]


def test_a_disk_that_fails_is_not_passed_over(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr("os.fsync", refuse(errno.EIO))
    with pytest.raises(OSError, match=r"Input/output error.*earlier file is as it was.*a'$"):
        write(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"old" and names_in(tmp_path) == ["a"]


def test_a_file_that_another_program_holds_for_a_moment(tmp_path, monkeypatch):
    replace, calls = os.replace, []

    def held(*paths):
        calls.append(paths)
        if len(calls) < 3:
            raise PermissionError(errno.EACCES, "held")
        replace(*paths)

    monkeypatch.setattr("os.replace", held)
    write(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"new" and len(calls) == 3


@POSIX
@pytest.mark.parametrize("umask, mode", [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_of_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write(tmp_path / "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_file_keeps_its_mode(tmp_path, mode):
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(mode)
    write(tmp_path / "a")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


@POSIX
def test_a_link_stays_a_link(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "real").write_bytes(b"old")
    (tmp_path / "a").symlink_to(elsewhere / "real")
    (tmp_path / "b").symlink_to(elsewhere / "not yet")
    write(tmp_path / "a")
    write(tmp_path / "b")
    assert (tmp_path / "a").is_symlink() and (tmp_path / "b").is_symlink()
    assert (elsewhere / "real").read_bytes() == (elsewhere / "not yet").read_bytes() == b"new"
    assert names_in(elsewhere) == ["not yet", "real"]


# ---- errors that name the file


@pytest.mark.parametrize("use", [write, files.require_writable])
def test_a_missing_folder_is_named_at_once(tmp_path, use):
    with pytest.raises(FileNotFoundError, match=r"no such folder to write to; make it.*nowhere.a"):
        use(tmp_path / "nowhere" / "a")


@pytest.mark.parametrize("use", [write, files.require_writable])
def test_a_folder_of_the_same_name(tmp_path, use):
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="A folder, a pipe or a device has this name.*a'$"):
        use(tmp_path / "a")


@POSIX
def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "a")
    with pytest.raises(OSError, match="A folder, a pipe or a device has this name"):
        write(tmp_path / "a")
    assert stat.S_ISFIFO((tmp_path / "a").stat().st_mode)


def test_a_full_disk_names_the_file(tmp_path):
    """A real one, as far as a process can have it to itself: a limit on the size of files."""
    resource = pytest.importorskip("resource")
    (tmp_path / "net.npz").write_bytes(b"old")
    program = """
        import resource, sys
        import numpy as np
        from helpers import files
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        values = np.random.default_rng(0).random(10_000)
        try:
            files.write_npz(sys.argv[1], {"a": values})
        except OSError as error:
            print(error)
    """
    assert resource
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "net.npz")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "net.npz" in done.stdout and "an earlier file is as it was" in done.stdout
    assert done.stderr == "" and ".tmp" not in done.stdout
    assert (tmp_path / "net.npz").read_bytes() == b"old" and names_in(tmp_path) == ["net.npz"]


def test_a_place_that_can_be_written_is_left_as_it_was(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    files.require_writable(tmp_path / "a")
    files.require_writable(tmp_path / "b")
    assert names_in(tmp_path) == ["a"] and (tmp_path / "a").read_bytes() == b"old"


# ---- what killed processes left

WRITER = """
    import sys, time
    from helpers import files
    with files.replacing(sys.argv[1]) as file:
        file.write(b"half")
        file.flush()
        print("writing", flush=True)
        time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path):
    """A process that is in the middle of writing the file a."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path / "a")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


@POSIX
def test_what_a_killed_write_left_is_swept(tmp_path, writer):
    write(tmp_path / "b")
    assert len(names_in(tmp_path)) == 2
    writer.kill()
    writer.wait()
    write(tmp_path / "b")
    assert len(names_in(tmp_path)) == 2, "that of another file is not"
    write(tmp_path / "a")
    assert names_in(tmp_path) == ["a", "b"]


@POSIX
def test_what_a_living_process_is_writing_stays(tmp_path, writer):
    write(tmp_path / "a")
    assert len(names_in(tmp_path)) == 2
    writer.send_signal(signal.SIGINT)
    writer.wait()
    assert names_in(tmp_path) == ["a"]


@pytest.mark.parametrize("name", ["a[1].npz", "*", "a" * 200, "ä ö"])
def test_names_that_a_pattern_would_read_otherwise(tmp_path, name):
    (tmp_path / f".{name[:60]}.0123abcd.tmp").write_bytes(b"half")
    (tmp_path / ".a1.npz.0123abcd.tmp").write_bytes(b"another's")
    write(tmp_path / name)
    left = {name, ".a1.npz.0123abcd.tmp"}
    assert set(names_in(tmp_path)) == left if os.name != "nt" else left <= set(names_in(tmp_path))


def test_without_locks_only_what_is_old_is_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "fcntl", None)
    young, old = tmp_path / ".a.00000000.tmp", tmp_path / ".a.11111111.tmp"
    for path in (young, old):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 100, time.time() - 100))
    write(tmp_path / "a")
    assert names_in(tmp_path) == [".a.00000000.tmp", "a"]


def test_a_sweep_that_is_quicker_than_the_lock(tmp_path, monkeypatch):
    held, calls = writing.held, []

    def late(descriptor):
        if not calls:
            for path in tmp_path.glob(".a.*.tmp"):
                path.unlink()
        calls.append(descriptor)
        return held(descriptor)

    if os.name != "nt":
        monkeypatch.setattr(writing, "held", late)
    write(tmp_path / "a")
    assert names_in(tmp_path) == ["a"] and (tmp_path / "a").read_bytes() == b"new"


def test_objects_are_not_pickled(tmp_path):
    path = tmp_path / "arrays.npz"
    with pytest.raises(TypeError, match="second holds Python objects"):
        files.write_npz(path, {"first": [1.0], "second": [{"a": 1}]})
    assert names_in(tmp_path) == []
