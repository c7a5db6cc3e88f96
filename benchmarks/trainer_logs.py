"""The summary of a trainer_logs.json of 1 GB, and a plot's curves, against json.load of the same file.

python -m benchmarks.trainer_logs [--megabytes N] [--rounds N]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from forgather_units.samples.trainer_log import FILE_NAME

_SECONDS_AND_PEAK: Final = """
import resource, sys, time
from pathlib import Path
began = time.perf_counter()
{work}
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
_WAYS: Final = {
    "json.load, nothing more": """
import json
with open(sys.argv[1]) as file:
    json.load(file)
""",
    "summary": """
from forgather_units.runs.find import run_at
from forgather_units.runs.reading import summary_of
summary_of(run_at(Path(sys.argv[1])))
""",
    "curves of a plot": """
from forgather_units.runs.find import run_at
from forgather_units.runs.reading import records_of
from forgather_units.runs.series import Axis, series_of
series_of(records_of(run_at(Path(sys.argv[1]))), ("loss", "grad_norm"), Axis.STEP, 10)
""",
    "the page's first look": """
from forgather_units.runs.followed import FollowedRuns
FollowedRuns(lambda: None).below(str(Path(sys.argv[1]).parent))
""",
}


def write_log(path: Path, size: int) -> int:
    """A finished log of at least `size` bytes, as a trainer writes it; how many records it has."""
    number = 0
    with path.open("w") as file:
        separator = "[\n"
        while file.tell() < size:
            lines = []
            for step in range(number, number + 10_000):
                loss = 2.0 + 8.0 / (1 + step / 10_000)
                lines.append(
                    f'{{"timestamp": {1.7e9 + step / 10}, "global_step": {step}, "epoch": {step / 1e6}, '
                    f'"loss": {loss}, "grad_norm": {loss / 3}, "max_grad_norm": {loss / 2}, "learning_rate": 0.0003}}'
                )
            file.write(separator + ",\n".join(lines))
            separator = ",\n"
            number += 10_000
        file.write("\n]")
    return number


def measure(work: str, log: Path) -> tuple[float, float]:
    """Seconds, and the peak of memory in MB, of a process of its own."""
    script = _SECONDS_AND_PEAK.format(work=work)
    done = subprocess.run([sys.executable, "-c", script, str(log)], capture_output=True, text=True, check=True)
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, FILE_NAME)
        records = write_log(log, args.megabytes * 1_000_000)
        print(f"{log.stat().st_size / 1e6:.0f} MB, {records:,} records, {args.rounds} rounds\n")
        taken: dict[str, list[tuple[float, float]]] = {way: [] for way in _WAYS}
        for _ in range(args.rounds):
            for way, work in _WAYS.items():
                taken[way].append(measure(work, log))
    print("| | time | of json.load's | peak of memory |\n|---|---|---|---|")
    (peer, *_) = taken.values()
    for way, rounds in taken.items():
        ratio = statistics.median(mine[0] / theirs[0] for mine, theirs in zip(rounds, peer, strict=True))
        seconds, peak = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"| {way} | {seconds:.2f} s | x{ratio:.2f} | {peak:.0f} MB |")


if __name__ == "__main__":
    main()
