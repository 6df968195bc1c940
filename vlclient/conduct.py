"""Does what ``Turns`` says: sends, plays, falls silent, runs tools, and hands events on to whoever reads them.

This is where the decisions meet the world: the line, the loudspeaker, the clock of the event loop.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from vlclient.audio.ports import AudioSink, Part
from vlclient.commands import Command, Play, RunTool, Send, Show, StopPlayback
from vlclient.errors import ConnectionClosed, VoiceLiveError
from vlclient.latency import Latency
from vlclient.line import Line
from vlclient.log import WireLog
from vlclient.memory import Memory
from vlclient.reconnect import Reconnected, Reconnecting
from vlclient.tools import Toolbox
from vlclient.turns import Turns
from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.session import ResponseSession, SessionCreated, SessionUpdate, SessionUpdated
from vlmock.protocol.wire import ClientEvent, given

__all__ = ["Conduct", "Event"]

Event: TypeAlias = AnyServerEvent | UnknownServerEvent | Reconnecting | Reconnected
"""What ``async for event in session`` gives."""

_MOST_UNREAD: Final = 20_000
"""Events that wait to be read. With more, nothing is received any more until some are."""
_NORMAL: Final = 1000


class Conduct:
    """One conversation, across its connections. The owner of its ``Line``."""

    def __init__(
        self,
        make_line: "Callable[[Conduct], Line]",
        *,
        playback: AudioSink | None,
        log: WireLog | None,
        latency: Latency | None,
    ) -> None:
        self.turns = Turns()
        self.tools = Toolbox()
        self.settings: ResponseSession | None = None
        """As the service last echoed them."""
        self.losses: tuple[str, ...] = ()
        """What the last lost connection cost, in words."""
        self.error: VoiceLiveError | None = None
        """What ended the conversation; None while it goes on, and when it was ended here."""
        self.observers: list[Callable[[AnyServerEvent | UnknownServerEvent], None]] = []
        """Told each event when its consequences have been drawn, before anybody reads it."""
        self.latency = latency
        self._playback = playback
        self._log = log
        self._memory = Memory()
        self._unread: deque[Event] = deque()
        self._news = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self.over = asyncio.Event()
        """Set once the conversation has ended, however it did."""
        self._timer: asyncio.TimerHandle | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self.now = asyncio.get_running_loop().time
        self.line = make_line(self)

    # ---- what the session asks for

    def put(self, event: ClientEvent, *, audio_ms: float = 0.0) -> "asyncio.Future[None]":
        """Send, and keep the books; the future is done when the network has taken it."""
        self._note_sent(event)
        return self.line.put(event, audio_ms=audio_ms)

    def perform(self, commands: list[Command]) -> None:
        """Do it, in order."""
        for command in commands:
            match command:
                case Send(event=event):
                    self.put(event)
                case Play(part=part, audio=audio):
                    self._play(part, audio)
                case StopPlayback() if self._playback is not None:
                    self.perform(self.turns.playback_stopped(self._playback.stop(), self.now()))
                case RunTool():
                    self._run_tool(command)
                case Show(event=event):
                    self._show(event)
        self.set_timer()

    def set_timer(self) -> None:
        """Be there when ``Turns`` wants to know that time has gone by."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.turns.next_deadline()
        if deadline is not None and not self.is_over:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._time_has_come)

    async def next_event(self) -> Event | None:
        """The next one; None at a good end. Raises what ended the conversation otherwise."""
        while not self._unread:
            if self.is_over:
                if self.error is not None:
                    raise self.error
                return None
            self._news.clear()
            await self._news.wait()
        event = self._unread.popleft()
        self._has_room.set()
        return event

    @property
    def is_over(self) -> bool:
        return self.over.is_set()

    @property
    def unread(self) -> int:
        """How many events wait to be read."""
        return len(self._unread)

    async def close(self) -> None:
        """Say goodbye."""
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        await self.line.close()

    # ---- what the line reports

    async def room(self) -> None:
        await self._has_room.wait()

    def take(self, event: AnyServerEvent | UnknownServerEvent) -> None:
        now = self.now()
        if self._log is not None:
            self._log.received(event)
        if self.latency is not None:
            self.latency.receive(event, now)
        self._memory.receive(event)
        if isinstance(event, SessionCreated | SessionUpdated):
            self.settings = event.session
        self.perform(self.turns.receive(event, now))
        for observe in self.observers:
            observe(event)

    def lost(self) -> None:
        unfinished = self.turns.disconnected(self.now())
        if self._playback is not None and (heard := self._playback.stop()) is not None:
            self._memory.heard(heard.part.item_id, heard.part.content_index, heard.heard_ms)
        losses = list(self._memory.disconnected())
        if unfinished.response_id is not None:
            losses.append("the rest of a response")
        if unfinished.call_ids:
            losses.append(f"the answer of {len(unfinished.call_ids)} tool call{'s' * (len(unfinished.call_ids) > 1)}")
        self.losses = (*losses, *self._lost_speech())

    def retrying(self, notice: Reconnecting) -> None:
        self._show(notice)

    def configuration(self) -> SessionUpdate | None:
        update = self._memory.configuration
        if update is None:
            return None
        signed = self.turns.sign(update)
        self._note_sent(signed)
        return signed

    def history(self) -> list[ClientEvent]:
        events: list[ClientEvent] = [self.turns.sign(event) for event in self._memory.replay()]
        for event in events:
            self._note_sent(event, is_told_again=True)
        return events

    def resumed(self, attempt: int, replayed_items: int) -> None:
        self.losses += self._lost_speech()
        self._show(Reconnected(attempt, replayed_items, self.losses))
        self.perform(self.turns.reconnected(self.now()))

    def ended(self, error: VoiceLiveError | None, why_no_more: str) -> None:
        if self.is_over:
            return
        if isinstance(error, ConnectionClosed):
            error = None if error.code == _NORMAL and not self.losses else _with_losses(error, self.losses)
        if error is not None and why_no_more:
            error.add_note(f"not dialled again: {why_no_more}")
        self._end(error)

    # ---- inside

    def _end(self, error: VoiceLiveError | None) -> None:
        self.error = error
        self.over.set()
        if self._timer is not None:
            self._timer.cancel()
        self._has_room.set()
        self._news.set()

    def _lost_speech(self) -> tuple[str, ...]:
        lost_s, self.line.lost_audio_ms = self.line.lost_audio_ms / 1000, 0.0
        return (f"{lost_s:.1f} s of the user's speech",) if lost_s else ()

    def _note_sent(self, event: ClientEvent, *, is_told_again: bool = False) -> None:
        if self._log is not None:
            self._log.sent(event)
        if self.latency is not None and not is_told_again:
            self.latency.sent(event, self.now())
        self._memory.sent(event)

    def _play(self, part: Part, audio: bytes) -> None:
        if self._playback is None:
            return
        try:
            self._playback.play(part, audio)
        except VoiceLiveError as lost:  # nobody hears it any more; whoever reads the events is told
            self._playback = None
            self._end(lost)

    def _show(self, event: Event) -> None:
        if self._log is not None and isinstance(event, Reconnecting | Reconnected):
            self._log.happened(event)
        self._unread.append(event)
        if len(self._unread) >= _MOST_UNREAD:
            self._has_room.clear()
        self._news.set()

    def _run_tool(self, call: RunTool) -> None:
        """One that the application declared and did not register is the application's to answer."""
        declared = given(self.settings.tools, []) if self.settings is not None else []
        if call.name in self.tools or all(getattr(tool, "name", None) != call.name for tool in declared):
            task = asyncio.create_task(self._answer_call(call))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer_call(self, call: RunTool) -> None:
        output = await self.tools.answer(call.name, call.arguments)
        self.perform(self.turns.tool_answered(call.call_id, output, self.now()))

    def _time_has_come(self) -> None:
        self._timer = None
        self.perform(self.turns.advance(self.now()))


def _with_losses(closed: ConnectionClosed, losses: tuple[str, ...]) -> ConnectionClosed:
    error = ConnectionClosed(closed.code, closed.reason, lost=(*closed.lost, *losses))
    error.__cause__ = closed.__cause__
    return error
