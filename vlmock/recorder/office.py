"""What all connections of one recorder share: the desk, the writer to the disk, the numbers, and who is told."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from vlmock import __version__
from vlmock.errors import RecordingError
from vlmock.protocol.recording.folder import CannotRecord, RecordingsFolder
from vlmock.protocol.recording.redaction import Redaction
from vlmock.recorder.desk import Desk
from vlmock.recorder.dialling import Dialling
from vlmock.recorder.ends import End, Side
from vlmock.recorder.frames import Said
from vlmock.recorder.minutes import SWITCHING, Exchange, Minutes, Recorded
from vlmock.recorder.narration import begun, ended, event_line
from vlmock.recorder.relay import Relay
from vlmock.recorder.scribe import Scribe, Sheet
from vlmock.server.handshake import shown
from vlmock.server.transport import ReadBuffer

__all__ = ["Office"]

_MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
"""For the desk and the disk; beyond it nothing is read from anybody, until half of it is written."""
_FAREWELL_SECONDS: Final = 0.3
_SLOW_DISK: Final = "the disk is slow"
_SHORTEST_SECRET: Final = 8
"""Shorter ones are a tester's, ``any`` or ``demo``, and a part of many words."""


class Office:
    """The ``House`` of a recorder's relays. Lives in the loop, but for what says that it is for other threads."""

    def __init__(
        self,
        dialling: Dialling,
        recordings: RecordingsFolder,
        *,
        redact: tuple[str, ...],
        log: Callable[[str], None] | None,
        log_events: bool,
        bound: int = _MOST_WAITING_BYTES,
    ) -> None:
        self.dialling = dialling
        self.buffer = ReadBuffer()
        self.recorded: list[Recorded] = []
        self.complaints: list[str] = []
        """What could not be passed on, or not be written."""
        self.lost: list[str] = []
        """What could not be written."""
        self.place: Path = recordings.path
        """Where the recordings are."""
        self._recordings = recordings
        self._redact = redact
        self._log = log
        self._bound = bound
        self._log_events = log_events and log is not None
        self._desk = Desk(self._noted)
        self._scribe = Scribe(wrote=self._wrote, failed=self._not_written)
        self._relays: set[Relay] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._all_left: asyncio.Event | None = None
        self._holding = False
        self._closing = threading.Lock()
        self._closed = False

    # ---- what the listener asks for

    def accept(self) -> End:
        """The end of a new client."""
        self._loop = asyncio.get_running_loop()
        return Relay(self).client

    async def farewell(self) -> None:
        """Write down what was said so far, and say goodbye to everybody."""
        self._desk.finish()
        self._all_left = asyncio.Event()
        for relay in tuple(self._relays):
            relay.stop()
        if self._relays:
            await self._wait_for_all_to_leave()
            for relay in tuple(self._relays):
                relay.drop()
        if self._relays:  # dropped, but not gone before their transports have closed their sockets
            await self._wait_for_all_to_leave()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._desk.finish()

    def crashed(self, error: BaseException) -> None:
        self.complain(f"the recorder failed: {type(error).__name__}: {error}")

    def close(self) -> None:
        """Write what is left, after the loop has ended. From any thread; safe to call again."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._scribe.finish()
            try:
                self.place = self._recordings.finish()
            except CannotRecord as error:
                raise RecordingError(str(error)) from None

    # ---- what relays ask for

    def open_minutes(self, exchange: Exchange) -> Minutes:
        number = len(self.recorded) + 1
        response = exchange.response
        assert response is not None
        recorded = Recorded(number, self.place / f"connection-{number}", shown(exchange.path), response.status_code)
        self.recorded.append(recorded)
        known = [secret for secret in exchange.secrets if len(secret) >= _SHORTEST_SECRET]
        minutes = Minutes(
            exchange,
            recorded,
            Sheet(lambda: self._recordings.connection(number), self._scribe),
            desk=self._desk,
            redaction=Redaction(self._redact, known=known),
            told=self._told,
        )
        if response.status_code == SWITCHING:
            self._say(begun(recorded))
        return minutes

    def begin(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def joined(self, relay: Relay) -> None:
        self._relays.add(relay)
        if self._holding:
            relay.hold(_SLOW_DISK)

    def left(self, relay: Relay) -> None:
        self._relays.discard(relay)
        if not self._relays and self._all_left is not None:
            self._all_left.set()

    def health(self) -> dict[str, object]:
        return {
            "status": "ok",
            "version": __version__,
            "upstream": str(self.dialling.upstream),
            "connections": len(self._relays),
        }

    def complain(self, sentence: str) -> None:
        """From any thread."""
        self.complaints.append(sentence)
        self._say(sentence)

    # ---- behind the counter

    def _noted(self) -> None:
        """More waits to be written."""
        if not self._holding and self._desk.size + self._scribe.size > self._bound:
            self._holding = True
            self.complain("the disk is slower than the talk: everybody waits until it has caught up")
            for relay in self._relays:
                relay.hold(_SLOW_DISK)

    def _wrote(self) -> None:
        """Something has been written. In the writer's thread."""
        if self._holding and self._loop is not None and self._desk.size + self._scribe.size < self._bound // 2:
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon_threadsafe(self._go_on)

    def _not_written(self, sentence: str) -> None:
        """In the writer's thread."""
        self.lost.append(sentence)
        self.complain(f"{sentence}; the talk goes on, and the rest of it is not recorded")

    def _go_on(self) -> None:
        if self._holding:
            self._holding = False
            for relay in self._relays:
                relay.release(_SLOW_DISK)

    def _told(self, recorded: Recorded, side: Side, said: Said | None) -> None:
        if said is None:
            self._say(ended(recorded))
        elif self._log_events:
            self._say(event_line(recorded, side, said))

    def _say(self, line: str) -> None:
        if self._log is not None:
            self._log(line)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.crashed(error)

    async def _wait_for_all_to_leave(self) -> None:
        assert self._all_left is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all_left.wait(), _FAREWELL_SECONDS)
