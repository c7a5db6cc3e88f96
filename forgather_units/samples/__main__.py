"""`python -m forgather_units.samples DIR [--live [SECONDS]]`: sample runs below DIR; prints their logdir."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from forgather_units.samples.collection import write_samples
from forgather_units.samples.live import stopped_by_signals, write_live


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m forgather_units.samples", description="Write sample runs.")
    parser.add_argument("dir", type=Path, metavar="DIR", help="folder in which output_models/ is made")
    parser.add_argument(
        "--live",
        nargs="?",
        type=float,
        const=float("inf"),
        metavar="SECONDS",
        help="then continue to write one run, for SECONDS or until SIGTERM or Ctrl-C",
    )
    args = parser.parse_args()
    try:
        with stopped_by_signals() as stop:
            print(write_samples(args.dir.absolute()), flush=True)
            if args.live is not None and not stop.is_set():
                write_live(args.dir, args.live, stop)
    except OSError as why:
        print(f"samples: {why.filename or args.dir}: {why.strerror or why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
