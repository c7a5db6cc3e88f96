"""How long a command takes to start, beside an empty Python, `import requests` and systemctl.

    forgather sandbox run -- .venv/bin/python -m benchmarks.commands --rounds 15

The commands take turns, so that a busy machine slows all of them down alike. Prints the median of each and its ratios.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from forgather_server import FORGATHER, Forgather

_EMPTY: Final = "python -c pass"
_REQUESTS: Final = "python -c 'import requests'"
_COMMANDS: Final[Mapping[str, Sequence[str]]] = {
    _EMPTY: (sys.executable, "-c", "pass"),
    _REQUESTS: (sys.executable, "-c", "import requests"),
    "systemctl --user list-units": ("systemctl", "--user", "--no-pager", "list-units"),
    "forgather --version": (FORGATHER, "--version"),
    "forgather job list": (FORGATHER, "job", "list"),
    "forgather sched status": (FORGATHER, "sched", "status"),
}


def _milliseconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        server = Forgather(Path(folder))
        try:
            server.start()
            environment = {**os.environ, "FORGATHER_SERVER_URL": server.url, "FORGATHER_SERVER_TOKEN": server.token}
            measured: dict[str, list[float]] = {name: [] for name in _COMMANDS}
            for number in range(rounds + 1):
                for name, command in _COMMANDS.items():
                    took = _milliseconds(command, environment)
                    # The first round reads the files from the disk.
                    measured[name] += [took] if number else []
        finally:
            server.clean()
    medians = {name: statistics.median(times) for name, times in measured.items()}
    print("| command | median | to an empty Python | to `import requests` |\n|---|---|---|---|")
    for name, median in medians.items():
        print(f"| `{name}` | {median:.0f} ms | x{median / medians[_EMPTY]:.2f} | x{median / medians[_REQUESTS]:.2f} |")
    print(f"\n{os.cpu_count()} cores, Python {sys.version.split()[0]}; medians of {rounds} interleaved rounds.")


if __name__ == "__main__":
    main()
