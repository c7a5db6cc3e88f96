"""The stock command line that options make."""

from __future__ import annotations

from forgather_units.domain.tensorboard import TensorBoardOptions, job_flags, path_prefix, stock_flags


def test_the_least() -> None:
    assert job_flags(TensorBoardOptions("/runs"), 6006, path_prefix("q_1_00000000")) == [
        "--logdir=/runs",
        "--port=6006",
        "--host=127.0.0.1",
        "--path_prefix=/api/tb/q_1_00000000",
    ]


def test_bind_all_wins_over_host() -> None:
    flags = stock_flags(TensorBoardOptions("/runs", host="127.0.0.2", bind_all=True), 6006)
    assert "--bind_all" in flags
    assert not any(flag.startswith("--host") for flag in flags)


def test_multifile_needs_the_slow_loader() -> None:
    flags = stock_flags(TensorBoardOptions("/runs", reload_multifile=True), 6006)
    assert flags[-2:] == ["--reload_multifile=true", "--load_fast=false"]


def test_a_logdir_that_looks_like_a_flag_stays_a_value() -> None:
    assert stock_flags(TensorBoardOptions("--x"), 6006)[0] == "--logdir=--x"
