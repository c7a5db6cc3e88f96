"""The sample runs, read with TensorBoard's own reader."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from waiting import wait_until

from forgather_units.samples.collection import STEPS, write_samples
from forgather_units.samples.live import write_live

EVERY_STEP = {"train-loss", "learning-rate", "grad-norm"}
EVALUATED = {"eval-loss", "eval-perplexity"}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_samples(tmp_path_factory.mktemp("samples"))


def runs_of(output: Path) -> list[Path]:
    return sorted(path.parent for path in output.rglob("events.out.tfevents.*"))


def read_back(run: Path) -> EventAccumulator:
    reader = EventAccumulator(str(run), size_guidance={"scalars": 0})
    reader.Reload()
    return reader


def log_of(run: Path) -> list[dict[str, Any]]:
    records = json.loads((run / "trainer_logs.json").read_text())
    assert isinstance(records, list)
    return records


def test_the_layout_is_forgather_s(output: Path) -> None:
    names = [run.relative_to(output).as_posix() for run in runs_of(output)]
    assert names == [
        "tiny/runs/high_lr_2026-01-06T09-00-00",
        "tiny/runs/log_2026-01-05T10-00-00",
        "tiny/runs/low_lr_2026-01-05T14-00-00",
        "tiny_wide/runs/log_2026-01-07T10-00-00",
        "tiny_wide/runs/long_warmup_2026-01-08T10-00-00",
    ]
    assert not list(output.rglob(".*"))


def test_tensorboards_reader_gets_all_scalars_and_the_text(output: Path) -> None:
    for run in runs_of(output):
        reader = read_back(run)
        assert set(reader.Tags()["scalars"]) == EVERY_STEP | EVALUATED
        for tag in EVERY_STEP:
            assert [event.step for event in reader.Scalars(tag)] == list(range(1, STEPS + 1)), (run, tag)
        for tag in EVALUATED:
            assert [event.step for event in reader.Scalars(tag)] == list(range(50, STEPS + 1, 50)), (run, tag)
        [text] = reader.Tensors("experiment")
        assert b"invented" in text.tensor_proto.string_val[0]


def test_the_curves_resemble_a_training(output: Path) -> None:
    for run in runs_of(output):
        loss = [event.value for event in read_back(run).Scalars("train-loss")]
        assert 8 < loss[0] < 10
        assert 2 < sum(loss[-20:]) / 20 < 5
        times = [event.wall_time for event in read_back(run).Scalars("train-loss")]
        assert times == sorted(times)


def test_the_log_and_the_event_files_agree(output: Path) -> None:
    for run in runs_of(output):
        records = log_of(run)
        assert all({"timestamp", "global_step", "epoch"} <= record.keys() for record in records)
        logged = [record["loss"] for record in records if "loss" in record]
        assert logged == pytest.approx([event.value for event in read_back(run).Scalars("train-loss")])
        assert len([record for record in records if "eval_loss" in record]) == STEPS // 50
        assert records[-1]["train_runtime"] == 200
        text = (run / "trainer_logs.json").read_text()
        assert text.startswith("[\n{") and text.endswith("}\n]") and text.count("},\n{") == len(records) - 1


def test_the_same_seed_gives_the_same_curves(output: Path, tmp_path: Path) -> None:
    again = write_samples(tmp_path)
    for one, other in zip(runs_of(output), runs_of(again), strict=True):
        assert log_of(one) == log_of(other)


def test_complete_runs_are_kept_and_the_others_are_written(tmp_path: Path) -> None:
    output = write_samples(tmp_path)
    kept, lost, *_ = runs_of(output)
    before = {file: file.stat().st_mtime_ns for file in kept.iterdir()}
    lost.rename(lost.with_name(f".{lost.name}.partial"))
    write_samples(tmp_path)
    assert {file: file.stat().st_mtime_ns for file in kept.iterdir()} == before
    assert len(log_of(lost)) == STEPS + STEPS // 50 + 1
    assert len(list(lost.iterdir())) == 2
    assert not list(output.rglob(".*"))


def test_live_runs_started_in_one_second_have_different_folders(tmp_path: Path) -> None:
    folders = {write_live(tmp_path, 0) for _ in range(3)}
    assert len(folders) == 3
    assert all(log_of(folder)[-1]["step"] == 1 for folder in folders)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_live_run_can_be_read_while_it_grows_and_ends_properly(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "forgather_units.samples", str(tmp_path), "--live"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == str(tmp_path / "output_models")
            live = wait_until(lambda: list(tmp_path.glob("output_models/tiny/runs/live_*/events.*")))[0].parent
            grown = wait_until(lambda: _grown(live))
            with pytest.raises(json.JSONDecodeError):
                log_of(live)
        finally:
            process.send_signal(number)
        assert process.wait(120) == 0
    records = log_of(live)
    assert records[-1]["step"] >= grown
    assert len(read_back(live).Scalars("train-loss")) == records[-1]["step"]


def _grown(run: Path) -> int:
    reader = read_back(run)
    scalars = reader.Scalars("train-loss") if "train-loss" in reader.Tags()["scalars"] else []
    return len(scalars) if len(scalars) >= 3 else 0


def test_an_unwritable_folder_gets_one_sentence() -> None:
    command = [sys.executable, "-m", "forgather_units.samples", "/proc/version/x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("samples: /proc/version") and done.stderr.count("\n") == 1
