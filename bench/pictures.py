"""How well `helpers.reading.read_picture` reads made-up pictures, kind by kind.

Run it as::

    uv run python -m bench.pictures --count 40 --drawn PATH_TO/pendigits_1000.json

With a file of drawings, as for `bench.drawn`, its people write the digits of the scenes.
"""

import argparse
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import threadpoolctl

from bench import scenes
from bench.drawings import read
from helpers import architectures
from helpers.reading import SURE, read_picture


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.pictures", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--count", type=int, default=40, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", choices=scenes.KINDS, default=list(scenes.KINDS))
    parser.add_argument("--network", choices=architectures.NAMES, help="default: the best")
    parser.add_argument("--drawn", type=Path, help="a JSON file of drawings, as for bench.drawn")
    parser.add_argument("--save", type=Path, help="a folder for the pictures that are read wrong")
    options = parser.parse_args()
    if options.drawn is not None:
        scenes.hand.drawings = defaultdict(list)
        for one in read(options.drawn):
            scenes.hand.drawings[one["label"]].append(one["strokes"])
    net = architectures.pretrained(options.network) if options.network else None
    net = net or architectures.best_pretrained()
    print(f"{'kind':<22}right  sure but wrong    ms")
    with threadpoolctl.threadpool_limits(1):
        for kind in options.kinds:
            report(kind, options, net)


def report(kind, options, net):
    """Print how many pictures of a kind are read right."""
    right = wrong = 0
    seconds = []
    for k in range(options.count):
        picture, digits = scenes.KINDS[kind](np.random.default_rng([options.seed, k]))
        start = time.process_time()
        reading = read_picture(picture, net)
        seconds.append(time.process_time() - start)
        sure = [digit.value for digit in reading.digits if digit.confidence >= SURE]
        right += sure == digits
        wrong += sure != digits and bool(sure)
        if sure != digits and options.save:
            options.save.mkdir(exist_ok=True)
            said = "".join(map(str, sure)) or "none"
            picture.save(options.save / f"{kind}_{k}_{''.join(map(str, digits))}_as_{said}.png")
    median = 1000 * np.median(seconds)
    print(f"{kind:<22}{right / options.count:5.0%} {wrong / options.count:9.0%} {median:13.0f}")


if __name__ == "__main__":
    main()
