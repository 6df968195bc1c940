"""Tells the event loop what a playback buffer knows: what is first heard when, and that everything was heard."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from vlclient.audio.playback_buffer import PlaybackBuffer
from vlclient.audio.ports import FirstHeard, Part
from vlclient.errors import DeviceLost

__all__ = ["PlaybackWatch"]

STUCK_S = 5.0
"""A device that asks for nothing for so long, while there is something to play, does not work any more."""


class PlaybackWatch:
    """The part of a sink that waits and calls back. Everything here runs in the event loop."""

    def __init__(
        self, buffer: PlaybackBuffer, on_first_heard: FirstHeard | None, *, clock: Callable[[], float] | None = None
    ) -> None:
        """``clock`` says up to when what the device pulled has been heard; the loop's own by default."""
        self._buffer = buffer
        self._loop = asyncio.get_running_loop()
        self._clock = clock or self._loop.time
        self._changed = asyncio.Event()
        self._untold: deque[tuple[Part, float]] = deque()
        """Parts that began, and when they are first heard."""
        self.on_first_heard = on_first_heard
        self.lost: DeviceLost | None = None

    def look(self) -> None:
        """The buffer has changed: a part began, or nothing is left to pull."""
        for part, heard_at in self._buffer.begun():
            self._untold.append((part, heard_at))
            self._loop.call_at(heard_at, self._tell, heard_at)
        self._changed.set()

    def _tell(self, until: float) -> None:
        """Call back for every part that has been heard until then; each once, in order."""
        while self._untold and self._untold[0][1] <= until:
            part, heard_at = self._untold.popleft()
            if self.on_first_heard is not None:
                self.on_first_heard(part, heard_at)

    def stopped(self, now: float) -> None:
        """The buffer was flushed: what had not been heard by now will not be."""
        self._tell(now)
        self._untold.clear()
        self._changed.set()

    def lose(self, error: DeviceLost) -> None:
        """The device has gone. The first reason stays."""
        self.lost = self.lost or error
        self._changed.set()

    async def drained(self, stuck: Callable[[], DeviceLost]) -> None:
        """Returns when all has been heard, and told. Raises the loss, or ``stuck()`` of a device that takes nothing."""
        while True:
            self._changed.clear()
            if self.lost is not None:
                raise self.lost
            ends_at, pulls = self._buffer.ends_at, self._buffer.pulls
            if ends_at is not None and ends_at <= self._clock():
                self._tell(ends_at)
                return
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._loop.time() + STUCK_S if ends_at is None else ends_at):
                    await self._changed.wait()
                continue
            if ends_at is None and self._buffer.pulls == pulls:
                self.lose(stuck())
