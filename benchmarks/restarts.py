"""The server restarted many times while services are looked at: nothing doubled, nothing lost, no viewer disturbed.

    forgather sandbox run -- .venv/bin/python -m benchmarks.restarts --times 50

Every second restart is a kill -9. Requests go to the viewers' own ports all the while (the server's port is closed
between two servers, as without a socket unit); prints how many were answered.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from forgather_server import Forgather

from forgather_units.samples.collection import write_samples

_SERVICES = 5
_FIRST_PORT = 16300


class Load:
    """Sends requests to the viewers in turn until stopped."""

    def __init__(self) -> None:
        self.answered = 0
        self.failed: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _ask(self) -> None:
        for number in itertools.cycle(range(_SERVICES)):
            if self._stop.wait(0.02):
                return
            url = f"http://127.0.0.1:{_FIRST_PORT + number}/api/tb/s{number}/data/environment"
            try:
                answer = requests.get(url, timeout=30)
                self.answered += answer.ok
                self.failed += [] if answer.ok else [f"{url}: {answer.status_code}"]
            except requests.RequestException as why:
                self.failed.append(f"{url}: {why}")


def live(forgather: Forgather) -> dict[str, int | None]:
    """Pids of the services' instances, by name."""
    jobs = [job for job in forgather.get("/api/jobs").json() if job["service"] and job["alive"]]
    assert len(jobs) == _SERVICES, f"{len(jobs)} instances of {_SERVICES} services"
    return {job["service"]: job["pid"] for job in jobs}


def main() -> int:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--times", type=int, default=50)
    times = flags.parse_args().times
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as held:
        runs = write_samples(Path(folder) / "samples")
        declared = {
            f"s{number}": {"logdir": str(runs), "port": _FIRST_PORT + number, "idle_timeout": "never"}
            for number in range(_SERVICES)
        }
        forgather = Forgather(Path(folder), services={"tensorboard": declared})
        held.callback(forgather.clean)
        forgather.start()
        with Load() as load:
            while any(pid is None for pid in live(forgather).values()):
                time.sleep(0.2)
            before, began = live(forgather), time.monotonic()
            for number in range(times):
                (forgather.kill if number % 2 else forgather.stop)()
                forgather.start()
                after = live(forgather)
                assert after == before, (before, after)
            took = time.monotonic() - began
    print(f"{times} restarts in {took:.0f} s: {_SERVICES} services, each one instance with the same pid all the while;")
    print(f"{load.answered} requests answered, {len(load.failed)} failed {load.failed[:3]}")
    return bool(load.failed)


if __name__ == "__main__":
    sys.exit(main())
