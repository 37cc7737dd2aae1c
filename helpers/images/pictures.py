"""Open any picture and turn it into shades of grey, or of red, green and blue.

Phones, scanners and drawing programs store pictures in many ways: turned on their side,
transparent, with 16 bits, with a palette, for print. All end as one array, 0 for black and 1 for
white.
"""

import io
import os
import re
import stat
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAX_BYTES = 50_000_000  # of a file
MAX_SIDE = 10_000  # pixels
MAX_PIXELS = 50_000_000
MAX_SCANNED = 500_000_000  # pixels of a JPEG times its scans, each of which goes over all of them
MAX_SEGMENTS = 10_000  # of a JPEG
ENOUGH = 1000  # pixels of the longer side; finer pictures are not worth their memory
WHITE_ON_WHITE = 0.1  # range of shades in which a transparent picture vanishes on white paper
WHITES = (1, 255, 4095, 65535)  # what whole numbers count up to: black and white, 8, 12, 16 bits
ACCEPTED = "PNG, JPEG, WebP, GIF, BMP or TIFF"
GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601

# The marks between the parts of a JPEG: not those within a scan, for bytes of 255 and for restarts.
_MARK = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")
# How files begin that people take for pictures, or that are pictures which cannot be read here.
_HEIC = (
    "a HEIC photograph, as phones store it, which cannot be read here. Export or send it as JPEG; "
    "on an iPhone: Settings, Camera, Formats, Most Compatible"
)
_OTHERS = [
    (b"%PDF", 0, "a PDF. Take a picture of the screen, or export the page as PNG"),
    (b"<svg", 0, "an SVG drawing. Export it as PNG"),
    (b"data:", 0, "a data URL, not a file. Decode what follows the comma by base64.b64decode"),
    (b"avif", 8, "an AVIF picture, which cannot be read here. Export it as PNG or JPEG"),
    *[(b"he" + rest, 8, _HEIC) for rest in (b"ic", b"ix", b"im", b"is", b"vc", b"vx")],
    *[(brand, 8, _HEIC) for brand in (b"mif1", b"msf1")],
]


class PictureError(ValueError):
    """A file is not a picture that can be read."""


def load(picture):
    """Open a picture, whatever it comes as.

    Parameters
    ----------
    picture : path, bytes-like, PIL.Image.Image or ndarray
        The path of a file, or what is in it, or the picture itself.

    Returns
    -------
    picture : PIL.Image.Image or ndarray
        As `to_colour` takes it.
    size : (int, int)
        Its width and height, upright: a picture from a file may have been reduced.

    Raises
    ------
    PictureError
        If it is no picture that can be read, damaged, or too large.
    TypeError
        If it is something else.
    FileNotFoundError, PermissionError
        If there is no such file, or it must not be read.
    """
    if isinstance(picture, (str, os.PathLike)):
        picture = _content(picture)
    if isinstance(picture, np.ndarray):
        return picture, picture.shape[1::-1]
    if not isinstance(picture, Image.Image):
        return _opened(picture)
    on_its_side = picture.getexif().get(0x0112, 1) >= 5
    return picture, picture.size[:: -1 if on_its_side else 1]


def open_picture(content):
    """Open the bytes of a picture file: PNG, JPEG, WebP, GIF, BMP or TIFF.

    Parameters
    ----------
    content : bytes-like
        What is in the file.

    Returns
    -------
    PIL.Image.Image
        Upright; of several pictures in a file, the first. A JPEG may come at a half, a quarter or
        an eighth of its size.

    Raises
    ------
    PictureError
        If it is of another kind, damaged, or larger than `MAX_BYTES`, `MAX_SIDE` or `MAX_PIXELS`.
    TypeError
        If `content` is not bytes-like.
    """
    return _opened(content)[0]


def _content(path):
    """Return what is in a file, if it is one and not too large."""
    shown = repr(str(path)[:60])
    if str(path)[:8].lower().startswith(("data:", "http:", "https:")):
        raise PictureError(
            f"{shown} is an address, not the path of a file. Save the picture, and give the path "
            "of what is saved."
        )
    try:
        status = os.stat(path)
    except ValueError as error:  # a zero byte
        raise PictureError(f"{shown} is no path of a file: {error}.") from None
    if not stat.S_ISREG(status.st_mode):
        raise PictureError(f"{shown} is not a file. Give the path of a picture: {ACCEPTED}.")
    _check_bytes(status.st_size)
    return Path(path).read_bytes()


def _opened(content):
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"a picture must be the bytes of a file, its path, an image or an array, not "
            f"{type(content).__name__}"
        )
    _check_bytes(memoryview(content).nbytes)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd things in a file that can still be read
            image = _open(bytes(content))
            size = np.array(image.size)
            image.draft(image.mode, [max(1, side * ENOUGH // max(size)) for side in size.tolist()])
            image.load()
            upright = ImageOps.exif_transpose(image)
    except PictureError:
        raise
    # A damaged file can make Pillow raise almost anything.
    except Exception as error:
        raise PictureError(
            f"the picture is damaged and cannot be read ({error}). Save or export it anew."
        ) from error
    turned = image.getexif().get(0x0112, 1) >= 5
    return upright, tuple(size.tolist()[:: -1 if turned else 1])


def _open(content):
    if not content:
        raise PictureError(f"the file is empty. Choose a picture: {ACCEPTED}.")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError:
        found = f"over {2 * Image.MAX_IMAGE_PIXELS // 10**6} million pixels"
        raise PictureError(_too_large(found)) from None
    except Image.UnidentifiedImageError:
        raise PictureError(f"the file is {_other_kind(content)} and try again.") from None
    _check_size(*image.size)
    if image.format in ("JPEG", "MPO"):
        _check_scans(content, image.width * image.height)
    return image


def _check_scans(content, pixels):
    """Count the scans of a JPEG up to its end; what follows, such as a film, is never read."""
    scans = segments = place = 0
    while mark := _MARK.search(content, place):
        kind, length = mark[0][1], int.from_bytes(content[mark.end() : mark.end() + 2], "big")
        place, segments, scans = mark.end() + length, segments + 1, scans + (kind == 0xDA)
        if scans > 1 and scans * pixels > MAX_SCANNED or segments > MAX_SEGMENTS:
            raise PictureError(
                f"the picture is a JPEG of too many parts, {scans} scans among them, which takes "
                "too long to read. Export it as PNG, or as JPEG without the option progressive."
            )
        if kind == 0xD9:
            return


def _other_kind(content):
    """Say what a file is that is no picture of the accepted kinds."""
    for start, place, name in _OTHERS:
        if content[place:].lstrip()[: len(start)].lower() == start.lower():
            if place == 0 or content[4:8] == b"ftyp":
                return name
    return "not a PNG or JPEG picture, nor WebP, GIF, BMP or TIFF. Export it as PNG or JPEG"


def _check_bytes(count):
    if count > MAX_BYTES:
        raise PictureError(
            f"the file is too large: it has {count / 1e6:,.0f} MB, at most {MAX_BYTES // 10**6} MB "
            "can be read. Scale the picture down, or export it as JPEG."
        )


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

    Parameters
    ----------
    picture : PIL.Image.Image or ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        As for `to_colour`.

    Returns
    -------
    ndarray of shape (H, W), float32
        Shades from 0 (black) to 1 (white).

    Raises
    ------
    PictureError, TypeError, ValueError
        As of `to_colour`.
    """
    return grey_of(to_colour(picture))


def grey_of(colours):
    """Return the shades of grey of an array (H, W) or (H, W, 3)."""
    return colours if colours.ndim == 2 else colours @ GREY


def to_colour(picture):
    """Turn a picture into shades of red, green and blue, or of grey if that is all it has.

    An image that says how it is to be turned (EXIF) is turned upright. What is transparent becomes
    white, or black where white ink would vanish. An image much larger than `ENOUGH` pixels a side
    is reduced.

    Parameters
    ----------
    picture : PIL.Image.Image or ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        Floats of an array are shades from 0 (black) to 1 (white). Whole numbers count up to 255, or
        to the first of `WHITES` that none exceeds.

    Returns
    -------
    ndarray of shape (H, W) or (H, W, 3), float32
        Shades from 0 (black) to 1 (white).

    Raises
    ------
    PictureError
        If `picture` is larger than `MAX_SIDE` or `MAX_PIXELS`, or has no pixels.
    TypeError, ValueError
        If `picture` is neither, or an array of another shape, or holds other numbers.
    """
    values = _pixels(picture) if isinstance(picture, Image.Image) else _check_array(picture)
    if values.ndim == 2 or values.shape[2] == 3:
        return values
    colours, alpha = values[..., :3], values[..., 3:]
    on_white = 1 + alpha * (colours - 1)
    return on_white if np.ptp(grey_of(on_white)) > WHITE_ON_WHITE else alpha * colours


def _pixels(image):
    """Return the values of a Pillow image of any mode, from 0 to 1, as float32."""
    _check_size(*image.size)
    try:
        image = ImageOps.exif_transpose(image)
        if image.mode == "F" or image.mode.startswith("I"):  # numbers, not shades
            return _shades(np.asarray(image))
        image = image.convert({"La": "LA", "RGBa": "RGBA"}.get(image.mode, image.mode))
        if image.has_transparency_data:
            image = image.convert("RGBA")
        else:
            image = image.convert("L" if image.mode in ("1", "L") else "RGB")
    except (OSError, SyntaxError) as error:  # read only now, and damaged
        raise PictureError(f"the picture is damaged and cannot be read ({error}).") from error
    if max(image.size) >= 2 * ENOUGH:
        image = image.reduce(max(image.size) // ENOUGH)
    return np.asarray(image, np.float32) / 255


def _shades(numbers):
    """Return the shades from 0 to 1 of an image that holds whole numbers, or floats."""
    if numbers.dtype.kind != "f":
        return _check_array(numbers)
    low, high = numbers.min(), numbers.max()
    if not (low >= 0 and high <= WHITES[-1]):  # NaN too
        raise ValueError(
            "an image of floats must lie between 0 (black) and 1, 255 or 65535 (white), this lies "
            f"between {low:g} and {high:g}."
        )
    return numbers.astype(np.float32) / next(white for white in WHITES if high <= white)


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
    low, high = array.min(), array.max()
    if array.dtype.kind in "ui":
        if low < 0:
            raise ValueError(f"a picture has no negative values, this goes down to {low}")
        return _reduced(array, _white(array.dtype, high))
    if not (low >= 0 and high <= 1):  # NaN too
        raise ValueError(
            f"an array of floats must lie between 0 (black) and 1 (white), this lies between "
            f"{low:g} and {high:g}. Divide values up to 255 by 255."
        )
    return _reduced(array, 1)


def _white(dtype, high):
    """Return the number that stands for white, if the largest whole number is `high`."""
    largest = np.iinfo(dtype).max
    if largest <= 255:
        return largest
    return next((white for white in WHITES if high <= white), largest)


def _reduced(array, white):
    """Return an array divided by `white`, as float32, and smaller if it is large."""
    by = max(array.shape[:2]) // ENOUGH
    if by < 2:
        return array.astype(np.float32) / np.float32(white)
    channels = [array] if array.ndim == 2 else np.moveaxis(array, -1, 0)
    smaller = [
        np.asarray(Image.fromarray(channel.astype(np.float32)).reduce(by)) / np.float32(white)
        for channel in channels
    ]
    return smaller[0] if array.ndim == 2 else np.stack(smaller, axis=-1)
