"""A microphone and a loudspeaker without a device."""

import asyncio
from collections.abc import Iterable

from vlclient.audio.ports import Heard, Part
from vlclient.errors import DeviceLost

__all__ = ["Microphone", "Speaker"]

BYTES_PER_MS = 48


class Speaker:
    """Hears as much of the last part as the test says; writes down what it is told."""

    def __init__(self, *, heard_ms: int | None = None, loses_at: int | None = None) -> None:
        """``heard_ms``: None: everything given. ``loses_at``: the so-manieth piece finds no device."""
        self.heard_ms = heard_ms
        self.told: list[str] = []
        self.received: dict[Part, int] = {}
        self.stopped = asyncio.Event()
        self.silent = asyncio.Event()
        self.silent.set()
        self.lost_while_draining = False
        self._loses_at = loses_at
        self._playing: Part | None = None

    def play(self, part: Part, audio: bytes) -> None:
        if self._loses_at is not None and len(self.told) + 1 >= self._loses_at:
            raise DeviceLost("the loudspeaker has gone: plug it in again")
        self.told.append(f"play {part.item_id}")
        self.received[part] = self.received.get(part, 0) + len(audio)
        self._playing = part

    def stop(self) -> Heard | None:
        self.told.append("stop")
        self.stopped.set()
        part, self._playing = self._playing, None
        if part is None:
            return None
        received_ms = self.received[part] // BYTES_PER_MS
        return Heard(part, received_ms if self.heard_ms is None else self.heard_ms, received_ms)

    async def drained(self) -> None:
        self.told.append("drained?")
        if self.lost_while_draining:
            raise DeviceLost("the loudspeaker has gone: plug it in again")
        await self.silent.wait()
        self.told.append("drained")

    def close(self) -> None:
        self.told.append("close")


class Microphone:
    """Gives these blocks, then silence, or ``b""``, or an error; or waits for ever."""

    def __init__(
        self, blocks: Iterable[bytes] = (), *, then: bytes | Exception | None = None, every_s: float = 0.0
    ) -> None:
        """``then``: None waits until it is closed."""
        self._blocks = list(blocks)
        self._then = then
        self._every_s = every_s
        self._closed = asyncio.Event()
        self.captured_until = 0.0

    @property
    def ended(self) -> bool:
        return not self._blocks and isinstance(self._then, bytes)

    async def read(self) -> bytes:
        await asyncio.sleep(self._every_s)
        self.captured_until = asyncio.get_running_loop().time()
        if self._blocks:
            return self._blocks.pop(0)
        if self._then is None:
            await self._closed.wait()
            return b""
        if isinstance(self._then, Exception):
            raise self._then
        return self._then

    def close(self) -> None:
        self._closed.set()
