"""What time it is."""

import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """Tells connections the time; sessions are told by their connection."""

    def now(self) -> float:
        """Seconds that never go back. Only differences mean anything."""

    def unix_time(self) -> float:
        """Seconds since 1970, for dates on the wire."""


class SystemClock:
    """The computer's own, in step with the event loop's."""

    now = staticmethod(time.monotonic)
    unix_time = staticmethod(time.time)
