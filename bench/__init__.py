"""Speed against peers, run by hand: `uv run --group bench python -m bench.speed`."""
