"""How fast sound comes: as from a microphone, or as from a file."""

import itertools
from collections import deque
from typing import Final

__all__ = ["Pace"]

_STEP_S: Final = 1.0
_STEPS: Final = 5
"""So many seconds are a stream, and no burst."""
_EVEN: Final = 0.06
"""So much the seconds of one stream differ from each other, as a share."""
_GAP_S: Final = 1.0
"""A longer pause ends it."""


class Pace:
    """The stream of appends so far."""

    def __init__(self) -> None:
        self.ratio: float | None = None
        """Seconds of sound in a second, where it comes evenly and has done so for some seconds; else None."""
        self.last_at: float | None = None
        """When something came last."""
        self._began = 0.0
        self._sound_ms = 0.0
        self._least_late_s = 0.0
        self._steps: deque[tuple[float, float]] = deque(maxlen=_STEPS + 1)
        """The latest seconds: when each ended, and how many milliseconds had come."""

    def lateness_s(self, at: float) -> float:
        """How much later than the most punctual piece of this stream something comes that comes now."""
        return at - self._began - self._sound_ms / 1000 - self._least_late_s

    def append(self, duration_ms: float, at: float) -> None:
        """A piece has come."""
        if self.last_at is None or at - self.last_at > _GAP_S:
            self._began, self._sound_ms, self._least_late_s = at, 0.0, 0.0
            self._steps.clear()
            self._steps.append((at, 0.0))
            self.ratio = None
        self.last_at = at
        self._least_late_s = min(self._least_late_s, at - self._began - self._sound_ms / 1000)
        if at - self._steps[-1][0] >= _STEP_S:
            self._steps.append((at, self._sound_ms))
            self._measure()
        self._sound_ms += duration_ms

    def _measure(self) -> None:
        latest = self._steps
        if len(latest) <= _STEPS:
            return
        ratios = [(sound - before) / 1000 / (at - began) for (began, before), (at, sound) in itertools.pairwise(latest)]
        mean = (latest[-1][1] - latest[0][1]) / 1000 / (latest[-1][0] - latest[0][0])
        self.ratio = mean if mean and max(ratios) - min(ratios) <= _EVEN * mean else None
