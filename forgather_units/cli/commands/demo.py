"""`forgather demo`: a temporary server with a TensorBoard of sample runs."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import yaml

from forgather_units.cli.connection.client import Client, job_path
from forgather_units.cli.connection.credentials import Token
from forgather_units.cli.parser import Parser
from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.domain.listening import AUTO
from forgather_units.domain.viewer import label_of, mount_path
from forgather_units.host.addresses import is_port_free
from forgather_units.samples.project import write_project
from forgather_units.viewers.tensorboard.kind import TENSORBOARD

# The dash puts its slice below forgather.slice; no other server matches its units.
_PREFIX: Final = "forgather-demo"
_HOST: Final = "127.0.0.1"
_PORT: Final = 8765
_PATIENCE: Final = 60.0
_AUTH: Final = "auth"


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--port", type=int, default=_PORT, help=f"port of the server ({_PORT}; if taken, any free one)")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ExitStack() as held:
            _start(args.port, held)
            signal.pause()
    except KeyboardInterrupt:
        print("\nending the demo", flush=True)
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _start(port: int, held: ExitStack) -> None:
    folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="forgather-demo-")))
    logdir = _sample_runs(folder)
    port = port if is_port_free(_HOST, port) else 0
    url = held.enter_context(_server(folder, port))
    token = (folder / _AUTH / "auth_token").read_text(encoding="ascii").strip()
    client = Client(url, Token(token, "the demo's own server"))
    held.callback(_end_jobs, client)
    held.enter_context(_child([sys.executable, "-m", "forgather_units.samples", str(folder), "--live"]))
    queue_id = _queue(client, logdir)
    print(
        f"""
  Sign in:      {url}/?token={token}
  TensorBoard:  {url}{mount_path(TENSORBOARD)}{queue_id}/   (after signing in)
  Sample runs:  {logdir}, one of them live

Ctrl-C ends the demo and leaves nothing running.""",
        flush=True,
    )


def _sample_runs(folder: Path) -> Path:
    try:
        # TensorBoard's own modules write them; where it is a program of its own, all other commands do without.
        from forgather_units.samples.collection import write_samples
    except ModuleNotFoundError as why:
        raise Refused(f"the demo lacks the Python module {why.name}", hint="pip install tensorboard") from None
    return write_samples(write_project(folder))


@contextmanager
def _server(folder: Path, port: int) -> Iterator[str]:
    """Start a server with all its files below `folder`; yields its URL."""
    config = folder / "config.yaml"
    settings = {
        "host": _HOST,
        "port": port,
        "unit_prefix": _PREFIX,
        "state_dir": str(folder / "state"),
        "auth_dir": str(folder / _AUTH),
        "search_roots": [str(folder)],
        "log_level": "WARNING",
    }
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [sys.executable, "-m", "forgather_units.cli.main", "server", "--config", str(config)]
    with _child(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        addresses = [word for word in line.split() if word.startswith("http")]
        if not addresses:
            raise Unavailable("the demo's server did not start; its output is above")
        yield addresses[0]


@contextmanager
def _child(command: list[str], stdout: int | None = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    # In a new session: only this process gets Ctrl-C, and then stops the server.
    with subprocess.Popen(command, stdout=stdout, start_new_session=True, env={**os.environ}) as process:
        try:
            yield process
        finally:
            process.terminate()


def _queue(client: Client, logdir: Path) -> str:
    """Queue the TensorBoard and wait until it responds; returns its id."""
    body = {
        "project_dir": str(logdir.parent),
        "config": label_of("tensorboard", AUTO),
        "job_type": "tensorboard",
        "job_params": {"logdir": str(logdir), "port": AUTO, "window_title": "Forgather sample runs"},
    }
    queue_id = str(client.object("POST", "/api/queue", body)["queue_id"])
    deadline = time.monotonic() + _PATIENCE
    while (job := client.object("GET", job_path(queue_id, "/status")))["status"] in ("queued", "starting"):
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    if job["status"] != "running":
        raise Unavailable(f"the demo's TensorBoard is {job['status']}: {job['error'] or job['waits_for']}")
    return queue_id


def _end_jobs(client: Client) -> None:
    """Stop all jobs: units would keep running without the server."""
    alive = [
        str(job["id"]) for job in client.objects("/api/jobs") if job["status"] not in ("done", "failed", "aborted")
    ]
    for queue_id in alive:
        client.object("POST", job_path(queue_id, "/control/kill"))
    deadline = time.monotonic() + _PATIENCE
    while any(job["alive"] for job in client.objects("/api/jobs")) and time.monotonic() < deadline:
        time.sleep(0.1)
