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
        self.awaited: list[Callable[[], object]] = []
        """Who waits; empty most of the time, so that announcing can be spared."""

    def announce(self) -> None:
        """Something has come."""
        for wake in tuple(self.awaited):
            wake()

    def wait(self, look: Callable[[], T | None], timeout: float) -> T | None:
        """What ``look`` finds, as soon as it finds something; None after ``timeout`` seconds."""
        woken = threading.Event()
        deadline = monotonic() + timeout
        self.awaited.append(woken.set)
        try:
            while (found := look()) is None and woken.wait(max(0.0, deadline - monotonic())):
                woken.clear()
            return found
        finally:
            self.awaited.remove(woken.set)

    async def wait_async(self, look: Callable[[], T | None], seconds: float) -> T | None:
        """The same for asyncio."""
        import asyncio

        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)

        self.awaited.append(wake)
        try:
            async with asyncio.timeout(seconds):
                while (found := look()) is None:
                    await woken.wait()
                    woken.clear()
                return found
        except TimeoutError:
            return look()
        finally:
            self.awaited.remove(wake)
