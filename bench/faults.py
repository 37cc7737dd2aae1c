"""What becomes of damaged files, killed processes and bad servers. By hand:

    python -m bench.faults

It takes about half an hour on two cores, speaks to this machine only, and writes FAULTS.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.files import replacing

NAMES = ("tried", "clean result", "clean error", "other", "hang", "lost")
FOLDER = Path(__file__).resolve().parent
HEAD = """# Faults

`python -m bench.faults` damages files, kills processes and asks bad servers, and counts what comes
of it.

- **clean result**: what was asked for; of a killed process, that it had finished.
- **clean error**: one of the project's own errors, or the end that the kill meant; nothing is lost.
- **other**: an error of another kind, or too much written.
- **hang**: no end, or more than 2 s of CPU for a file, 15 s for a server, 30 s for what is killed.
- **lost**: a network that is another after an error, a half file, an earlier version that is gone,
  a run that goes on to other weights, or anything left over after the next run.

A file may take 1 GiB of memory; more is an error of another kind. A full disk is a limit on the
size of files, drawn anew for each case. A process is killed at a random moment, and then the same
is run once more to its end. A bad server stands alone (then the sample is what was asked for), or
beside a good one that answers later (then the full set is, and at most 64 MB are written).
"""


def main(arguments=None):
    """Run the campaigns and write FAULTS.md.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    int
        0 where nothing is other, hangs or is lost, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.faults")
    parser.add_argument("--cases", type=int, default=10_000, help="files of each kind")
    parser.add_argument("--kills", type=int, default=40, help="of each operation in each way")
    parser.add_argument("--servers", type=int, default=43, help="kinds of bad servers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    rows, others, notes = {}, [], []
    for campaign, count in (
        ("cases", options.cases),
        ("kills", options.kills),
        ("servers", options.servers),
    ):
        found = _in_a_process(campaign, count, options.seed) if count else {}
        rows |= found.get("rows", {})
        others += found.get("others", [])
        notes += found.get("notes", [])
    with replacing(options.output / "FAULTS.md") as file:
        file.write(_text(rows, others, notes).encode())
    print(_text(rows, others, notes))
    return int(any(row[name] for row in rows.values() for name in ("other", "hang", "lost")))


def cases(count, seed):
    """So many damaged files of each kind, each kind in a process that may die."""
    from bench import fault_cases

    rows, others = {}, []
    for kind in fault_cases.KINDS:
        start, limit = time.monotonic(), 60 + count * 0.5
        with tempfile.TemporaryDirectory() as folder:
            answer = Path(folder) / "answer.json"
            process = os.fork()
            if not process:
                try:
                    found = fault_cases.run(kind, seed, count, folder)
                    answer.write_text(json.dumps(found), encoding="utf-8")
                finally:
                    os._exit(0)
            _wait(process, limit)
            if answer.exists():
                rows[kind], said = json.loads(answer.read_text(encoding="utf-8"))
                others += said
            else:
                rows[kind] = dict.fromkeys(NAMES[1:], 0) | {"hang": 1}
                others.append(f"{kind}: ended after {time.monotonic() - start:.0f} s")
    return {"rows": rows, "others": others}


def kills(count, seed):
    """Each operation, ended in each way so many times."""
    from bench import fault_kills

    rows, others = {}, []
    for operation in fault_kills.OPERATIONS:
        with tempfile.TemporaryDirectory() as folder:
            made = operation(Path(folder))
            for way in fault_kills.WAYS:
                rows[f"{made.name}, {way}"], said = fault_kills.run(made, way, seed, count)
                others += said
    return {"rows": rows, "others": others}


def servers(count, seed):
    """So many kinds of bad servers, alone and beside a good one."""
    from bench import bad_servers, fault_servers

    with tempfile.TemporaryDirectory() as folder:
        kinds = list(bad_servers.KINDS)[:count]
        rows, others, seconds, written = fault_servers.run(kinds, Path(folder))
    note = f"The slowest server took {seconds:.1f} s; at most {written / 1e6:.0f} MB were written."
    rows = {f"bad servers, {place}": row for place, row in rows.items()}
    return {"rows": rows, "others": others, "notes": [note]}


CAMPAIGNS = {"cases": cases, "kills": kills, "servers": servers}


def _in_a_process(campaign, count, seed):
    """Run a campaign where it can leave nothing behind: they change limits and modules."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "bench.faults", "--campaign", campaign, str(count)]
        subprocess.run([*command, str(seed), str(answer)], check=True, cwd=FOLDER.parent)
        return json.loads(answer.read_text(encoding="utf-8"))


def _wait(process, seconds):
    """Wait for a process, and end it after so many seconds."""
    end = time.monotonic() + seconds
    while not os.waitpid(process, os.WNOHANG)[0]:
        if time.monotonic() > end:
            os.kill(process, 9)
            os.waitpid(process, 0)
            return
        time.sleep(0.01)


def _text(rows, others, notes):
    lines = [HEAD, f"| what | {' | '.join(NAMES)} |", "|---|" + "---:|" * len(NAMES)]
    total = dict.fromkeys(NAMES, 0)
    for what, row in rows.items():
        row = {"tried": sum(row.values())} | row
        lines.append(f"| {what} | " + " | ".join(f"{row[name]:,}" for name in NAMES) + " |")
        total = {name: total[name] + row[name] for name in NAMES}
    lines.append("| all | " + " | ".join(f"{total[name]:,}" for name in NAMES) + " |")
    lines += ["", *notes]
    if others:
        lines += ["", "What went wrong:", "", *(f"- {other}" for other in others)]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--campaign"]:
        name, number, start, place = sys.argv[2:]
        result = CAMPAIGNS[name](int(number), int(start))
        Path(place).write_text(json.dumps(result), encoding="utf-8")
        raise SystemExit
    raise SystemExit(main())
