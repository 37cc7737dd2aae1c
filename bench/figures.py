"""From what was measured to the figures that are shown. Nothing here is typed in."""

import dataclasses

import numpy as np

from bench import peers

# What is wanted of the networks. "at least" unless the name says "most".
WANTED = {
    "best": 1.25,
    "eager": 1.5,
    "many": 1.5,
    "one": 1 / 1.5,
    "memory_most": 0.5,
    "best_mean": 1.4,
    "epoch_most": 0.75,
}
WANTED_OF = {
    "textbook": {"tiny_cnn": 10, "small_cnn": 10, "classic_cnn": 10, "deep_cnn": 8},
    "sgemm": {"deep_cnn": 0.75},
}


@dataclasses.dataclass(frozen=True)
class Spread:
    """Median, lowest and highest of a few values."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values):
        return cls(float(np.median(values)), float(min(values)), float(max(values)))


def measured(result, family=None):
    """Names of the peers that were measured, of one family perhaps."""
    return [
        name
        for name, found in result["peers"].items()
        if found["status"] == "measured" and family in (None, peers.PEERS[name].family)
    ]


def best_form(result, family, key):
    """The form of a family with the best median, or None.

    For "train" more is better, for everything else less.
    """
    names = measured(result, family)
    sign = 1 if key == "train" else -1
    return max(names, key=lambda n: sign * np.median(result["peers"][n][key]), default=None)


def speed_up(result, other, key):
    """How many times as fast as another peer ours is: the ratio in each round, as a `Spread`."""
    if other is None or peers.OURS not in measured(result) or other not in measured(result):
        return None
    ours, theirs = (np.array(result["peers"][name][key]) for name in (peers.OURS, other))
    return Spread.of(ours / theirs if key == "train" else theirs / ours)


def against_best(result):
    """How many times as fast ours trains as the best form of PyTorch, or None."""
    return speed_up(result, best_form(result, "PyTorch", "train"), "train")


def sgemm_share(result, name):
    """Operations of training over those of a large matrix product in the same rounds."""
    rates = np.array(result["peers"][name]["train"]) * result["operations"]
    return Spread.of(rates / np.array(result["sgemm"]))


def memory_share(result, other, above_start):
    """Peak memory of ours over that of another peer, all of it or what training added."""
    if other is None or peers.OURS not in result["peers"]:
        return None
    sizes = [result["peers"][name].get("memory") for name in (peers.OURS, other)]
    if None in sizes:
        return None
    ours, theirs = (size["peak"] - size["baseline"] * above_start for size in sizes)
    return ours / theirs


def least_memory(result, family):
    """The form of a family that needs least memory in training, or None."""
    names = [name for name in measured(result, family) if "memory" in result["peers"][name]]
    return min(names, key=lambda name: result["peers"][name]["memory"]["peak"], default=None)


def geometric_mean(ratios):
    """Of the medians of some spreads."""
    return float(np.exp(np.mean([np.log(ratio.median) for ratio in ratios])))


def falls_short(name, value, network=None):
    """Whether a figure misses what is wanted of it. What was not measured does not."""
    wanted = WANTED_OF[name].get(network) if name in WANTED_OF else WANTED[name]
    if value is None or wanted is None:
        return False
    return value > wanted if name.endswith("_most") else value < wanted
