"""Summaries of runs, from logs and event files: out of order, repeated, not finite, unfinished."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from forgather_units.runs.figures import Figures
from forgather_units.runs.find import Found, RunFiles, run_at, runs_below
from forgather_units.runs.reading import summary_of
from forgather_units.runs.rows import RowOrder
from forgather_units.runs.summary import Summarizer
from forgather_units.runs.summary_record import finite, record_of
from forgather_units.samples.collection import SAMPLES, STEPS


def logged(run: Path) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads((run / "trainer_logs.json").read_text())
    return records


@pytest.fixture
def folder(sample_runs: Path, tmp_path: Path) -> Path:
    """A finished run of the samples."""
    return Path(shutil.copytree(sample_runs / SAMPLES[0].folder, tmp_path / "tiny" / "runs" / "log_1"))


def run_of(folder: Path) -> RunFiles:
    run = run_at(folder)
    assert run is not None
    return run


def test_the_summary_of_a_finished_run(folder: Path) -> None:
    losses = {record["global_step"]: record["loss"] for record in logged(folder) if "loss" in record}
    evaluations = {record["global_step"]: record["eval_loss"] for record in logged(folder) if "eval_loss" in record}
    record = record_of(run_of(folder), summary_of(run_of(folder)))
    assert record["run"] == "tiny/log_1"
    assert (record["finished"], record["total_steps"], record["records_passed_over"]) == (True, STEPS, 0)
    assert record["final_loss"] == losses[STEPS]
    assert record["best_loss"] == min(losses.values()) == losses[record["best_loss_step"]]
    assert record["avg_loss"] == pytest.approx(sum(losses.values()) / len(losses))
    assert record["best_eval_loss"] == min(evaluations.values())
    assert record["best_eval_perplexity"] == pytest.approx(math.exp(min(evaluations.values())))
    closing = logged(folder)[-1]
    assert record["duration_seconds"] == closing["train_runtime"]
    assert record["samples_per_second"] == closing["train_samples_per_second"]


def test_event_files_give_the_same_summary(folder: Path) -> None:
    with_log = record_of(run_of(folder), summary_of(run_of(folder)))
    (folder / "trainer_logs.json").unlink()
    run = run_of(folder)
    record = record_of(run, summary_of(run))
    assert (record["source"], record["total_steps"]) == ("event_files", STEPS)
    for name in ("final_loss", "best_loss", "avg_loss", "final_eval_loss", "best_eval_loss"):
        # Event files hold single precision.
        assert record[name] == pytest.approx(with_log[name], rel=1e-6), name
    for name in ("final", "mean", "min", "max"):
        assert record["grad_norm"][name] == pytest.approx(with_log["grad_norm"][name], rel=1e-6)
    assert record["best_loss_step"] == with_log["best_loss_step"]


def test_repeated_and_unordered_steps_give_the_same_summary() -> None:
    """A run that resumes from a checkpoint writes some steps again: the later record counts."""
    ordered, unordered = Summarizer(), Summarizer()
    records = [{"global_step": step, "timestamp": float(step), "loss": 100.0 / (step + 1)} for step in range(1000)]
    ordered.add(records)
    mixed = [{"global_step": step, "timestamp": float(step), "loss": 9e9} for step in range(300, 500)] + records
    shuffled = mixed[:700]
    random.Random(1).shuffle(shuffled[200:])
    unordered.add(shuffled)
    unordered.add(mixed[700:])
    assert unordered.summary() == ordered.summary()


def test_late_and_nameless_records_are_counted() -> None:
    order = RowOrder(window=2)
    records: list[dict[str, Any]] = [{"global_step": step} for step in (1, 2, 3, 4)]
    written = [
        row["global_step"] for row in order.add([*records, {"global_step": 1}, {"loss": 1.0}, {"global_step": True}])
    ]
    assert written == [1, 2]
    assert [row["global_step"] for row in order.waiting()] == [3, 4]
    assert (order.late, order.nameless) == (1, 2)


def test_values_that_are_not_finite_are_counted() -> None:
    figures = Figures()
    for step, value in enumerate([2.0, math.nan, math.inf, 1.0, math.nan]):
        figures.add(step, value)
    assert (figures.best, figures.best_step, figures.mean, figures.not_finite) == (1.0, 3, 1.5, 3)
    assert figures.last is not None and math.isnan(figures.last)


def test_the_json_summary_has_no_nan(folder: Path) -> None:
    log = folder / "trainer_logs.json"
    text = log.read_text().removesuffix("\n]")
    log.write_text(text + ',\n{"timestamp": 1.0, "global_step": 900, "loss": NaN, "grad_norm": Infinity}\n]')
    record = record_of(run_of(folder), summary_of(run_of(folder)))
    assert math.isnan(record["final_loss"])
    shown = finite(record)
    assert (shown["final_loss"], shown["grad_norm"]["final"], shown["not_finite"]) == (None, None, 2)
    json.dumps(shown, allow_nan=False)


def test_an_empty_log(tmp_path: Path) -> None:
    (tmp_path / "trainer_logs.json").write_text("[\n")
    record = record_of(run_of(tmp_path), summary_of(run_of(tmp_path)))
    assert (record["total_steps"], record["final_loss"], record["finished"]) == (None, None, False)


def test_runs_are_found_at_any_depth(sample_runs: Path, tmp_path: Path) -> None:
    found = {run.folder.relative_to(sample_runs) for run in runs_below(sample_runs).runs}
    assert found == {sample.folder for sample in SAMPLES}
    assert runs_below(tmp_path) == Found([])
    cut = runs_below(sample_runs, 3)
    assert not cut.whole and len(cut.runs) < len(found)
    assert run_at(tmp_path) is None


_PEAK = """
import resource, sys
from pathlib import Path
from forgather_units.runs.find import run_at
from forgather_units.runs.reading import summary_of
print(summary_of(run_at(Path(sys.argv[1]))).steps, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_values_outside_the_summary_are_not_kept() -> None:
    """A summary keeps rows to order them; of a record with a norm for each layer, only the loss."""
    summarizer = Summarizer()
    summarizer.add([{"global_step": 1, "loss": 2.0, **{f"layer.{number}": 1.0 for number in range(300)}}])
    assert summarizer.waiting == [{"global_step": 1, "loss": 2.0}]
    assert summarizer.summary().of("loss").last == 2.0


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    """A log of ten times the size takes less than 1.5 times the memory."""
    peaks = []
    for steps in (40_000, 400_000):
        folder = tmp_path / str(steps)
        folder.mkdir()
        with (folder / "trainer_logs.json").open("w") as file:
            file.write("[\n")
            for step in range(steps):
                file.write(
                    f'{{"timestamp": {step}.5, "global_step": {step}, "epoch": 0.5, "loss": {1 / (step + 1)}}},\n'
                )
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, str(folder)], capture_output=True, text=True, check=True, timeout=600
        )
        counted, peak = map(int, done.stdout.split())
        assert counted == steps - 1
        peaks.append(peak)
    assert peaks[1] < 1.5 * peaks[0]
