"""How well drawings by people are read, through the drawing pad's own pen.

Run it as::

    uv run python -m bench.drawn PATH_TO/pendigits_1000.json

The file holds ``{"drawings": [{"label": 3, "writer": 7, "strokes": [[[x, y], ...], ...]}, ...]}``
with x and y as shares of the canvas. No network was trained on any of them. Half of the writers,
those of an even number, served to check the width of the pen; the other half did not.
"""

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bench.drawings import read
from helpers import architectures
from helpers.drawing import DigitPad
from helpers.images import naive_resize, strokes_to_image

CORNER, MIDDLE = (0.4, 0.03), (0.8, 0.1)  # longer side and upper left corner, of the canvas


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.drawn", description=__doc__.split("\n")[0]
    )
    parser.add_argument("file", type=Path, help="the JSON file of drawings")
    parser.add_argument("--network", choices=architectures.NAMES, help="default: that of the pad")
    options = parser.parse_args()
    try:
        drawn = read(options.file)
        net = architectures.pretrained(options.network) if options.network else None
    except (ValueError, OSError) as error:
        parser.error(str(error))
    report(DigitPad(net), drawn)


def report(pad, drawn):
    """Print how many of the drawings are read right, in several ways."""
    strokes = [[pad.size * np.array(stroke) for stroke in d["strokes"]] for d in drawn]
    labels, writers = (np.array([d[key] for d in drawn]) for key in ("label", "writer"))
    pen = readings(pad, strokes, "with the pen")
    naive = [naive_resize(strokes_to_image(s, pad.size)) for s in strokes]
    shrunk = pad.network.predict_proba(np.array(naive)[:, None]).argmax(axis=1)
    corner = readings(pad, [moved(s, pad.size, *CORNER) for s in strokes], "in a corner")
    middle = readings(pad, [moved(s, pad.size, *MIDDLE) for s in strokes], "in the middle")

    print(f"{len(drawn):,} drawings, network of {pad.network.parameter_count:,} parameters")
    print(f"read through the pad             {(pen == labels).mean():7.1%}")
    for half, name in enumerate(["even number", "odd number"]):
        of_half = writers % 2 == half
        print(f"  writers, {name:<24}{(pen == labels)[of_half].mean():5.1%} of {of_half.sum()}")
    print(f"canvas merely shrunk to 28 x 28  {(shrunk == labels).mean():7.1%}")
    print(f"0.4 in a corner = 0.8 in middle  {(corner == middle).mean():7.1%}")
    print("\ndigit  pad     shrunk  most often taken for")
    for digit in range(10):
        mine = labels == digit
        wrong = np.bincount(pen[mine & (pen != digit)], minlength=10)
        taken = f"{wrong.argmax()} ({wrong.max()} times)" if wrong.any() else "-"
        shares = [(answers[mine] == digit).mean() for answers in (pen, shrunk)]
        print(f"{digit:>5}{shares[0]:7.0%}{shares[1]:9.0%}   {taken}")


def readings(pad, drawn, name):
    """Draw each drawing on the pad with the pen, and return what it reads (-1: nothing)."""
    read = []
    for strokes in tqdm(drawn, desc=name, leave=False):
        pad.clear()
        for stroke in strokes:
            pad.pen_down(*stroke[0])
            for x, y in stroke[1:]:
                pad.pen_move(x, y)
            pad.pen_up()
        read.append(-1 if pad.prediction is None else pad.prediction)
    return np.array(read)


def moved(strokes, size, extent, corner):
    """Return the same drawing at another size and place."""
    points = np.concatenate(strokes)
    low, longer = points.min(axis=0), np.ptp(points, axis=0).max()
    return [size * ((stroke - low) / longer * extent + corner) for stroke in strokes]


if __name__ == "__main__":
    main()
