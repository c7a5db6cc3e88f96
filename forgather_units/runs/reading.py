"""A run's records, whichever of its files they come from."""

from __future__ import annotations

from collections.abc import Iterator

from forgather_units.runs.event_files import event_records
from forgather_units.runs.find import RunFiles
from forgather_units.runs.log_file import LogFile
from forgather_units.runs.record_splitter import Record
from forgather_units.runs.summary import Summarizer, Summary


def records_of(run: RunFiles) -> Iterator[list[Record]]:
    """Piece by piece, as they were written. Raises a ForgatherError where it cannot be read."""
    return LogFile(run.log).read() if run.log else event_records(run.events)


def summary_of(run: RunFiles) -> Summary:
    """Raises a ForgatherError where it cannot be read."""
    summarizer = Summarizer()
    if run.log is None:
        for records in event_records(run.events):
            summarizer.add(records)
        return summarizer.summary()
    log = LogFile(run.log)
    for records in log.read():
        summarizer.add(records)
    return summarizer.summary(log.broken)
