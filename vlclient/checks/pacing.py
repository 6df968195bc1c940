"""How many connections are opened in a minute, whoever opens them."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

__all__ = ["LIVE_PER_MINUTE", "Pace"]

LIVE_PER_MINUTE: Final = 27
"""Documented, behaviour 1.4: a resource takes 30 new connections a minute. Some are left for others."""
_MINUTE_S: Final = 60.0


class Pace:
    """Lets so many through in any minute, in the order in which they came; the others wait."""

    def __init__(
        self,
        per_minute: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """``per_minute``: None is without end."""
        self.per_minute = per_minute
        self._clock, self._sleep = clock, sleep
        self._let_through: deque[float] = deque(maxlen=per_minute or 1)
        self._one_at_a_time = asyncio.Lock()

    async def turn(self) -> float:
        """Wait until one more may go; the seconds that it took."""
        if self.per_minute is None:
            return 0.0
        came = self._clock()
        async with self._one_at_a_time:
            while len(self._let_through) == self.per_minute:
                wait_s = self._let_through[0] + _MINUTE_S - self._clock()
                if wait_s <= 0:
                    break
                await self._sleep(wait_s)
            self._let_through.append(self._clock())
        return self._clock() - came

    def least_s(self, connections: int) -> float:
        """How long so many take at least."""
        return 0.0 if self.per_minute is None else max(0, connections - 1) // self.per_minute * _MINUTE_S
