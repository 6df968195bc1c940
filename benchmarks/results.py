"""What was measured, as a table for people and as JSON for programs."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

__all__ = ["Row", "as_json", "machine", "table"]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    what: str
    unit: str
    samples: Sequence[float]
    target: float | None = None
    """At most; in ``unit``, or a ratio where ``target_is_ratio``."""
    target_is_ratio: bool = False
    floor: str = ""
    """What the floor is."""
    floor_samples: Sequence[float] = ()
    """Taken in turns with the samples, so they pair."""
    floor_then: float | None = None
    """What the floor took on the machine for which the target was set. On one where it takes longer, as much more is
    allowed; where it takes less, the target stands."""

    @property
    def figure(self) -> float:
        return median(self.samples)

    @property
    def ratio(self) -> float | None:
        """The median of the pairs' ratios."""
        if not self.floor_samples:
            return None
        return median(own / bare for own, bare in zip(self.samples, self.floor_samples, strict=True))

    @property
    def slower(self) -> float:
        """So many times as long as there the floor takes here; 1 where it does not take longer."""
        if self.floor_then is None or not self.floor_samples:
            return 1.0
        return max(1.0, median(self.floor_samples) / self.floor_then)

    @property
    def meets_target(self) -> bool | None:
        reached = self.ratio if self.target_is_ratio else self.figure
        return None if self.target is None or reached is None else reached <= self.target * self.slower


def machine() -> str:
    """One line that says where this was measured."""
    model = next((line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), "")
    packages = ", ".join(f"{name} {version(name)}" for name in ("websockets", "msgspec", "numpy"))
    hardware = f"{model or platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    return f"{hardware}, Python {platform.python_version()}, {packages}"


def table(rows: Sequence[Row]) -> str:
    """Markdown, columns aligned."""
    head = ["", "median", "spread", "target", "floor", "floor's median", "ratio"]
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    text.insert(1, "-|-".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" if number != 1 else f"|-{line}-|" for number, line in enumerate(text))


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "what": row.what,
            "unit": row.unit,
            "median": row.figure,
            "samples": list(row.samples),
            "target": row.target,
            "target_is_ratio": row.target_is_ratio,
            "slower": row.slower,
            "floor": row.floor or None,
            "floor_samples": list(row.floor_samples),
            "ratio": row.ratio,
            "meets_target": row.meets_target,
        }
        for row in rows
    ]


def _cells(row: Row) -> list[str]:
    sign = {True: " ✓", False: " ✗", None: ""}[row.meets_target]
    scale = f" · {row.slower:.2f}" if row.slower > 1 else " ×" if row.target_is_ratio else ""
    target = "" if row.target is None else f"≤ {row.target:.4g}{scale}{sign}"
    return [
        row.what,
        f"{_short(row.figure)} {row.unit}",
        f"{_short(min(row.samples))} – {_short(max(row.samples))}",
        target,
        row.floor,
        f"{_short(median(row.floor_samples))} {row.unit}" if row.floor_samples else "",
        "" if row.ratio is None else f"{row.ratio:.2f}",
    ]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
