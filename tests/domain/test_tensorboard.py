"""The stock command line for given options."""

from __future__ import annotations

import pytest

from forgather_units.viewers.tensorboard.options import TensorBoardOptions, job_flags, stock_flags


def test_the_flags_of_default_options() -> None:
    assert job_flags(TensorBoardOptions("/runs"), 6006, "/api/tb/q_1_00000000") == [
        "--logdir=/runs",
        "--port=6006",
        "--host=127.0.0.1",
        "--path_prefix=/api/tb/q_1_00000000",
    ]


def test_bind_all_overrides_host() -> None:
    flags = stock_flags(TensorBoardOptions("/runs", host="127.0.0.2", bind_all=True), 6006)
    assert "--bind_all" in flags
    assert not any(flag.startswith("--host") for flag in flags)


def test_multifile_needs_the_slow_loader() -> None:
    flags = stock_flags(TensorBoardOptions("/runs", reload_multifile=True), 6006)
    assert flags[-2:] == ["--reload_multifile=true", "--load_fast=false"]


def test_a_logdir_that_looks_like_a_flag_stays_a_value() -> None:
    assert stock_flags(TensorBoardOptions("--x"), 6006)[0] == "--logdir=--x"


@pytest.mark.parametrize(
    ("logdir", "title"),
    [
        ("/home/u/project/output_models/tiny_llama", "tiny_llama"),
        ("/home/u/project/output_models", "project"),
        ("/home/u/project/output_models/tiny/runs", "tiny"),
        ("/home/u/project/output_models/tiny/runs/log_2026-10-27", "tiny: log_2026-10-27"),
        ("/srv/data/runs", "data"),
        ("/runs", "/runs"),
        ("/", "/"),
    ],
)
def test_the_title_is_that_of_the_model_or_project(logdir: str, title: str) -> None:
    assert TensorBoardOptions(logdir).title == title
    assert TensorBoardOptions(logdir, window_title="Mine").title == "Mine"
