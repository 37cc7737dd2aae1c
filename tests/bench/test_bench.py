"""`bench`: peers compute the same, all have their turn, and the page tells the truth."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from bench import (
    agreement,
    figures,
    machine,
    measure,
    memory,
    peers,
    report,
    speed,
    store,
    textbook,
)
from bench.team import Team
from bench.worker import Failed, Worker
from helpers import architectures
from helpers.layers import Conv2D, MaxPool2D
from helpers.mnist import files as mnist_files
from helpers.network import Sequential

GIB = 2**30


@pytest.fixture(scope="module")
def few_images(tmp_path_factory):
    """A folder as `bench.data` makes it, with 64 images."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    np.save(folder / "images.npy", rng.random((64, 1, 28, 28), dtype=np.float32))
    np.save(folder / "labels.npy", rng.integers(0, 10, 64))
    return folder


# The same computation ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", architectures.MILESTONES)
def test_textbook_is_helpers(name):
    """Predictions, outputs in training and all gradients, in float64."""
    net = agreement.network(name, np.float64)
    images, _ = agreement.batch(np.float64)
    book = textbook.like(net)
    np.testing.assert_allclose(book.forward(images), net.forward(images), rtol=1e-10)
    logits = net.forward(images, training=True)
    np.testing.assert_allclose(book.forward(images, training=True), logits, rtol=1e-9, atol=1e-11)
    dlogits = np.random.default_rng(1).standard_normal(logits.shape)
    dx, book_dx = net.backward(dlogits), book.backward(dlogits)
    assert agreement.error([dx], [book_dx]) < 1e-9
    assert agreement.error(net.gradients, book.gradients) < 1e-9


def test_textbook_keeps_running_statistics():
    net = agreement.network("deep_cnn", np.float64)
    images, _ = agreement.batch(np.float64)
    book = textbook.like(net)
    for each in (net, book):
        each.forward(images, training=True)
    np.testing.assert_allclose(book.forward(images), net.forward(images), rtol=1e-9)


def test_textbook_dropout_keeps_the_mean():
    rng = np.random.default_rng(0)
    layer = textbook.Dropout(0.25, rng)
    x = np.ones((200, 500))
    y = layer.forward(x, training=True)
    assert set(np.unique(y)) == {0.0, 1 / 0.75}
    assert abs((y == 0).mean() - 0.25) < 0.01
    np.testing.assert_array_equal(layer.backward(x), y)
    np.testing.assert_array_equal(layer.forward(x, training=False), x)


@pytest.mark.parametrize(
    "layer", [Conv2D(1, 2, (3, 5)), Conv2D(1, 2, 3, padding=1), MaxPool2D(3, 2)]
)
def test_textbook_refuses_what_it_cannot_do(layer):
    with pytest.raises(ValueError, match=type(layer).__name__):
        textbook.like(Sequential([layer]))


@pytest.mark.parametrize("peer", agreement.AUTODIFF)
@pytest.mark.parametrize("name", architectures.MILESTONES)
def test_gradients_are_those_of_autodiff(name, peer):
    """1e-9 in float64, through `fit` too; 1e-5 in float32, `deep_cnn` excepted."""
    pytest.importorskip(peers.PEERS[peer].needs, reason="the oracle is not installed")
    assert agreement.layers_error(name, np.float64, peer) < 1e-9
    assert agreement.fit_error(name, peer) < 1e-9
    if name != "deep_cnn":
        assert agreement.layers_error(name, np.float32, peer) < 1e-5


def test_a_wrong_gradient_is_seen():
    net = agreement.network("tiny_cnn", np.float64)
    data = agreement.batch(np.float64)
    right = peers.make(peers.OURS, net, 32).gradients(*data)
    wrong = [g.copy() for g in right]
    wrong[0][0, 0, 0, 0] *= 1.001
    assert agreement.error(right, right) == 0
    assert agreement.error(wrong, right) > 1e-6


# Taking turns -----------------------------------------------------------------------------------


class FakeWorker:
    """Answers what it is told to, and remembers when it was asked."""

    def __init__(self, answers, calls=None):
        self.answers, self.calls, self.closed = answers, calls, False

    def __call__(self, command, **arguments):
        answer = self.answers[command]
        if self.calls is not None:
            self.calls.append(self)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def cpu_seconds(self):
        return 0.0

    def close(self):
        self.closed = True


def team_of(**workers):
    team = Team([], None, "tiny_cnn", 8)
    team.workers = workers
    team.status = dict.fromkeys(workers, "measured")
    return team


def load_of(monkeypatch, shares):
    """Let other programs take these shares of the machine, round after round."""
    shares = iter(shares)

    class Load:
        def __init__(self, own):
            pass

        def share(self):
            return next(shares)

    monkeypatch.setattr(machine, "OtherLoad", Load)


def test_peers_take_turns(monkeypatch):
    load_of(monkeypatch, [0.0] * 3)
    calls = []
    a, b = FakeWorker({"go": 1.0}, calls), FakeWorker({"go": 2.0}, calls)
    found = team_of(a=a, b=b).in_turns(lambda w: w("go"), 3, {"other": lambda: 3.0})
    assert found == {"a": [1.0] * 3, "b": [2.0] * 3, "other": [3.0] * 3}
    assert calls == [a, b, b, a, a, b]  # another one begins; "other" has its turn too


def test_a_disturbed_round_is_repeated(monkeypatch):
    load_of(monkeypatch, [0.0, 0.5, 0.0, 0.01])
    values = iter([1.0, 99.0, 2.0, 3.0])
    team = team_of(a=FakeWorker({}))
    assert team.in_turns(lambda w: next(values), 3) == {"a": [1.0, 2.0, 3.0]}
    assert team.other_load == 0.01


def test_a_machine_that_is_never_quiet_is_told(monkeypatch):
    load_of(monkeypatch, [0.9, 0.8, 0.3, 0.4])
    values = iter([1.0, 2.0, 3.0, 4.0])
    team = team_of(a=FakeWorker({}))
    assert team.in_turns(lambda w: next(values), 2) == {"a": [3.0, 4.0]}
    assert team.other_load == 0.4


def test_who_fails_is_out(monkeypatch):
    load_of(monkeypatch, [0.0] * 2)
    bad = FakeWorker({"go": Failed("no reason")})
    team = team_of(good=FakeWorker({"go": 1.0}), bad=bad)
    assert team.in_turns(lambda w: w("go"), 2) == {"good": [1.0, 1.0]}
    assert team.status == {"good": "measured", "bad": "failed: no reason"}
    assert bad.closed


@pytest.mark.parametrize("theirs", [0.1002, np.nan])
def test_who_computes_something_else_is_out(theirs):
    same = np.full((100, 10), 0.1)
    other = same.copy()
    other[3, 4] = theirs
    workers = {
        peers.OURS: FakeWorker({"probabilities": same.tolist()}),
        "same": FakeWorker({"probabilities": (same + 1e-6).tolist()}),
        "other": FakeWorker({"probabilities": other.tolist()}),
    }
    team = team_of(**workers)
    team.check_agreement()
    assert set(team.workers) == {peers.OURS, "same"}
    assert team.status["other"].startswith("failed: its probabilities are off")


def test_own_work_is_no_other_load():
    own = iter([0.0, 1e6])
    watch = machine.OtherLoad(lambda: next(own))
    time.sleep(0.05)
    assert watch.share() == 0.0
    nothing = machine.OtherLoad(lambda: 0.0)
    end = time.perf_counter() + 0.2
    while time.perf_counter() < end:
        pass
    assert 0.0 < nothing.share() <= 1.0


# Processes --------------------------------------------------------------------------------------


def test_a_worker_says_what_went_wrong(few_images):
    with pytest.raises(Failed, match="no_net"):
        Worker(peers.OURS, few_images, "no_net", 8)


def test_a_worker_that_takes_too_long_is_ended(few_images):
    with pytest.raises(Failed, match="within 0.001 s"):
        Worker(peers.OURS, few_images, "tiny_cnn", 8, time_limit=0.001)


def test_an_absent_peer_is_reported(few_images, tmp_path, monkeypatch):
    """Whether or not PyTorch is installed: this one cannot be imported."""
    stub = "raise ModuleNotFoundError('not here', name='torch')"
    (tmp_path / "torch.py").write_text(stub, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Team([peers.EAGER], few_images, "tiny_cnn", 8) as team:
        assert team.status == {peers.EAGER: "absent: torch is not installed"}
        assert team.workers == {}


def test_peak_memory_is_seen():
    before = memory.peak()
    size = before - memory.resident() + 64 * 2**20
    block = np.ones(size // 8)
    assert memory.peak() - before > 32 * 2**20
    assert memory.peak() >= memory.resident() - 2**20
    del block


def test_sgemm_rate_is_that_of_a_processor():
    assert 1e9 < machine.sgemm_rate(repeats=1) < 1e14


# The page ---------------------------------------------------------------------------------------


def result_of(**peer_speeds):
    """A result with these images a second; times of prediction are their reciprocals."""
    found = {
        name: {
            "status": "measured",
            "train": rates,
            "predict_one": [1 / rate for rate in rates],
            "predict_many": [1000 / rate for rate in rates],
            "memory": {"peak": GIB // 8 if name == peers.OURS else GIB, "baseline": GIB // 16},
        }
        for name, rates in peer_speeds.items()
    }
    return {
        "date": "2026-11-21",
        "code": "abc",
        "machine": {"processor": "P"},
        "versions": {"x": "torch 1"},
        "batch_size": 64,
        "runs": 3,
        "source": "full",
        "other_load": 0.01,
        "operations": 2e6,
        "sgemm": [4e9, 4e9, 4e9],
        "many": 1000,
        "peers": found,
    }


def test_ratios_are_paired():
    result = result_of(
        **{
            peers.OURS: [100.0, 200.0, 300.0],
            peers.EAGER: [50.0, 200.0, 100.0],
            "PyTorch channels_last": [20.0, 100.0, 500.0],
        }
    )
    assert figures.best_form(result, "PyTorch", "train") in (peers.EAGER, "PyTorch channels_last")
    ratio = figures.speed_up(result, peers.EAGER, "train")
    assert (ratio.median, ratio.low, ratio.high) == (2.0, 1.0, 3.0)
    # Twice as fast is twice as fast in seconds too.
    assert figures.speed_up(result, peers.EAGER, "predict_many").median == pytest.approx(2.0)
    assert figures.sgemm_share(result, peers.OURS).median == pytest.approx(200 * 2e6 / 4e9)
    assert figures.memory_share(result, peers.EAGER, above_start=False) == 1 / 8
    assert figures.memory_share(result, peers.EAGER, above_start=True) == pytest.approx(1 / 15)


def test_the_best_form_counts():
    result = result_of(
        **{peers.OURS: [9.0] * 3, peers.EAGER: [3.0, 9.0, 4.0], "PyTorch compile": [5.0, 6.0, 7.0]}
    )
    assert figures.best_form(result, "PyTorch", "train") == "PyTorch compile"
    assert figures.best_form(result, "PyTorch", "predict_one") == "PyTorch compile"
    assert figures.best_form(result, "JAX", "train") is None
    assert figures.against_best(result).median == 1.5


@pytest.mark.parametrize(
    ("name", "value", "network", "short"),
    [
        ("best", 1.2, None, True),
        ("best", 1.25, None, False),
        ("memory_most", 0.6, None, True),
        ("memory_most", 0.4, None, False),
        ("textbook", 9.0, "small_cnn", True),
        ("textbook", 9.0, "deep_cnn", False),
        ("textbook", 2.0, "mlp", False),
        ("sgemm", 0.5, "deep_cnn", True),
        ("best", None, None, False),
    ],
)
def test_what_falls_short(name, value, network, short):
    assert figures.falls_short(name, value, network) is short


def test_the_page_marks_what_falls_short_and_who_is_absent():
    result = result_of(**{peers.OURS: [100.0] * 3, peers.EAGER: [90.0] * 3})
    result["peers"]["JAX jit"] = {"status": "absent: jax is not installed"}
    page = report.markdown({"small_cnn": result}, "results.png")
    (row,) = [line for line in page.splitlines() if line.startswith("| `small_cnn`")]
    assert row.count("1.11 x\\*") == 3  # best form, eager, 1,000 images; one image is fast enough
    assert "absent: jax is not installed" in page
    assert "![" in page and "small_cnn 1.11" in page.split("](results.png)")[0]
    assert "different versions" not in page
    other = result | {"code": "def"}
    assert "different versions" in report.markdown({"small_cnn": result, "mlp": other}, None)


def test_operations_of_a_step():
    """conv 8@3x3 on 28x28 costs 2 * 9 * 8 * 26^2, dense 1352 to 10 costs 2 * 13520."""
    conv, dense = 2 * 9 * 8 * 26**2, 2 * 13520
    net = architectures.tiny_cnn()
    assert measure.training_operations(net) == 2 * conv + 3 * dense


def test_results_are_merged_and_never_mixed(tmp_path):
    path = tmp_path / "results.json"
    first, second = result_of(helpers=[1.0]), result_of(helpers=[2.0])
    store.add(path, "mlp", first)
    store.add(path, "tiny_cnn", second)
    assert store.read(path) == {"mlp": first, "tiny_cnn": second}
    before = path.read_bytes()
    for change in ({"batch_size": 128}, {"machine": {"processor": "Q"}}, {"source": "sample"}):
        with pytest.raises(store.Mismatch, match="--fresh"):
            store.add(path, "small_cnn", second | change)
        assert path.read_bytes() == before
    # What is replaced need not fit.
    only = tmp_path / "only.json"
    store.add(only, "mlp", first)
    assert store.add(only, "mlp", second | {"batch_size": 128})["mlp"]["batch_size"] == 128


@pytest.mark.parametrize("text", ["{", "[1]", '{"my_net": {}}', '{"mlp": {}}'])
def test_a_file_that_is_no_results_is_kept(tmp_path, text):
    path = tmp_path / "results.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(store.Mismatch, match=r"results\.json"):
        store.read(path)
    assert path.read_text(encoding="utf-8") == text


# The command ------------------------------------------------------------------------------------


def test_the_command_measures_prints_and_writes(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(mnist_files.sample_folder()))
    quick = ["--quick", "--runs", "2", "--data", "sample", "--output", str(tmp_path)]
    chosen = ["--peers", "helpers", "textbook"]
    speed.main([*quick, *chosen, "--networks", "tiny_cnn"])
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["tiny_cnn"]
    for name in ("helpers", "textbook"):
        peer = found["peers"][name]
        assert peer["status"] == "measured"
        for key in ("train", "predict_one", "predict_many"):
            assert len(peer[key]) == 2 and min(peer[key]) > 0
        assert peer["memory"]["peak"] > peer["memory"]["baseline"] > 0
    assert len(found["sgemm"]) == 2
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "| `tiny_cnn` |" in page and "| textbook" in page
    assert "| `tiny_cnn` |" in capsys.readouterr().out
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")

    speed.main([*quick, *chosen, "--networks", "epoch"])
    kept = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert kept["tiny_cnn"] == found
    assert kept["epoch"]["images"] == 4000 and len(kept["epoch"]["peers"]["helpers"]["whole"]) == 2


def test_a_mismatch_is_told_in_a_line(tmp_path):
    (tmp_path / "results.json").write_text("{", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"results\.json cannot be read"):
        speed.main(["--render", "--output", str(tmp_path)])


def test_fresh_results_take_the_place_of_the_old_ones_once_they_are_there(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "nowhere"))
    old = store.add(tmp_path / "results.json", "mlp", result_of(helpers=[1.0]))
    fresh = ["--fresh", "--output", str(tmp_path)]
    with pytest.raises(SystemExit):
        speed.main(["--render", *fresh])
    with pytest.raises(OSError):  # there are no digits to measure on
        speed.main(["--networks", "mlp", *fresh])
    assert store.read(tmp_path / "results.json") == old
    new = result_of(helpers=[2.0]) | {"batch_size": 32}
    assert store.add(tmp_path / "results.json", "tiny_cnn", new, beside={}) == {"tiny_cnn": new}
    assert store.read(tmp_path / "results.json") == {"tiny_cnn": new}


def test_batches_larger_than_the_data_are_refused(tmp_path):
    with pytest.raises(SystemExit, match="4,000 images are too few for batches of 3000"):
        speed.main(["--quick", "--data", "sample", "--batch-size", "3000", "--networks", "mlp"])


def test_the_page_does_without_our_own_figures():
    page = report.markdown({"mlp": result_of(textbook=[1.0])}, None)
    assert "not measured" in page


def test_the_page_is_what_was_measured():
    """RESULTS.md is results.json in words: `python -m bench.speed --render` writes it anew."""
    results = store.read(speed.HERE / "results.json")
    assert results
    page = (speed.HERE / "RESULTS.md").read_text(encoding="utf-8")
    assert page == report.markdown(results, "results.png")


def test_peers_are_imported_only_when_asked_for():
    """The program runs where neither PyTorch nor JAX is installed."""
    code = "import sys; from bench import speed; assert not {'torch', 'jax'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=speed.HERE.parent)
