"""The figures as a page of Markdown."""

from bench import figures, peers, picture
from helpers import architectures

_NOT_THERE = "–"
_HEAD = (
    "network",
    "images/s",
    "PyTorch, best form",
    "PyTorch eager",
    "JAX jit",
    "textbook",
    "of SGEMM",
    "1,000 images",
    "one image",
    "memory",
    "memory above start",
)
_METHOD = """\
Every peer has a process of its own, and they take turns: in each round each trains for about the
same time, another one first each time; the predictions follow in rounds of their own. A ratio is
taken within each round, and the tables show its median. *Training* is whole steps: draw a batch,
forward, loss, backward, Adam. Ours is `fit` and `predict_proba` as a student calls them. What
happens only once (compiling, recording, starting threads) is left out, but not where all images are
seen once.

PyTorch uses one thread for each physical core and Adam's fused form; JAX uses all cores. Before it
is timed, a peer must give the same probabilities for 100 images to 1e-4;
`python -m bench.agreement` compares the gradients.

*Of SGEMM* is the operations of a step (three times those forward, less the first layer's gradient
of its input) a second, over those of a large float32 matrix product on all cores in the same
rounds. Winograd's algorithm saves some of these operations, so 100 % is no limit.

*Memory* is the peak of the resident memory of a fresh process in training, over that of the most
frugal form of PyTorch: of the whole process, and above what it held with everything imported and
the images loaded, before the network was made."""


def markdown(results, image):
    """The whole page.

    Parameters
    ----------
    results : dict
        As `bench.store` keeps it.
    image : str or None
        File name of the picture beside it.

    Returns
    -------
    str
    """
    networks = {name: results[name] for name in architectures.MILESTONES if name in results}
    parts = ["# Speed against peers"]
    if image:
        parts.append(f"![{picture.alt_text(results)}]({image})")
    if networks:
        parts += ["## Ours against each peer", summary(networks)]
    if "epoch" in results:
        parts += ["## All images once", _epoch(results["epoch"])]
    for name, result in networks.items():
        parts += [f"## `{name}`", _details(result)]
    parts += ["## How it was measured", _METHOD, *_conditions(results)]
    return "\n\n".join(parts) + "\n"


def summary(networks):
    """One row a network: how many times as fast as each peer `helpers` is."""
    rows = [_summary_row(name, result) for name, result in networks.items()]
    text = table(_HEAD, [*rows, _wanted_row()])
    best = [figures.against_best(result) for result in networks.values()]
    if all(best):
        mean = figures.geometric_mean(best)
        mark = "\\*" if figures.falls_short("best_mean", mean) else ""
        text += (
            f"\n\nGeometric mean over {len(best)} networks of the ratio to PyTorch's best form: "
            f"{mean:.2f}{mark} (wanted: {figures.WANTED['best_mean']:g})."
        )
    return text + "\n\n\\* falls short of what is wanted."


def _summary_row(name, result):
    if peers.OURS not in figures.measured(result):
        return (
            f"`{name}`",
            result["peers"].get(peers.OURS, {"status": "not measured"})["status"],
            *[_NOT_THERE] * (len(_HEAD) - 2),
        )

    def times(wanted, other, key):
        return _times(figures.speed_up(result, other, key), wanted, name)

    def best(family, key):
        return figures.best_form(result, family, key)

    frugal = figures.least_memory(result, "PyTorch")
    share = figures.sgemm_share(result, peers.OURS)
    return (
        f"`{name}`",
        f"{figures.Spread.of(result['peers'][peers.OURS]['train']).median:,.0f}",
        _times(figures.against_best(result), "best", name),
        times("eager", peers.EAGER, "train"),
        times(None, best("JAX", "train"), "train"),
        times("textbook", peers.TEXTBOOK, "train"),
        f"{share.median:.0%}" + _mark("sgemm", share.median, name),
        times("many", best("PyTorch", "predict_many"), "predict_many"),
        times("one", best("PyTorch", "predict_one"), "predict_one"),
        _share(figures.memory_share(result, frugal, above_start=False)),
        _share(figures.memory_share(result, frugal, above_start=True)),
    )


def _wanted_row():
    wanted, of = figures.WANTED, figures.WANTED_OF
    return (
        "*wanted*",
        "",
        f"{wanted['best']:g} x",
        f"{wanted['eager']:g} x",
        "",
        f"{of['textbook']['small_cnn']} x (`deep_cnn` {of['textbook']['deep_cnn']} x)",
        f"`deep_cnn` {of['sgemm']['deep_cnn']:.0%}",
        f"{wanted['many']:g} x",
        f"{wanted['one']:.2f} x",
        f"at most {wanted['memory_most']:g}",
        f"at most {wanted['memory_most']:g}",
    )


def _details(result):
    head = (
        "peer",
        "training, images/s",
        "of SGEMM",
        "one image, ms",
        f"{result['many']:,} images, ms",
        "peak memory, MiB",
        "above start, MiB",
    )
    rows = []
    for name, found in result["peers"].items():
        if found["status"] != "measured":
            rows.append((name, found["status"], *[_NOT_THERE] * 5))
            continue
        rows.append(
            (
                name,
                _spread(found["train"], "{:,.0f}"),
                f"{figures.sgemm_share(result, name).median:.0%}",
                _spread([1e3 * value for value in found["predict_one"]], "{:.3f}"),
                _spread([1e3 * value for value in found["predict_many"]], "{:.1f}"),
                *_memory(found.get("memory")),
            )
        )
    text = table(head, rows)
    sgemm = figures.Spread.of(result["sgemm"])
    return (
        f"{text}\n\nMedian (lowest to highest) of {result['runs']} rounds. A step costs "
        f"{result['operations'] / 1e6:.1f} million operations an image. A large matrix product "
        f"does {sgemm.median / 1e9:.0f} ({sgemm.low / 1e9:.0f} to {sgemm.high / 1e9:.0f}) thousand "
        "million a second."
    )


def _memory(found):
    if found is None:
        return _NOT_THERE, _NOT_THERE
    peak, above = found["peak"], found["peak"] - found["baseline"]
    return f"{peak / 2**20:.0f}", f"{above / 2**20:.0f}"


def _epoch(result):
    rows = [
        (name, _spread(found["whole"], "{:.2f}") if "whole" in found else found["status"])
        for name, found in result["peers"].items()
    ]
    text = (
        f"{result['images']:,} images through `small_cnn`, with backward and Adam, everything that "
        "happens only once included.\n\n" + table(("peer", "seconds"), rows)
    )
    best = figures.best_form(result, "PyTorch", "whole")
    ratio = figures.speed_up(result, best, "whole")
    if ratio is None:
        return text
    share, wanted = 1 / ratio.median, figures.WANTED["epoch_most"]
    mark = _mark("epoch_most", share)
    text += f"\n\nOurs takes {share:.2f}{mark} of the time of {best} (wanted: at most {wanted:g})."
    return text


def _conditions(results):
    latest = max(results.values(), key=lambda result: result["date"])
    rows = [*latest["machine"].items()]
    packages = {text for result in results.values() for text in result["versions"].values()}
    rows += [("peers", ", ".join(sorted(p for p in packages if not p.startswith("numpy"))))]
    rows += [("images", f"MNIST, {latest['source']}"), ("batch size", latest["batch_size"])]
    rows += [("date", latest["date"])]
    load = max(result["other_load"] for result in results.values())
    yield table(("", ""), rows)
    yield (
        f"Other programs took at most {load:.0%} of the processors in a round that counts. "
        "A round with more than a few per cent was repeated, where that helped."
    )
    if len({result["code"] for result in results.values()}) > 1:
        yield "**The networks were measured with different versions of `helpers`.**"


def table(head, rows):
    """A table in Markdown, its columns in line for those who read the text."""
    rows = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _spread(values, form):
    spread = figures.Spread.of(values)
    low, high = form.format(spread.low), form.format(spread.high)
    return f"{form.format(spread.median)} ({low} to {high})"


def _times(ratio, wanted, network):
    if ratio is None:
        return _NOT_THERE
    return f"{ratio.median:.2f} x" + _mark(wanted, ratio.median, network)


def _share(value):
    return _NOT_THERE if value is None else f"{value:.2f}" + _mark("memory_most", value)


def _mark(wanted, value, network=None):
    return "\\*" if wanted and figures.falls_short(wanted, value, network) else ""
