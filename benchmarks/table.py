"""The one table: medians of all rounds, and each against the direct way of the same round."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

_DIRECT: Final = "direct"


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement. `cpu` is the front's, in ms for each request."""

    value: float
    unit: str
    cpu: float | None = None
    complaint: str = ""


@dataclass
class Table:
    """Rows by title, columns by front, a list of rounds in each cell."""

    rounds: int
    seconds: float
    cells: dict[str, dict[str, list[Cell]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    notes: list[str] = field(default_factory=list)

    def add(self, row: str, front: str, cell: Cell) -> None:
        self.cells[row][front].append(cell)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def markdown(self) -> str:
        fronts = list(dict.fromkeys(front for row in self.cells.values() for front in row))
        rows = [f"| | {' | '.join(fronts)} |", "|---" * (len(fronts) + 1) + "|"]
        rows += [f"| {title} | {' | '.join(self._spelled(title, front) for front in fronts)} |" for title in self.cells]
        return "\n".join([*rows, "", self.conditions(), *(f"- {note}" for note in self.notes), ""])

    def json(self) -> str:
        rows = {
            title: {front: self._summary(title, front) for front in row if row[front]}
            for title, row in self.cells.items()
        }
        return json.dumps({"conditions": self.conditions(), "rows": rows, "notes": self.notes}, indent=1)

    def conditions(self) -> str:
        packages = ", ".join(f"{name} {version(name)}" for name in ("tensorboard", "waitress"))
        return (
            f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {packages}; "
            f"medians of {self.rounds} interleaved rounds of {self.seconds:g} s; x: ratio to direct in the same round; "
            "CPU is the front's for one request."
        )

    def _summary(self, title: str, front: str) -> dict[str, object]:
        cells = self.cells[title][front]
        return {
            "value": statistics.median(cell.value for cell in cells),
            "unit": cells[0].unit,
            "ratio": self._ratio(title, front),
            "cpu_ms": statistics.median(cell.cpu or 0 for cell in cells),
            "complaints": sorted({cell.complaint for cell in cells if cell.complaint}),
        }

    def _ratio(self, title: str, front: str) -> float | None:
        direct = self.cells[title].get(_DIRECT)
        if not direct or front == _DIRECT or not all(cell.value for cell in direct):
            return None
        pairs = zip(self.cells[title][front], direct, strict=False)
        return statistics.median(cell.value / max(other.value, 1e-9) for cell, other in pairs)

    def _spelled(self, title: str, front: str) -> str:
        cells = self.cells[title].get(front)
        if not cells:
            return ""
        summary = self._summary(title, front)
        words = [f"{summary['value']:.{_digits(float(str(summary['value'])))}f} {summary['unit']}"]
        if summary["ratio"] is not None:
            words.append(f"x{summary['ratio']:.2f}")
        if summary["cpu_ms"]:
            words.append(f"{summary['cpu_ms']:.2f} ms CPU")
        return ", ".join([*words, *summary["complaints"]])  # type: ignore[misc]  # a list of str


def _digits(value: float) -> int:
    return 0 if value >= 100 else 2
