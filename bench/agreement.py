"""Do our networks have the gradients that autodiff finds?

Run it as ``uv run --group bench python -m bench.agreement``. All five networks, dropout off, start
from the same weights in every peer. The error of an array is the largest difference over the
largest gradient in it.
"""

import sys

import numpy as np

from bench import peers, report
from helpers import architectures
from helpers.layers import Dropout
from helpers.optimizers import SGD
from helpers.training import fit

AUTODIFF = ("PyTorch eager", "PyTorch channels_last", "JAX jit")
LIMITS = {"float64": 1e-9, "float32": 1e-5}
# In float32 single decisions of its poolings and ReLUs flip, in every framework.
UNSTABLE = {("deep_cnn", "float32")}
_BATCH = 32
_RATE = 2.0**-7  # of the steps in `fitted_gradients`


def batch(dtype, seed=0):
    """Random images (32, 1, 28, 28) in [0, 1], and labels."""
    rng = np.random.default_rng(seed)
    return rng.random((_BATCH, 1, 28, 28)).astype(dtype), rng.integers(0, 10, _BATCH)


def network(name, dtype):
    """A network of the course without dropout, whose masks no two frameworks share."""
    net = architectures.make(name).astype(dtype)
    for layer in net.layers:
        if isinstance(layer, Dropout):
            layer.rate = 0.0
    return net


def error(ours, theirs):
    """Largest error of any array: largest difference over largest magnitude."""
    return max(float(abs(a - b).max() / abs(b).max()) for a, b in zip(ours, theirs, strict=True))


def layers_error(name, dtype, peer):
    """Error of the gradients that our layers give, against a peer."""
    net, data = network(name, dtype), batch(dtype)
    ours, theirs = (peers.make(each, net, _BATCH).gradients(*data) for each in (peers.OURS, peer))
    return error(ours, theirs)


def fit_error(name, peer):
    """Error of the gradients that a step of `fit` goes by, on all threads, in float64.

    The first step is recorded and the second one played: what is compared is the second one's.
    """
    net, data = network(name, np.float64), batch(np.float64)
    weights = []

    def remember(history):
        weights.append([value.copy() for value in net.parameters])

    optimizer = SGD(_RATE)
    fit(
        net,
        data,
        optimizer=optimizer,
        epochs=2,
        batch_size=_BATCH,
        on_epoch=remember,
        progress=False,
    )
    before, after = weights
    for value, earlier in zip(net.parameters, before, strict=True):
        value[...] = earlier
    ours = [(a - b) / _RATE for a, b in zip(before, after, strict=True)]
    return error(ours, peers.make(peer, net, _BATCH).gradients(*data))


def main():
    """Print a table; exit with 1 where something differs by more than the limit."""
    rows, good, there = [], True, []
    for peer in AUTODIFF:
        try:
            peers.load_module(peer)
            there.append(peer)
        except peers.Absent as absent:
            print(f"{peer}: {absent}")
    for name in architectures.MILESTONES:
        for peer in there:
            found = {dtype: layers_error(name, np.dtype(dtype), peer) for dtype in LIMITS}
            through_fit = fit_error(name, peer)
            good &= through_fit <= LIMITS["float64"]
            for dtype, value in found.items():
                good &= value <= LIMITS[dtype] or (name, dtype) in UNSTABLE
            rows.append((name, peer, *(f"{v:.1e}" for v in (*found.values(), through_fit))))
    if not rows:
        sys.exit("no peer with autodiff is installed: run it with --group bench")
    print(report.table(("network", "against", *LIMITS, "float64, through fit"), rows))
    limits = ", ".join(f"{limit:.0e} in {dtype}" for dtype, limit in LIMITS.items())
    print(f"Limits: {limits}; deep_cnn has none in float32. {'All within.' if good else 'MISSED.'}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
