"""A microphone: what was said, block by block, as soon as it was said."""

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any

from vlclient.audio.devices import find, open_stream
from vlclient.audio.resampling import Resampler
from vlclient.errors import AudioUnavailable, DeviceLost

__all__ = ["Microphone"]

SILENT_S = 5.0
"""A microphone always gives something, if only noise. One that gives no block for so long does not work any more."""


class Microphone:
    """An ``AudioSource`` on a device of this computer.

    It listens from the first ``read`` on. Blocks that nobody reads wait in a queue; when that is full the oldest is
    dropped and counted, because after so long a pause what the user says now matters more.
    """

    def __init__(
        self,
        device: int | str | None = None,
        *,
        rate_hz: int = 24000,
        block_ms: int = 20,
        latency_s: float = 0.1,
        bound_s: float = 5.0,
    ) -> None:
        """Open and start it. To be called in the event loop that will read.

        ``device``: index, part of a name, or None for the default one. ``rate_hz``: of the blocks that ``read``
        returns; a device that cannot do it is resampled. ``bound_s``: most that waits to be read. Raises
        AudioUnavailable.
        """
        self._loop = asyncio.get_running_loop()
        self.device = find(device, "input")
        opened = open_stream(
            self.device,
            "input",
            rate_hz=rate_hz,
            block_ms=block_ms,
            latency_s=latency_s,
            callback=self._captured,
            on_finished=self._finished,
        )
        self._stream = opened.stream
        self._rate_hz = opened.rate_hz
        self._channels = opened.channels
        self._resampler = Resampler(opened.rate_hz, rate_hz)
        self._bound = max(1, round(bound_s * 1000 / block_ms))
        self._blocks: deque[tuple[bytes, float]] = deque()
        self._arrived = asyncio.Event()
        self._lost: DeviceLost | None = None
        self._listening = False
        self._closed = False
        self.captured_until = float("-inf")
        """When the newest sample that ``read`` has handed out was captured (``time.monotonic()``)."""
        self.dropped_blocks = 0
        """Blocks that were never read."""
        self.overflows = 0
        """How often the device had to throw sound away because it was not served in time."""
        try:
            self._stream.start()
        except Exception as error:  # whatever a driver may say, the device cannot be used
            self.close()
            raise AudioUnavailable(
                f"the microphone {self.device} does not start: {error}; close what else uses it, or choose another"
            ) from error

    @property
    def ended(self) -> bool:
        """Never: the user may always say more."""
        return False

    async def read(self) -> bytes:
        """The next block, when it was captured; ``b""`` after ``close``. Raises DeviceLost, once all was read."""
        self._listening = True
        while not self._closed:
            self._arrived.clear()
            if self._blocks:
                block, self.captured_until = self._blocks.popleft()
                pcm = self._resampler.feed(block if self._channels == 1 else _as_mono(block))
                if pcm:
                    return pcm
            elif self._lost is not None:
                raise self._lost
            else:
                await self._arrival()
        return b""

    async def _arrival(self) -> None:
        try:
            async with asyncio.timeout(SILENT_S):
                await self._arrived.wait()
        except TimeoutError:
            self._lose(self._gone("gives no more sound"))

    def close(self) -> None:
        """Give the device back. Safe to call twice; a ``read`` that waits ends with ``b""``."""
        if not self._closed:
            self._closed = True
            self._arrived.set()
            self._stream.close()

    # ---- the device; _captured and _finished run on PortAudio's thread

    def _captured(self, block: Any, frames: int, times: Any, status: Any) -> None:
        now = time.monotonic()
        if status and status.input_overflow:
            self.overflows += 1
        if not self._listening:
            return
        # The end of the block in the air. PulseAudio's ALSA plugin claims up to 32 ms in the future.
        since = times.currentTime - times.inputBufferAdcTime - frames / self._rate_hz
        if times.inputBufferAdcTime <= 0 or not 0 <= since < 2:
            since = 0.0
        if len(self._blocks) >= self._bound:
            with suppress(IndexError):  # read in this very moment
                self._blocks.popleft()
                self.dropped_blocks += 1
        self._blocks.append((bytes(block), now - since))
        with suppress(RuntimeError):  # the loop is closed: nobody reads any more
            self._loop.call_soon_threadsafe(self._arrived.set)

    def _finished(self) -> None:
        if not self._closed:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._lose, self._gone("has gone"))

    def _lose(self, error: DeviceLost) -> None:
        self._lost = self._lost or error
        self._arrived.set()

    def _gone(self, what: str) -> DeviceLost:
        return DeviceLost(f"the microphone {self.device} {what}; check that it is connected, or choose another")


def _as_mono(stereo: bytes) -> bytes:
    """For a device that cannot do mono: the mean of its two channels."""
    import numpy as np

    pairs = np.frombuffer(stereo, "<i2").reshape(-1, 2)
    mean: bytes = ((pairs[:, 0].astype(np.int32) + pairs[:, 1]) >> 1).astype("<i2").tobytes()
    return mean
