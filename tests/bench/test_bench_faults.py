"""The campaigns of faults, as far as they take seconds."""

import sys

import pytest

from bench import bad_servers, faults

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and signals of Linux")


def test_a_small_campaign_finds_nothing_wrong(tmp_path, capfd):
    counts = ["--cases", "40", "--kills", "1", "--servers", "1"]
    assert faults.main([*counts, "--output", str(tmp_path)]) == 0
    text = (tmp_path / "FAULTS.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 5 + 3 * 5 + 2 + 1
    assert all(row[4:] == ["0", "0", "0 |"] for row in rows)
    assert rows[-1][1] == str(5 * 40 + 3 * 5 + 2)
    assert "What went wrong" not in text and "at most" in text


def test_there_are_43_kinds_of_bad_server():
    assert len(bad_servers.KINDS) == 43
    assert all(kind.__doc__ for kind in bad_servers.KINDS.values())
