"""JupyterLab and Chromium for a test: started, driven and stopped."""

import collections
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge",
)  # fmt: skip
CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
START_SECONDS = 90
RUN_SECONDS = 120
ATTEMPTS = 4

# What JupyterLab says of the open notebook: is all of it run, and what failed.
PROGRESS = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  const cells = [...(panel?.content?.model?.cells ?? [])].filter(cell => cell.type === "code");
  const outputs = cells.flatMap(cell => cell.outputs.toJSON());
  const run = cell => cell.executionCount !== null && cell.executionState !== "running";
  const stopped = cell => !(cell.getMetadata("tags") ?? []).includes("raises-exception")
    && cell.outputs.toJSON().some(output => output.output_type === "error");
  const errors = outputs.filter(output => output.output_type === "error").map(e => e.evalue);
  return {
    ready: panel?.sessionContext?.session?.kernel?.status === "idle" && cells.length > 0,
    started: cells.some(cell => cell.executionState !== "idle" || cell.executionCount !== null),
    // A cell after an error is not run, unless that error was to be expected.
    done: cells.some(stopped) || cells.every(cell => run(cell) || !cell.sharedModel.source.trim()),
    errors,
  };
}"""


def find_chromium():
    """Return the path of a browser of the Chromium family, or None."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@contextlib.contextmanager
def jupyter_lab(folder, *command):
    """Run JupyterLab with settings of its own in `folder`; yield a function path -> address.

    What is run is ``python -m`` with the words of `command`; by default JupyterLab on `folder`.
    """
    port, token = _free_port(), secrets.token_hex(16)
    command = [
        sys.executable, "-m", *(command or ("jupyterlab", f"--notebook-dir={folder}")),
        "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        "--allow-root", "--expose-app-in-browser", f"--IdentityProvider.token={token}",
    ]  # fmt: skip
    home = Path(folder) / ".jupyter-home"
    environment = os.environ | _separate_settings(home) | {"PYTHONPATH": str(ROOT)}
    log = home / "log.txt"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        _wait_until_up(f"http://127.0.0.1:{port}/api?token={token}", server, log)
        yield lambda path: f"http://127.0.0.1:{port}/{path}?reset&token={token}"
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _separate_settings(home):
    """Make folders that keep the user's own Jupyter out; return the variables that name them."""
    variables = (
        "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
        "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR",
    )  # fmt: skip
    folders = {name: home / name.lower() for name in variables}
    # The question about news would cover the page.
    quiet = folders["JUPYTERLAB_SETTINGS_DIR"] / "@jupyterlab" / "apputils-extension"
    for folder in (*folders.values(), quiet):
        folder.mkdir(parents=True)
    setting = json.dumps({"fetchNews": "false", "checkForUpdates": False})
    (quiet / "notification.jupyterlab-settings").write_text(setting, encoding="utf-8")
    return {name: str(folder) for name, folder in folders.items()}


def _wait_until_up(address, server, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")


@contextlib.contextmanager
def chromium(**options):
    """Start Chromium and yield a Playwright context with these options."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        try:
            yield browser.new_context(**options)
        finally:
            browser.close()


def run_all(page):
    """Run all cells of the open notebook; return the messages of those that failed."""
    for _ in range(ATTEMPTS):
        _wait_for(page, "ready")
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        # The command is lost now and then, when the kernel is idle but the session not ready.
        with contextlib.suppress(TimeoutError):
            _wait_for(page, "started", seconds=8)
            break
    _wait_for(page, "done", seconds=RUN_SECONDS)
    return page.evaluate(PROGRESS)["errors"]


def _progress(page):
    from playwright.sync_api import Error

    try:
        return page.evaluate(PROGRESS)
    except Error as error:
        if "context was destroyed" not in str(error):
            raise
        return collections.defaultdict(bool)  # the page is being loaded


def _wait_for(page, what, seconds=START_SECONDS):
    deadline = time.monotonic() + seconds
    while not _progress(page)[what]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the notebook is not {what} after {seconds} s")
        page.wait_for_timeout(200)
