"""Open any picture and turn it into shades of grey.

Phones, scanners and drawing programs store pictures in many ways: turned on their side,
transparent, with 16 bits, with a palette, for print. All end as one array, 0 for black and 1 for
white.
"""

import io
import warnings

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG")
MAX_SIDE = 10_000  # pixels
MAX_PIXELS = 50_000_000
ENOUGH = 1000  # pixels of the longer side; finer pictures are not worth their memory
WHITE_ON_WHITE = 0.1  # range of shades in which a transparent picture vanishes on white paper


class PictureError(ValueError):
    """A file is not a picture that can be read."""


def open_picture(content):
    """Open the bytes of a PNG or JPEG file.

    Parameters
    ----------
    content : bytes-like
        What is in the file.

    Returns
    -------
    PIL.Image.Image
        Upright. A JPEG may come at a half, a quarter or an eighth of its size.

    Raises
    ------
    PictureError
        If it is neither PNG nor JPEG, is damaged, or is larger than `MAX_SIDE` or `MAX_PIXELS`.
    TypeError
        If `content` is not bytes-like.
    """
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"a picture must be the bytes of a file, its path, an image or an array, not "
            f"{type(content).__name__}"
        )
    try:
        image = _open(bytes(content))
        image.draft(image.mode, (ENOUGH, ENOUGH))
        image.load()
        return ImageOps.exif_transpose(image)
    except PictureError:
        raise
    # A damaged file can make Pillow raise almost anything.
    except Exception as error:
        raise PictureError(
            f"the picture is damaged and cannot be read ({error}). Save or export it anew."
        ) from error


def _open(content):
    if not content:
        raise PictureError("the file is empty. Choose a PNG or JPEG picture.")
    try:
        with warnings.catch_warnings():
            # The size is checked here, with an error that says what is accepted.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError:
        found = f"over {2 * Image.MAX_IMAGE_PIXELS // 10**6} million pixels"
        raise PictureError(_too_large(found)) from None
    except Image.UnidentifiedImageError:
        raise PictureError(
            "the file is not a PNG or JPEG picture. Export it as PNG or JPEG and try again."
        ) from None
    _check_size(*image.size)
    return image


def _check_size(width, height):
    if min(width, height) == 0:
        raise PictureError(f"the picture is empty: it has {width} x {height} pixels.")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise PictureError(_too_large(f"{width:,} x {height:,} pixels"))


def _too_large(found):
    return (
        f"the picture is too large: it has {found}; at most {MAX_SIDE:,} pixels a side and "
        f"{MAX_PIXELS // 10**6} million in all can be read. Scale it down, or cut out the digit."
    )


def to_grey(picture):
    """Turn a picture into shades of grey.

    What is transparent becomes white, or black where white ink would vanish. An image much larger
    than `ENOUGH` pixels a side is reduced.

    Parameters
    ----------
    picture : PIL.Image.Image or ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        An array holds shades from 0 (black) to 1 (white) if it is of floats, to the largest number
        of its type if of integers.

    Returns
    -------
    ndarray of shape (H, W), float32
        Shades from 0 (black) to 1 (white).

    Raises
    ------
    PictureError
        If `picture` is larger than `MAX_SIDE` or `MAX_PIXELS`, or has no pixels.
    TypeError, ValueError
        If `picture` is neither, or an array of another shape, or holds other numbers.
    """
    values = _pixels(picture) if isinstance(picture, Image.Image) else _check_array(picture)
    if values.ndim == 2:
        return values
    grey = values[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
    if values.shape[2] == 3:
        return grey
    alpha = values[..., 3]
    on_white = 1 + alpha * (grey - 1)
    return on_white if np.ptp(on_white) > WHITE_ON_WHITE else alpha * grey


def _pixels(image):
    """Return the values of a Pillow image of any mode, from 0 to 1, as float32."""
    _check_size(*image.size)
    if image.mode == "F" or image.mode.startswith("I"):  # float, or 16 bits
        values = np.asarray(image).astype(np.float32)
        return (values / (1 if image.mode == "F" else 65535)).clip(0, 1)
    if image.has_transparency_data:
        image = image.convert("RGBA")
    else:
        image = image.convert("L" if image.mode in ("1", "L") else "RGB")
    if max(image.size) >= 2 * ENOUGH:
        image = image.reduce(max(image.size) // ENOUGH)
    return np.asarray(image, np.float32) / 255


def _check_array(array):
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "buif":
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise TypeError(f"a picture must be a PIL image or an array of numbers, not {kind}.")
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,), (4,)) or array.size == 0:
        raise ValueError(
            f"an array must have the shape (H, W), (H, W, 3) or (H, W, 4), this has {array.shape}. "
            "One image of a batch (N, 1, 28, 28) is batch[i, 0]."
        )
    _check_size(array.shape[1], array.shape[0])
    if array.dtype.kind in "ui":
        if array.min() < 0:
            raise ValueError(f"a picture has no negative values, this goes down to {array.min()}")
        return array.astype(np.float32) / np.iinfo(array.dtype).max
    values = array.astype(np.float32)
    if not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            f"an array of floats must lie between 0 (black) and 1 (white), this lies between "
            f"{values.min():g} and {values.max():g}. Divide values up to 255 by 255."
        )
    return values
