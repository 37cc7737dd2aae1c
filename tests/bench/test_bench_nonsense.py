"""The measure of how often nonsense is taken for a digit."""

import json
import sys

import numpy as np
import pytest

from bench import drawn, nonsense
from helpers import architectures, handwriting
from helpers.mnist import Split


class Guess:
    """A stand-in for a network: so sure of each picture, always of 0."""

    def __init__(self, *sure):
        self.sure = sure

    def predict_proba(self, images):
        first = np.array([self.sure[i % len(self.sure)] for i in range(len(images))])
        rest = np.repeat((1 - first[:, None]) / 9, 9, axis=1)
        return np.concatenate([first[:, None], rest], axis=1)


def test_the_table_counts_what_is_sure():
    made = {"noise": np.zeros((4, 1, 28, 28)), "an empty canvas": np.zeros((1, 1, 28, 28))}
    digits = {"digits": Split(np.zeros((4, 1, 28, 28)), np.array([0, 1, 0, 1]))}
    networks = {"a": Guess(0.99, 0.95, 0.9, 0.5), "b": Guess(0.5)}
    assert nonsense.report(networks, made, digits) == [
        "| sure by 99 % (90 %) or more, % | a | b |",
        "| --- | --- | --- |",
        "| 4 noise | 25.0 (75.0) | 0.0 (0.0) |",
        "| an empty canvas | 99% sure | 50% sure |",
        "| 4 digits | 25.0 (75.0) | 0.0 (0.0) |",
        "| digits, read right, % | 50.00 | 50.00 |",
        "| digits, calibration error, % | 38.50 | 0.00 |",
    ]


def test_pictures_are_the_same_at_every_call():
    first, again = nonsense.pictures(20), nonsense.pictures(20)
    assert list(first) == [*nonsense.nonsense.KINDS, "letters (never seen)", "an empty canvas"]
    for kind in first:
        np.testing.assert_array_equal(first[kind], again[kind])
    assert not first["an empty canvas"].any()


def test_the_command_measures_names_files_and_drawings(tmp_path, monkeypatch, capsys):
    net = tmp_path / "own.npz"
    architectures.make("tiny_cnn").save(net)
    made = [
        {"label": k, "writer": 1, "strokes": [stroke.tolist() for stroke in handwriting.write(k)]}
        for k in range(10)
    ]
    drawings = tmp_path / "drawings.json"
    drawings.write_text(json.dumps({"drawings": made}), encoding="utf-8")
    arguments = ["tiny_cnn", str(net), "--drawn", str(drawings), "--count", "30"]
    monkeypatch.setattr(sys, "argv", ["nonsense", *arguments])
    nonsense.main()
    shown = capsys.readouterr().out
    assert "| tiny_cnn | own |" in shown
    assert "| 30 letters (never seen) |" in shown
    assert "| drawn digits, calibration error, % |" in shown


def test_two_files_of_one_name_have_two_columns(tmp_path, monkeypatch, capsys):
    net = tmp_path / "tiny_cnn.npz"
    architectures.make("tiny_cnn").save(net)
    monkeypatch.setattr(sys, "argv", ["nonsense", "tiny_cnn", str(net), "--count", "2"])
    nonsense.main()
    assert f"| tiny_cnn | {net} |" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["{", '{"drawings": [{}]}', '{"drawings": 3}', "[]"])
def test_a_file_that_is_no_drawings_is_named(content, tmp_path, monkeypatch, capsys):
    file = tmp_path / "drawings.json"
    file.write_text(content, encoding="utf-8")
    for program, arguments in (
        (nonsense, ["tiny_cnn", "--drawn", str(file)]),
        (drawn, [str(file)]),
    ):
        monkeypatch.setattr(sys, "argv", ["program", *arguments])
        with pytest.raises(SystemExit):
            program.main()
        assert "drawings.json is no file of drawings" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["no_such_cnn", "absent.npz"])
def test_the_command_names_what_is_wrong(wrong, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["nonsense", wrong])
    with pytest.raises(SystemExit):
        nonsense.main()
    assert wrong in capsys.readouterr().err
