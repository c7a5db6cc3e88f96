"""What sleeping saves and what waking costs, side by side with plain `tensorboard` processes, in one run.

    forgather sandbox run -- .venv/bin/python benchmarks/sleeping.py      (or without the sandbox, on your own manager)

Memory is the proportional set size (Pss of /proc/PID/smaps_rollup) of all processes, so that shared pages count once.
A wake is the time from a request at the sleeping job's own port to the first byte of its answer; a cold start is the
time from the start of a plain `tensorboard` to the first byte of the same answer, asked for each 5 ms.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from forgather_server import Forgather
from waiting import wait_until

from forgather_units.samples.collection import write_samples

_FIRST_PORT = 16100
_PATH = "data/environment"


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    value: str
    ratio: str


def pss(pids: list[int]) -> float:
    """Megabytes."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def tree(pid: int) -> list[int]:
    """`pid` and all below it."""
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(below for child in children for below in tree(int(child)))]
    return []


def first_byte(port: int, path: str) -> float | None:
    """Seconds to the first byte of a 200; None without one."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        took = time.perf_counter() - began
        answer.read()
        return took if answer.status == 200 else None
    except OSError:
        return None
    finally:
        connection.close()


@contextlib.contextmanager
def plain(logdir: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The stock command as people start it."""
    command = [shutil.which("tensorboard", path=Path(sys.executable).parent) or "tensorboard"]
    command += [f"--logdir={logdir}", f"--port={port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def cold_start(logdir: Path, port: int) -> float:
    began = time.perf_counter()
    with plain(logdir, port):
        while first_byte(port, f"/{_PATH}") is None:
            time.sleep(0.005)
        return time.perf_counter() - began


def wake(forgather: Forgather, queue_id: str, port: int) -> float:
    took = first_byte(port, f"/api/tb/{queue_id}/{_PATH}")
    assert took is not None
    forgather.wait_status(queue_id, "running")
    forgather.cli("job", "sleep", queue_id)
    forgather.wait_status(queue_id, "sleeping")
    return took


def units_memory(forgather: Forgather) -> float:
    pids = [int(forgather.systemctl("show", "-p", "MainPID", "--value", unit)) for unit in forgather.units()]
    return pss([below for pid in pids if pid for below in tree(pid)])


def measure(forgather: Forgather, logdir: Path, jobs: int, looked_at: int, rounds: int) -> list[Row]:
    with contextlib.ExitStack() as held:
        peers = [held.enter_context(plain(logdir, _FIRST_PORT + number)) for number in range(jobs)]
        wait_until(lambda: all(first_byte(_FIRST_PORT + number, f"/{_PATH}") for number in range(jobs)), 300)
        plain_memory = pss([pid for peer in peers for pid in tree(peer.pid)])
    ports = [_FIRST_PORT + number for number in range(jobs)]
    names = [forgather.submit(logdir, port=port, lazy=True, idle_timeout="never") for port in ports]
    asleep = units_memory(forgather)
    for queue_id, port in list(zip(names, ports, strict=True))[:looked_at]:
        first_byte(port, f"/api/tb/{queue_id}/{_PATH}")
    awake = units_memory(forgather)
    wakes, starts = [], []
    for _ in range(rounds):  # interleaved: other load affects both
        wakes.append(wake(forgather, names[-1], ports[-1]))
        starts.append(cold_start(logdir, _FIRST_PORT + jobs))
    wake_time, start_time = statistics.median(wakes), statistics.median(starts)
    return [
        Row(f"{jobs} plain tensorboard", f"{plain_memory:.0f} MB", "1"),
        Row(f"{jobs} jobs, all asleep", f"{asleep:.0f} MB", f"{asleep / plain_memory:.3f}"),
        Row(f"{jobs} jobs, {looked_at} looked at", f"{awake:.0f} MB", f"{awake / plain_memory:.2f}"),
        Row(f"cold start of plain tensorboard (median of {rounds})", f"{start_time:.2f} s", "1"),
        Row(f"wake of a sleeping job (median of {rounds})", f"{wake_time:.2f} s", f"{wake_time / start_time:.2f}"),
    ]


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    flags.add_argument("--jobs", type=int, default=20)
    flags.add_argument("--looked-at", type=int, default=5)
    flags.add_argument("--rounds", type=int, default=7)
    flags.add_argument("--json", action="store_true")
    given = flags.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as held:
        forgather = Forgather(Path(folder))
        held.callback(forgather.clean)
        forgather.start()
        logdir = write_samples(Path(folder) / "samples")
        rows = measure(forgather, logdir, given.jobs, given.looked_at, given.rounds)
    if given.json:
        print(json.dumps([[row.what, row.value, row.ratio] for row in rows], indent=2))
        return
    print("| what | measured | ratio |\n|---|---|---|")
    for row in rows:
        print(f"| {row.what} | {row.value} | {row.ratio} |")


if __name__ == "__main__":
    main()
