"""What every picture of the course must be: legible, complete, no larger than a slide."""

import io

import numpy as np
from matplotlib.text import Text
from PIL import Image

from helpers.plots import style


def check(figure, alt, smallest=10):
    """Fail where a figure is cut off, empty, too large, or written too small (in points)."""
    png, _ = style._png(figure, alt)
    image = Image.open(io.BytesIO(png["image/png"])).convert("RGB")
    assert image.width <= 2 * 740 and image.height <= 2 * 720
    pixels, paper = np.asarray(image, float), np.asarray(image.getpixel((0, 0)))
    edge = np.ones(pixels.shape[:2], bool)
    edge[2:-2, 2:-2] = False
    assert pixels.std() > 5 and np.all(pixels[edge] == paper)
    sizes = {text.get_text(): text.get_fontsize() for text in figure.findobj(Text)}
    assert all(size >= smallest for text, size in sizes.items() if text)
