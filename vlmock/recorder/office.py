"""What all connections of one recorder share: the desk, the writer to the disk, the numbers, and who is told."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from vlmock import __version__
from vlmock.protocol.recording.redaction import Redaction
from vlmock.recorder.dialling import Dialling
from vlmock.recorder.ends import End, Side
from vlmock.recorder.frames import Said
from vlmock.recorder.minutes import SWITCHING, Exchange, Minutes, Recorded
from vlmock.recorder.narration import begun, ended, event_line
from vlmock.recorder.relay import Relay
from vlmock.server.bounds import ReadBuffer
from vlmock.server.handshake import shown
from vlmock.server.journal import not_open
from vlmock.server.recording_thread import RecordingThread
from vlmock.session.effects import Remark

if TYPE_CHECKING:
    from vlmock.recorder.journalist import Journalist

__all__ = ["Office"]

_FAREWELL_SECONDS: Final = 0.3
_SLOW_DISK: Final = "the disk is slow"


class Office:
    """The ``House`` of a recorder's relays. Lives in the loop, but for what says that it is for other threads."""

    def __init__(
        self,
        dialling: Dialling,
        thread: RecordingThread,
        *,
        log: Callable[[str], None] | None,
        log_events: bool,
        journalist: "Journalist | None" = None,
    ) -> None:
        self.dialling = dialling
        self.buffer = ReadBuffer()
        self.recorded: list[Recorded] = []
        self.complaints: list[str] = []
        """What could not be passed on, or not be written."""
        self._thread = thread
        self._journalist = journalist
        self._log = log
        self._log_events = log_events and log is not None
        self._open: dict[int, Minutes] = {}
        """By number, oldest first."""
        self._relays: set[Relay] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._all_left: asyncio.Event | None = None
        self._holding = self._has_held = False
        """Nothing is read, because too much waits for the disk; and whether that has happened before."""

    # ---- what the listener asks for

    def accept(self) -> End:
        """The end of a new client."""
        return Relay(self).client

    async def farewell(self) -> None:
        """Say goodbye to everybody."""
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

    def crashed(self, error: BaseException) -> None:
        self.complain(f"the recorder failed: {type(error).__name__}: {error}")

    # ---- what relays ask for

    def open_minutes(self, exchange: Exchange) -> Minutes:
        response = exchange.response
        assert response is not None
        number = len(self.recorded) + 1
        head = exchange.head()
        redaction = self._thread.redaction.knowing(head)
        folder = self._thread.path / f"connection-{number}"
        recorded = Recorded(number, folder, redaction.url(shown(exchange.path)), response.status_code)
        self.recorded.append(recorded)
        if response.status_code == SWITCHING:
            self._say(begun(recorded))
            if self._journalist is not None:
                self._journalist.begun(recorded, redaction)
        extensions = ", ".join(response.headers.get_all("Sec-WebSocket-Extensions"))
        recording = self._thread.begin(head, number)
        minutes = Minutes(recorded, recording, extensions=extensions, redaction=redaction, told=self._told)
        if response.status_code == SWITCHING:
            self._open[number] = minutes
        return minutes

    def remark(self, remark: Remark, connection: int | None) -> None:
        """Note what a test has to say about a client; None: the latest. Raises ServerError when it is not open."""
        number = connection if connection is not None else next(reversed(self._open), 0)
        minutes = self._open.get(number)
        if minutes is None:
            raise not_open(connection)
        minutes.remark(remark)
        if self._journalist is not None:
            self._journalist.remarked(minutes.recorded, remark)

    def noted(self, minutes: Minutes) -> None:
        """More waits to be written."""
        if not (self._holding or self._thread.has_room):
            self._holding = True
            if not self._has_held:
                self._has_held = True
                self._say("the disk is slower than the talk: everybody waits until it has caught up, now and later")
            for relay in self._relays:
                relay.hold(_SLOW_DISK)
            self.begin(self._go_on_with_room())

    def over(self, minutes: Minutes) -> None:
        self._open.pop(minutes.recorded.number, None)
        if self._journalist is not None:
            self._journalist.over(minutes.recorded)
        self._say(ended(minutes.recorded, minutes.redaction))

    def begin(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def arrived(self, end: End) -> None:
        if self._holding:
            end.hold(_SLOW_DISK)

    def joined(self, relay: Relay) -> None:
        self._relays.add(relay)

    def left(self, relay: Relay) -> None:
        self._relays.discard(relay)
        if not self._relays and self._all_left is not None:
            self._all_left.set()

    def health(self) -> dict[str, object]:
        return {
            "status": "ok",
            "version": __version__,
            "upstream": str(self.dialling.upstream),
            "connections": sum(not recorded.over for recorded in self.recorded),
        }

    def complain(self, sentence: str) -> None:
        """From any thread."""
        self.complaints.append(sentence)
        self._say(sentence)

    # ---- behind the counter

    async def _go_on_with_room(self) -> None:
        await self._thread.until_room()
        self._holding = False
        for relay in self._relays:
            relay.release(_SLOW_DISK)

    def _told(self, recorded: Recorded, side: Side, said: Said, redaction: Redaction) -> None:
        if self._journalist is not None:
            self._journalist.said(recorded, side, said)
        if self._log_events:
            self._say(event_line(recorded, side, said, redaction))

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
