"""Is everything here that the course needs? On the command line: ``python -m helpers.environment``.

Each line of the answer says OK, or what to do. Nothing is fetched from the network. What may be
missing is imported late, so that its absence can be reported.
"""

import importlib.metadata
import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
DISTRIBUTION = "cnn-from-scratch"
EXTENSIONS = {"ipywidgets": "@jupyter-widgets/jupyterlab-manager", "ipycanvas": "ipycanvas"}
NAMED = ("numpy", "matplotlib", "jupyterlab", "ipywidgets", "ipycanvas", "pillow")
RESTART = (
    "Close JupyterLab and start it again from the course's folder: uv run cnn-course "
    "(with conda: conda env update -f environment.yml, then cnn-course)."
)
REINSTALL = (
    "Install the course's wheel again, with all that it needs, into the environment that starts "
    "Jupyter, and start Jupyter again."
)


@dataclass(frozen=True)
class Finding:
    """One line of the answer.

    Attributes
    ----------
    subject : str
        What was looked at.
    text : str
        What was found.
    advice : str
        What to do about it; empty if nothing.
    """

    subject: str
    text: str
    advice: str = ""

    def __str__(self):
        mark = "TO DO" if self.advice else "OK"
        line = f"{mark:5}  {self.subject}: {self.text}"
        return line + (f"\n       -> {self.advice}" if self.advice else "")


def check():
    """Look at Python, the packages, the widgets, the digits and the trained network.

    Returns
    -------
    list of Finding
        One for each of the five; `Finding.advice` is empty where all is well.
    """
    checks = (python, packages, widgets, digits, trained_network)
    return [_unless_missing(function) for function in checks]


def _unless_missing(function):
    try:
        return function()
    except ImportError as error:
        subject = function.__name__.replace("_", " ").capitalize()
        return Finding(subject, f"{error.name} is missing", _restart())


def python(version=None):
    """Is this Python new enough?

    Parameters
    ----------
    version : str, optional
        By default that of the running Python.
    """
    from packaging.specifiers import SpecifierSet

    version = version or ".".join(map(str, sys.version_info[:3]))
    wanted = _project()["requires-python"]
    if SpecifierSet(wanted).contains(version):
        return Finding("Python", version)
    advice = f"The course needs {wanted}."
    if PYPROJECT.is_file():
        advice += " `uv run cnn-course` fetches one by itself."
    return Finding("Python", version, advice)


def packages(requirements=None):
    """Is every package here, in a version that fits?

    Parameters
    ----------
    requirements : list of str, optional
        By default those of ``pyproject.toml``: the dependencies, and what is there of the extra
        ``compare``, which nobody must have.
    """
    from packaging.requirements import Requirement

    wanted = map(Requirement, requirements or _requirements())
    wanted = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    found = {r.name: _version(r.name) for r in wanted}
    missing = [r for r in wanted if found[r.name] is None]
    wrong = [
        r
        for r in wanted
        if found[r.name] and not r.specifier.contains(found[r.name], prereleases=True)
    ]
    if missing or wrong:
        said = [f"{r.name} is missing" for r in missing]
        said += [f"{r.name} is {found[r.name]} and should be {r.specifier}" for r in wrong]
        return Finding("Packages", "; ".join(said), _how_to_install(missing + wrong))
    named = [f"{name} {found[name]}" for name in NAMED if name in found]
    return Finding("Packages", f"{', '.join(named)} and {len(found) - len(named)} more")


def widgets():
    """Does the Jupyter server of this notebook have what draws widgets and the pad?"""
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    missing = [
        package
        for package, extension in EXTENSIONS.items()
        if not any((folder / extension / "package.json").is_file() for folder in folders)
    ]
    if missing:
        text = f"JupyterLab has no extension of {' and '.join(missing)}"
        return Finding("Widgets", text, _restart())
    if _server_is_elsewhere():
        return Finding(
            "Widgets",
            "this notebook's server belongs to another environment, which cannot be checked from "
            "here",
            "If you get a box to tick below, all is well. If not: " + _restart(),
        )
    return Finding("Widgets", "JupyterLab has the extensions of ipywidgets and ipycanvas")


def digits():
    """Which MNIST digits will `mnist.load` take?"""
    from helpers.mnist import files as mnist_files

    try:
        chosen = mnist_files.chosen_folder()
        if chosen is not None:
            survey = mnist_files.survey(chosen)
            survey.require_whole("$MNIST_DIR")
            return Finding("Digits", f"{_count(survey)}, from $MNIST_DIR")
        mnist_files.require_data()
        survey = mnist_files.survey(mnist_files.cache_folder(), "full")
        if not survey.problems:
            return Finding("Digits", f"{_count(survey)}, from data/mnist")
        survey = mnist_files.survey(mnist_files.sample_folder(), "sample")
        survey.require_whole("data/sample")
    except (OSError, ValueError) as error:
        return Finding("Digits", "cannot be used", str(error))
    return Finding(
        "Digits",
        f"{_count(survey)}, which is enough for every notebook. With the internet, mnist.load() "
        "fetches the rest (12 MB) by itself",
    )


def trained_network():
    """Is there a trained network to look at?"""
    from helpers import architectures

    try:
        net = architectures.best_pretrained()
    except (OSError, ValueError) as error:
        return Finding("Trained network", "cannot be used", str(error))
    return Finding("Trained network", f"{net.parameter_count:,} parameters, ready to read digits")


def _requirements():
    from packaging.requirements import Requirement

    project = _project()
    extra = project.get("optional-dependencies", {}).get("compare", [])
    return project["dependencies"] + [text for text in extra if _version(Requirement(text).name)]


def _project():
    """Requirements of the course: of the checkout, or of the package that is installed."""
    if PYPROJECT.is_file():
        return tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    known = importlib.metadata.metadata(DISTRIBUTION)
    return {
        "requires-python": known["Requires-Python"],
        "dependencies": known.get_all("Requires-Dist") or [],
    }


def _restart():
    return RESTART if PYPROJECT.is_file() else REINSTALL


def _how_to_install(requirements):
    if PYPROJECT.is_file():
        return RESTART
    wanted = " ".join(f'"{r.name}{r.specifier}"' for r in requirements)
    return f"Install what is missing, and start Python again: python -m pip install {wanted}"


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _count(survey):
    total = sum(len(array) for name, array in survey.arrays.items() if "labels" in name)
    return f"{'all' if survey.source == 'full' else 'a sample of'} {total:,} of MNIST"


def _server_is_elsewhere():
    """Whether the kernel was started by a program of another environment."""
    import psutil

    try:
        command = psutil.Process(int(os.environ["JPY_PARENT_PID"])).cmdline()
    except (KeyError, ValueError, psutil.Error):
        return False  # no kernel of a server, or it cannot be asked
    homes = {Path(sys.prefix), Path(sys.prefix).resolve()}
    return not any(home in Path(part).parents for part in command for home in homes)


def main():
    """Print the findings; return the exit status, 1 if there is something to do."""
    findings = check()
    print(*findings, sep="\n")
    return int(any(finding.advice for finding in findings))


if __name__ == "__main__":
    raise SystemExit(main())
