"""The outcome and the reason of a job after its unit has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest
from jobs import running, starting

from forgather_units.domain.job import Ended, Exit, Outcome
from forgather_units.domain.placement import Placed, Placement
from forgather_units.scheduler.transitions import ended_by, lost, never_answered
from forgather_units.units.exit_record import ExitRecord

JOB = running(1, 6006)
RECORD = ExitRecord("success", 0, None, "ab" * 16, stopped=False, at=50.0)


def state_after(record: ExitRecord, *, stop_requested: bool = False, lines: tuple[str, ...] = ()) -> Ended:
    state = ended_by(replace(JOB, stop_requested=stop_requested), record, lines).state
    assert isinstance(state, Ended)
    return state


def test_a_clean_exit_is_done() -> None:
    assert state_after(RECORD) == Ended(Outcome.DONE, 50.0, Exit(code=0), "", 1.0, 6006)


def test_a_stop_from_outside_is_aborted() -> None:
    assert state_after(replace(RECORD, stopped=True)).outcome is Outcome.ABORTED


def test_a_stop_with_the_manager_names_the_logout() -> None:
    state = state_after(replace(RECORD, stopped=True, with_manager=True))
    assert (state.outcome, "a log-out without lingering" in state.reason) == (Outcome.ABORTED, True)


def test_exit_code_127_means_a_missing_program_only_before_readiness() -> None:
    record = replace(RECORD, result="exit-code", code=127)
    assert state_after(record).reason == "ended with exit code 127"
    ended = ended_by(starting(1, 6006), record, ()).state
    assert isinstance(ended, Ended)
    assert ended.reason == "could not start: the tensorboard program cannot be executed (127: it is not there)"


def test_a_requested_stop_is_aborted_even_after_sigkill() -> None:
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
def test_a_failure_states_its_cause_and_the_last_output(
    result: str, code: int | None, signal: int | None, words: str
) -> None:
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


def test_a_lost_unit_has_failed_without_an_exit_status() -> None:
    state = lost(JOB, 60.0).state
    assert isinstance(state, Ended)
    assert (state.outcome, state.exit) == (Outcome.FAILED, Exit())


def test_a_job_lost_by_a_reboot_is_aborted() -> None:
    state = lost(replace(JOB, boot_id="one"), 60.0, "other").state
    assert isinstance(state, Ended)
    assert (state.outcome, state.reason) == (Outcome.ABORTED, "ended by a restart of the machine")


def test_a_start_timeout_quotes_the_last_output() -> None:
    state = never_answered(JOB, 60.0, 2.5, ["cannot bind"]).state
    assert isinstance(state, Ended)
    assert state.reason == "did not answer within 2.5 s; its last output: cannot bind"
