"""Random changes to training images that leave a digit what it is.

A digit moved by a pixel, turned by ten degrees or drawn with a thicker pen is the same digit. A
network that never sees the same image twice cannot learn images by heart.

All changes of place (shift, rotation, scale, stretch, slant, elastic) are put into one map, and the
old images are read once, so nothing is blurred twice: see `helpers.fast.warping`.

>>> augment = Augmentation(shift=2, rotation=10)
>>> images = np.zeros((3, 1, 28, 28), np.float32)
>>> augment(images, np.random.default_rng(0)).shape
(3, 1, 28, 28)
"""

import dataclasses
import math

import numpy as np

from helpers import arguments
from helpers.fast import warping

__all__ = ["PARAMETERS", "Augmentation"]

# Columns of the array that `Augmentation.draw` returns. The elastic ones follow.
PARAMETERS = ("shift_x", "shift_y", "rotation", "scale", "stretch", "slant", "stroke")
# The largest values, where a setting has one.
_MOST = {"rotation": 180, "scale": 0.9, "stretch": 0.9, "stroke": 1}
_KNOTS = warping.KNOTS**2
# Images that are worked on at once, so that all arrays stay in the processor's cache.
_BLOCK = 128


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Augmentation:
    """Moves, turns, scales, slants and bends digits, and changes their strokes, at random.

    Each setting is the largest change; what an image gets is drawn evenly from both directions.
    0 switches a change off.

    Parameters
    ----------
    shift : float
        Pixels, along each axis by itself.
    rotation : float
        Degrees, about the centre of the image.
    scale : float
        Share, at most 0.9: 0.1 makes digits up to a tenth larger or smaller.
    stretch : float
        Share, at most 0.9: 0.1 makes digits up to a tenth wider and as much lower, or the reverse.
    slant : float
        Horizontal shear, in pixels to the right for each pixel up.
    elastic : float
        Standard deviation, in pixels, of a smooth random displacement of every point.
    stroke : float
        At most 1: how far strokes go from what they are to one pixel thicker (or thinner) on each
        side.

    Raises
    ------
    ValueError
        If a setting is negative, or too large.

    References
    ----------
    Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks Applied to
    Visual Document Analysis", ICDAR 2003 (affine and elastic). Ronneberger, Fischer and Brox,
    "U-Net", MICCAI 2015 (smooth displacements from a coarse grid). Serra, "Image Analysis and
    Mathematical Morphology", 1982 (thicker: dilation, thinner: erosion).
    """

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    stretch: float = 0.0
    slant: float = 0.0
    elastic: float = 0.0
    stroke: float = 0.0

    def __post_init__(self):
        for name, value in vars(self).items():
            most = _MOST.get(name, math.inf)
            if not 0 <= value <= most or value == math.inf:
                limit = "finite" if most == math.inf else f"at most {most:g}"
                raise ValueError(f"{name} must be at least 0 and {limit}, not {value!r}")

    def __call__(self, images, rng):
        """Change each image by its own random amounts.

        Parameters
        ----------
        images : array_like of shape (N, 1, H, W)
            0 is paper; what comes in from outside the image is paper.
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of shape (N, 1, H, W), float32
            A new array, with the batch last in memory.

        Raises
        ------
        ValueError
            If `images` has another shape.
        """
        return self.apply(images, self.draw(len(images), rng))

    def draw(self, count, rng):
        """Draw what happens to each image.

        Parameters
        ----------
        count : int
            Number of images.
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of shape (count, len(PARAMETERS)) or (count, len(PARAMETERS) + 98), float32
            One row an image, so that the rows of a part of the images are the part of the rows.
            Columns as in `PARAMETERS`: pixels to the right, pixels down, radians counter-clockwise,
            logarithms of two factors, pixels a pixel, share. Then, where `elastic` is on, the
            displacements of 7 x 7 knots along x and along y, in pixels.
        """
        most = [
            self.shift,
            self.shift,
            math.radians(self.rotation),
            math.log1p(self.scale),
            math.log1p(self.stretch),
            self.slant,
            self.stroke,
        ]
        drawn = rng.random((count, len(most)), dtype=np.float32) * 2 - 1
        drawn *= np.array(most, np.float32)
        if not self.elastic:
            return drawn
        knots = rng.standard_normal((count, 2 * _KNOTS), dtype=np.float32)
        return np.hstack([drawn, knots * np.float32(self.elastic / warping.surface_deviation())])

    def apply(self, images, parameters):
        """Change images by amounts that were drawn before.

        Parameters
        ----------
        images : array_like of shape (N, 1, H, W)
        parameters : ndarray of shape (N, ...)
            From `draw`, or rows of it.

        Returns
        -------
        ndarray of shape (N, 1, H, W), float32

        Raises
        ------
        ValueError
            If the shapes do not fit.
        """
        images = np.asarray(images, np.float32)
        if images.ndim != 4 or images.shape[1] != 1:
            raise ValueError(f"augmentation takes images (N, 1, H, W), not shape {images.shape}")
        widths = (len(PARAMETERS), len(PARAMETERS) + 2 * _KNOTS)
        if parameters.ndim != 2 or parameters.shape[1] not in widths:
            raise ValueError(f"parameters must come from draw(), not have shape {parameters.shape}")
        if len(parameters) != len(images):
            raise ValueError(f"{len(images)} images, but parameters for {len(parameters)}")
        count, _, height, width = images.shape
        out = np.empty((height, width, count), np.float32)
        for start in range(0, count, _BLOCK):
            block = slice(start, start + _BLOCK)
            affine, knots = _maps(parameters[block])
            warping.move(images[block, 0], affine, knots, out[:, :, block])
            strokes = parameters[block, PARAMETERS.index("stroke")]
            if strokes.any():
                warping.thicken(out[:, :, block], strokes)
        return out[:, :, None].transpose(3, 2, 0, 1)

    def __repr__(self):
        return arguments.written(type(self), vars(self))


def _maps(parameters):
    """The map from the new image to the old, in x and in y: weights of 1, x, y; knots of the bend.

    p_old = A^-1 (p_new - shift), both from the centre, plus the bend.
    """
    shift_x, shift_y, angle, scale, stretch, slant = parameters.T[:6]
    cos, sin = np.cos(angle), np.sin(angle)
    wide, high = np.exp(-scale - stretch), np.exp(-scale + stretch)
    # A = rotation @ slant @ scale, so A^-1 = scale^-1 @ slant^-1 @ rotation^-1; y points down.
    xx, xy = (cos + slant * sin) * wide, (slant * cos - sin) * wide
    yx, yy = sin * high, cos * high
    along_x = np.stack([-xx * shift_x - xy * shift_y, xx, xy])
    along_y = np.stack([-yx * shift_x - yy * shift_y, yx, yy])
    return (along_x, along_y), np.split(parameters.T[len(PARAMETERS) :], 2)
