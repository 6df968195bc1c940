"""Does what ``Turns`` says: sends, plays, falls silent, runs tools, and hands events on to whoever reads them.

This is where the decisions meet the world: the line, the loudspeaker, the clock of the event loop.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from vlclient.audio.ports import AudioSink
from vlclient.commands import Command, Play, RunTool, Send, Show, StopPlayback
from vlclient.errors import ConnectionClosed
from vlclient.latency import Latency
from vlclient.line import Line
from vlclient.log import WireLog
from vlclient.memory import Memory
from vlclient.reconnect import Reconnected, Reconnecting
from vlclient.tools import Toolbox
from vlclient.turns import Turns, Unfinished
from vlclient.updates import Updates
from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.session import ResponseSession, SessionCreated, SessionUpdate, SessionUpdated
from vlmock.protocol.wire import ClientEvent, given

__all__ = ["Conduct", "Event"]

Event: TypeAlias = AnyServerEvent | UnknownServerEvent | Reconnecting | Reconnected
"""What ``async for event in session`` gives."""

logger = logging.getLogger("vlclient")

_MOST_UNREAD: Final = 20_000
"""Events that wait to be read: minutes of them. Of more the oldest are dropped, because whoever does not read may
still want to be heard, and not to be talked over."""
_WORTH_TELLING_S: Final = 0.05
"""Less speech than this is no word."""
_NORMAL: Final = 1000


class _CutOff(msgspec.Struct, frozen=True):
    """What was under way when the connection was lost."""

    unfinished: Unfinished
    updates: int
    """Changes of settings without an answer."""

    def in_words(self, *, for_good: bool = False) -> tuple[str, ...]:
        """``for_good``: no other connection follows, on which what was asked for could be asked for again."""
        requests = len(self.unfinished.requests) if for_good else 0
        calls = len(self.unfinished.call_ids)
        counted = (
            (self.unfinished.response_id is not None, "the rest of a response"),
            (requests, f"{requests} response{'s' * (requests > 1)} asked for"),
            (calls, f"{calls} tool call{'s' * (calls > 1)} without an answer"),
            (self.updates, f"{self.updates} change{'s' * (self.updates > 1)} of settings without a confirmation"),
        )
        return tuple(words for count, words in counted if count)


_NOTHING: Final = _CutOff(Unfinished(None, (), ()), 0)


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
        self.updates = Updates()
        self.settings: ResponseSession | None = None
        """As the service last echoed them."""
        self.error: Exception | None = None
        """What ended the conversation; None while it goes on, and when it was ended here or came to a good end."""
        self.is_over = False
        """The conversation has ended, however it did."""
        self.dropped_events = 0
        """How many were never read, because too many waited."""
        self.latency = latency
        self._playback = playback
        self._log = log
        self._memory = Memory()
        self._cut_off = _NOTHING
        """What the last loss of the connection cut off."""
        self._forgotten: tuple[str, ...] = ()
        """What no new session can be told, in words."""
        self._unread: deque[Event] = deque()
        self._news = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self.now = asyncio.get_running_loop().time
        self.line = make_line(self)

    # ---- what the session asks for

    async def until_up(self) -> None:
        """Returns when events can be sent. Raises what ended the conversation."""
        await self.line.until_up()
        self.raise_if_over()

    def raise_if_over(self) -> None:
        """Raises what ended the conversation, ConnectionClosed with 1000 where that was a good end."""
        if self.is_over:
            raise self.error or ConnectionClosed(_NORMAL, "the conversation is over")

    def put(self, event: ClientEvent, *, audio_ms: float = 0.0) -> "asyncio.Future[bool]":
        """Send, and keep the books; the future is done when the network has taken it, or it was dropped."""
        taken = self.line.put(event, audio_ms=audio_ms)
        if self.line.is_up:
            self._note_sent(event)
        return taken

    def perform(self, commands: list[Command]) -> None:
        """Do it, in order."""
        for command in commands:
            match command:
                case Send(event=event):
                    self.put(event)
                case Play(part=part, audio=audio) if self._playback is not None:
                    self._playback.play(part, audio)
                case StopPlayback() if self._playback is not None:
                    self.perform(self.turns.playback_stopped(self._playback.stop(), self.now()))
                case RunTool():
                    self._run_tool(command)
                case Show(event=event):
                    self._show(event)
        self.set_timer()

    def set_timer(self) -> None:
        """Be there when ``Turns`` wants to know that time has gone by."""
        deadline = None if self.is_over else self.turns.next_deadline()
        if self._timer is not None:
            if self._timer.when() == deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
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
        return self._unread.popleft()

    async def close(self) -> None:
        """Say goodbye. From now on nothing is played, shown or called any more."""
        self._end(None)
        self._answering -= {asyncio.current_task()}  # a tool may end what it is part of
        for task in self._answering:
            task.cancel()
        try:
            await self.line.close()
        finally:
            await asyncio.gather(*self._answering, return_exceptions=True)

    # ---- what the line reports

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
        self.updates.receive(event)

    def lost(self, *, may_come_back: bool) -> None:
        if may_come_back and self._playback is not None and (heard := self._playback.stop()) is not None:
            self._memory.heard(heard.part.item_id, heard.part.content_index, heard.heard_ms)
        self._cut_off = _CutOff(self.turns.disconnected(self.now()), len(self.updates))
        self._forgotten = self._memory.disconnected()
        self.updates.lost()

    def retrying(self, notice: Reconnecting) -> None:
        self._memory.disconnected()  # also what an attempt that failed had begun to tell
        self.updates.lost()
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
        lost = dict.fromkeys((*self._forgotten, *self._cut_off.in_words(), *self._lost_speech()))  # some are in two
        self._cut_off = _NOTHING
        self._show(Reconnected(attempt, replayed_items, tuple(lost)))
        self.perform(self.turns.reconnected(self.now()))

    def ended(self, error: Exception, why_no_more: str) -> None:
        if self.is_over:
            return
        under_way = self._cut_off.in_words(for_good=True)
        lost = (*under_way, *self._lost_speech())
        if isinstance(error, ConnectionClosed):
            if error.code == _NORMAL and not under_way:
                self._end(None)
                return
            error = _with_losses(error, lost)
        elif lost:
            error.add_note(f"lost: {', '.join(lost)}")
        if why_no_more:
            error.add_note(f"not dialled again: {why_no_more}")
        self._end(error)

    # ---- inside

    def _end(self, error: Exception | None) -> None:
        if self.is_over:
            return
        self.error, self.is_over = error, True
        self.set_timer()
        self.updates.lost()
        self._news.set()

    def _lost_speech(self) -> tuple[str, ...]:
        lost_s, self.line.lost_audio_ms = self.line.lost_audio_ms / 1000, 0.0
        return (f"{lost_s:.1f} s of the user's speech",) if lost_s >= _WORTH_TELLING_S else ()

    def _note_sent(self, event: ClientEvent, *, is_told_again: bool = False) -> None:
        if self._log is not None:
            self._log.sent(event)
        if self.latency is not None and not is_told_again:
            self.latency.sent(event, self.now())
        if isinstance(event, SessionUpdate):
            self.updates.sent(event)
        self._memory.sent(event)

    def _show(self, event: Event) -> None:
        if self._log is not None and isinstance(event, Reconnecting | Reconnected):
            self._log.happened(event)
        self._unread.append(event)
        if len(self._unread) > _MOST_UNREAD:
            self._unread.popleft()
            self.dropped_events += 1
            if self.dropped_events == 1:
                logger.warning("over %d events wait to be read: the oldest are dropped", _MOST_UNREAD)
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
