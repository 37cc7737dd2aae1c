"""The command ``python -m helpers.mnist``: what is there, and fetching the rest."""

import argparse
import signal
import sys

from helpers.mnist import fetch, files


def main(arguments=None):
    """Run ``python -m helpers.mnist``.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    int
        Exit status: 0, or 1 if the digits are damaged or cannot be fetched, or 130 if interrupted.
    """
    parser = argparse.ArgumentParser(
        prog="python -m helpers.mnist", description="Say which MNIST digits are there."
    )
    parser.add_argument(
        "--fetch", action="store_true", help="download what data/mnist/ lacks (12 MB in all)"
    )
    options = parser.parse_args(arguments)
    try:
        if options.fetch:
            fetch()
        return _report()
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. No half-written file remains.", file=sys.stderr)
        return 130


def _report():
    """Print a line for each place; return the exit status."""
    chosen = files.chosen_folder()
    if chosen is None:
        files.require_data()
        print("$MNIST_DIR   is not set")
    surveys = {"$MNIST_DIR": files.survey(chosen)} if chosen else {}
    if files.DATA.is_dir():
        surveys["data/mnist"] = files.survey(files.cache_folder(), "full")
        surveys["data/sample"] = files.survey(files.sample_folder(), "sample")
    for place, survey in surveys.items():
        print(f"{place:12} {_describe(survey)}  ({survey.folder})")
    _say_what_load_takes(surveys)
    for place, survey in surveys.items():
        if place != "data/mnist" or survey.damaged:  # that files are not fetched yet is no error
            survey.require_whole(place)
    return 0


def _describe(survey):
    counts = [len(survey.arrays.get(name, ())) for name in files.NAMES]
    if not survey.problems:
        kind = "all of MNIST" if survey.source == "full" else "the sample"
        return f"{kind}: {counts[0]:,} training and {counts[2]:,} test images, checksums correct"
    missing, damaged = len(survey.missing), len(survey.damaged)
    if missing == len(files.NAMES):
        return "nothing here"
    return f"{missing} missing and {damaged} damaged of {len(files.NAMES)} files"


def _say_what_load_takes(surveys):
    if "$MNIST_DIR" in surveys:
        place = "$MNIST_DIR"
    elif not surveys["data/mnist"].problems:
        place = "data/mnist"
    else:
        print("mnist.load() will try the network, and take data/sample if there is none.")
        print("All 70,000 digits: python -m helpers.mnist --fetch")
        return
    print(f"mnist.load() takes {place}.")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing half-written remains
    raise SystemExit(main())
