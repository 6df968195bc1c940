"""When audio was spoken: from audio time, in which the service counts, to the time at which blocks came."""

from bisect import bisect_left
from typing import Final

__all__ = ["AudioClock"]

_IN_REAL_TIME: Final = 0.8
"""Assumed: audio that took so much of its own length to come is live; the rest is jitter of the network."""


class AudioClock:
    """Knows when which part of the user's audio came.

    A microphone sends each block as soon as it has its last sample, so a block ends when it comes. Of audio from a
    file that is sent as fast as it goes, nobody can say when it was spoken; ``is_live`` tells the two apart.
    """

    def __init__(self) -> None:
        self._ends_ms: list[float] = []
        self._came: list[float] = []
        self.trusted = True
        """False once some audio is missing, so that nobody knows where in it anything is."""

    def append(self, duration_ms: float, at: float) -> None:
        """A block has come."""
        self._ends_ms.append((self._ends_ms[-1] if self._ends_ms else 0.0) + duration_ms)
        self._came.append(at)

    @property
    def last_came(self) -> float | None:
        """When the latest block came."""
        return self._came[-1] if self._came else None

    def is_live(self, from_ms: float, to_ms: float) -> bool:
        """Whether the audio between two instants of audio time came in about the time in which it was spoken."""
        if not self.trusted or not self._ends_ms:
            return False
        first, last = self._block(from_ms), self._block(to_ms)
        before_ms, before = (self._ends_ms[first - 1], self._came[first - 1]) if first else (0.0, 0.0)
        spoken_s = (self._ends_ms[last] - before_ms) / 1000
        return self._came[last] - before >= _IN_REAL_TIME * spoken_s

    def time_of(self, audio_ms: float) -> float:
        """When that instant was captured: within its block, or as far from the nearest one."""
        at = self._block(audio_ms)
        return self._came[at] - (self._ends_ms[at] - audio_ms) / 1000

    def _block(self, audio_ms: float) -> int:
        return min(bisect_left(self._ends_ms, audio_ms), len(self._ends_ms) - 1)
