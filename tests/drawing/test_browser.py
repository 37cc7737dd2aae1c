"""The last notebook in JupyterLab, as a student sees it: run, draw, upload, reload."""

import importlib.util
import io
import json
import re

import browser
import numpy as np
import pytest
from PIL import Image

from helpers import handwriting
from helpers.images import strokes_to_image

NOTEBOOK = browser.ROOT / "notebooks" / "11_draw.ipynb"
SECONDS = 20  # to wait for a reading; it takes a tenth of one on an idle machine


@pytest.fixture(scope="module")
def page(tmp_path_factory, skip_or_fail):
    """The notebook in a browser, run to its end."""
    if importlib.util.find_spec("playwright") is None:
        skip_or_fail("needs Playwright: install the extra `test`")
    if browser.find_chromium() is None:
        skip_or_fail("needs Chromium or Chrome, as from `apt-get install chromium`")
    folder = tmp_path_factory.mktemp("lab")
    (folder / NOTEBOOK.name).write_text(json.dumps(without_outputs()), encoding="utf-8")
    view = {"viewport": {"width": 1280, "height": 800}, "has_touch": True}
    with browser.jupyter_lab(folder) as address, browser.chromium(**view) as context:
        page = context.new_page()
        page.set_default_timeout(1000 * SECONDS)
        page.goto(address(f"doc/tree/{NOTEBOOK.name}"))
        assert browser.run_all(page) == []
        yield page


def without_outputs():
    """The notebook as if it had never been run, so that one can see when it has."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return notebook


@pytest.fixture
def pad(page):
    """The drawing pad, empty and in sight."""
    pad = page.locator(".digit-pad").first
    pad.scroll_into_view_if_needed()
    pad.get_by_role("button", name="Clear").click()
    wait_for_words(pad, "Draw a digit")
    return pad


def wait_for_words(pad, pattern):
    from playwright.sync_api import expect

    expect(pad.locator(".pad-words")).to_have_text(re.compile(pattern), timeout=1000 * SECONDS)


def places(pad, digit, extent=0.6, corner=(0.2, 0.2)):
    """Strokes of a digit as places on the page."""
    box = pad.locator("canvas").bounding_box()
    start = np.array([box["x"], box["y"]])
    side = box["width"]
    return [start + side * (extent * s + corner) for s in handwriting.write(digit)]


def draw_with_mouse(pad, digit):
    mouse = pad.page.mouse
    for stroke in places(pad, digit):
        mouse.move(*stroke[0])
        mouse.down()
        for point in stroke[1:]:
            mouse.move(*point)
        mouse.up()


@pytest.fixture
def touch(page):
    """A function (kind of event, *places of the fingers) that touches the screen."""
    session = page.context.new_cdp_session(page)

    def send(kind, *fingers):
        touches = [{"x": float(x), "y": float(y), "id": k} for k, (x, y) in enumerate(fingers)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    yield send
    session.detach()


def colours(pad):
    """How many pixels of the canvas are dark, and how many there are."""
    return pad.locator("canvas").evaluate(
        """canvas => {
          const { width, height } = canvas;
          const bytes = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          let dark = 0;
          for (let i = 0; i < bytes.length; i += 4) dark += bytes[i] < 128 && bytes[i + 3] > 0;
          return [dark, width * height];
        }"""
    )


def picture(digit, kind, light_on_dark):
    image = strokes_to_image(
        [220 * s + 40 for s in handwriting.write(digit)], size=(320, 300), pen_width=9
    )
    image = image if light_on_dark else Image.eval(image, lambda value: 240 - value // 2)
    content = io.BytesIO()
    image.save(content, kind)
    return {
        "name": f"{digit}.{kind.lower()}",
        "mimeType": f"image/{kind.lower()}",
        "buffer": content.getvalue(),
    }


def upload(pad, file):
    with pad.page.expect_file_chooser() as chooser:
        pad.get_by_role("button", name="Upload").click()
    chooser.value.set_files(file)


def test_a_three_drawn_with_the_mouse_is_read(pad):
    draw_with_mouse(pad, 3)
    wait_for_words(pad, r"I read 3, (over )?\d\d % sure")
    assert pad.locator("figure img").get_attribute("alt")
    assert pad.locator("tr.pad-best th").inner_text() == "3"


def test_a_finger_draws_and_the_page_does_not_scroll(pad, touch):
    before = pad.locator("canvas").bounding_box()
    for stroke in places(pad, 7):
        touch("touchStart", stroke[0])
        for point in stroke[1:]:
            touch("touchMove", point)
        touch("touchEnd")
    wait_for_words(pad, "I read 7")
    assert pad.locator("canvas").bounding_box() == before


def test_a_second_finger_does_not_draw(pad, touch):
    (stroke,) = places(pad, 1, corner=(0.4, 0.2))
    touch("touchStart", stroke[0])
    for point in stroke[1:]:
        touch("touchMove", point)
    far = stroke[-1] - (100, 100)
    touch("touchStart", stroke[-1], far)
    wait_for_words(pad, "I read 1")
    drawn = colours(pad)
    touch("touchMove", stroke[-1] + (60, 0), far - (0, 60))
    touch("touchEnd", far)
    touch("touchMove", far + (60, 0))
    touch("touchEnd")
    pad.page.wait_for_timeout(500)
    assert colours(pad) == drawn


def test_the_keyboard_works_after_a_stroke(pad):
    draw_with_mouse(pad, 3)
    wait_for_words(pad, "I read 3")
    for name in ("Undo", "Clear", "Example"):
        pad.page.keyboard.press("Tab")
        assert focused(pad) == name
    pad.page.keyboard.press("Enter")
    wait_for_words(pad, "I read 3")
    pad.page.keyboard.press("Enter")
    wait_for_words(pad, "I read 7")


def focused(pad):
    return pad.page.evaluate("document.activeElement.innerText")


def test_the_canvas_lets_the_keyboard_go(pad):
    pad.locator("canvas").focus()
    pad.page.keyboard.press("Tab")
    pad.page.wait_for_function("document.activeElement.innerText === 'Undo'")


@pytest.mark.parametrize("light_on_dark", [False, True], ids=["dark on light", "light on dark"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_is_read(pad, kind, light_on_dark):
    file = picture(2, kind, light_on_dark)
    for _ in range(2):  # the same file again
        upload(pad, file)
        wait_for_words(pad, "I read 2")
        dark, pixels = colours(pad)
        assert (dark > pixels / 2) == light_on_dark
        pad.get_by_role("button", name="Clear").click()
        wait_for_words(pad, "Draw a digit")


def test_a_bad_upload_keeps_the_drawing(pad):
    draw_with_mouse(pad, 3)
    wait_for_words(pad, "I read 3")
    upload(pad, {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    pad.get_by_role("alert").filter(has_text="not a PNG or JPEG").wait_for()
    assert "I read 3" in pad.inner_text()


def test_after_a_reload_the_drawing_is_there_and_goes_on(pad):
    page = pad.page
    draw_with_mouse(pad, 3)
    wait_for_words(pad, "I read 3")
    drawn, _ = colours(pad)
    page.keyboard.press("Control+s")
    page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    page.reload()
    pad = page.locator(".digit-pad").first
    wait_for_words(pad, "I read 3")
    pad.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    assert colours(pad)[0] == pytest.approx(drawn, rel=0.05)
    pad.get_by_role("button", name="Clear").click()
    wait_for_words(pad, "Draw a digit")
    draw_with_mouse(pad, 7)
    wait_for_words(pad, "I read 7")
