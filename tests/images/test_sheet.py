"""The sheet of paper in a photograph is found, and nothing else is taken for one."""

import numpy as np
import pytest
from PIL import Image

from helpers.images.sheet import cut_out, find_sheet


def desk(paper=0.85, shade=0.3, box=(60, 40, 260, 200), size=(320, 240), turn=0, grain=0.01):
    """A sheet on a desk, with two strokes on it."""
    left, top, right, bottom = box
    sheet = np.full(size[::-1], np.nan, np.float32)
    sheet[top:bottom, left:right] = paper
    sheet[top + 30 : bottom - 30, left + 60 : left + 68] = 0.2
    sheet[top + 60 : top + 68, left + 60 : right - 40] = 0.2
    covered = Image.fromarray(np.nan_to_num(sheet, nan=-9)).rotate(turn, fillcolor=-9)
    covered = np.asarray(covered)
    picture = np.where(covered < 0, shade, covered)
    return picture + np.random.default_rng(0).normal(0, grain, picture.shape).astype(np.float32)


def test_a_sheet_with_all_edges_in_view_is_found():
    sheet = find_sheet(desk())
    np.testing.assert_allclose(sheet.box, (60, 40, 260, 200), atol=9)
    left, top, right, bottom = sheet.box
    assert left >= 60 and top >= 40 and right <= 260 and bottom <= 200  # no edge is left in


@pytest.mark.parametrize("turn", [-12, -4, 4, 12])
def test_a_sheet_may_lie_at_an_angle(turn):
    sheet = find_sheet(desk(turn=turn))
    assert 0.75 < sheet.inside.sum() / (200 * 160) <= 1
    seen = cut_out(desk(turn=turn), sheet)
    assert seen.shape == (sheet.box[3] - sheet.box[1], sheet.box[2] - sheet.box[0])
    assert 0.02 < (seen < 0.5).mean() < 0.15  # strokes, and no desk


@pytest.mark.parametrize("box", [(0, 0, 280, 240), (50, 0, 320, 240), (0, 30, 320, 240)])
def test_one_edge_in_view_is_enough(box):
    np.testing.assert_allclose(find_sheet(desk(box=box)).box, box, atol=9)


def test_sizes_do_not_matter():
    for factor in (1, 2, 4):
        large = np.kron(desk(grain=0), np.ones((factor, factor), np.float32))
        np.testing.assert_allclose(np.array(find_sheet(large).box) / factor,
                                   (60, 40, 260, 200), atol=9)  # fmt: skip


def no_sheets():
    y, x = np.mgrid[:240, :320] / 320
    ring = np.hypot(x - 0.5, y - 0.37)
    strokes = np.zeros((240, 320))
    strokes[40:200, 150:170] = 1
    return {
        "paper alone": np.full((240, 320), 0.8),
        "strokes on paper": 0.8 - 0.6 * strokes,
        "strokes on a board": 0.1 + 0.8 * strokes,
        "a soft shadow": 0.4 + 0.4 / (1 + np.exp(12 * (x + 0.3 * y - 0.6))),
        "a lamp": 0.3 + 0.6 * np.exp(-(ring**2) / 0.03),
        "a plate": np.where(ring < 0.3, 0.9, 0.3),
        "a ring": np.where(np.abs(ring - 0.25) < 0.03, 0.9, 0.1),
        "noise": np.random.default_rng(0).random((240, 320)),
        "small": np.pad(np.full((20, 20), 0.9), 8),
        "a line": np.full((1, 300), 0.5),
    }


@pytest.mark.parametrize("kind", no_sheets())
def test_what_is_no_sheet_is_not_taken_for_one(kind):
    assert find_sheet(no_sheets()[kind].astype(np.float32)) is None


def test_what_lies_outside_counts_as_paper():
    colours = np.stack([desk(turn=8)] * 3, axis=-1)
    seen = cut_out(colours, find_sheet(colours[..., 0]))
    assert seen.shape[2] == 3 and seen[0].min() > 0.7 and seen[:, 0].min() > 0.7
