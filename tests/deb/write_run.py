"""A run with one scalar, `loss`, written by the package's own TensorBoard: python3 write_run.py FOLDER."""

import sys

# The purge test must not find bytecode files that the package manager did not install.
sys.dont_write_bytecode = True
sys.path.insert(0, "/usr/lib/forgather-units/tensorboard/lib")

from tensorboard.compat.proto.event_pb2 import Event  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: E402
from tensorboard.summary.writer.event_file_writer import EventFileWriter  # noqa: E402

writer = EventFileWriter(sys.argv[1])
for step in range(20):
    loss = Summary.Value(tag="loss", simple_value=1 / (step + 1))
    writer.add_event(Event(step=step, wall_time=1e9 + step, summary=Summary(value=[loss])))
writer.close()
