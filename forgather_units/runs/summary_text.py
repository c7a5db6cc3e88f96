"""A summary as a person reads it: as text, as Markdown, on one line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

Facts = Sequence[tuple[str, str]]

_ABSENT: Final = "-"
_WIDTH: Final = 24


def text(record: dict[str, Any]) -> str:
    """One run, in sections. `record` is summary_record.record_of's."""
    blocks = []
    for title, facts in _sections(record):
        rule = "=" if title == "Run" else "-"
        head = f"{title}: {record['run']}" if title == "Run" else title
        lines = [f"{name + ':':<{_WIDTH}} {value}" for name, value in facts]
        blocks.append("\n".join([head, rule * len(head), *lines]))
    return "\n\n".join(blocks)


def markdown(record: dict[str, Any]) -> str:
    """One run, a table for each section."""
    blocks = [f"# {_cell(record['run'])}"]
    for title, facts in _sections(record):
        rows = [f"| {name} | {_cell(value)} |" for name, value in facts]
        head = [] if title == "Run" else [f"## {title}", ""]
        blocks.append("\n".join([*head, "| | |", "|---|---|", *rows]))
    return "\n\n".join(blocks)


def one_line(record: dict[str, Any]) -> str:
    """One run on one line: its known figures, shortest first."""
    known = [
        ("steps", _whole(record["total_steps"])),
        ("epoch", _figure(record["final_epoch"])),
        ("loss", _figure(record["final_loss"])),
        ("best", _figure(record["best_loss"])),
        ("eval", _figure(record["final_eval_loss"])),
        ("best eval", _figure(record["best_eval_loss"])),
        ("time", _span(record["duration_seconds"])),
        ("steps/s", _figure(record["steps_per_second"])),
    ]
    said = ", ".join(f"{name} {value}" for name, value in known if value != _ABSENT)
    return f"{record['run']}: {said or 'nothing yet'}{'' if record['finished'] else ' (not finished)'}"


def side_by_side(records: Sequence[dict[str, Any]], *, as_markdown: bool) -> str:
    """Several runs, a column for each."""
    titles = [record["run"] for record in records]
    rows = [(name, *[dict(_all_facts(record)).get(name, _ABSENT) for record in records]) for name in _names(records)]
    if as_markdown:
        head = "| | " + " | ".join(map(_cell, titles)) + " |"
        return "\n".join(
            [head, "|---" * (len(titles) + 1) + "|", *("| " + " | ".join(map(_cell, row)) + " |" for row in rows)]
        )
    table = [("", *titles), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)


def _names(records: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for record in records for name, _ in _all_facts(record)))


def _all_facts(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for _, facts in _sections(record):
        yield from facts


def _sections(record: dict[str, Any]) -> Iterator[tuple[str, Facts]]:
    """Those that have something to say."""
    grad, rate = record["grad_norm"], record["learning_rate"]
    sections: tuple[tuple[str, Facts], ...] = (
        (
            "Run",
            (
                ("Path", record["path"]),
                ("Duration", _span(record["duration_seconds"])),
                ("Total Steps", _whole(record["total_steps"])),
                ("Final Epoch", _figure(record["final_epoch"])),
                ("Finished", "yes" if record["finished"] else "no"),
                ("Records passed over", _whole(record["records_passed_over"] or None)),
                ("Values not finite", _whole(record["not_finite"] or None)),
            ),
        ),
        (
            "Metrics",
            (
                ("Final Loss", _figure(record["final_loss"])),
                ("Best Loss", _at(record["best_loss"], record["best_loss_step"])),
                ("Average Loss", _figure(record["avg_loss"])),
                ("Final Eval Loss", _figure(record["final_eval_loss"])),
                ("Best Eval Loss", _at(record["best_eval_loss"], record["best_eval_loss_step"])),
                ("Best Eval Perplexity", _figure(record["best_eval_perplexity"])),
            ),
        ),
        (
            "Training Speed",
            (
                ("Samples/second", _figure(record["samples_per_second"])),
                ("Steps/second", _figure(record["steps_per_second"])),
                ("Train Samples", _whole(record["train_samples"])),
                ("Effective Batch Size", _whole(record["effective_batch_size"])),
            ),
        ),
        (
            "Gradient Statistics",
            (
                ("Final Gradient Norm", _figure(grad["final"])),
                ("Average Gradient Norm", _figure(grad["mean"])),
                ("Lowest Gradient Norm", _figure(grad["min"])),
                ("Highest Gradient Norm", _figure(grad["max"])),
                ("Highest of a Parameter", _figure(record["max_grad_norm"])),
            ),
        ),
        (
            "Learning Rate",
            (
                ("Initial Learning Rate", _figure(rate["initial"])),
                ("Highest Learning Rate", _figure(rate["max"])),
                ("Final Learning Rate", _figure(rate["final"])),
            ),
        ),
    )
    for title, facts in sections:
        known = [(name, value) for name, value in facts if value != _ABSENT]
        if known:
            yield title, known


def _at(value: float | None, step: int | None) -> str:
    return _ABSENT if value is None else f"{_figure(value)} (step {_whole(step)})"


def _figure(value: float | None) -> str:
    return _ABSENT if value is None else f"{value:.5g}"


def _whole(value: float | None) -> str:
    return _ABSENT if value is None or not math.isfinite(value) else f"{value:,.0f}"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return _ABSENT
    whole = round(seconds)
    days, rest = divmod(whole, 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}d {clock}" if days else clock


def _cell(value: str) -> str:
    return value.replace("|", "\\|")
