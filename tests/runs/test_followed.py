"""Runs that are read while they are written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import wait_until

from forgather_units.runs import states
from forgather_units.runs.find import runs_below
from forgather_units.runs.followed import FollowedRuns
from forgather_units.runs.states import RunState
from forgather_units.samples.collection import SAMPLES, STEPS
from forgather_units.samples.curves import Shape
from forgather_units.samples.run import open_run


class Changes:
    times = 0

    def count(self) -> None:
        self.times += 1


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def runs(changes: Changes) -> Iterator[FollowedRuns]:
    following = FollowedRuns(changes.count)
    with following.open():
        yield following


def one(runs: FollowedRuns, folder: Path) -> RunState:
    (run,) = runs.below(str(folder)).runs
    return run


def test_a_growing_run_is_followed(runs: FollowedRuns, changes: Changes, tmp_path: Path) -> None:
    folder = tmp_path / "tiny" / "runs" / "log_1"
    with open_run(folder, Shape("x", 3.0, 4.0, 1e-3, 1000), 1.7e9) as run:
        run.step(1.7e9)
        assert one(runs, tmp_path).last_step == 1
        wait_until(lambda: runs.watched is not None)
        for _ in range(5):
            before = changes.times
            point = run.step(1.7e9)
            wait_until(lambda before=before: changes.times > before)  # type: ignore[misc]
            state = one(runs, tmp_path)
            assert (state.last_step, state.last_loss) == (point.step, point.loss)
            assert state.curve[-1] == (point.step, point.loss)


def test_a_curve_has_few_points_and_the_shape_of_the_run(runs: FollowedRuns, sample_runs: Path) -> None:
    found = runs.below(str(sample_runs)).runs
    assert {run.path for run in found} == {str(sample_runs / sample.folder) for sample in SAMPLES}
    for run in found:
        assert run.last_step == STEPS
        steps = [step for step, _ in run.curve]
        assert 60 <= len(steps) <= 121 and steps == sorted(set(steps)) and steps[-1] == STEPS
        assert run.curve[0][1] > run.curve[-1][1]


def test_a_replaced_log_is_read_from_the_start(runs: FollowedRuns, tmp_path: Path) -> None:
    log = tmp_path / "trainer_logs.json"
    log.write_text('[\n{"global_step": 500, "loss": 1.0}')
    assert one(runs, tmp_path).last_step == 500
    (tmp_path / "new").write_text('[\n{"global_step": 3, "loss": 2.0}')
    (tmp_path / "new").rename(log)
    assert (one(runs, tmp_path).last_step, one(runs, tmp_path).curve) == (3, [(3.0, 2.0)])


def test_a_long_log_is_sampled(runs: FollowedRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "MOST_BYTES", 100_000)
    monkeypatch.setattr(states, "BYTES_OF_A_PLACE", 1000)
    log = tmp_path / "trainer_logs.json"
    log.write_text("[\n" + ",\n".join(f'{{"global_step": {step}, "loss": {step}.0}}' for step in range(1, 20_001)))
    state = one(runs, tmp_path)
    assert (state.last_step, state.last_loss) == (20_000, 20_000.0)
    assert state.curve[0][0] < 1000 and all(loss == pytest.approx(step, abs=300) for step, loss in state.curve)
    with log.open("a") as file:
        file.write(',\n{"global_step": 20001, "loss": 7.0}')
    assert (one(runs, tmp_path).last_step, one(runs, tmp_path).last_loss) == (20_001, 7.0)


def test_a_run_without_a_log_has_no_figures(runs: FollowedRuns, sample_runs: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sample_runs / SAMPLES[0].folder, tmp_path / "run")
    (folder / "trainer_logs.json").unlink()
    state = one(runs, tmp_path)
    assert (state.last_step, state.last_loss, state.curve) == (None, None, [])
    assert state.modified > 0


def test_runs_beyond_the_limit_are_counted(runs: FollowedRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        (tmp_path / f"run_{number}").mkdir()
        (tmp_path / f"run_{number}/events.out.tfevents.1.host").touch()
    assert (runs.below(str(tmp_path)).count, runs.below(str(tmp_path)).whole) == (3, True)
    monkeypatch.setattr(states, "MOST_RUNS", 2)
    found = runs.below(str(tmp_path))
    assert (len(found.runs), found.count, found.whole) == (2, 3, True)
    monkeypatch.setattr(states, "runs_below", lambda folder: runs_below(folder, 2))
    found = runs.below(str(tmp_path))
    assert (found.count, found.whole) == (1, False)


def test_a_missing_folder_has_no_runs(runs: FollowedRuns, tmp_path: Path) -> None:
    assert runs.below(str(tmp_path / "none")).runs == []


def test_the_first_run_of_a_new_folder_is_followed(runs: FollowedRuns, changes: Changes, tmp_path: Path) -> None:
    """A config may be opened before its first training begins."""
    folder = tmp_path / "output_models" / "tiny"
    assert runs.below(str(folder)).runs == []
    wait_until(lambda: runs.watched)
    with open_run(folder / "runs" / "log_1", Shape("x", 3.0, 4.0, 1e-3, 1000), 1.7e9) as run:

        def followed() -> bool:
            # The folder itself is watched a moment later.
            run.step(1.7e9)
            return str(folder) in (runs.watched or ())

        wait_until(followed)

        times = changes.times
        point = run.step(1.7e9)
        wait_until(lambda: changes.times > times)
        assert one(runs, folder).last_step == point.step


def test_invalid_steps_are_ignored(runs: FollowedRuns, tmp_path: Path) -> None:
    """Such as one beyond a float's precision, or below zero."""
    steps = ("1" + "0" * 400, "1e300", "-1", "NaN", "true", "7")
    records = ",\n".join(f'{{"global_step": {step}, "loss": 2.0}}' for step in steps)
    (tmp_path / "trainer_logs.json").write_text(f"[\n{records}")
    assert (one(runs, tmp_path).last_step, one(runs, tmp_path).curve) == (7, [(7.0, 2.0)])
