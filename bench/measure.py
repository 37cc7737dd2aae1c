"""What is measured: training, prediction, memory, and one pass over all of MNIST."""

import dataclasses
import datetime

from bench import machine, peers
from bench.team import Team
from helpers import architectures
from helpers.network import Sequential

MANY = 1000  # images in the larger prediction
EPOCH_NETWORK = "small_cnn"
_EPOCH_PEERS = ("helpers", "PyTorch eager", "PyTorch channels_last")


@dataclasses.dataclass(frozen=True)
class Setting:
    """How to measure.

    Attributes
    ----------
    peers : tuple of str
        Keys of `bench.peers.PEERS`.
    runs : int
        Rounds in which every peer has its turn.
    seconds : float
        About how long one turn of training lasts; a prediction has a third of it.
    batch_size : int
    memory_steps : int
        Training steps in which the peak of the memory is taken.
    time_limit : float
        Seconds within which a peer must be ready, compilation included.
    """

    peers: tuple = tuple(peers.PEERS)
    runs: int = 7
    seconds: float = 0.3
    batch_size: int = 64
    memory_steps: int = 20
    time_limit: float = 180.0


def network(name, data, setting, say):
    """Measure all peers on one network.

    Parameters
    ----------
    name : str
        One of `helpers.architectures.MILESTONES`.
    data : bench.data.Data
    setting : Setting
    say : callable
        Called with a few words when something new begins.

    Returns
    -------
    dict
        Ready for JSON. "peers" holds the status of each peer and, where it was measured, lists with
        one value a round: images a second ("train"), seconds ("predict_one", "predict_many"), and
        bytes ("memory").
    """
    many = min(MANY, data.count)
    with Team(setting.peers, data.all, name, setting.batch_size, setting.time_limit) as team:
        say("making ready")
        team.check_agreement()
        turns = _turns(team, data.count, many, setting)
        say("training")
        sgemm = {"SGEMM": machine.sgemm_rate}
        values = {"train": team.in_turns(lambda w: _rate(w, *turns[w.peer]), setting.runs, sgemm)}
        for key, count in (("predict_one", 1), ("predict_many", many)):
            say(f"prediction of {count:,}")
            arguments = {"count": count, "seconds": setting.seconds / 3}
            values[key] = team.in_turns(
                lambda w, given=arguments: w("predict", **given), setting.runs
            )
    say("memory")
    values["memory"] = _memory(name, data.few, team, setting)
    return _stamped(team, setting, data) | {
        "operations": training_operations(architectures.make(name)),
        "sgemm": values["train"]["SGEMM"],
        "many": many,
        "peers": _by_peer(team, values),
    }


def whole_epoch(data, setting, say):
    """Seconds for all images through `small_cnn` once, with everything that happens only once.

    Parameters and result are those of `network`; the lists are "whole".
    """
    names = [name for name in setting.peers if name in _EPOCH_PEERS]
    with Team(names, data.all, EPOCH_NETWORK, setting.batch_size, setting.time_limit) as team:
        say("making ready")
        team.each(lambda worker: worker("train", count=setting.batch_size, epochs=1))
        say(f"all {data.count:,} images")
        values = team.in_turns(lambda worker: worker("whole", count=data.count), setting.runs)
    return _stamped(team, setting, data) | {
        "images": data.count,
        "peers": _by_peer(team, {"whole": values}),
    }


def training_operations(net):
    """Operations of one training step an image: forward, and backward twice as much.

    The first layer with parameters needs no gradient of its input.
    """
    first = next(i for i, layer in enumerate(net.layers) if layer.params)
    stem = Sequential(net.layers[: first + 1], net.input_shape)
    return 3 * net.operations() - stem.operations()


def _turns(team, available, many, setting):
    """Call everything once, and find for each peer how many images fill a turn, in which epochs."""

    def prepare(worker):
        batch = setting.batch_size
        for count in (1, many):
            worker("predict", count=count, seconds=0.0)
        worker("train", count=2 * batch, epochs=1)
        probe = min(8 * batch, available // batch * batch)
        (seconds,) = worker("train", count=probe, epochs=1)
        wanted = probe / seconds * setting.seconds
        count = max(1, min(round(wanted / batch), available // batch)) * batch
        return count, max(1, round(wanted / count))

    return team.each(prepare)


def _rate(worker, count, epochs):
    """Images a second in one turn of training."""
    return count * epochs / sum(worker("train", count=count, epochs=epochs))


def _memory(name, folder, measured, setting):
    """Memory of those that were measured, each in a fresh process."""
    found = {}
    for peer in measured.workers:
        with Team([peer], folder, name, setting.batch_size, setting.time_limit) as team:
            found |= team.each(lambda worker: worker("memory", steps=setting.memory_steps))
    return found


def _by_peer(team, values):
    """Status of every peer, with what was measured of those that worked to the end."""
    return {
        peer: {"status": status}
        | {k: v[peer] for k, v in values.items() if status == "measured" and peer in v}
        for peer, status in team.status.items()
    }


def _stamped(team, setting, data):
    return {
        "date": datetime.date.today().isoformat(),
        "code": machine.code(),
        "machine": machine.describe(),
        "versions": team.versions,
        "batch_size": setting.batch_size,
        "runs": setting.runs,
        "source": data.source,
        "other_load": team.other_load,
    }
