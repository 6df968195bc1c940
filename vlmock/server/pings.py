"""Asks again and again whether somebody is there."""

import asyncio
from collections.abc import Callable

__all__ = ["Pings"]


class Pings:
    """Of one connection. Everything happens in its loop."""

    def __init__(self, seconds: float, *, ping: Callable[[], bool], unanswered: Callable[[], None]) -> None:
        """``ping`` sends one, and says whether it could; ``unanswered`` is called each time that one was not answered
        before the next was due."""
        self._seconds = seconds
        self._ping = ping
        self._unanswered = unanswered
        self._waits = False
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Ping now, and from now on."""
        if self._waits:
            self._unanswered()
        else:
            self._waits = self._ping()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self.begin)

    def answered(self) -> None:
        """A pong has come."""
        self._waits = False

    def end(self) -> None:
        """Ping no more."""
        if self._timer is not None:
            self._timer.cancel()
