"""Waiting for something that another thread brings about."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

__all__ = ["Arrivals"]

T = TypeVar("T")


class Arrivals:
    """Wakes all who wait whenever something has come; they look for themselves whether it is what they want.

    Nothing is missed: whoever waits is registered before it looks.
    """

    def __init__(self) -> None:
        self._waiting: list[Callable[[], object]] = []

    def announce(self) -> None:
        """Something has come."""
        if self._waiting:
            for wake in tuple(self._waiting):
                wake()

    def wait(self, look: Callable[[], T | None], timeout: float) -> T | None:
        """What ``look`` finds, as soon as it finds something; None after ``timeout`` seconds."""
        woken = threading.Event()
        deadline = monotonic() + timeout
        self._waiting.append(woken.set)
        try:
            while (found := look()) is None and woken.wait(max(0.0, deadline - monotonic())):
                woken.clear()
            return found
        finally:
            self._waiting.remove(woken.set)

    async def wait_async(self, look: Callable[[], T | None], seconds: float) -> T | None:
        """The same for asyncio."""
        import asyncio

        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)

        self._waiting.append(wake)
        try:
            async with asyncio.timeout(seconds):
                while (found := look()) is None:
                    await woken.wait()
                    woken.clear()
                return found
        except TimeoutError:
            return look()
        finally:
            self._waiting.remove(wake)
