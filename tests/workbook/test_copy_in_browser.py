"""`cnn-course` in a browser: blanks filled and run, and a digit read by her own layers."""

import importlib.util
import re

import browser
import numpy as np
import pytest
import small_course

from helpers import handwriting
from helpers.workbook import course, keep, make

pytestmark = pytest.mark.slow
SECONDS = 30


@pytest.fixture(scope="module")
def lab(tmp_path_factory, skip_or_fail):
    """The student's copy, opened by the command; a function name -> page with that notebook."""
    if importlib.util.find_spec("playwright") is None:
        skip_or_fail("needs Playwright: install the extra `test`")
    if browser.find_chromium() is None:
        skip_or_fail("needs Chromium or Chrome, as from `apt-get install chromium`")
    folder = tmp_path_factory.mktemp("lab")
    command = ("helpers.workbook", "--folder", str(folder / "workbook"))
    view = {"viewport": {"width": 1280, "height": 800}}
    with browser.jupyter_lab(folder, *command) as address, browser.chromium(**view) as context:

        def opened(name):
            page = context.new_page()
            page.set_default_timeout(1000 * SECONDS)
            page.goto(address(f"doc/tree/{name}.ipynb"))
            return page

        yield folder / "workbook", opened


def test_the_command_makes_the_copy_and_serves_it(lab):
    workbook, opened = lab
    assert (workbook / make.FIRST).is_file()
    page = opened(make.FIRST.removesuffix(".ipynb"))
    page.locator(".jp-Notebook h1").first.wait_for()


def test_a_three_is_read_by_her_own_layers(lab):
    workbook, opened = lab
    exercises = course.all_exercises(workbook).values()
    small_course.solve(workbook, [e.grade_id for e in exercises if e.notebook == "05_pooling"])
    page = opened("05_pooling")
    assert browser.run_all(page) == []
    page.close()
    assert {"MaxPool2D", "Flatten"} <= set(keep.load(workbook))

    page = opened("11_draw")
    said = browser.run_all(page)
    assert said and all(" is still blank" in message for message in said)
    pad = page.locator(".digit-pad").filter(has_text=re.compile("your own layers")).first
    pad.scroll_into_view_if_needed()
    pad.get_by_role("button", name="Clear").click()
    draw(page, pad, 3)
    pad.get_by_text(re.compile("I read 3")).wait_for()
    shown = re.sub(r"\s+", " ", pad.inner_text())
    assert re.search(r"Read by your own layers: [\w, ]*MaxPool2D", shown), shown


def draw(page, pad, digit):
    box = pad.locator("canvas").bounding_box()
    start, side = np.array([box["x"], box["y"]]), box["width"]
    for stroke in handwriting.write(digit):
        first, *rest = start + side * (0.6 * stroke + 0.2)
        page.mouse.move(*first)
        page.mouse.down()
        for place in rest:
            page.mouse.move(*place)
        page.mouse.up()
