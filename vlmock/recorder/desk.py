"""What is written about a connection is worked out here, when nobody waits for bytes to be passed on."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["Desk"]

_LATER_SECONDS: Final = 0.005
"""What answers a frame at once is passed on before that frame is worked on."""
_SHARE_SECONDS: Final = 0.0003
"""Of one turn of the loop: so long may bytes that have just come have to wait."""


class Desk:
    """Works that are done in their order, a little in each turn of the loop.

    In the loop and not in a thread: a thread that computes keeps the interpreter for five milliseconds at a time, and
    the loop, which has something to pass on, waits for it. Measured with 20 talks: at the 99th percentile a frame came
    1.1 ms later this way, and 4.8 ms later with a thread.
    """

    def __init__(self, took: Callable[[], None]) -> None:
        """``took`` is called when there is more to do than before."""
        self._took = took
        self._works: deque[tuple[Iterator[object], int]] = deque()
        self._called = False
        self.size = 0
        """Of what waits, in bytes."""

    def take(self, work: Iterator[object], size: int) -> None:
        """Something to do, in steps; ``size``: how many bytes wait for it."""
        self._works.append((work, size))
        self.size += size
        if not self._called:
            self._called = True
            asyncio.get_running_loop().call_later(_LATER_SECONDS, self._turn)
        self._took()

    def finish(self) -> None:
        """Do all of it now."""
        while self._works:
            self._step()

    def _turn(self) -> None:
        end = time.monotonic() + _SHARE_SECONDS
        try:
            while self._works and time.monotonic() < end:
                self._step()
        finally:
            self._called = bool(self._works)
            if self._called:
                asyncio.get_running_loop().call_soon(self._turn)

    def _step(self) -> None:
        """The next of the first work; what fails, or is done, is put away."""
        work, size = self._works[0]
        goes_on = False
        try:
            next(work)
            goes_on = True
        except StopIteration:
            pass
        finally:
            if not goes_on:
                self._works.popleft()
                self.size -= size
