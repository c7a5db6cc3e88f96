"""Jobs queued, opened, put to sleep, woken and killed for a long time: `python -m benchmarks.jobs_soak --minutes 20`.

    forgather sandbox run -- .venv/bin/python -m benchmarks.jobs_soak --minutes 20

Prints the server's resource use after the first rounds (when all modules are loaded) and at the end:
memory, file descriptors, threads, the size of its database, the volume of the journal, and the units that are left.
What grows with each job should not be the server's memory, descriptors or threads.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

import requests

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from forgather_server import Forgather
from waiting import wait_until

from benchmarks.process import Program
from forgather_units.samples.collection import write_samples

_PATH: Final = "data/environment"
_WARM_UP: Final = 3
_PAGES: Final = 3
_UNITS: Final = {"B": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


@dataclass(frozen=True, slots=True)
class Usage:
    """Sizes are bytes."""

    memory: int
    descriptors: int
    threads: int
    database: int
    journal: int
    units: int
    jobs: int


def journal_volume() -> int:
    """Of all journals that this user may read, in bytes; -1 where journalctl does not say."""
    done = subprocess.run(["journalctl", "--disk-usage"], capture_output=True, text=True, check=False)
    found = re.search(r"([\d.]+)\s*([BKMGT])", done.stdout + done.stderr)
    return int(float(found[1]) * _UNITS[found[2]]) if found else -1


def usage(forgather: Forgather, jobs: int) -> Usage:
    assert forgather.process is not None
    program = Program(forgather.process)
    state = forgather.folder / "state"
    return Usage(
        memory=program.memory(),
        descriptors=program.open_files(),
        threads=program.threads(),
        database=sum(file.stat().st_size for file in state.glob("forgather.db*")),
        journal=journal_volume(),
        units=len(forgather.units()),
        jobs=jobs,
    )


def opened(forgather: Forgather, queue_id: str) -> None:
    """As a browser asks: through the proxy, until the viewer answers."""
    answer = forgather.session.get(f"{forgather.url}/api/tb/{queue_id}/{_PATH}", timeout=120)
    assert answer.status_code == 200, f"{queue_id}: {answer.status_code} {answer.text[:200]}"


def life(forgather: Forgather, logdir: Path) -> None:
    """One job from the queue to its end."""
    queue_id = forgather.submit(logdir, private=True, lazy=True)
    forgather.wait_status(queue_id, "sleeping", "running")
    opened(forgather, queue_id)
    forgather.wait_status(queue_id, "running")
    assert forgather.post(f"/api/jobs/{queue_id}/control/sleep").ok
    forgather.wait_status(queue_id, "sleeping")
    assert forgather.post(f"/api/jobs/{queue_id}/control/wake").ok
    forgather.wait_status(queue_id, "running")
    opened(forgather, queue_id)
    assert forgather.get(f"/api/jobs/{queue_id}/tty").ok
    assert forgather.post(f"/api/jobs/{queue_id}/control/kill").ok
    forgather.wait_status(queue_id, "aborted")


@contextlib.contextmanager
def pages(forgather: Forgather, count: int) -> Iterator[None]:
    """Event streams of open pages that are never read: the data waits in the sockets."""
    with contextlib.ExitStack() as held:
        for _ in range(count):
            answer = requests.get(
                f"{forgather.url}/api/events",
                headers={"Authorization": f"Bearer {forgather.token}"},
                stream=True,
                timeout=30,
            )
            held.enter_context(answer)
        yield


def settled(forgather: Forgather, jobs: int) -> Usage:
    """Once the units of the last job are gone."""
    wait_until(lambda: not forgather.units(), 60)
    forgather.get("/api/jobs").raise_for_status()
    return usage(forgather, jobs)


def table(before: Usage, after: Usage, seconds: float) -> str:
    rows = ["| | at the start | at the end | for each job |", "|---|---|---|---|"]
    jobs = max(1, after.jobs - before.jobs)
    for each in fields(Usage):
        first, last = getattr(before, each.name), getattr(after, each.name)
        rows.append(f"| {each.name} | {first:,} | {last:,} | {(last - first) / jobs:,.1f} |")
    return "\n".join([*rows, "", f"{jobs} jobs in {seconds / 60:.1f} min; sizes in bytes.", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--pages", type=int, default=_PAGES, help=f"pages that are open meanwhile ({_PAGES})")
    parser.add_argument("--output", type=Path, help="a folder for the table, as Markdown and as JSON")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as held:
        forgather = Forgather(Path(name))
        held.callback(forgather.clean)
        forgather.start()
        logdir = write_samples(Path(name) / "samples")
        for _ in range(_WARM_UP):
            life(forgather, logdir)
        held.enter_context(pages(forgather, args.pages))
        before = settled(forgather, _WARM_UP)
        print(f"start: {before}", file=sys.stderr)
        began = time.monotonic()
        jobs = _WARM_UP
        while time.monotonic() - began < args.minutes * 60:
            life(forgather, logdir)
            jobs += 1
            if jobs % 50 == 0:
                print(f"{time.monotonic() - began:.0f} s: {usage(forgather, jobs)}", file=sys.stderr)
        after = settled(forgather, jobs)
        text = table(before, after, time.monotonic() - began)
    print(text)
    if args.output:
        args.output.mkdir(parents=True, exist_ok=True)
        (args.output / "jobs_soak.md").write_text(text)
        (args.output / "jobs_soak.json").write_text(json.dumps([asdict(before), asdict(after)], indent=1))


if __name__ == "__main__":
    main()
