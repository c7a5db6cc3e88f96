"""Changes of folders that inotify reports; tests/end_to_end tests what a viewer sees."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from jobs import make_job
from waiting import wait_until

from forgather_units.automation.replaced_folders import ReplacedFolders
from forgather_units.domain.job import Job, Running
from forgather_units.scheduler.events import EventBus
from forgather_units.scheduler.scheduler import Scheduler


class OneJob:
    """Replaces the scheduler: it has one job, whose process is the test's own and sees the real folders."""

    def __init__(self, logdir: Path) -> None:
        state = Running(time.time(), time.time(), 6006, os.getpid())
        self._job = make_job(logdir=str(logdir), state=state)
        self.notice = ""

    def jobs(self) -> list[Job]:
        return [self._job]

    def job(self, _queue_id: str) -> Job:
        return self._job

    def set_folder_notice(self, _queue_id: str, notice: str) -> None:
        self.notice = notice


def directly(_path: str, function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


def test_a_replaced_parent_folder_is_watched_again(tmp_path: Path) -> None:
    logdir = tmp_path / "above" / "runs"
    logdir.mkdir(parents=True)
    one, messages = OneJob(logdir), list[str]()
    watch = ReplacedFolders(cast(Scheduler, one), EventBus(), directly, lambda _, text: messages.append(text))
    with watch.open():
        wait_until(lambda: any(each.places and each.had_folder for each in watch.watched.values()))
        for number in range(2):
            logdir.parent.rename(tmp_path / f"old{number}")
            wait_until(lambda: "is gone" in one.notice)
            watched = watch.watched[one.job("").queue_id]
            before = watched.checked_at
            logdir.parent.mkdir()
            # Wait for a check of the new folder, which has no logdir yet.
            wait_until(lambda watched=watched, before=before: watched.checked_at > before)  # type: ignore[misc]
            logdir.mkdir()
            wait_until(lambda: one.notice == "")
    assert ["is gone" in text for text in messages] == [True, False, True, False]
