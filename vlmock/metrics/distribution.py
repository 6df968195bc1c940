"""Some figures of one kind, and what may be said of them all."""

import math
from collections.abc import Callable
from typing import Final

import msgspec

from vlmock.errors import UnknownFigure, did_you_mean

__all__ = ["FIGURES", "Distribution"]

_ENOUGH: Final = {"p50": 1, "p90": 10, "p95": 20, "p99": 100}
"""So many turns make a percentile: of fewer it would be the maximum."""

FIGURES: Final = ("min", *_ENOUGH, "max")


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was measured in several turns, in seconds.

    Percentiles are the nearest rank, so each of them was really measured. A figure that nobody can know raises
    UnknownFigure, so that no assertion passes for want of turns; ``figure`` gives None instead.
    """

    name: str
    values: tuple[float, ...]
    """Of the turns in which it is known, in order."""
    turns: int
    """In how many it could have been."""
    absent: str = ""
    """Why it is known in none, and what to do."""

    @property
    def count(self) -> int:
        """In how many turns it is known."""
        return len(self.values)

    @property
    def min(self) -> float:
        """The least. Raises UnknownFigure, as all figures do."""
        return self._known("min")

    @property
    def p50(self) -> float:
        """The median. From one turn on."""
        return self._known("p50")

    @property
    def p90(self) -> float:
        """From ten turns on."""
        return self._known("p90")

    @property
    def p95(self) -> float:
        """From twenty turns on."""
        return self._known("p95")

    @property
    def p99(self) -> float:
        """From a hundred turns on."""
        return self._known("p99")

    @property
    def max(self) -> float:
        """The most."""
        return self._known("max")

    def figure(self, name: str) -> float | None:
        """One of ``FIGURES``; None where nobody can know it. Raises ValueError for another name."""
        if name not in FIGURES:
            raise ValueError(f"there is no figure {name!r}{did_you_mean(name, FIGURES)}; known: {', '.join(FIGURES)}")
        if self.count < _ENOUGH.get(name, 1):
            return None
        extreme: Callable[[tuple[float, ...]], float] | None = {"min": min, "max": max}.get(name)
        if extreme is not None:
            return extreme(self.values)
        return sorted(self.values)[math.ceil(int(name[1:]) * self.count / 100) - 1]

    def why_unknown(self, name: str) -> str:
        """The sentence for a figure that nobody can know."""
        if not self.values:
            return f"{self.name}.{name} is unknown: {self.absent}"
        measured = f"{self.count} {'was' if self.count == 1 else 'were'} measured"
        return (
            f"{self.name}.{name} is unknown: it takes {_ENOUGH[name]} turns, and {measured} "
            f"(max {self.max:.3f} s); play more turns, or ask for max"
        )

    def _known(self, name: str) -> float:
        value = self.figure(name)
        if value is None:
            raise UnknownFigure(self.why_unknown(name))
        return value

    def __str__(self) -> str:
        if not self.values:
            return f"{self.name}: {self.absent}"
        known = [f"{name} {value:.3f}" for name in FIGURES if (value := self.figure(name)) is not None]
        return f"{self.name} in {self.count} of {self.turns} turns: {', '.join(known)} s"

    __repr__ = __str__
