"""`mine.py`: what comes into it, in which order, and that nobody's work is lost there."""

import ast
import linecache
import subprocess
import sys
import threading
import time
import types

import numpy as np
import pytest
import small_course

from helpers import losses
from helpers.workbook import collect, course, definitions, keep, mine

IMPORTS = "import numpy as np\nfrom numpy.lib.stride_tricks import sliding_window_view\n"
SQUARE = "def square(x):\n    return x * x\n"


class Notebook:
    """Runs cells as a kernel does: each from a file of its own, whose lines can be looked up."""

    def __init__(self, workbook):
        self.workbook, self._count = workbook, 0
        self.module = types.ModuleType("notebook_under_test")
        sys.modules["notebook_under_test"] = self.module
        self.run(IMPORTS)

    def run(self, source):
        self._count += 1
        file = f"<cell {id(self)} {self._count}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        exec(compile(source, file, "exec"), self.module.__dict__)

    def keep(self, exercise, source):
        self.run(source)
        known = course.all_exercises(self.workbook)[exercise]
        return keep.keep(known, self.module.__dict__, self.workbook)

    @property
    def text(self):
        return (self.workbook / "mine.py").read_text(encoding="utf-8")

    def blocks(self):
        found, _ = mine.read(self.workbook / "mine.py")
        return {name: block.whose for name, block in found.items()}


@pytest.fixture
def notebook(workbook):
    yield Notebook(workbook)
    sys.modules.pop("notebook_under_test", None)
    sys.modules.pop("mine", None)


def softmax(body, head=""):
    return f"{head}\ndef softmax(z):\n    {body}\n"


def test_a_definition_is_kept_and_used(notebook):
    assert notebook.keep("softmax", softmax("return z * 0 + 7")) == (["softmax"], None)
    assert "# %% 02 softmax: softmax (yours)\ndef softmax(z):" in notebook.text
    own = keep.load(notebook.workbook)
    assert own["softmax"](np.ones(2)).tolist() == [7, 7]


def test_what_it_needs_comes_too(notebook):
    head = "import math\nHALF = 0.5\nSIZES = (2, 3)\n" + SQUARE
    notebook.keep("softmax", softmax("return square(z) * HALF + math.pi + SIZES[0]", head))
    assert notebook.text.index("HALF = 0.5") < notebook.text.index("def softmax")
    assert "import math\n" in notebook.text and "def square" in notebook.text
    assert keep.load(notebook.workbook)["softmax"](2.0) == 4 * 0.5 + np.pi + 2


def test_local_names_are_not_taken_for_global_ones(notebook):
    head = "z = np.ones(3)\ne = np.ones(3)\n"
    notebook.keep("softmax", softmax("e = np.exp(z)\n    return e / e.sum()", head))
    assert notebook.blocks() == {"softmax": "yours"}


def test_imports_from_numpy_and_from_python_come_too(notebook):
    head = "from numpy import exp\nfrom math import sqrt as root\nfrom functools import reduce\n"
    body = "return exp(z) * root(4) + reduce(max, [1, 2]) + sliding_window_view(z, 2).sum()"
    notebook.keep("softmax", softmax(body, head))
    for line in ("from math import sqrt as root", "from numpy import exp", "import numpy as np"):
        assert f"\n{line}\n" in notebook.text
    assert "softmax" in keep.load(notebook.workbook)


def test_decorators_and_bases_come_too_and_first(notebook):
    head = "import functools\n\n\nclass Base:\n    scale = 3\n"
    source = "@functools.total_ordering\nclass ReLU(Base):\n    def __lt__(self, o): return 1\n"
    notebook.keep("relu-backward", head + source)
    assert "@functools.total_ordering\nclass ReLU(Base)" in notebook.text
    assert keep.load(notebook.workbook)["ReLU"].scale == 3


def test_a_dataclass_without_methods_is_found(notebook):
    source = "from dataclasses import dataclass\n\n\n@dataclass\nclass ReLU:\n    x: int = 2\n"
    notebook.keep("relu-backward", source)
    assert keep.load(notebook.workbook)["ReLU"]().x == 2


def test_magics_in_the_cell_do_no_harm(notebook):
    source = "%matplotlib inline\n" + softmax("return z")
    file = "<cell magic>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source.replace("%", "#"), file, "exec"), notebook.module.__dict__)
    assert collect.source_of("softmax", notebook.module.softmax).startswith("def softmax")


@pytest.mark.parametrize(
    ("head", "body", "words"),
    [
        ("rng = np.random.default_rng(3)", "return rng.normal()", "uses rng, a Generator"),
        ("table = np.ones(3)", "return z @ table", "uses table, a ndarray"),
        ("from helpers import metrics", "return metrics", "uses helpers.metrics"),
        ("", "from helpers import losses\n    return losses.softmax(z)", "uses helpers: write it"),
        ("", "import torch\n    return torch.softmax(z, -1)", "uses torch: write it with NumPy"),
        ("from helpers.losses import softmax_cross_entropy as f", "return f(z, 0)", "comes from"),
    ],
)
def test_what_cannot_stand_in_a_file_is_named(notebook, head, body, words):
    with pytest.raises(mine.KeepError, match=words):
        notebook.keep("softmax", softmax(body, head + "\n"))
    assert not (notebook.workbook / "mine.py").exists()


def test_what_has_not_passed_is_the_courses(notebook):
    notebook.run("def softmax(z):\n    return 'wrong'\n")
    notebook.keep("certain", "def certain(z):\n    return softmax(z).max(axis=-1)\n")
    assert notebook.blocks() == {"softmax": "the course's", "certain": "yours"}
    own = keep.load(notebook.workbook)
    assert set(own) == {"certain"}
    assert own["certain"](np.log([[1.0, 2, 5]])) == pytest.approx([5 / 8])


def test_hers_takes_the_courses_place_and_keeps_it(notebook):
    notebook.run("from helpers.losses import softmax")
    notebook.keep("certain", "def certain(z):\n    return softmax(z).max(axis=-1)\n")
    notebook.keep("softmax", softmax("return z + 1"))
    assert notebook.blocks()["softmax"] == "yours"
    notebook.run("def softmax(z):\n    return 'broken later'\n")
    notebook.keep("certain", "def certain(z):\n    return softmax(z).max()\n")
    assert notebook.blocks() == {"softmax": "yours", "certain": "yours"}
    assert keep.load(notebook.workbook)["certain"](np.ones(2)) == 2


def test_what_a_notebook_gives_is_hers_once_all_it_uses_is(notebook):
    notebook.keep("relu-backward", small_course.RELU)
    assert "MaxPool2D" not in notebook.blocks()
    names, _ = notebook.keep("pool-forward", small_course.POOL)
    assert names == ["max_pool_forward", "MaxPool2D"]
    pool = keep.load(notebook.workbook)["MaxPool2D"](2)
    assert pool.forward(np.arange(16.0).reshape(1, 1, 4, 4)).tolist() == [[[[5, 7], [13, 15]]]]


def test_blocks_stand_in_the_order_of_the_course(notebook):
    for name in ("certain", "pool-forward", "relu-backward", "centred", "softmax"):
        source = course.all_exercises(notebook.workbook)[name].source
        notebook.keep(name, source)
    assert [name for name, whose in notebook.blocks().items() if whose == "yours"] == [
        "softmax", "centred", "ReLU", "max_pool_forward", "certain",
    ]  # fmt: skip
    assert "SOLUTION" not in notebook.text


def test_two_helpers_of_one_name_are_refused(notebook):
    notebook.keep("softmax", softmax("return square(z)", SQUARE))
    with pytest.raises(mine.KeepError, match="has another from 02 softmax"):
        notebook.keep(
            "certain", SQUARE.replace("x * x", "x") + "\ndef certain(z):\n    square(z)\n"
        )
    notebook.keep("certain", SQUARE + "\ndef certain(z):\n    square(z)\n")


def test_a_helper_is_not_taken_for_another_notebooks_exercise(notebook):
    notebook.keep("softmax", softmax("return z"))
    own = "def centred(x):\n    return 2 * x\n\n\ndef certain(z):\n    return centred(z)\n"
    notebook.keep("centred", "def centred(x):\n    return x\n")
    known = definitions.of_course(notebook.workbook)
    assert known.find("centred", "05_pooling").notebook == "02_softmax"
    notebook.keep("certain", own)
    assert keep.load(notebook.workbook)["certain"](3) == 3  # the one that passed its check


def test_it_imports_numpy_only_and_stands_alone(notebook, tmp_path):
    for name, exercise in course.all_exercises(notebook.workbook).items():
        notebook.keep(name, exercise.source)
    modules = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).partition(".")[0]
        for node in ast.walk(ast.parse(notebook.text))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert modules == {"numpy"}
    done = subprocess.run([sys.executable, "-I", notebook.workbook / "mine.py"], cwd=tmp_path)
    assert done.returncode == 0


def test_a_broken_file_stays_and_is_named(notebook, capsys):
    notebook.keep("softmax", softmax("return z"))
    broken = notebook.text.replace("return z", "return (")
    (notebook.workbook / "mine.py").write_text(broken)
    with pytest.raises(mine.KeepError, match=r"mine.py is broken \(.*, line \d+\) and stays"):
        notebook.keep("softmax", softmax("return z + 1"))
    assert notebook.text == broken
    assert keep.load(notebook.workbook) == {}
    assert "mine.py cannot be used" in capsys.readouterr().out


def test_a_file_changed_by_hand_is_copied_first(notebook):
    notebook.keep("softmax", softmax("return z"))
    notebook.keep("centred", "def centred(x):\n    return x\n")
    by_hand = notebook.text.replace("return z", "return z + 0  # by hand")
    (notebook.workbook / "mine.py").write_text(by_hand)
    _, copy = notebook.keep("centred", "def centred(x):\n    return x + 1\n")
    assert copy.parent == notebook.workbook / "kept" and copy.read_text() == by_hand
    assert "# by hand" in notebook.text and "return x + 1" in notebook.text
    _, copy = notebook.keep("centred", "def centred(x):\n    return x + 2\n")
    assert copy is None


def test_a_file_of_her_own_is_copied_first(notebook):
    (notebook.workbook / "mine.py").write_text("secret = 1\n")
    _, copy = notebook.keep("softmax", softmax("return z"))
    assert copy.read_text() == "secret = 1\n"


def test_the_same_again_writes_nothing(notebook):
    notebook.keep("softmax", softmax("return z"))
    before = (notebook.workbook / "mine.py").stat().st_mtime_ns
    notebook.keep("softmax", softmax("return z"))
    assert (notebook.workbook / "mine.py").stat().st_mtime_ns == before


def test_two_writers_wait_for_each_other(workbook):
    order = []

    def second():
        with mine.locked(workbook):
            order.append("second")

    with mine.locked(workbook):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_the_lock_of_a_killed_notebook_is_taken(workbook, monkeypatch):
    (workbook / mine.LOCK).touch()
    monkeypatch.setattr(mine, "STALE_SECONDS", 0.1)
    with mine.locked(workbook):
        pass
    monkeypatch.setattr(mine, "STALE_SECONDS", 60)
    monkeypatch.setattr(mine, "WAIT_SECONDS", 0.2)
    (workbook / mine.LOCK).touch()
    with pytest.raises(mine.KeepError, match="another notebook"), mine.locked(workbook):
        pass


def test_yours_says_which_is_whose_in_one_line(notebook, monkeypatch, capsys):
    monkeypatch.chdir(notebook.workbook)
    notebook.keep("softmax", softmax("return z"))
    own, finished = keep.yours(losses.softmax, losses.softmax_cross_entropy)
    assert own.__module__ == "mine" and finished is losses.softmax_cross_entropy
    assert capsys.readouterr().out == (
        "Yours: softmax. The course's, until yours pass their check: softmax_cross_entropy.\n"
    )


def test_outside_a_workbook_yours_returns_what_it_is_given(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert keep.yours(losses.softmax) is losses.softmax
    assert capsys.readouterr().out == ""


def test_the_solutions_of_the_whole_course_fit_into_one_file():
    known, blocks, imports = definitions.of_course(None), {}, set()
    for exercise in course.all_exercises().values():
        collector = collect.Collector({}, exercise.notebook, known, blocks)
        for name in exercise.names:
            collector.of_course(known.find(name, exercise.notebook))
        blocks |= collector.added
        imports |= collector.imports
    mine.text_of(sorted(blocks.values(), key=known.order), imports)
    wanted = {name for exercise in course.all_exercises().values() for name in exercise.names}
    assert wanted <= set(blocks)
