"""The connection of one conversation: dialled, read, written, and dialled again when it is lost.

``Line`` moves events and keeps the socket alive; what they mean, and what a new connection has to be told, is its
owner's business. One task reads, one writes: reading never waits for writing, or two full buffers would wait for each
other for ever.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from vlclient.dialling import Socket
from vlclient.errors import (
    NoAnswer,
    NotAllowed,
    ProtocolViolation,
    ServiceError,
    VoiceLiveError,
)
from vlclient.reconnect import Decision, GiveUp, Reconnect, Reconnecting, Retry
from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.codec import ProtocolError, UnknownServerEvent, decode_server, encode
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.session import SessionCreated, SessionUpdate, SessionUpdated
from vlmock.protocol.wire import ClientEvent

__all__ = ["Dialler", "Line", "Owner"]

_NORMAL: Final = 1000
_PROTOCOL_ERROR: Final = 1002
_LAST_WORDS_S: Final = 2.0
"""How long the network may take for what is still to be said before the goodbye."""
_GOODBYE_S: Final = 5.0
"""And for the goodbye itself. Observed {SEED}: the service took 1.2 s to answer a close."""

Dialler: TypeAlias = Callable[[bool], Awaitable[Socket]]
"""Opens a socket; True: with a fresh token."""


class Owner(Protocol):
    """Whose line it is."""

    def take(self, event: AnyServerEvent | UnknownServerEvent) -> None:
        """An event has come. Whatever this raises ends the conversation."""

    def lost(self, *, may_come_back: bool) -> None:
        """The connection is gone; no event comes until it is dialled again."""

    def retrying(self, notice: Reconnecting) -> None:
        """It will be dialled again, perhaps not for the first time."""

    def configuration(self) -> SessionUpdate | None:
        """What the new session is to be told first; signed."""

    def history(self) -> list[ClientEvent]:
        """What it is to be told once that is in force."""

    def resumed(self, attempt: int, replayed_items: int) -> None:
        """The conversation goes on."""

    def ended(self, error: Exception, why_no_more: str) -> None:
        """It is over, and not because the owner closed it."""


class _Outgoing(msgspec.Struct):
    data: bytes
    audio_ms: float
    taken: "asyncio.Future[bool]"


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
        stalled_after_s: float | None,
        dice: Callable[[], float] = random.random,
    ) -> None:
        """``stalled_after_s``: a network that does not take an event within that time is lost; None: it may take for
        ever. No ping would tell, for a ping is not taken either."""
        self._dial = dial
        self._owner = owner
        self._policy = policy
        self._renewable = renewable
        self._open_timeout_s = open_timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._stalled_after_s = stalled_after_s
        self._dice = dice
        self._socket: Socket | None = None
        self._up = asyncio.Event()
        self._queue: asyncio.Queue[_Outgoing] = asyncio.Queue()
        self._in_vain: list[_Outgoing] = []
        """What the network did not take."""
        self._tasks: list[asyncio.Task[None]] = []
        self._over = False
        self._closing = asyncio.Lock()
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
        self._tasks = [asyncio.create_task(self._guarded(work)) for work in (self._converse(), self._write())]

    @property
    def is_up(self) -> bool:
        """Events can be sent now."""
        return self._up.is_set() and not self._over

    @property
    def close_code(self) -> int | None:
        """How the other side ended the latest connection: see ``Socket.close_code``."""
        return self._socket.close_code if self._socket is not None else None

    async def until_up(self) -> None:
        """Returns when events can be sent, or never again."""
        await self._up.wait()

    def put(self, event: ClientEvent, *, audio_ms: float = 0.0) -> "asyncio.Future[bool]":
        """Send an event after those before it. The future is done when the network has taken it (True), or when it was
        dropped for want of a connection: what matters for the conversation is told again by ``Owner.history``."""
        outgoing = _Outgoing(encode(event), audio_ms, asyncio.get_running_loop().create_future())
        if self.is_up:
            self._queue.put_nowait(outgoing)
        else:
            self._settle(outgoing, taken=False)
        return outgoing.taken

    async def close(self) -> None:
        """Say what is still to be said, then goodbye, as far as the network takes it: 7 s at most. Safe to call twice,
        and to cancel: then the connection is dropped."""
        was_up, self._over = self.is_up, True
        async with self._closing:
            try:
                if was_up and self._socket is not None:
                    await self._leave(self._socket, after_last_words=True)
            finally:
                for task in self._tasks:
                    task.cancel()
                self._end()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- the conversation

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """What fails here is no fault of the network: a loudspeaker has gone, or somebody has made a mistake."""
        try:
            await work
        except Exception as error:
            self._end(error)
            if self._socket is not None:
                await self._leave(self._socket)

    async def _converse(self) -> None:
        """Take events, and dial again what is lost, until that is no use."""
        attempt = 1
        while True:
            since = asyncio.get_running_loop().time()
            error = await self._read()
            self._down()
            if self._over:
                return
            if self._policy is not None and asyncio.get_running_loop().time() - since >= self._policy.longest_delay_s:
                attempt = 1  # one that does not last is no success, or it would be dialled in haste for ever
            decision = self._decide(error, attempt, renewed=False)
            self._owner.lost(may_come_back=isinstance(decision, Retry))
            if isinstance(decision, GiveUp):
                self._end(error, decision.reason)
            elif (successful := await self._dial_again(error, decision, attempt)) is not None:
                attempt = successful + 1
                continue
            if self._socket is not None:
                await self._leave(self._socket, _PROTOCOL_ERROR if isinstance(error, ProtocolViolation) else _NORMAL)
            return

    async def _read(self) -> VoiceLiveError:
        """Take events until the connection ends, and why it did."""
        assert self._socket is not None
        while True:
            try:
                event = _decoded(await self._socket.receive())
            except VoiceLiveError as error:
                return error
            if not self._over:
                self._owner.take(event)

    async def _greeting(self, socket: Socket) -> None:
        """``session.created``. Observed {S14, TROUB}: an error comes in its place where model or agent is wrong."""
        try:
            async with asyncio.timeout(self._open_timeout_s):
                event = _decoded(await socket.receive())
        except TimeoutError:
            raise _no_answer("session.created", self._open_timeout_s) from None
        self._owner.take(event)
        if isinstance(event, ErrorEvent):
            await self._leave(socket)
            raise ServiceError(event)
        if not isinstance(event, SessionCreated):
            raise ProtocolViolation(
                f"the first event was {event.type!r}, and no session.created as it should be: is this Voice Live?"
            )

    # ---- dialling again

    def _decide(self, error: VoiceLiveError, attempt: int, *, renewed: bool) -> Decision:
        if self._policy is None:
            return GiveUp("")
        return self._policy.decide(error, attempt, self._dice(), renewed, renewable=self._renewable)

    async def _dial_again(self, error: VoiceLiveError, decision: Decision, attempt: int) -> int | None:
        """The attempt that succeeded; None when it is no use any more."""
        renewed = False
        while isinstance(decision, Retry):
            self._owner.retrying(Reconnecting(attempt, decision.delay_s, error))
            await asyncio.sleep(decision.delay_s)
            renewed |= decision.fresh_token
            try:
                await self._resume(await self._dial(decision.fresh_token), attempt)
            except VoiceLiveError as next_error:
                error, attempt = next_error, attempt + 1
                decision = self._decide(error, attempt, renewed=renewed)
            else:
                return attempt
        self._end(error, decision.reason)
        return None

    async def _resume(self, socket: Socket, attempt: int) -> None:
        """Set the new session up as the old one was, and tell it what was said. Documented, behaviour.md 8.1, 10."""
        try:
            await self._greeting(socket)
            update = self._owner.configuration()
            if update is not None:
                async with asyncio.timeout(self._answer_timeout_s):
                    await socket.send(encode(update))
                    await self._until_updated(socket, update)
        except BaseException as error:
            socket.abort()
            if isinstance(error, TimeoutError):
                raise _no_answer("session.updated", self._answer_timeout_s) from None
            raise
        self._socket = socket
        self._up.set()
        history = self._owner.history()
        for event in history:  # before anybody else notices, and while reading goes on
            self.put(event)
        self._owner.resumed(attempt, len(history))

    async def _until_updated(self, socket: Socket, update: SessionUpdate) -> None:
        while True:
            event = _decoded(await socket.receive())
            self._owner.take(event)
            if isinstance(event, SessionUpdated):
                return
            if isinstance(event, ErrorEvent) and event.error.event_id == update.event_id:
                raise ServiceError(event)

    # ---- writing

    async def _write(self) -> None:
        while True:
            outgoing = await self._queue.get()
            taken = False
            try:
                taken = await self._sent(outgoing.data)
            finally:
                if taken or not self.is_up:
                    self._settle(outgoing, taken=taken)
                else:
                    self._in_vain.append(outgoing)  # nobody is told before the reader knows whether all is over
                self._queue.task_done()

    async def _sent(self, data: bytes) -> bool:
        """Whether the network has taken it. Why not, the reader finds out."""
        socket = self._socket
        if socket is None or not self._up.is_set():
            return False
        try:
            async with asyncio.timeout(self._stalled_after_s):
                await socket.send(data)
        except TimeoutError:
            socket.abort()
            return False
        except VoiceLiveError:
            return False
        return True

    def _settle(self, outgoing: _Outgoing, *, taken: bool) -> None:
        if not taken:
            self.lost_audio_ms += outgoing.audio_ms
        if not outgoing.taken.done():
            outgoing.taken.set_result(taken)

    def _down(self) -> None:
        """There is no connection: what waits to be sent is dropped. Nobody learns of it before the next turn of the
        loop, when it is settled whether all is over."""
        self._up.clear()
        while not self._queue.empty():
            self._in_vain.append(self._queue.get_nowait())
            self._queue.task_done()
        while self._in_vain:
            self._settle(self._in_vain.pop(), taken=False)

    # ---- the end

    async def _leave(self, socket: Socket, code: int = _NORMAL, *, after_last_words: bool = False) -> None:
        """Say goodbye, and drop the connection where the network does not take it."""
        try:
            if after_last_words:
                async with asyncio.timeout(_LAST_WORDS_S):
                    await self._queue.join()
            async with asyncio.timeout(_GOODBYE_S):
                await socket.close(code)
        except TimeoutError:
            pass
        finally:
            socket.abort()

    def _end(self, error: Exception | None = None, why_no_more: str = "") -> None:
        self._over = True
        self._down()
        self._up.set()  # whoever waits for it finds that it is over
        if error is not None:
            self._owner.ended(error, why_no_more)


def _decoded(frame: bytes) -> AnyServerEvent | UnknownServerEvent:
    try:
        return decode_server(frame)
    except ProtocolError as error:
        raise ProtocolViolation(f"{error}; is this Voice Live?") from error


def _no_answer(wanted: str, timeout_s: float) -> NoAnswer:
    return NoAnswer(f"the service is there, but sent no {wanted} within {timeout_s:g} s; try again")
