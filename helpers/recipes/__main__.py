"""The command ``python -m helpers.recipes``: train a network, or list the recipes."""

import argparse
import signal
import sys
from pathlib import Path

from helpers import architectures, recipes
from helpers.mnist import SOURCES


def main(arguments=None):
    """Run the command.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of the command line.

    Returns
    -------
    int
        0 where all went well, 1 for an error (on stderr), 130 after an interruption.
    """
    options = _parser().parse_args(arguments)
    if options.command == "list":
        _list()
        return 0
    try:
        _train(options)
    except recipes.Interrupted as interruption:
        print(f"{options.name}: {interruption}", file=sys.stderr)
        return 130
    except KeyboardInterrupt:  # before or after training itself
        print(f"{options.name}: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m helpers.recipes", description="Train the networks of the course."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show the recipes")
    train = commands.add_parser(
        "train",
        help="train a network and write its weights",
        description="Train a network and write NAME.npz (weights) and NAME.json (how they were "
        "made). After an interruption the same command goes on from the last whole epoch.",
    )
    train.add_argument("name", choices=tuple(recipes.RECIPES))
    train.add_argument("--seed", type=int, default=0, help="default: 0")
    train.add_argument("--recipe", choices=recipes.KINDS, default="best", help="default: best")
    train.add_argument(
        "--output", type=Path, default=architectures.NETWORKS, help="default: data/networks"
    )
    train.add_argument("--source", choices=SOURCES, default="auto", help="which MNIST; see mnist")
    train.add_argument("--epochs", type=int, help="instead of the recipe's")
    train.add_argument("--threads", type=int, help="default: the number of physical cores")
    train.add_argument(
        "--no-test", action="store_true", help="leave the test images alone, to choose a recipe"
    )
    return parser


def _train(options):
    net, record = recipes.train(
        options.name,
        options.seed,
        options.recipe,
        output=options.output,
        source=options.source,
        epochs=options.epochs,
        threads=options.threads,
        test=not options.no_test,
    )
    print(f"{options.name}: {net.parameter_count:,} parameters, trained in {record['seconds']} s")
    for part in ("validation", "test"):
        if part in record:
            of = record[part]
            print(
                f"{part:10}  accuracy {of['accuracy']:.2%}  loss {of['loss']:.4f}  "
                f"({of['images']:,} images)"
            )


def _list():
    for name, kinds in recipes.RECIPES.items():
        for kind, recipe in kinds.items():
            print(f"{name} ({kind})")
            for setting, value in recipe.settings().items():
                if value not in (None, 0.0):
                    print(f"    {setting.replace('_', ' '):17} {value}")


if __name__ == "__main__":
    # A shutdown ends it as Ctrl+C does: the checkpoint is kept, nothing half-written remains.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    raise SystemExit(main())
