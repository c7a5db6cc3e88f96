"""The proxy beside its peers, interleaved: `python -m benchmarks.proxy`. Writes one table as Markdown and as JSON."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

from ports import free_port
from waiting import wait_until

from benchmarks.load import Measured, event_streams, idle_connections, load, one_by_one, slow_readers
from benchmarks.logs import write_logs
from benchmarks.peers import Front, fronts
from benchmarks.process import running
from benchmarks.soak import soak
from benchmarks.table import Cell, Table
from benchmarks.tools import Tools, fetch_tools
from forgather_units.http.relay import raise_open_files_limit

BOARD: Final = "q_1700000000000_0000b0a4"
ASLEEP: Final = "q_1700000000000_0000a51e"
FAST: Final = "q_1700000000000_0000fa57"
_SOCKET_PROXY: Final = "/usr/lib/systemd/systemd-socket-proxyd"
_GZIP: Final = "Accept-Encoding: gzip"

Row = tuple[str, str, str, int, tuple[str, ...], Callable[[Measured], float], str]
# title, viewer, path, connections, headers, what counts, its unit
ROWS: Final[tuple[Row, ...]] = (
    ("small JSON, 16 connections", BOARD, "data/environment", 16, (), lambda m: m.rate, "/s"),
    ("small JSON, median of 1 connection", BOARD, "data/environment", 1, (), lambda m: m.median, "ms"),
    ("200 bytes, 16 connections", FAST, "data/small", 16, (), lambda m: m.rate, "/s"),
    ("index.js, 4 connections", BOARD, "index.js", 4, (_GZIP,), lambda m: m.rate, "/s"),
    ("index.html, 4 connections", BOARD, "", 4, (_GZIP,), lambda m: m.rate, "/s"),
    ("index.html, bytes", BOARD, "", 1, (_GZIP,), lambda m: m.bytes, "B"),
    ("10 MB stream, 4 connections", FAST, "data/large/10", 4, (), lambda m: m.rate * 10, "MB/s"),
    ("small JSON through a socket unit, 16 connections", ASLEEP, "data/environment", 16, (), lambda m: m.rate, "/s"),
    ("small JSON through a socket unit, median of 1", ASLEEP, "data/environment", 1, (), lambda m: m.median, "ms"),
)


@contextmanager
def _viewers(folder: Path) -> Iterator[tuple[dict[str, int], dict[str, tuple[str, int]]]]:
    """A stock TensorBoard, the same behind a socket of systemd's, and one that answers at once."""
    logs = write_logs(folder / "logs")
    board, fast, behind = free_port(), free_port(), free_port()
    path = str(folder / "viewer.socket")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    tensorboard = [sys.executable, "-m", "tensorboard.main", f"--logdir={logs}", "--host=127.0.0.1"]
    with (
        running(*tensorboard, f"--port={board}", f"--path_prefix=/api/tb/{BOARD}", port=board, **quiet),
        running(*tensorboard, f"--port={behind}", f"--path_prefix=/api/tb/{ASLEEP}", port=behind, **quiet),
        running(sys.executable, "-m", "benchmarks.upstream", str(fast), port=fast, **quiet),
        running("systemd-socket-activate", f"--listen={path}", _SOCKET_PROXY, f"127.0.0.1:{behind}", **quiet),
    ):
        wait_until(Path(path).exists, 10, "the socket is there")
        yield {BOARD: board, FAST: fast}, {ASLEEP: (path, behind)}


def _requests(tools: Tools, table: Table, all_fronts: list[Front], seconds: float) -> None:
    for title, queue_id, path, connections, headers, value, unit in ROWS:
        direct = 0.0
        for front in all_fronts:
            if queue_id not in front.base:
                continue
            measured = load(tools, front, queue_id, path, connections, seconds, *headers)
            table.add(title, front.name, Cell(value(measured), unit, measured.cpu, measured.complaint))
            if front.program is None:
                direct = value(measured)
            elif unit == "ms":
                table.add(f"{title}: added", front.name, Cell(value(measured) - direct, unit))


def _slow_readers(table: Table, all_fronts: list[Front], count: int) -> None:
    for front in all_fronts:
        if front.program:
            front.program.forget_peak()
        before = front.program.memory() if front.program else 0
        with slow_readers(front, FAST, "data/large/64", count):
            median, worst = one_by_one(front, FAST, "data/small", 200)
        memory = (front.program.peak_memory() - before) / 1e6 if front.program else 0.0
        table.add(f"{count} slow readers of 64 MB: median of others", front.name, Cell(median, "ms"))
        table.add(f"{count} slow readers of 64 MB: worst of others", front.name, Cell(worst, "ms"))
        table.add(f"{count} slow readers of 64 MB: memory added", front.name, Cell(memory, "MB"))


def _company(table: Table, ours: Front) -> None:
    """One by one, alone and in the company of many."""
    for title, company in (
        ("", nullcontext()),
        (", with 600 idle connections open", idle_connections(ours, FAST, "data/small", 600)),
        (", with 1000 event streams open", event_streams(ours, FAST, 1000)),
    ):
        with company:
            median, worst = one_by_one(ours, FAST, "data/small", 200)
        table.add(f"one by one{title}: median", ours.name, Cell(median, "ms"))
        table.add(f"one by one{title}: worst", ours.name, Cell(worst, "ms"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="times that every front is asked, in turn (5)")
    parser.add_argument("--seconds", type=float, default=3, help="seconds of each load (3)")
    parser.add_argument("--soak", type=float, default=60, help="seconds of the mixed load at the end (60; 0: none)")
    parser.add_argument("--tools", type=Path, help="a folder that keeps the peers between two runs")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks"), help="where the tables go")
    args = parser.parse_args()
    table = Table(rounds=args.rounds, seconds=args.seconds)
    with tempfile.TemporaryDirectory(prefix="forgather-bench-") as name:
        folder = Path(name)
        kept: Path = args.tools or folder / "tools"
        kept.mkdir(parents=True, exist_ok=True)
        tools = fetch_tools(kept.absolute())
        raise_open_files_limit()
        with _viewers(folder) as (ports, sockets), fronts(tools, folder, ports, sockets) as all_fronts:
            ours = next(front for front in all_fronts if front.name == "ours")
            for _ in range(args.rounds):
                _requests(tools, table, all_fronts, args.seconds)
                _slow_readers(table, all_fronts, 64)
                _company(table, ours)
            if args.soak:
                table.note(soak(tools, ours, folder, BOARD, args.soak))
    print(table.markdown())
    args.output.mkdir(parents=True, exist_ok=True)
    (args.output / "proxy.md").write_text(table.markdown())
    (args.output / "proxy.json").write_text(table.json())


if __name__ == "__main__":
    main()
