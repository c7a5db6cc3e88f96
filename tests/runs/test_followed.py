"""Runs that are looked at while they are written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import wait_until

from forgather_units.runs import followed
from forgather_units.runs.followed import FollowedRuns, RunState
from forgather_units.samples.collection import SAMPLES, STEPS
from forgather_units.samples.curves import Shape
from forgather_units.samples.run import open_run


class Heard:
    times = 0

    def count(self) -> None:
        self.times += 1


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def runs(heard: Heard) -> Iterator[FollowedRuns]:
    following = FollowedRuns(heard.count)
    with following.open():
        yield following


def one(runs: FollowedRuns, folder: Path) -> RunState:
    (run,) = runs.below(str(folder))
    return run


def test_a_run_that_is_being_written_is_followed(runs: FollowedRuns, heard: Heard, tmp_path: Path) -> None:
    folder = tmp_path / "tiny" / "runs" / "log_1"
    with open_run(folder, Shape("x", 3.0, 4.0, 1e-3, 1000), 1.7e9) as run:
        run.step(1.7e9)
        assert one(runs, tmp_path).last_step == 1
        wait_until(lambda: runs._watch._observer is not None)
        for _ in range(5):
            before = heard.times
            point = run.step(1.7e9)
            wait_until(lambda before=before: heard.times > before)  # type: ignore[misc]
            state = one(runs, tmp_path)
            assert (state.last_step, state.last_loss) == (point.step, point.loss)
            assert state.curve[-1] == (point.step, point.loss)


def test_a_curve_has_few_points_and_the_runs_shape(runs: FollowedRuns, sample_runs: Path) -> None:
    found = runs.below(str(sample_runs))
    assert {run.path for run in found} == {str(sample_runs / sample.folder) for sample in SAMPLES}
    for run in found:
        assert run.last_step == STEPS
        steps = [step for step, _ in run.curve]
        assert 60 <= len(steps) <= 121 and steps == sorted(set(steps)) and steps[-1] == STEPS
        assert run.curve[0][1] > run.curve[-1][1]


def test_another_run_in_its_place(runs: FollowedRuns, tmp_path: Path) -> None:
    log = tmp_path / "trainer_logs.json"
    log.write_text('[\n{"global_step": 500, "loss": 1.0}')
    assert one(runs, tmp_path).last_step == 500
    (tmp_path / "new").write_text('[\n{"global_step": 3, "loss": 2.0}')
    (tmp_path / "new").rename(log)
    assert (one(runs, tmp_path).last_step, one(runs, tmp_path).curve) == (3, [(3.0, 2.0)])


def test_a_long_log_is_looked_into(runs: FollowedRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "_MOST_BYTES", 100_000)
    monkeypatch.setattr(followed, "_EACH", 1000)
    log = tmp_path / "trainer_logs.json"
    log.write_text("[\n" + ",\n".join(f'{{"global_step": {step}, "loss": {step}.0}}' for step in range(1, 20_001)))
    state = one(runs, tmp_path)
    assert (state.last_step, state.last_loss) == (20_000, 20_000.0)
    assert state.curve[0][0] < 1000 and all(loss == pytest.approx(step, abs=300) for step, loss in state.curve)
    with log.open("a") as file:
        file.write(',\n{"global_step": 20001, "loss": 7.0}')
    assert (one(runs, tmp_path).last_step, one(runs, tmp_path).last_loss) == (20_001, 7.0)


def test_event_files_alone_are_a_run_without_figures(runs: FollowedRuns, sample_runs: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sample_runs / SAMPLES[0].folder, tmp_path / "run")
    (folder / "trainer_logs.json").unlink()
    state = one(runs, tmp_path)
    assert (state.last_step, state.last_loss, state.curve) == (None, None, [])
    assert state.modified > 0


def test_a_folder_that_is_not_there_has_none(runs: FollowedRuns, tmp_path: Path) -> None:
    assert runs.below(str(tmp_path / "none")) == []


def test_the_first_run_of_a_folder_that_was_not_there(runs: FollowedRuns, heard: Heard, tmp_path: Path) -> None:
    """A config is looked at before its first training begins."""
    folder = tmp_path / "output_models" / "tiny"
    assert runs.below(str(folder)) == []
    before = wait_until(lambda: runs._watch._observer)
    with open_run(folder / "runs" / "log_1", Shape("x", 3.0, 4.0, 1e-3, 1000), 1.7e9) as run:

        def followed() -> bool:
            # Its folder itself is watched in a moment.
            run.step(1.7e9)
            return runs._watch._observer is not before

        wait_until(followed)

        times = heard.times
        point = run.step(1.7e9)
        wait_until(lambda: heard.times > times)
        assert one(runs, folder).last_step == point.step


def test_a_step_that_is_no_step(runs: FollowedRuns, tmp_path: Path) -> None:
    """Neither more than a float holds, nor below zero."""
    steps = ("1" + "0" * 400, "1e300", "-1", "NaN", "true", "7")
    records = ",\n".join(f'{{"global_step": {step}, "loss": 2.0}}' for step in steps)
    (tmp_path / "trainer_logs.json").write_text(f"[\n{records}")
    assert (one(runs, tmp_path).last_step, one(runs, tmp_path).curve) == (7, [(7.0, 2.0)])
