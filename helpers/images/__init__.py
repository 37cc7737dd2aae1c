"""From strokes, or any picture, to what the network was trained on."""

from helpers.images.ink import NoInkError
from helpers.images.pictures import PictureError, open_picture, to_grey
from helpers.images.prepare import (
    SIDE,
    check_strokes,
    naive_resize,
    strokes_to_image,
    strokes_to_mnist,
    to_mnist,
)

__all__ = [
    "SIDE",
    "NoInkError",
    "PictureError",
    "check_strokes",
    "naive_resize",
    "open_picture",
    "strokes_to_image",
    "strokes_to_mnist",
    "to_grey",
    "to_mnist",
]
