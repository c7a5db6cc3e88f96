"""Event logs of 20 runs x 50 tags x 1000 steps, as a training of some days leaves them."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Final

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

RUNS: Final = 20
TAGS: Final = 50
STEPS: Final = 1000


def write_logs(root: Path) -> Path:
    """Write them below `root`, and return it."""
    first = root / "run_00"
    writer = EventFileWriter(str(first), max_queue_size=10_000)
    for step in range(STEPS):
        for tag in range(TAGS):
            value = Summary.Value(tag=f"group_{tag % 5}/tag_{tag:02}", simple_value=math.exp(-step / 300) + tag)
            writer.add_event(Event(wall_time=1.7e9 + step, step=step, summary=Summary(value=[value])))
    writer.close()
    # All curves are equal: the cost of serving does not depend on them.
    for run in range(1, RUNS):
        shutil.copytree(first, root / f"run_{run:02}")
    return root
