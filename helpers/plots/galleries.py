"""Images of any size beside each other, each with a title. Use it as ``plots.gallery``."""

import math

import numpy as np

from helpers.plots import style
from helpers.plots.digits import draw_image, require


def gallery(images, titles, *, columns=None, boxes=None, points=None, caption=None):
    """Show images of any size side by side, each with what it is.

    Parameters
    ----------
    images : sequence of array_like of shape (H, W)
        From 0 (paper) to 1 (ink).
    titles : sequence of str
        One an image; a few words.
    columns : int, optional
        Images in a row; all of them if not given.
    boxes : sequence of (top, bottom, left, right) or None, optional
        A frame drawn in each image, in pixels; bottom and right are the first outside, as in a
        slice.
    points : sequence of (row, column) or None, optional
        A cross drawn in each image, in pixels.
    caption : str, optional
        See `helpers.plots.show`. Say here what is in the images: only the titles are known.

    Raises
    ------
    ValueError
        If there is no image, one is not two-dimensional, or there are not as many titles, boxes or
        points.
    """
    images = [np.asarray(image, dtype=float) for image in images]
    if not images:
        raise ValueError("images must hold at least one image")
    boxes = [None] * len(images) if boxes is None else boxes
    points = [None] * len(images) if points is None else points
    for image in images:
        require(image, 2, "an image", "(H, W)")
    for name, things in {"titles": titles, "boxes": boxes, "points": points}.items():
        if len(things) != len(images):
            raise ValueError(f"{len(images)} images need as many {name}, not {len(things)}")
    columns = columns or len(images)
    rows = math.ceil(len(images) / columns)
    side = min(style.WIDTH / columns, 3.6)
    with style.drawing(side * columns, rows * (side + 0.3)) as figure:
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        marks = zip(images, titles, boxes, points, strict=True)
        for axes, (image, title, box, point) in zip(grid.flat, marks, strict=False):
            draw_image(axes, image, box=box, point=point)
            axes.set_title(title)
    style.show(figure, _gallery_alt(images, titles, caption), caption)


def _gallery_alt(images, titles, caption):
    many = "One image" if len(images) == 1 else f"{len(images)} images"
    sizes = [f"{image.shape[0]} by {image.shape[1]} pixels" for image in images]
    if len(set(sizes)) == 1:
        listed = f"{many} of {sizes[0]}: {', '.join(map(str, titles))}."
    else:
        named = (f"{title} ({size})" for title, size in zip(titles, sizes, strict=True))
        listed = f"{many}: {', '.join(named)}."
    return " ".join(filter(None, [listed, caption]))
