"""The loop of one connection: hands a session what the client sent and what time it is, and performs its effects.

Everything happens in turns. In a turn all that came is heard, all that is due is performed, and what is to be sent goes
out in as few writes as its size allows. While the client does not read, turns stop: messages, effects and deadlines
wait, and no more of them come up.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, Protocol, TypeAlias

import msgspec
from websockets.http11 import Request, Response

from vlmock.errors import VlmockError
from vlmock.protocol.catalogue import AnyClientEvent
from vlmock.protocol.codec import InvalidEvent, Message, decode_client, encode, encode_deltas
from vlmock.protocol.deltas import Deltas
from vlmock.protocol.wire import JsonObject, ServerEvent
from vlmock.server.clock import Clock
from vlmock.server.handshake import Admitted, Refused, shown
from vlmock.server.journal import ConnectionJournal
from vlmock.server.pages import refusal
from vlmock.server.ready_frames import ReadyFrames
from vlmock.server.transport import Closing, Transport
from vlmock.session.effects import (
    Close,
    Effect,
    RecognitionRequest,
    Recognize,
    Remark,
    Send,
    SendFrame,
    SendRaw,
    Speech,
    SpeechRequest,
    Synthesize,
)
from vlmock.session.script import Recognized

__all__ = ["Begun", "Connection", "Conversation", "Decoder", "Hearing", "House", "Spoken", "Voice"]

_GROUP_BYTES: Final = 1024 * 1024
"""Written at once; then the transport is asked whether the client still reads."""

Decoder: TypeAlias = Callable[[bytes], AnyClientEvent | InvalidEvent]
"""Reads what the client of a dialect sends."""
Spoken: TypeAlias = Speech | Exception
"""Words that were asked for, or why there are none."""


class Conversation(Protocol):
    """What a connection drives: ``vlmock.session.machine.Session``, or a double of it."""

    def open(self, now: float) -> list[Effect]: ...
    def receive(self, event: AnyClientEvent | InvalidEvent, now: float) -> list[Effect]: ...
    def advance(self, now: float) -> list[Effect]: ...
    def next_deadline(self) -> float | None: ...
    def close(self) -> None: ...
    def supply(self, key: int, speech: Speech, now: float) -> list[Effect]: ...
    def speech_failed(self, key: int, message: str, now: float) -> list[Effect]: ...
    def supply_transcript(self, key: int, recognized: Recognized, now: float) -> list[Effect]: ...


class Voice(Protocol):
    """Who speaks the words of a session."""

    def at_hand(self, request: SpeechRequest) -> Speech | None:
        """Words that need not be spoken any more."""

    def speak(self, request: SpeechRequest, done: Callable[[Spoken], None]) -> None:
        """Have words spoken elsewhere; ``done`` is called in the loop, later."""


class Hearing(Protocol):
    """Who listens to the turns of a session."""

    def listen(
        self, request: RecognitionRequest, done: Callable[[Recognized | Exception], None]
    ) -> "Future[Recognized]":
        """Have a turn listened to elsewhere; ``done`` is called in the loop, later."""


class Begun(msgspec.Struct, frozen=True):
    """A conversation, where it is written down, and who speaks and listens in it."""

    session: Conversation
    journal: ConnectionJournal
    voice: Voice
    decode: Decoder = decode_client
    hearing: Hearing | None = None
    """None where the script alone says what was said."""


class House(Protocol):
    """What connections need of the server that they belong to."""

    clock: Clock

    def answer(self, request: Request) -> Response | Admitted:
        """What a request gets: a page, a refusal, or a session."""

    def begin(self, admitted: Admitted, target: str, now: float) -> Begun:
        """A new conversation, starting now. ``target``: path and query, without secrets."""

    def crashed(self, error: BaseException) -> None:
        """Something of ours, or of a script, has failed."""

    def joined(self, connection: "Connection") -> None:
        """A connection was made."""

    def left(self, connection: "Connection") -> None:
        """It is gone."""


class Connection:
    """One client."""

    def __init__(self, transport: Transport, house: House) -> None:
        self._transport = transport
        self._house = house
        self._clock = house.clock
        self._begun: Begun | None = None
        self._admitted: Admitted | None = None
        self._target = ""
        self._request: Request | None = None
        self._over = False
        """The conversation has ended; the connection may take a while longer."""
        self._inbox: deque[bytes] = deque()
        self._spoken: deque[tuple[int, Spoken | Recognized]] = deque()
        self._listening: set[Future[Recognized]] = set()
        """Turns that nobody needs to listen to any more when the conversation is over."""
        self._effects: deque[Effect] = deque()
        self._outgoing: list[Message | ReadyFrames] = []
        self._lent: list[ReadyFrames] = []
        """Those among them."""
        self._outgoing_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        house.joined(self)

    def leave(self, code: int, reason: str) -> None:
        """End the conversation from our side."""
        self._end()
        self._transport.close(code, reason)

    def drop(self) -> None:
        """End the connection at once."""
        self._end()
        self._transport.drop()

    @property
    def due(self) -> float:
        """When there is something to do again, if nothing comes; infinity when there is not, or nobody reads it."""
        return math.inf if self._timer is None else self._timer_due

    def time_has_passed(self) -> None:
        """The clock was set forward."""
        self._turn()

    # ---- what the transport reports

    def requested(self, request: Request) -> Response | None:
        try:
            answer = self._house.answer(request)
        except Exception as error:
            self._house.crashed(error)
            return refusal(Refused(500, "internal error"))
        if isinstance(answer, Response):
            return answer
        self._admitted, self._target, self._request = answer, shown(request.path), request
        return None

    def opened(self) -> None:
        self._turn()

    def received(self, messages: list[bytes]) -> None:
        self._inbox.extend(messages)
        self._turn()

    def noted(self, code: str, message: str) -> None:
        if self._begun is not None:
            self._begun.journal.remark(Remark("noted", message, code=code), self._clock.now())

    def writable_again(self) -> None:
        self._turn()

    def closed(self, closing: Closing) -> None:
        self._end()
        if self._begun is not None:
            self._begun.journal.note_end(
                closing.code, closing.reason, closing.by, self._clock.now(), unanswered=closing.unanswered
            )
        self._house.left(self)

    # ---- what comes from elsewhere

    def _deadline_has_come(self) -> None:
        self._timer = None
        self._turn()

    def _words_were_spoken(self, key: int, spoken: Spoken | Recognized) -> None:
        self._spoken.append((key, spoken))
        self._turn()

    def _turn_was_heard(self, key: int, understood: Recognized | Exception) -> None:
        if isinstance(understood, Exception):
            self._house.crashed(understood)
            understood = Recognized()
        self._words_were_spoken(key, understood)

    def _push(self, event: ServerEvent | JsonObject) -> None:
        self._effects.append(Send(event) if isinstance(event, ServerEvent) else SendRaw(event))
        self._turn()

    # ---- one turn

    def _turn(self) -> None:
        if self._over:
            return
        try:
            self._do_what_is_to_be_done(self._clock.now())
        except Exception as error:
            self._house.crashed(error)
            self._send_outgoing()
            self.leave(1011, "internal error")

    def _do_what_is_to_be_done(self, now: float) -> None:
        begun = self._begun or self._begin(now)
        advanced = False
        while self._perform(begun, now):
            if self._spoken:
                self._effects += self._take_spoken(begun.session, now)
            elif self._inbox:
                self._hear(begun, now)
            elif not advanced:
                advanced = True
                self._effects += begun.session.advance(now)
            else:
                break
        self._send_outgoing()
        if not self._over:
            self._set_timer(begun.session, now)

    def _begin(self, now: float) -> Begun:
        assert self._admitted is not None, "the transport opened without a request"
        assert self._request is not None
        begun = self._begun = self._house.begin(self._admitted, self._target, now)
        begun.journal.record(self._request.path, self._request.headers.raw_items())
        loop = asyncio.get_running_loop()
        begun.journal.send = lambda event: loop.call_soon_threadsafe(self._push, event)
        self._effects += begun.session.open(now)
        return begun

    def _hear(self, begun: Begun, now: float) -> None:
        """Take messages until one has consequences."""
        inbox, note, receive, decode = self._inbox, begun.journal.note, begun.session.receive, begun.decode
        while inbox:
            message = inbox.popleft()
            event = decode(message)
            note("client", event, now, len(message), message)
            effects = receive(event, now)
            if effects:
                self._effects += effects
                return

    def _take_spoken(self, session: Conversation, now: float) -> list[Effect]:
        key, spoken = self._spoken.popleft()
        if isinstance(spoken, Speech):
            return session.supply(key, spoken, now)
        if isinstance(spoken, Recognized):
            return session.supply_transcript(key, spoken, now)
        self._house.crashed(spoken)
        message = str(spoken) if isinstance(spoken, VlmockError) else "internal error"
        return session.speech_failed(key, message, now)

    def _set_timer(self, session: Conversation, now: float) -> None:
        due = session.next_deadline() if self._transport.writable else None
        if self._timer is not None:
            if due == self._timer_due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer_due = due
            self._timer = asyncio.get_running_loop().call_later(max(0.0, due - now), self._deadline_has_come)

    # ---- effects

    def _perform(self, begun: Begun, now: float) -> bool:
        """Perform effects; False when there is nothing more to be done in this turn, because the client does not read
        or because it was the last."""
        effects = self._effects
        while effects and self._transport.writable:
            effect = effects.popleft()
            if type(effect) is Send:
                self._put(effect.event, encode(effect.event), begun, now)
            elif type(effect) is Deltas:
                if rest := self._put_deltas(effect, begun, now):
                    effects.appendleft(rest)
            else:
                _PERFORMERS[type(effect)](self, effect, begun, now)
            if self._outgoing_bytes >= _GROUP_BYTES:
                self._send_outgoing()
        return self._transport.writable and not self._over

    def _put(self, event: ServerEvent | JsonObject, message: bytes, begun: Begun, now: float) -> None:
        size = len(message)
        begun.journal.note("server", event, now, size, message)
        self._outgoing.append((size, (message,)))
        self._outgoing_bytes += size

    def _put_deltas(self, deltas: Deltas, begun: Begun, now: float) -> Deltas | None:
        """Those that are left when the client does not read any more."""
        ready = self._transport.ready(deltas)
        if ready is None or ready.payload_bytes > _GROUP_BYTES:
            return self._put_one_by_one(deltas, begun, now)
        ready.waiting = True
        self._lent.append(ready)
        self._outgoing.append(ready)
        self._outgoing_bytes += ready.payload_bytes
        begun.journal.note_deltas(deltas, now, ready.sizes)
        return None

    def _put_one_by_one(self, deltas: Deltas, begun: Begun, now: float) -> Deltas | None:
        """The same, each delta in a message of its own."""
        sizes: list[int] = []
        for message in encode_deltas(deltas):
            self._outgoing.append(message)
            self._outgoing_bytes += message[0]
            sizes.append(message[0])
            if self._outgoing_bytes >= _GROUP_BYTES:
                self._send_outgoing()
                if not self._transport.writable:
                    break
        sent, left = (deltas, None) if len(sizes) == len(deltas.deltas) else deltas.parted(len(sizes))
        begun.journal.note_deltas(sent, now, sizes)
        return left

    def _perform_send_raw(self, effect: SendRaw, begun: Begun, now: float) -> None:
        self._put(effect.event, msgspec.json.encode(effect.event), begun, now)

    def _perform_send_frame(self, effect: SendFrame, begun: Begun, now: float) -> None:
        self._put(effect.event, effect.message, begun, now)

    def _perform_close(self, effect: Close, begun: Begun, now: float) -> None:
        self._send_outgoing()
        self.leave(effect.code, effect.reason)

    def _perform_synthesize(self, effect: Synthesize, begun: Begun, now: float) -> None:
        speech = begun.voice.at_hand(effect.request)
        if speech is not None:
            self._spoken.append((effect.key, speech))
        else:
            begun.voice.speak(effect.request, lambda spoken: self._words_were_spoken(effect.key, spoken))

    def _perform_recognize(self, effect: Recognize, begun: Begun, now: float) -> None:
        assert begun.hearing is not None, "nobody listens"
        listening = begun.hearing.listen(effect.request, lambda heard: self._turn_was_heard(effect.key, heard))
        self._listening = {other for other in self._listening if not other.done()} | {listening}

    def _perform_remark(self, effect: Remark, begun: Begun, now: float) -> None:
        begun.journal.remark(effect, now)

    def _send_outgoing(self) -> None:
        if self._outgoing:
            outgoing, self._outgoing, self._outgoing_bytes = self._outgoing, [], 0
            self._transport.send(outgoing)
            self._give_back()

    def _give_back(self) -> None:
        while self._lent:
            self._lent.pop().waiting = False

    def _end(self) -> None:
        if self._begun is not None and not self._over:
            self._begun.session.close()
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for waiting in (self._inbox, self._spoken, self._effects):
            waiting.clear()
        self._give_back()
        for listening in self._listening:
            listening.cancel()


_PERFORMERS: Final[dict[type, Callable[[Connection, Any, Begun, float], None]]] = {
    SendRaw: Connection._perform_send_raw,
    SendFrame: Connection._perform_send_frame,
    Close: Connection._perform_close,
    Synthesize: Connection._perform_synthesize,
    Recognize: Connection._perform_recognize,
    Remark: Connection._perform_remark,
}
