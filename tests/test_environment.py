"""The check of the environment says what is wrong, and what to do."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import architectures, environment
from helpers.mnist import files as mnist_files


def test_all_is_well_where_the_tests_run():
    findings = environment.check()
    assert [f.subject for f in findings] == [
        "Python",
        "Packages",
        "Widgets",
        "Digits",
        "Trained network",
    ]
    assert all(str(finding).startswith("OK") for finding in findings), findings


def test_the_command_line_names_no_folder():
    # The folder of the digits may be anywhere; a notebook stores what is printed here.
    done = subprocess.run(
        [sys.executable, "-m", "helpers.environment"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert done.stdout.count("OK") == 5
    assert os.sep + "data" not in done.stdout and str(mnist_files.DATA.parent) not in done.stdout


def test_an_old_python():
    finding = environment.python("3.9.1")
    assert str(finding).startswith("TO DO  Python: 3.9.1")
    assert ">=3.11" in finding.advice
    assert environment.python("3.14.0").advice == ""


def test_packages_that_are_missing_or_of_another_version():
    finding = environment.packages(["numpy<1", "matplotlib", "no-such-package-as-this>=2"])
    assert "no-such-package-as-this is missing" in finding.text
    assert "numpy is " in finding.text and "should be <1" in finding.text
    assert "matplotlib" not in finding.text
    assert "uv run cnn-course" in finding.advice


def test_packages_for_other_systems_are_not_missed():
    wanted = ["no-such-package-as-this; sys_platform == 'amiga'", "numpy"]
    finding = environment.packages(wanted)
    assert finding.advice == ""
    assert re.fullmatch(r"numpy [\d.]+ and 0 more", finding.text)


def test_only_what_is_there_of_the_extra_packages_is_looked_at(monkeypatch):
    project = {"dependencies": ["numpy>=2"], "optional-dependencies": {}}
    monkeypatch.setattr(environment, "_project", lambda: project)
    project["optional-dependencies"]["compare"] = ["no-such-package-as-this>=2"]
    assert environment.packages().advice == ""
    project["optional-dependencies"]["compare"] = ["matplotlib<1"]
    assert "matplotlib is " in environment.packages().text


def test_widgets_without_their_extension(monkeypatch, tmp_path):
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda _: [str(tmp_path)])
    finding = environment.widgets()
    assert "no extension of ipywidgets and ipycanvas" in finding.text
    assert finding.advice


def test_a_server_of_another_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("JPY_PARENT_PID", str(os.getpid()))
    assert environment.widgets().advice == ""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert "another environment" in environment.widgets().text
    monkeypatch.setenv("JPY_PARENT_PID", "no number")
    assert environment.widgets().advice == ""


def test_digits_that_cannot_be_used(monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    finding = environment.digits()
    assert finding.text == "cannot be used"
    assert "MNIST_DIR" in finding.advice


def test_digits_of_the_sample(monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(mnist_files, "cache_folder", lambda: tmp_path)
    assert "a sample of 5,000" in environment.digits().text


def test_a_trained_network_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(architectures, "NETWORKS", tmp_path)
    finding = environment.trained_network()
    assert finding.text == "cannot be used"
    assert "train" in finding.advice


@pytest.mark.parametrize("missing", ["psutil", "packaging.requirements", "jupyter_core.paths"])
def test_a_module_that_is_missing_is_reported(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    findings = environment.check()
    assert any("missing" in finding.text and finding.advice for finding in findings)


# ---- installed from a wheel


@pytest.fixture
def installed(tmp_path):
    """Run Python with `helpers` as a wheel brings it: without pyproject.toml and data/."""
    source = Path(environment.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, tmp_path / "site" / "helpers", ignore=ignored)
    (tmp_path / "work").mkdir()
    kept = {k: v for k, v in os.environ.items() if k != "MNIST_DIR"}

    def run(*arguments):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path / "work",
            env=kept | {"PYTHONPATH": str(tmp_path / "site")},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def test_the_check_of_an_installed_course(installed):
    done = installed("-m", "helpers.environment")
    lines = done.stdout.splitlines()
    assert done.returncode == 1 and done.stderr == ""
    assert [line[:5].strip() for line in lines if line[:5].strip()] == ["OK"] * 3 + ["TO DO"] * 2
    assert "set MNIST_DIR to a folder" in done.stdout
    assert "Run this from a checkout of the course" in done.stdout
    assert "uv run" not in done.stdout and "recipes train" not in done.stdout


def test_a_pad_of_an_installed_course_advises_what_works(installed):
    done = installed("-c", "from helpers.drawing import DigitPad; print(DigitPad().message)")
    assert "recipes train" not in done.stdout + done.stderr
    assert "DigitPad(Sequential.load(path))" in done.stdout + done.stderr


def test_missing_packages_of_an_installed_course(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "PYPROJECT", tmp_path / "pyproject.toml")
    assert environment.python().advice == "" and environment.packages().advice == ""
    finding = environment.packages(["numpy<1", "no-such-package-as-this>=2"])
    assert 'python -m pip install "no-such-package-as-this>=2" "numpy<1"' in finding.advice
    assert "uv" not in environment.python("3.9.1").advice
