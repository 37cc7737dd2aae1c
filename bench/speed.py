"""Compare the speed of `helpers` with PyTorch, JAX and the textbook's way.

Run it as::

    uv run --group bench python -m bench.speed

It writes RESULTS.md, results.png and results.json, network by network: stop it when you like, and
go on with ``--networks``. A peer that is not installed is reported absent. For figures worth
keeping, let nothing else run on the machine.

On Linux, the PyTorch of PyPI brings gigabytes of CUDA, so the group leaves it out. A build for the
CPU alone::

    uv pip install torch --index-url https://download.pytorch.org/whl/cpu
    uv run --no-sync python -m bench.speed
"""

import argparse
import tempfile
from pathlib import Path

from tqdm import tqdm

from bench import data, measure, peers, picture, report, store
from helpers import architectures
from helpers.files import replacing

HERE = Path(__file__).resolve().parent
_STAGES = 5  # of one network, for the progress bar


def main(arguments=None):
    """Measure, print and write."""
    options = _options(arguments)
    setting = _setting(options)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        # A quick look leaves nothing behind unless it is asked to.
        keep = options.output or (Path(scratch) if options.quick else HERE)
        keep.mkdir(parents=True, exist_ok=True)
        try:
            results = _rendered(keep) if options.render else _measure(options, setting, keep)
        except store.Mismatch as error:
            raise SystemExit(f"error: {error}") from error
        print(report.markdown(results, None))
        if keep != Path(scratch):
            print(f"Written to {keep}: RESULTS.md, results.png, results.json")


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m bench.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = (*architectures.MILESTONES, "epoch")
    listed = dict(metavar="NAME", nargs="+")
    parser.add_argument(
        "--networks",
        choices=names,
        default=names,
        help=f"of {', '.join(names)} (all of MNIST through small_cnn once); default: all",
        **listed,
    )
    parser.add_argument(
        "--peers",
        choices=peers.PEERS,
        default=tuple(peers.PEERS),
        help=f"of {', '.join(map(repr, peers.PEERS))}; default: all",
        **listed,
    )
    parser.add_argument("--runs", type=_at_least_one, help="rounds; default 7, quick 3")
    parser.add_argument("--batch-size", type=_at_least_one, default=64, help="default 64")
    parser.add_argument("--quick", action="store_true", help="a rough look, written nowhere")
    parser.add_argument("--data", choices=("auto", "full", "sample"), default="auto")
    parser.add_argument("--output", type=Path, help="folder; default: that of this program")
    parser.add_argument("--render", action="store_true", help="measure nothing, only write anew")
    parser.add_argument("--fresh", action="store_true", help="replace the results in the folder")
    options = parser.parse_args(arguments)
    if options.render and options.fresh:
        parser.error("--render writes the results that are there, and --fresh forgets them")
    return options


def _at_least_one(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _setting(options):
    usual = dict(peers=tuple(options.peers), batch_size=options.batch_size)
    if options.quick:
        return measure.Setting(runs=options.runs or 3, seconds=0.05, memory_steps=5, **usual)
    return measure.Setting(runs=options.runs or 7, **usual)


def _measure(options, setting, folder):
    path = folder / "results.json"
    results = {} if options.fresh else store.read(path)
    limit = 4000 if options.quick else None
    few = setting.memory_steps * setting.batch_size
    total = _STAGES * len(options.networks)
    with data.prepared(options.data, few, limit) as found, tqdm(total=total, unit=" steps") as bar:
        if 2 * setting.batch_size > found.count:
            raise SystemExit(
                f"error: {found.count:,} images are too few for batches of {setting.batch_size}: "
                "two must fit; give --batch-size a smaller number, or --data full"
            )
        for i, name in enumerate(options.networks):

            def say(what, name=name):
                bar.set_description_str(f"{name}: {what}")
                bar.update()

            if name == "epoch":
                result = measure.whole_epoch(found, setting, say)
            else:
                result = measure.network(name, found, setting, say)
            results = store.add(path, name, result, beside=results)
            _write(results, folder)
            bar.update(_STAGES * (i + 1) - bar.n)
    return results


def _rendered(folder):
    results = store.read(folder / "results.json")
    if not results:
        raise store.Mismatch(f"there is no {folder / 'results.json'} to render")
    _write(results, folder)
    return results


def _write(results, folder):
    picture.draw(results, folder / "results.png")
    text = report.markdown(results, "results.png")
    with replacing(folder / "RESULTS.md") as file:
        file.write(text.encode())


if __name__ == "__main__":
    main()
