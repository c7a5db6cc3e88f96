"""A summary by the names that JSON gives its figures."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from forgather_units.runs.find import RunFiles
from forgather_units.runs.summary import (
    BATCH_SIZE,
    EVAL_LOSS,
    GRAD_NORM,
    LEARNING_RATE,
    LOSS,
    MAX_GRAD_NORM,
    SAMPLES,
    SAMPLES_PER_SECOND,
    Summary,
)


def record_of(run: RunFiles, summary: Summary) -> dict[str, Any]:
    """Unknown values are None; a loss may be NaN."""
    loss, evaluation = summary.of(LOSS), summary.of(EVAL_LOSS)
    grad, rate = summary.of(GRAD_NORM), summary.of(LEARNING_RATE)
    return {
        "run": run.name,
        "path": str(run.log or run.folder),
        "source": "trainer_logs" if run.log else "event_files",
        "modified": datetime.fromtimestamp(run.modified, UTC).isoformat(timespec="seconds"),
        "finished": summary.is_finished,
        "duration_seconds": summary.duration,
        "total_steps": summary.steps,
        "final_epoch": summary.epoch,
        "final_loss": loss.last,
        "best_loss": loss.best,
        "best_loss_step": loss.best_step,
        "avg_loss": loss.mean,
        "final_eval_loss": evaluation.last,
        "best_eval_loss": evaluation.best,
        "best_eval_loss_step": evaluation.best_step,
        "best_eval_perplexity": perplexity(evaluation.best),
        "samples_per_second": summary.closing.get(SAMPLES_PER_SECOND),
        "steps_per_second": summary.steps_per_second,
        "train_samples": summary.closing.get(SAMPLES),
        "effective_batch_size": summary.closing.get(BATCH_SIZE),
        "grad_norm": {"final": grad.last, "mean": grad.mean, "min": grad.best, "max": grad.highest},
        "max_grad_norm": summary.of(MAX_GRAD_NORM).highest,
        "learning_rate": {"initial": rate.first, "max": rate.highest, "final": rate.last},
        "not_finite": sum(each.not_finite for each in summary.metrics.values()),
        "records_passed_over": summary.passed_over,
    }


def perplexity(loss: float | None) -> float | None:
    """e to the loss; infinite where that is more than a float holds."""
    try:
        return None if loss is None else math.exp(loss)
    except OverflowError:
        return math.inf


def finite(value: Any) -> Any:
    """The same for JSON: null for non-finite numbers."""
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
