"""The connection of one conversation: dialled, read, written, and dialled again when it is lost.

``Line`` moves events and keeps the socket alive; what they mean, and what a new connection has to be told, is its
owner's business. One task reads, one writes: reading never waits for writing, or two full buffers would wait for each
other for ever.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeAlias

import msgspec

from vlclient.dialling import Socket
from vlclient.errors import (
    ConnectionClosed,
    NoAnswer,
    NotAllowed,
    ProtocolViolation,
    ServiceError,
    VoiceLiveError,
)
from vlclient.reconnect import GiveUp, Reconnect, Reconnecting
from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.codec import ProtocolError, UnknownServerEvent, decode_server, encode
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.session import SessionCreated, SessionUpdate, SessionUpdated
from vlmock.protocol.wire import ClientEvent

__all__ = ["Dialler", "Line", "Owner"]

logger = logging.getLogger("vlclient")

_NORMAL: Final = 1000
_PROTOCOL_ERROR: Final = 1002

Dialler: TypeAlias = Callable[[bool], Awaitable[Socket]]
"""Opens a socket; True: with a fresh token."""


class Owner(Protocol):
    """Whose line it is."""

    async def room(self) -> None:
        """Returns once another event can be taken."""

    def take(self, event: AnyServerEvent | UnknownServerEvent) -> None:
        """An event has come."""

    def lost(self) -> None:
        """The connection is gone; no event comes until it is dialled again."""

    def retrying(self, notice: Reconnecting) -> None:
        """It will be dialled again."""

    def configuration(self) -> SessionUpdate | None:
        """What the new session is to be told first; signed."""

    def history(self) -> list[ClientEvent]:
        """What it is to be told once that is in force."""

    def resumed(self, attempt: int, replayed_items: int) -> None:
        """The conversation goes on."""

    def ended(self, error: VoiceLiveError | None, why_no_more: str) -> None:
        """It is over; None: because the owner closed it."""


class _Outgoing(msgspec.Struct):
    data: bytes
    audio_ms: float
    written: "asyncio.Future[None]"


class Line:
    """A connection and its successors."""

    def __init__(
        self,
        dial: Dialler,
        owner: Owner,
        *,
        policy: Reconnect | None,
        renewable: bool,
        open_timeout_s: float,
        answer_timeout_s: float,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._dial = dial
        self._owner = owner
        self._policy = policy
        self._renewable = renewable
        self._open_timeout_s = open_timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._dice = dice
        self._socket: Socket | None = None
        self._up = asyncio.Event()
        self._queue: asyncio.Queue[_Outgoing] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._error: VoiceLiveError | None = None
        self._over = False
        self.lost_audio_ms = 0.0
        """Audio of the user that was handed over and never sent, since this was last set to 0."""

    # ---- what the owner asks for

    async def open(self) -> None:
        """Dial, and hear the service's first words. Raises what ``dial`` raises, ServiceError, NoAnswer."""
        try:
            self._socket = await self._dial(False)
        except NotAllowed as refused:
            if refused.status != 401 or not self._renewable:
                raise
            self._socket = await self._dial(True)  # the credential may have remembered a token that was revoked
        try:
            await self._greeting(self._socket)
        except BaseException:
            self._socket.abort()
            raise
        self._up.set()
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._write())]

    @property
    def is_up(self) -> bool:
        """Events can be sent now."""
        return self._up.is_set() and not self._over

    async def until_up(self) -> None:
        """Returns when events can be sent. Raises what ended the conversation."""
        await self._up.wait()
        if self._over:
            raise self._error or ConnectionClosed(_NORMAL, "closed by this client")

    def put(self, event: ClientEvent, *, audio_ms: float = 0.0) -> "asyncio.Future[None]":
        """Send an event after those before it; the future is done when the network has taken it. While there is no
        connection it is dropped: what matters for the conversation is told again by ``Owner.history``."""
        written = asyncio.get_running_loop().create_future()
        if self.is_up:
            self._queue.put_nowait(_Outgoing(encode(event), audio_ms, written))
        else:
            self.lost_audio_ms += audio_ms
            written.set_result(None)
        return written

    async def close(self) -> None:
        """Say what is still to be said, then goodbye. Safe to call twice."""
        if not self._over:
            self._over = True
            if self._up.is_set() and self._socket is not None:
                await self._flush()
                await self._socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._end(None, "")

    # ---- reading

    async def _run(self) -> None:
        while True:
            error = await self._read()
            self._drop_unsent()
            if self._over:
                return
            self._owner.lost()
            why = await self._reconnect(error)
            if why is not None:
                self._end(why[0], why[1])
                return

    async def _read(self) -> VoiceLiveError:
        """Take events until the connection ends, and why it did."""
        assert self._socket is not None
        try:
            while True:
                await self._owner.room()
                self._owner.take(_decoded(await self._socket.receive()))
        except ProtocolViolation as violation:
            await self._socket.close(_PROTOCOL_ERROR, "that was no event")
            return violation
        except VoiceLiveError as error:
            return error

    async def _greeting(self, socket: Socket) -> None:
        """``session.created``. Observed {S14, TROUB}: an error comes in its place where model or agent is wrong."""
        event = await self._answer(socket, "session.created", self._open_timeout_s)
        self._owner.take(event)
        if isinstance(event, ErrorEvent):
            await socket.close()
            raise ServiceError(event)
        if not isinstance(event, SessionCreated):
            raise ProtocolViolation(f"the first event was {event.type!r}, not session.created: is this Voice Live?")

    async def _answer(self, socket: Socket, wanted: str, timeout_s: float) -> AnyServerEvent | UnknownServerEvent:
        try:
            async with asyncio.timeout(timeout_s):
                return _decoded(await socket.receive())
        except TimeoutError:
            raise NoAnswer(f"the service is there, but sent no {wanted} within {timeout_s:g} s; try again") from None

    # ---- dialling again

    async def _reconnect(self, error: VoiceLiveError) -> tuple[VoiceLiveError, str] | None:
        """None once a new connection is up; else what ended the last one or the last attempt, and why it is no use."""
        attempt, renewed = 1, False
        while self._policy is not None:
            decision = self._policy.decide(error, attempt, self._dice(), renewed, renewable=self._renewable)
            if isinstance(decision, GiveUp):
                return error, decision.reason
            self._owner.retrying(Reconnecting(attempt, decision.delay_s, error))
            await asyncio.sleep(decision.delay_s)
            renewed |= decision.fresh_token
            try:
                self._socket = await self._dial(decision.fresh_token)
                await self._resume(self._socket, attempt)
            except VoiceLiveError as next_error:
                if self._socket is not None:
                    self._socket.abort()
                error, attempt = next_error, attempt + 1
            else:
                return None
        return error, ""

    async def _resume(self, socket: Socket, attempt: int) -> None:
        """Set the new session up as the old one was, and tell it what was said. Documented, behaviour.md 8.1, 10."""
        await self._greeting(socket)
        update = self._owner.configuration()
        if update is not None:
            await socket.send(encode(update))
            await self._until_updated(socket, update)
        history = self._owner.history()
        for event in history:
            await socket.send(encode(event))
        self._up.set()
        self._owner.resumed(attempt, len(history))

    async def _until_updated(self, socket: Socket, update: SessionUpdate) -> None:
        while True:
            event = await self._answer(socket, "session.updated", self._answer_timeout_s)
            self._owner.take(event)
            if isinstance(event, SessionUpdated):
                return
            if isinstance(event, ErrorEvent) and event.error.event_id == update.event_id:
                raise ServiceError(event)

    # ---- writing

    async def _write(self) -> None:
        while True:
            outgoing = await self._queue.get()
            socket = self._socket
            try:
                if self._up.is_set() and socket is not None:
                    await socket.send(outgoing.data)
                else:
                    self.lost_audio_ms += outgoing.audio_ms
            except VoiceLiveError:
                self.lost_audio_ms += outgoing.audio_ms  # the reader finds out why
            finally:
                if not outgoing.written.done():
                    outgoing.written.set_result(None)
                self._queue.task_done()

    async def _flush(self) -> None:
        try:
            async with asyncio.timeout(self._answer_timeout_s):
                await self._queue.join()
        except TimeoutError:
            logger.warning("the connection was closed before everything was sent")

    def _drop_unsent(self) -> None:
        self._up.clear()
        while not self._queue.empty():
            outgoing = self._queue.get_nowait()
            self.lost_audio_ms += outgoing.audio_ms
            if not outgoing.written.done():
                outgoing.written.set_result(None)
            self._queue.task_done()

    def _end(self, error: VoiceLiveError | None, why_no_more: str) -> None:
        self._over = True
        self._drop_unsent()
        self._error = self._error or error
        self._up.set()  # whoever waits for it finds that it is over
        self._owner.ended(error, why_no_more)


def _decoded(frame: bytes) -> AnyServerEvent | UnknownServerEvent:
    try:
        return decode_server(frame)
    except ProtocolError as error:
        raise ProtocolViolation(f"{error}; is this Voice Live?") from error
