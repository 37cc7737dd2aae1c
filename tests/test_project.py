"""The project as a whole: its README, its dependencies, the floors of `helpers`, clean files."""

import importlib
import inspect
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import helpers_source
import pytest
import yaml
from notebook_anatomy import spelling_mistakes
from notebook_text import IMAGE, LINK, paths
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from docs import draw_step
from helpers.training import fit

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MODULES = helpers_source.modules()
PLACES = helpers_source.places()
MACHINERY = {"IPython", "ipywidgets", "ipycanvas", "ipykernel", "matplotlib", "traitlets"}
FRAMEWORKS = {"jax", "keras", "numba", "scipy", "sklearn", "tensorflow", "torch"}
LAST_FLOOR = ("drawing", "environment", "plots", "workbook")
PUBLIC = {
    "mnist": ["load", "fetch"],
    "layers": ["Dense", "Conv2D", "MaxPool2D", "ReLU", "Flatten", "Dropout", "BatchNorm"],
    "losses": ["softmax", "softmax_cross_entropy"],
    "optimizers": ["SGD", "Momentum", "RMSProp", "Adam"],
    "network": ["Sequential"],
    "gradient_check": ["check_layer", "check_network", "numerical_gradient", "relative_error"],
    "training": ["fit"],
    "architectures": ["tiny_cnn", "small_cnn", "classic_cnn", "deep_cnn", "mlp", "pretrained"],
    "images": ["strokes_to_image", "to_mnist"],
    "drawing": ["DigitPad"],
    "plots": ["drawing", "show"],
}


def places_in_readme():
    """Return the modules of each place of `helpers`, as the README's table tells it."""
    found = {}
    for names, holds in re.findall(r"^\| ((?:`\w+/?` ?)+) \| (.+) \|$", README, re.M):
        packages = {name.removesuffix("/"): name for name in re.findall(r"`(\w+/?)`", names)}
        modules = re.findall(r"`(\w+)`", holds.partition(":")[0])
        found |= {
            name: set(modules) if name != written else set() for name, written in packages.items()
        }
    return found


def committed_files():
    """Return the paths of all files that are, or would be, committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    return [path for name in listed.stdout.split("\0") if (path := ROOT / name).is_file()]


@pytest.fixture(scope="session")
def texts(skip_or_fail):
    """The text of every committed file that is text, by its path in the project."""
    if not (ROOT / ".git").exists():
        skip_or_fail("needs git to know which files are the project's")
    found = {}
    for path in committed_files():
        try:
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            assert path.suffix in {".png", ".npz", ".gz", ".jpg"}, f"{path} is no UTF-8 text"
    return found


# README


@pytest.mark.parametrize(
    "command",
    [
        "python3 -m pip install uv && uv run cnn-course",
        "python3 -m pip install uv && uv run pytest",
    ],
)
def test_readme_gives_both_commands(command):
    assert f"\n{command}\n" in README
    assert "cnn-course" not in command or "cnn-course" in PROJECT["project"]["scripts"]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/how_fit_works.md"])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    files = [t.partition("#")[0] for _, t in LINK.findall(text) + IMAGE.findall(text)]
    local = [file for file in files if file and not re.match(r"\w+:", file)]
    assert local
    assert [file for file in local if not (ROOT / page).parent.joinpath(file).exists()] == []


def test_readme_shows_the_pad_and_says_what_is_to_be_seen():
    alt, target = IMAGE.search(README).groups()
    assert len(alt) >= 40
    assert (ROOT / target).read_bytes().startswith(b"\x89PNG")


def test_readme_maps_the_notebooks_that_are_there():
    rows = re.findall(r"^\| \[`?(\w+)`?\]\(notebooks/(\w+)\.ipynb\) \|", README, re.M)
    assert all(text == target for text, target in rows)
    assert [target for _, target in rows] == [path.stem for path in paths()]


def test_readme_names_the_modules_that_are_there():
    assert places_in_readme() == PLACES


def test_readme_names_real_licences():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    for name in ("BSD 3-Clause", "CC BY 4.0", "CC BY-SA 3.0"):
        assert name in README
    assert "Copyright (c) 2026, The CNN from Scratch authors" in text
    for name in ("BSD 3-Clause", "Attribution 4.0", "Attribution-ShareAlike 3.0"):
        assert name in text


def test_readme_promises_only_what_a_test_holds():
    promises = README.partition("## What it promises")[2].partition("\n## ")[0]
    tests = re.findall(r"\| `(tests/[\w/]+\.py)::(\w+)` \|", promises)
    assert len(tests) == promises.count("\n| ") - 1 >= 10
    for path, name in tests:
        assert f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"


# Dependencies


def all_requirements():
    groups = [PROJECT["project"]["dependencies"], PROJECT["build-system"]["requires"]]
    groups += PROJECT["project"]["optional-dependencies"].values()
    groups += PROJECT["dependency-groups"].values()
    found = [Requirement(text) for group in groups for text in group if isinstance(text, str)]
    return [r for r in found if r.name != PROJECT["project"]["name"]]


def test_every_dependency_has_a_lower_and_an_upper_bound():
    assert len(all_requirements()) > 10
    for requirement in all_requirements():
        kinds = {s.operator for s in requirement.specifier}
        assert {">=", "<"} <= kinds, requirement


def test_this_environment_is_within_the_bounds():
    for text in PROJECT["project"]["dependencies"]:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate():
            assert requirement.specifier.contains(importlib.metadata.version(requirement.name))


@pytest.mark.parametrize(
    ("system", "machine", "wanted"),
    [
        ("linux", "x86_64", True),
        ("linux", "aarch64", True),
        ("win32", "AMD64", True),
        ("darwin", "arm64", True),
        ("darwin", "x86_64", False),
        ("win32", "ARM64", False),
        ("linux", "armv7l", False),
    ],
)
def test_jax_is_wanted_where_it_has_a_wheel(system, machine, wanted):
    (jax,) = map(Requirement, PROJECT["project"]["optional-dependencies"]["compare"])
    assert jax.name == "jax"
    assert jax.marker.evaluate({"sys_platform": system, "platform_machine": machine}) is wanted


def test_frameworks_stay_optional():
    """`pip install .` is small; whoever works in the folder of the course has JAX too."""
    names = {Requirement(text).name for text in PROJECT["project"]["dependencies"]}
    assert "scikit-learn" in names and not {"jax", "torch"} & names
    assert PROJECT["dependency-groups"]["dev"] == ["cnn-from-scratch[compare,test]"]


def test_conda_takes_its_packages_from_pyproject():
    given = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert given["name"] == PROJECT["project"]["name"]
    python, pip, packages = given["dependencies"]
    assert (pip, packages) == ("pip", {"pip": ["-e .[compare,test]"]})
    bound = SpecifierSet(python.removeprefix("python"))
    wanted = SpecifierSet(PROJECT["project"]["requires-python"])
    assert [s for s in bound if s.operator == ">="] == list(wanted)


def test_every_import_of_helpers_is_a_declared_dependency():
    declared = {Requirement(text).name for text in PROJECT["project"]["dependencies"]}
    providers = packages_distributions()
    for module, tree in MODULES.items():
        for name in helpers_source.imports(tree):
            if name != "helpers" and name not in sys.stdlib_module_names:
                owners = {canonicalize_name(owner) for owner in providers.get(name, [name])}
                assert owners & declared, f"{module} imports {name}"


# The floors of helpers


def test_every_file_of_helpers_is_looked_at():
    """None is left out because it lies in a folder, and two have not one name."""
    found = {
        Path(folder) / name for folder, _, names in os.walk(ROOT / "helpers") for name in names
    }
    files = helpers_source.files()
    assert set(files.values()) == {path for path in found if path.suffix == ".py"}
    assert len(files) == len(set(files.values())) == len(MODULES) > 70
    assert {"helpers", "helpers.layers", "helpers.layers.dense", "helpers.losses"} <= set(MODULES)


@pytest.mark.parametrize("name", [name for name, modules in PLACES.items() if modules])
def test_a_package_gives_public_names_and_nothing_else(name):
    package = importlib.import_module(f"helpers.{name}")
    assert package.__doc__
    loaded = {n for n, part in vars(package).items() if not inspect.ismodule(part)}
    assert {n for n in loaded if not n.startswith("_")} <= set(package.__all__)
    for public in package.__all__:
        assert hasattr(package, public) or importlib.import_module(f"helpers.{name}.{public}")


def test_imports_go_one_way_and_in_no_circle():
    """The contracts stand in pyproject.toml."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 kept, 0 broken" in done.stdout


def test_lower_floors_run_in_plain_python():
    names = [name for name in MODULES if name.split(".")[1:2] not in [[top] for top in LAST_FLOOR]]
    code = f"""
import importlib, sys
for name in {names}:
    importlib.import_module(name)
print(sorted({MACHINERY | FRAMEWORKS - {"scipy"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


# Docstrings


@pytest.mark.parametrize("module", MODULES)
def test_public_names_have_docstrings(module):
    parts = helpers_source.public_parts(module)
    if module.startswith("helpers.fast."):  # nobody calls these methods but the layers
        parts = {name: part for name, part in parts.items() if "." not in name}
    assert [name for name, part in parts.items() if not inspect.getdoc(part)] == []


@pytest.mark.parametrize(("module", "name"), [(m, n) for m, names in PUBLIC.items() for n in names])
def test_the_course_s_own_names_have_full_docstrings(module, name):
    part = getattr(importlib.import_module(f"helpers.{module}"), name)
    assert helpers_source.numpydoc_problems(part) == []


# Lengths


def test_what_is_long_has_a_reason():
    """CONTRIBUTING lists every module above 250 lines and every body above 25, and no other."""
    reasons = dict(re.findall(r"^\| `(helpers[\w.]+)` \| (.+) \|$", CONTRIBUTING, re.M))
    modules, bodies = helpers_source.lengths()
    long = {name for name, lines in modules.items() if lines > 250}
    long |= {name for name, lines in bodies.items() if lines > 25}
    assert long == set(reasons)
    assert all(len(reason.split()) >= 3 for reason in reasons.values())


# The page on training


def test_the_picture_of_a_step_is_described(tmp_path):
    page = (ROOT / "docs" / "how_fit_works.md").read_text(encoding="utf-8")
    assert IMAGE.search(page).groups() == (draw_step.ALT, draw_step.PICTURE.name)
    draw_step.draw(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_on_training_is_led_to():
    for text in (README, CONTRIBUTING, inspect.getdoc(fit)):
        assert "docs/how_fit_works.md" in text


# Files


def test_no_file_names_a_machine_or_a_registry(texts):
    folders = "|".join(["home", "Users", "root", "work", "private", "tmp"])
    private = re.compile(rf"(?<![\w.:/-])/(?:{folders})/\w|\b[A-Z]:\\\\?Users")
    registries = re.compile("files[.]pythonhosted|pypi[.]org/simple|conda[.]anaconda[.]org")
    for name, text in texts.items():
        for pattern in (private, registries):
            found = pattern.search(text)
            assert found is None, f"{name} names {found[0]}"


def test_nothing_is_pickled(texts):
    forbidden = re.compile(
        r"^\s*(import|from) (pickle|joblib|dill|cloudpickle)\b|allow_pickle=(?:T)rue", re.M
    )
    for name, text in texts.items():
        assert not re.search(r"\.(pkl|pickle|joblib)$", name)
        assert not name.endswith(".py") or not forbidden.search(text), name


def test_no_file_is_large(texts):
    assert texts
    assert [path for path in committed_files() if path.stat().st_size > 2_000_000] == []


def test_words_are_spelt_right(texts):
    names = [name for name in texts if not name.endswith(".ipynb")]  # those have a test of theirs
    assert spelling_mistakes(*names) == []


def test_ci_runs_what_contributing_says():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in ("ruff check .", "ruff format --check .", "lint-imports", "uv run pytest"):
        assert command in script
    if os.name == "posix":
        subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)
    for command in ("uv run ruff format .", "uv run lint-imports", "bash .ci/run"):
        assert command in CONTRIBUTING


def test_the_workflow_runs_that_script_and_every_python():
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["everything"]["steps"][-1] == {"run": "bash .ci/run"}
    matrix = jobs["tests"]["strategy"]["matrix"]
    assert {system.partition("-")[0] for system in matrix["system"]} == {"windows", "macos"}
    given = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    bound = SpecifierSet(given["dependencies"][0].removeprefix("python"))
    all_of_them = [f"3.{minor}" for minor in range(8, 30)]
    assert matrix["python"] == [version for version in all_of_them if version in bound]


def test_before_a_commit_the_same_tools_are_called():
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    hooks = {hook["id"]: hook for repo in yaml.safe_load(text)["repos"] for hook in repo["hooks"]}
    assert {"ruff", "ruff-format", "codespell", "widget-state"} <= set(hooks)
    assert hooks["check-added-large-files"]["args"] == ["--maxkb=2000"]  # as above


def test_the_citation_is_of_this_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == PROJECT["project"]["version"]
    assert [author["name"] for author in cited["authors"]] == ["The CNN from Scratch authors"]
    assert " AND ".join(cited["license"]) == PROJECT["project"]["license"]
