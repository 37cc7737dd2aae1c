"""Made-up pictures as people take them: a sheet on a desk, ruled paper, forms, several digits.

Each kind of `KINDS` is a function of a random generator that returns a picture and the digits in
it, in reading order. Sizes, places, hands, pens and light vary. Nobody wrote or photographed them:
what reads these need not read real ones, but what fails here is not ready.
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from helpers import handwriting, letters
from helpers.images import strokes_to_image

__all__ = ["KINDS", "hand"]


class Hand:
    """Writes the digits of the scenes: in a made-up hand, or in those of a file of drawings."""

    def __init__(self):
        self.drawings = None

    def strokes(self, digit, rng):
        """The strokes of a digit, the longer side of their box 1."""
        if self.drawings is None:
            return handwriting.write(digit, rng)
        one = self.drawings[digit][rng.integers(len(self.drawings[digit]))]
        strokes = [np.array(stroke, float) for stroke in one]
        points = np.concatenate(strokes)
        return [(s - points.min(axis=0)) / np.ptp(points, axis=0).max() for s in strokes]


hand = Hand()


def _ink(strokes, height, pen):
    """Ink from 0 to 1 of strokes, cut out."""
    extent = np.ptp(np.concatenate(strokes), axis=0) * height
    size = tuple(int(side + 2 * pen + 4) for side in extent)
    image = strokes_to_image([s * height + pen + 2 for s in strokes], size, pen)
    return np.asarray(image, np.float32) / 255


def _written(rng, digit, height, pen):
    return _ink(hand.strokes(int(digit), rng), height, pen)


def _paper(rng, shape, shade=None):
    """Paper in uneven light."""
    y, x = np.meshgrid(*[np.linspace(-1, 1, side) for side in shape], indexing="ij")
    slope = rng.uniform(-0.08, 0.08, 2)
    shade = rng.uniform(0.7, 0.95) if shade is None else shade
    return (shade * (1 + slope[0] * y + slope[1] * x)).astype(np.float32)


def _put(page, ink, top, left, shade):
    """Lay ink on a page; it may reach over the edge."""
    top, left = int(top), int(left)
    y, x = max(0, top), max(0, left)
    bottom, right = min(page.shape[0], top + ink.shape[0]), min(page.shape[1], left + ink.shape[1])
    part = ink[y - top : bottom - top, x - left : right - left]
    page[y:bottom, x:right] += part * (shade - page[y:bottom, x:right])


def _picture(rng, page):
    """Blur, grain and JPEG, as a camera has them."""
    blur = rng.uniform(0, 0.0025) * max(page.shape)
    image = Image.fromarray((255 * page.clip(0, 1)).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(blur))
    grain = rng.normal(0, rng.uniform(0.5, 5), page.shape)
    image = Image.fromarray((np.asarray(image) + grain).clip(0, 255).astype(np.uint8))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=int(rng.integers(60, 96)))
    return Image.open(content)


def _sheet(rng, digits=None, side=None, height=None, contrast=None):
    """A page with one digit, its size and place by chance."""
    side = int(rng.choice([200, 400, 800])) if side is None else side
    digit = int(rng.integers(10)) if digits is None else digits
    shape = int(side * rng.uniform(0.8, 1.2)), side
    page = _paper(rng, shape)
    height = (rng.uniform(0.3, 0.75) if height is None else height) * min(shape)
    ink = _written(rng, digit, height, max(2, height * rng.uniform(0.05, 0.13)))
    room = np.array(shape) - ink.shape
    top, left = room * rng.uniform(0.15, 0.85, 2)
    shade = page.mean() - (rng.uniform(0.35, 0.65) if contrast is None else contrast)
    _put(page, ink, top, left, shade)
    return page, digit, (top, left, *ink.shape)


def clean(rng):
    page, digit, _ = _sheet(rng)
    return _picture(rng, 1 - page if rng.random() < 0.4 else page), [digit]


def on_a_desk(rng):
    """All edges of the paper in view, a little turned."""
    page, digit, _ = _sheet(rng)
    return _picture(rng, _laid(rng, page, rng.uniform(1.15, 2))), [digit]


def _laid(rng, page, room, turn=10):
    """A page on a dark desk that shows its grain."""
    shape = [int(side * room) for side in page.shape]
    desk = _paper(rng, shape, rng.uniform(0.1, 0.5))
    desk += np.asarray(_cloud(rng, shape)) * rng.uniform(0, 0.06)
    turn = rng.uniform(-turn, turn)
    paper = Image.fromarray(page).rotate(turn, Image.Resampling.BICUBIC, expand=True)
    cover = Image.fromarray(np.ones_like(page)).rotate(turn, Image.Resampling.BICUBIC, expand=True)
    paper, cover = np.asarray(paper), np.asarray(cover).clip(0, 1)
    top, left = (np.array(shape) - paper.shape) * rng.uniform(0, 1, 2)
    _put(desk, cover, top, left, 0)
    _put_light(desk, paper * (cover > 0), top, left)
    return desk


def _put_light(page, light, top, left):
    top, left = int(top), int(left)
    y, x = max(0, top), max(0, left)
    bottom, right = (
        min(a, b + c) for a, b, c in zip(page.shape, (top, left), light.shape, strict=True)
    )
    page[y:bottom, x:right] += light[y - top : bottom - top, x - left : right - left]


def _cloud(rng, shape):
    small = Image.fromarray(rng.normal(0, 1, (int(rng.integers(4, 40)), 12)).astype(np.float32))
    return small.resize(shape[::-1], Image.Resampling.BICUBIC)


def edges_of_the_paper(rng):
    """One, two or three edges of the paper in view."""
    page, digit, _ = _sheet(rng, height=rng.uniform(0.3, 0.5))
    desk = rng.uniform(0.1, 0.45)
    for edge in rng.choice(4, rng.integers(1, 4), replace=False):
        page = np.rot90(page, edge)
        page = page.copy()
        page[: int(rng.uniform(0.03, 0.11) * len(page))] = desk
        page = np.rot90(page, -edge).copy()
    return _picture(rng, page), [digit]


def shadow(rng):
    """The hard shadow of a phone or a hand, beside the digit."""
    page, digit, (top, left, height, _) = _sheet(rng, height=rng.uniform(0.3, 0.5))
    dark = rng.uniform(0.3, 0.65)
    if rng.random() < 0.5:
        page[int(rng.uniform(top + height + 3, len(page))) :] *= dark
    else:
        page[:, : int(rng.uniform(0, max(1, left - 3)))] *= dark
    return _picture(rng, page), [digit]


def soft_shadow(rng):
    """A soft shadow over the digit."""
    page, digit, _ = _sheet(rng)
    y, x = np.meshgrid(*[np.linspace(0, 1, side) for side in page.shape], indexing="ij")
    edge = 1 / (
        1 + np.exp(rng.uniform(8, 25) * (x * rng.uniform(-1, 1) + y - rng.uniform(0.3, 0.7)))
    )
    return _picture(rng, page * (1 - rng.uniform(0.3, 0.55) * edge)), [digit]


def _rule(rng, page, pitch, both, shade=None, slope=None):
    """Draw ruled lines, or squares."""
    slope = rng.uniform(-0.03, 0.03) if slope is None else slope
    width = max(1, round(pitch * rng.uniform(0.02, 0.08)))
    shade = rng.uniform(0.35, 0.75) if shade is None else shade
    lines = Image.new("L", page.shape[::-1])
    pen = ImageDraw.Draw(lines)
    height, across = page.shape
    for at in np.arange(rng.uniform(-height, 1 - height), 2 * height, pitch):
        pen.line([(0, at), (across, at + slope * across)], fill=255, width=width)
    if both:
        for at in np.arange(rng.uniform(-across, 1 - across), 2 * across, pitch):
            pen.line([(at, 0), (at - slope * height, height)], fill=255, width=width)
    return np.minimum(page, np.where(np.asarray(lines) > 0, shade * page.max(), 1))


def ruled(rng):
    page, digit, (_, _, height, _) = _sheet(rng, height=rng.uniform(0.4, 0.75))
    return _picture(rng, _rule(rng, page, height * rng.uniform(0.25, 0.9), both=False)), [digit]


def squared(rng):
    page, digit, (_, _, height, _) = _sheet(rng, height=rng.uniform(0.4, 0.75))
    return _picture(rng, _rule(rng, page, height * rng.uniform(0.2, 0.6), both=True)), [digit]


def _row(rng, count, side, spread=1.0):
    """Ink of a row of digits, which do not touch, and the digits."""
    digits = rng.integers(10, size=count)
    pen = max(2, side * rng.uniform(0.05, 0.11))
    inks = [_written(rng, d, side * rng.uniform(0.85, 1.15), pen) for d in digits]
    gaps = [int(side * spread * rng.uniform(0.12, 0.5)) for _ in digits]
    tall = max(ink.shape[0] for ink in inks) + int(0.3 * side)
    row = np.zeros((tall, sum(ink.shape[1] for ink in inks) + sum(gaps)), np.float32)
    left = 0
    for ink, gap in zip(inks, gaps, strict=True):
        top = (tall - ink.shape[0]) / 2 + rng.uniform(-0.1, 0.1) * side
        _put(row, ink, max(0, top), left, 1)
        left += ink.shape[1] + gap
    return row, [int(d) for d in digits]


def _page_of(rng, rows, margin):
    height = sum(len(row) for row in rows) + 2 * margin
    width = max(row.shape[1] for row in rows) + 2 * margin
    page = _paper(rng, (height, width))
    shade, top = page.mean() - rng.uniform(0.35, 0.65), margin
    for row in rows:
        _put(page, row, top, margin + rng.uniform(0, width - 2 * margin - row.shape[1]), shade)
        top += len(row)
    return page


def two(rng):
    row, digits = _row(rng, 2, int(rng.integers(60, 200)))
    page = _page_of(rng, [row], int(rng.integers(10, 90)))
    return _picture(rng, 1 - page if rng.random() < 0.3 else page), digits


def row(rng):
    side = int(rng.integers(40, 120))
    inks, digits = _row(rng, int(rng.integers(3, 11)), side)
    page = _page_of(rng, [inks], int(rng.uniform(0.2, 2) * side))
    return _picture(rng, 1 - page if rng.random() < 0.3 else page), digits


def rows(rng):
    side = int(rng.integers(40, 100))
    made = [_row(rng, int(rng.integers(1, 7)), side) for _ in range(rng.integers(2, 5))]
    page = _page_of(rng, [inks for inks, _ in made], int(rng.uniform(0.3, 1.5) * side))
    return _picture(rng, page), [digit for _, digits in made for digit in digits]


def row_on_a_desk(rng):
    side = int(rng.integers(40, 110))
    inks, digits = _row(rng, int(rng.integers(2, 8)), side)
    page = _page_of(rng, [inks], int(rng.uniform(0.5, 2) * side))
    return _picture(rng, _laid(rng, page, rng.uniform(1.1, 1.6), 6)), digits


def row_on_ruled_paper(rng):
    side = int(rng.integers(50, 110))
    inks, digits = _row(rng, int(rng.integers(2, 8)), side)
    page = _page_of(rng, [inks], int(rng.uniform(0.5, 2) * side))
    return _picture(rng, _rule(rng, page, side * rng.uniform(0.5, 1.3), rng.random() < 0.4)), digits


def form(rng):
    """Boxes in a row, with a digit in each or in some."""
    side, count = int(rng.integers(50, 130)), int(rng.integers(2, 8))
    gap = int(rng.choice([0, 0.2 * side]))
    page = _paper(rng, (int(side * rng.uniform(1.3, 3)), (side + gap) * count + side))
    top, digits, shade = (len(page) - side) // 2, [], page.mean() - rng.uniform(0.35, 0.65)
    image = Image.fromarray(page)
    pen = ImageDraw.Draw(image)
    line, colour = max(1, side // int(rng.integers(25, 60))), page.mean() - rng.uniform(0.2, 0.6)
    for k in range(count):
        left = side // 2 + k * (side + gap)
        pen.rectangle([left, top, left + side, top + side], outline=float(colour), width=line)
    page = np.array(image)
    for k in range(count):
        if k and rng.random() < 0.2:
            continue
        digits.append(int(rng.integers(10)))
        height = side * rng.uniform(0.5, 0.8)
        ink = _written(rng, digits[-1], height, max(2, height * rng.uniform(0.06, 0.12)))
        room = np.array([side, side]) - ink.shape
        place = room * rng.uniform(0.25, 0.75, 2)
        _put(page, ink, top + place[0], side // 2 + k * (side + gap) + place[1], shade)
    return _picture(rng, page), digits


def framed(rng):
    """A frame around the digit, by hand or printed."""
    page, digit, (top, left, height, width) = _sheet(rng, height=rng.uniform(0.3, 0.55))
    room = 0.1 * min(page.shape)
    box = [left - room, top - room, left + width + room, top + height + room]
    box = np.array(box) + rng.uniform(-0.3, 0.3, 4) * room
    image = Image.fromarray(page)
    line = max(2, round(height * rng.uniform(0.02, 0.08)))
    ImageDraw.Draw(image).rectangle(list(box), outline=float(page.mean() - 0.4), width=line)
    return _picture(rng, np.array(image)), [digit]


def neighbour(rng):
    """A tight crop, with the ends of neighbours."""
    page, digit, (top, left, height, width) = _sheet(rng, height=0.7, contrast=0.5)
    rows = slice(max(0, int(top) - 2), int(top + height) + 2)
    room = 0.12 * height
    columns = slice(max(0, int(left - room)), int(left + width + room))
    part, thick = page[rows, columns].copy(), int(0.05 * height) + 1
    dark = part.min()
    at = int(rng.uniform(0.1, 0.7) * len(part))
    part[at : at + int(0.2 * height), :thick] = dark
    if rng.random() < 0.5:
        part[: int(rng.uniform(0.1, 0.5) * len(part)), -thick:] = dark
    return _picture(rng, part), [digit]


def turned(rng):
    """The camera was held another way, and says so."""
    page, digit, _ = _sheet(rng)
    way = int(rng.choice([3, 6, 8]))
    angle = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90,
             8: Image.Transpose.ROTATE_270}[way]  # fmt: skip
    image, tag, content = _picture(rng, page).transpose(angle), Image.Exif(), io.BytesIO()
    tag[274] = way
    image.save(content, "JPEG", exif=tag.tobytes())
    return Image.open(content), [digit]


def colour(rng):
    """Ink of another colour, as bright as its paper."""
    digit, side = int(rng.integers(10)), int(rng.choice([200, 400]))
    height = side * rng.uniform(0.4, 0.75)
    ink = np.zeros((side, side), np.float32)
    one = _written(rng, digit, height, height * rng.uniform(0.08, 0.14))
    place = (np.array(ink.shape) - one.shape) * rng.uniform(0.2, 0.8, 2)
    _put(ink, one, *place, 1)
    first, second = rng.uniform(60, 230, (2, 3))
    while np.linalg.norm(first - second) < 90 or abs((first - second) @ [0.299, 0.587, 0.114]) > 8:
        first, second = rng.uniform(60, 230, (2, 3))
    shades = (1 - ink[..., None]) * first + ink[..., None] * second
    shades += rng.normal(0, 1.5, shades.shape)
    return Image.fromarray(shades.clip(0, 255).astype(np.uint8)), [digit]


def glare(rng):
    """A lamp shines in the page."""
    page, digit, _ = _sheet(rng, contrast=rng.uniform(0.3, 0.5))
    y, x = np.mgrid[: page.shape[0], : page.shape[1]] / max(page.shape)
    middle, width = rng.uniform(0.05, 0.95, 2), rng.uniform(0.08, 0.2)
    lamp = np.exp(-((y - middle[0]) ** 2 + (x - middle[1]) ** 2) / 2 / width**2)
    return _picture(rng, page * 0.75 + rng.uniform(0.2, 0.5) * lamp), [digit]


def caption(rng):
    """Small print below the digit."""
    page, digit, (top, _, height, _) = _sheet(rng, side=400, height=rng.uniform(0.4, 0.6))
    image = Image.fromarray((255 * page).astype(np.uint8))
    font = ImageFont.load_default(rng.uniform(10, 18))
    place = (rng.uniform(5, 60), min(top + height + 8, len(page) - 22))
    ImageDraw.Draw(image).text(place, "fig. 1: my digit", fill=20, font=font)
    return _picture(rng, np.asarray(image, np.float32) / 255), [digit]


def flag(rng):
    """A 1 as in Europe, with a flag."""
    top, flag = rng.uniform(0, 0.1), rng.uniform(0.2, 0.42)
    bend = rng.normal(0, 0.02, 2)
    stroke = [(0, top + flag), (flag * 0.45, top + flag * 0.5), (flag, 0), (flag, 0),
              (flag + bend[0], 0.5), (flag - 0.03 + bend[1], 1)]  # fmt: skip
    strokes = handwriting.by_hand([stroke], rng)
    return _alone(rng, strokes), [1]


def _alone(rng, strokes, side=300):
    height = side * rng.uniform(0.4, 0.7)
    page = _paper(rng, (side, side))
    ink = _ink(strokes, height, height * rng.uniform(0.06, 0.12))
    place = (np.array(page.shape) - ink.shape) * rng.uniform(0.2, 0.8, 2)
    _put(page, ink, *place, page.mean() - 0.5)
    return _picture(rng, page)


def letter(rng):
    name = str(rng.choice(list(letters.LETTERS)))
    return _alone(rng, handwriting.by_hand(letters._SHAPES[name], rng)), []


def word(rng):
    """Several letters."""
    inks = [
        _ink(handwriting.by_hand(letters._SHAPES[str(name)], rng), 80, 7)
        for name in rng.choice(list("AEFHKMNRTWX"), rng.integers(2, 6))
    ]
    row, left = np.zeros((110, sum(ink.shape[1] + 25 for ink in inks)), np.float32), 0
    for ink in inks:
        _put(row, ink, 5, left, 1)
        left += ink.shape[1] + 25
    return _picture(rng, _page_of(rng, [row], 50)), []


def face(rng):
    """A face as children draw it."""
    side = 300
    image = Image.new("L", (side, side), 215)
    pen, width = ImageDraw.Draw(image), int(rng.integers(4, 12))
    r = int(rng.integers(70, 130))
    x, y = rng.uniform(r, side - r, 2)
    pen.ellipse([x - r, y - r, x + r, y + r], outline=40, width=width)
    for eye in (-0.35, 0.35):
        e = r * rng.uniform(0.05, 0.14)
        pen.ellipse([x + eye * r - e, y - 0.3 * r - e, x + eye * r + e, y - 0.3 * r + e], fill=40)
    if rng.random() < 0.7:
        pen.line([x, y - 0.1 * r, x - 0.1 * r, y + 0.2 * r, x + 0.05 * r, y + 0.2 * r], 40, width)
    pen.arc([x - 0.5 * r, y - 0.2 * r, x + 0.5 * r, y + 0.6 * r], 20, 160, fill=40, width=width)
    return _picture(rng, np.asarray(image, np.float32) / 255), []


def nothing(rng):
    """Blank paper, in uneven light, or on a desk."""
    page = _paper(rng, (240, 320))
    if rng.random() < 0.5:
        page = _laid(rng, page, 1.4)
    return _picture(rng, page), []


def lines_only(rng):
    """Ruled paper without writing."""
    return _picture(
        rng, _rule(rng, _paper(rng, (300, 400)), rng.uniform(20, 60), rng.random() < 0.5)
    ), []


KINDS = {
    kind.__name__: kind
    for kind in (
        clean, on_a_desk, edges_of_the_paper, shadow, soft_shadow, ruled, squared, two, row, rows,
        row_on_a_desk, row_on_ruled_paper, form, framed, neighbour, turned, colour, glare, caption,
        flag, letter, word, face, nothing, lines_only,
    )
}  # fmt: skip
