"""Answers to the exercises: usual wrong ones, which a check must refuse, and unusual right ones.

One module a notebook, called by its name with an n in front: `n02_softmax`. It has

    WRONG = {grade_id: [(answer, words), ...]}    words: a part of the message that must come
    RIGHT = {grade_id: [answer, ...]}             must pass

An answer is what a student writes between ``### BEGIN SOLUTION`` and ``### END SOLUTION``,
indented as if it stood alone.
"""

import importlib
import pkgutil


def _of(name):
    modules = (m.name for m in pkgutil.iter_modules(__path__))
    loaded = {m[1:]: importlib.import_module(f"{__name__}.{m}") for m in modules}
    return {notebook: getattr(module, name) for notebook, module in loaded.items()}


WRONG = _of("WRONG")
RIGHT = _of("RIGHT")
