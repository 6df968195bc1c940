"""What time it is, for the server and its sessions; a test may set it forward."""

import math
import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["Clock", "ClockHand", "SystemClock"]


class Clock(Protocol):
    """Tells connections the time; sessions are told by their connection."""

    def now(self) -> float:
        """Seconds that never go back. Only differences mean anything."""

    def unix_time(self) -> float:
        """Seconds since 1970, for dates on the wire."""

    def set_forward(self, seconds: float) -> None:
        """From now on it is so much later."""


class SystemClock:
    """The computer's own, and how far it was set forward."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        return time.monotonic() + self._ahead_s

    def unix_time(self) -> float:
        return time.time() + self._ahead_s

    def set_forward(self, seconds: float) -> None:
        self._ahead_s += seconds


class ClockHand:
    """Moves the clock of a running server. Clients know nothing of it, and go on in real time."""

    def __init__(self, clock: Clock, let_pass: Callable[[float], None]) -> None:
        """``let_pass`` sets the clock forward and comes back when all that is due has happened."""
        self._clock = clock
        self._let_pass = let_pass

    @property
    def unix_time(self) -> float:
        """What the server takes for the time: seconds since 1970."""
        return self._clock.unix_time()

    def advance(self, seconds: float) -> None:
        """Let time pass at once, for the server and all its sessions, and for the tokens that it has handed out.

        What is due meanwhile happens in the order of its time, and has been sent when this returns; only words that
        are still being made into sound come later. From any thread. Raises ValueError for what is no time to come,
        ServerError when the server has been stopped.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
            raise ValueError(f"advance takes seconds to come, 0 or more, not {seconds!r}")
        self._let_pass(seconds)
