"""What the end of a unit means."""

from __future__ import annotations

from dataclasses import replace

import pytest
from jobs import running

from forgather_units.domain.job import Ended, Exit, Outcome
from forgather_units.domain.placement import Placed, Placement
from forgather_units.scheduler.endings import ended_by, lost, never_answered
from forgather_units.units.exit_record import ExitRecord

JOB = running(1, 6006)
RECORD = ExitRecord("success", 0, None, "ab" * 16, stopped=False, at=50.0)


def state_after(record: ExitRecord, *, stop_requested: bool = False, lines: tuple[str, ...] = ()) -> Ended:
    state = ended_by(replace(JOB, stop_requested=stop_requested), record, lines).state
    assert isinstance(state, Ended)
    return state


def test_by_itself_and_well() -> None:
    assert state_after(RECORD) == Ended(Outcome.DONE, 50.0, Exit(code=0), "", 1.0, 6006)


def test_stopped_from_outside() -> None:
    assert state_after(replace(RECORD, stopped=True)).outcome is Outcome.ABORTED


def test_killed_on_request_even_if_it_took_sigkill() -> None:
    state = state_after(replace(RECORD, result="signal", code=None, signal=9), stop_requested=True)
    assert (state.outcome, state.exit.signal) == (Outcome.ABORTED, 9)


@pytest.mark.parametrize(
    ("result", "code", "signal", "words"),
    [
        ("signal", None, 9, "signal 9 (SIGKILL)"),
        ("exit-code", 255, None, "exit code 255"),
        ("exit-code", 203, None, "cannot be executed"),
        ("oom-kill", None, 9, "out of memory"),
        ("success", None, 15, "signal 15 (SIGTERM)"),
    ],
)
def test_failures_say_why(result: str, code: int | None, signal: int | None, words: str) -> None:
    state = state_after(replace(RECORD, result=result, code=code, signal=signal), lines=("first", "last"))
    assert state.outcome is Outcome.FAILED
    assert words in state.reason
    assert state.reason.endswith("first / last")


def test_an_oom_kill_names_its_limit() -> None:
    record = replace(RECORD, result="oom-kill", code=None, signal=9)
    placed = replace(JOB, placed=Placed(Placement.SOCKET, ("own network", "MemoryMax 2G")))
    state = ended_by(placed, record, ()).state
    assert isinstance(state, Ended)
    assert (state.outcome, state.reason) == (Outcome.FAILED, "killed: exceeded MemoryMax 2G")


def test_gone_without_a_word() -> None:
    state = lost(JOB, 60.0).state
    assert isinstance(state, Ended)
    assert (state.outcome, state.exit) == (Outcome.FAILED, Exit())


def test_gone_with_the_machine() -> None:
    state = lost(replace(JOB, boot_id="one"), 60.0, "other").state
    assert isinstance(state, Ended)
    assert (state.outcome, state.reason) == (Outcome.ABORTED, "ended by a restart of the machine")


def test_never_answered_gives_the_last_lines() -> None:
    state = never_answered(JOB, 60.0, 2.5, ["cannot bind"]).state
    assert isinstance(state, Ended)
    assert state.reason == "did not answer within 2.5 s; its last output: cannot bind"
