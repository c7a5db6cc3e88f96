"""Measures the cost of a job and of the list of jobs with many runs and ended jobs: `python -m benchmarks.growth`.

    forgather sandbox run -- .venv/bin/python -m benchmarks.growth

For each number of runs in a logdir: to queue a viewer of it, to ask for the logdir's facts, and to wake the sleeping
viewer (from the request at the server to the first byte), beside `find` over the same folder and the start of a plain
`tensorboard` on it. For each number of ended jobs: the list and a search in it, the start of the server and the most
memory that it had. x: ratio to the peer in the same row, of the jobs to the smallest history.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import requests

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from forgather_server import Forgather
from jobs import make_job
from ports import free_port

from benchmarks.sleeping import first_byte, plain
from forgather_units.domain.job import Ended, Job, Outcome
from forgather_units.samples.event_file import EventFile
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.viewers.table import KINDS

_PATH: Final = "data/environment"
_PATIENCE: Final = 600.0
_HISTORY_BEGAN: Final = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement; `peer` is the value to compare with, in the same unit."""

    size: str
    what: str
    value: float
    unit: str
    peer: float | None = None
    peer_name: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.peer if self.peer else None


def timed(question: Callable[[], object], rounds: int) -> float:
    """The median of some rounds, in seconds."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        question()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def write_runs(folder: Path, count: int) -> Path:
    """`count` run folders, 1000 in each folder, with one event file of their own (a hard link: they are all alike)."""
    model = folder / "model"
    with EventFile(model) as file:
        for step in range(3):
            file.scalars(_HISTORY_BEGAN + step, step, {"train-loss": 1.0 / (step + 1)})
    [event_file] = model.iterdir()
    logdir = folder / "runs"
    for number in range(count):
        run = logdir / f"{number // 1000:03}" / f"run_{number:06}"
        run.mkdir(parents=True)
        try:
            os.link(event_file, run / event_file.name)
        except OSError:
            # The file system has a limit of links to one file.
            event_file = Path(shutil.copy(event_file, run / event_file.name))
    return logdir


def find(logdir: Path) -> None:
    subprocess.run(["find", str(logdir), "-name", "*tfevents*"], check=True, stdout=subprocess.DEVNULL)


def cold_start(logdir: Path) -> float:
    """From the start of a plain `tensorboard` to the first byte of its first answer, in seconds."""
    port = free_port()
    began = time.perf_counter()
    with plain(logdir, port):
        while first_byte(port, f"/{_PATH}") is None:
            time.sleep(0.005)
        return time.perf_counter() - began


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Forgather]:
    folder.mkdir()
    forgather = Forgather(folder)
    try:
        yield forgather
    finally:
        forgather.clean()


def wake(forgather: Forgather, queue_id: str) -> float:
    """From the request at the server to the first byte; the viewer sleeps again afterwards."""
    began = time.perf_counter()
    with forgather.session.get(f"{forgather.url}/api/tb/{queue_id}/{_PATH}", timeout=_PATIENCE, stream=True) as answer:
        assert answer.status_code == 200, answer.text
        next(answer.iter_content(1))
    took = time.perf_counter() - began
    forgather.wait_status(queue_id, "running", seconds=_PATIENCE)
    forgather.cli("job", "sleep", queue_id)
    forgather.wait_status(queue_id, "sleeping", seconds=_PATIENCE)
    return took


def of_runs(folder: Path | None, count: int, rounds: int) -> Iterator[Figure]:
    """The cost of a logdir with this many runs."""
    size = f"{count:,} runs"
    with tempfile.TemporaryDirectory(dir=folder) as name, server(Path(name) / "server") as forgather:
        logdir = write_runs(Path(name), count)
        forgather.start()
        finding = timed(lambda: find(logdir), rounds)
        # The file system's caches are warm for each of them.
        queued: list[str] = []
        submit = timed(
            lambda: queued.append(forgather.submit(logdir, private=True, lazy=True, idle_timeout="never")), rounds
        )
        facts = timed(lambda: forgather.get("/api/logdir", params={"path": str(logdir)}).raise_for_status(), rounds)
        yield Figure(size, "enqueue", submit * 1e3, "ms", finding * 1e3, "find")
        yield Figure(size, "GET /api/logdir", facts * 1e3, "ms", finding * 1e3, "find")
        job = forgather.job(queued[0])
        if job["status"] != "sleeping":
            yield Figure(f"{size}: no wake, the viewer is placed {job['placement']}", "wake", 0.0, "s")
            return
        wakes, starts = [], []
        for _ in range(rounds):  # interleaved: other load affects both
            wakes.append(wake(forgather, queued[0]))
            starts.append(cold_start(logdir))
        yield Figure(size, "wake", statistics.median(wakes), "s", statistics.median(starts), "tensorboard")


def ended_job(number: int) -> Job:
    """The `number`th job of a history: one an hour."""
    moment = _HISTORY_BEGAN + number * 3600.0
    state = Ended(Outcome.DONE, moment + 1800.0, started_at=moment + 1.0, port=6006)
    return replace(
        make_job(number, logdir=f"/home/alice/models/model{number:06}/runs", state=state), submitted_at=moment
    )


def write_history(database: Path, count: int) -> None:
    connection = open_database(database)
    store = JobStore(connection, KINDS)
    for number in range(count):
        store.save(ended_job(number))
    store.close()


def peak_memory(forgather: Forgather) -> float:
    """The most resident memory that the server had, in megabytes."""
    assert forgather.process is not None
    lines = Path(f"/proc/{forgather.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def of_history(folder: Path | None, count: int, rounds: int) -> Iterator[Figure]:
    """The cost of this many ended jobs."""
    size = f"{count:,} ended jobs"
    with tempfile.TemporaryDirectory(dir=folder) as name, server(Path(name) / "server") as forgather:
        # Nothing is removed while it is measured.
        forgather.settings |= {"history_jobs": 0, "history_days": 0}
        write_history(Path(name) / "server" / "state" / "forgather.db", count)
        began = time.perf_counter()
        forgather.start()
        started = time.perf_counter() - began

        def ask(path: str) -> requests.Response:
            answer = forgather.get(path)
            answer.raise_for_status()
            return answer

        yield Figure(size, "start of the server", started, "s")
        yield Figure(size, "GET /api/jobs", timed(lambda: ask("/api/jobs"), rounds) * 1e3, "ms")
        yield Figure(size, "GET /api/jobs, size", len(ask("/api/jobs").content) / 1e3, "kB")
        search = timed(lambda: ask("/api/jobs?search=model000042"), rounds)
        yield Figure(size, "GET /api/jobs?search=", search * 1e3, "ms")
        yield Figure(size, "forgather job list", timed(lambda: forgather.cli("job", "list"), rounds), "s")
        logdir = Path(name) / "runs"
        logdir.mkdir()
        submit = timed(lambda: forgather.submit(logdir, private=True, lazy=True), rounds)
        yield Figure(size, "enqueue", submit * 1e3, "ms")
        yield Figure(size, "peak memory of the server", peak_memory(forgather), "MB")


def compared(figures: list[Figure]) -> list[Figure]:
    """Each with that of the smallest history as its peer."""
    smallest = {figure.what: figure for figure in reversed(figures)}
    first = smallest[figures[0].what].size if figures else ""
    return [
        figure if figure.size == first else replace(figure, peer=smallest[figure.what].value, peer_name=first)
        for figure in figures
    ]


def conditions(rounds: int) -> str:
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"tensorboard {version('tensorboard')}; medians of {rounds} rounds, caches warm."
    )


def markdown(figures: list[Figure], rounds: int) -> str:
    rows = ["| | what | measured | beside | ratio |", "|---|---|---|---|---|"]
    for figure in figures:
        peer = f"{figure.peer:.3g} {figure.unit} ({figure.peer_name})" if figure.peer is not None else ""
        ratio = f"x{figure.ratio:.2f}" if figure.ratio is not None else ""
        rows.append(f"| {figure.size} | {figure.what} | {figure.value:.4g} {figure.unit} | {peer} | {ratio} |")
    return "\n".join([*rows, "", conditions(rounds), ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, nargs="*", default=[100, 10_000, 200_000])
    parser.add_argument("--ended", type=int, nargs="*", default=[100, 5_000, 50_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the runs are written (TMPDIR, else /tmp)")
    parser.add_argument("--output", type=Path, help="a folder for the table, as Markdown and as JSON")
    args = parser.parse_args()
    figures: list[Figure] = []
    for count in args.runs:
        for figure in of_runs(args.folder, count, args.rounds):
            print(figure, file=sys.stderr)
            figures.append(figure)
    history: list[Figure] = []
    for count in args.ended:
        for figure in of_history(args.folder, count, args.rounds):
            print(figure, file=sys.stderr)
            history.append(figure)
    figures += compared(history)
    table = markdown(figures, args.rounds)
    print(table)
    if args.output:
        args.output.mkdir(parents=True, exist_ok=True)
        (args.output / "growth.md").write_text(table)
        rows = [[figure.size, figure.what, figure.value, figure.unit, figure.ratio] for figure in figures]
        (args.output / "growth.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
