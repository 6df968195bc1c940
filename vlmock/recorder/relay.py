"""One client and its connection to the service: every byte is passed on first, and then looked at.

::

    client ── request ──► Relay ── the same, for the service's host ──► service
    client ◄── answer ─── Relay ◄── unchanged ───────────────────────── service
    client ◄── bytes ───► Relay ◄── bytes ────────────────────────────► service

From a copy of the bytes the ``Minutes`` are taken.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

from websockets.http11 import Request, Response

from vlmock.errors import ServerError
from vlmock.recorder.dialling import Dialling, why_not_reached
from vlmock.recorder.ends import End, Side
from vlmock.recorder.handshake import (
    AnswerReader,
    NotHttp,
    RequestReader,
    explanation,
    forwarded,
    health,
    serialized,
)
from vlmock.recorder.minutes import Exchange, Minutes
from vlmock.server.bounds import ReadBuffer
from vlmock.server.pages import wants_upgrade

__all__ = ["House", "Relay"]

_REQUEST_SECONDS: Final = 10.0
"""For a client's request to come."""
_LINGER_SECONDS: Final = 10.0
"""For the second of the two to end the connection, after the first has."""
_EARLY_BYTES: Final = 64 * 1024
"""That a client may send before it is let in."""
_TLS_HELLO: Final = b"\x16\x03"
"""How TLS begins, and no request. Documented: RFC 8446 5.1."""


class House(Protocol):
    """What all relays of one recorder share."""

    dialling: Dialling
    buffer: ReadBuffer

    def open_minutes(self, exchange: Exchange) -> Minutes:
        """The service has answered: begin a recording."""

    def begin(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run something until it ends, or the recorder does."""

    def noted(self, minutes: Minutes) -> None:
        """More waits to be written."""

    def over(self, minutes: Minutes) -> None:
        """Nothing more will be."""

    def arrived(self, end: End) -> None:
        """A client, or the service, is connected."""

    def joined(self, relay: "Relay") -> None:
        """A client has connected."""

    def left(self, relay: "Relay") -> None:
        """Both ends have gone."""

    def health(self) -> dict[str, object]:
        """For whoever asks whether we are there."""

    def complain(self, sentence: str) -> None:
        """Tell whoever started the recorder."""


class Relay:
    """Passes on what comes in at one end to the other. Lives in the loop."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.client = End("client", self, house.buffer)
        self._service: End | None = None
        self._take: dict[Side, Callable[[bytes], None]] = {"client": self._asked, "server": self._answered}
        """What is done with what comes."""
        self._request_reader = RequestReader()
        self._answer_reader = AnswerReader()
        self._early = b""
        """What the client sent behind its request."""
        self._exchange: Exchange | None = None
        self._settled = asyncio.Event()
        """The service has answered, or nobody waits for that any more."""
        self._dialler: asyncio.Task[None] | None = None
        self._minutes: Minutes | None = None
        self._finished: set[Side] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._unsent = 0
        """When it was last looked at, in bytes."""
        self._is_over = False

    # ---- what the recorder asks for

    def stop(self) -> None:
        """Say goodbye to both, where a frame can be put in. What both say from now on goes nowhere."""
        self._take = {"client": _nowhere, "server": _nowhere}
        self._settled.set()
        if self._dialler is not None:
            self._dialler.cancel()
        if self._minutes is not None:
            farewells = self._minutes.stop()
            for end in self._ends():
                end.write(farewells.get(end.side, b""))
        elif self._dialler is not None and not self._answer_reader.released:
            self.client.write(explanation(503, "The recorder is stopping."))
        for end in self._ends():
            end.finish()

    def drop(self) -> None:
        """End both connections at once."""
        for end in self._ends():
            end.drop()

    def hold(self, why: str) -> None:
        """Read from neither end."""
        for end in self._ends():
            end.hold(why)

    def release(self, why: str) -> None:
        """Read again, unless something else is in the way."""
        for end in self._ends():
            end.release(why)

    # ---- what the ends report

    def arrived(self, end: End) -> None:
        self._house.arrived(end)
        if end is self.client:
            self._house.joined(self)
            self._expect(_REQUEST_SECONDS)
        else:
            self._service = end

    def came(self, end: End, data: bytes) -> None:
        self._take[end.side](data)

    def finished(self, end: End) -> bool:
        if self._minutes is None:
            self._finished_early(end)
            return False
        self._first_to_go(end)
        if self._finished == {"client", "server"}:
            for each in self._ends():
                each.close()
            return False
        self._other(end).finish()
        return True

    def clogged(self, end: End, full: bool) -> None:
        other = self._other(end)
        if full:
            other.hold("the other is slow")
        else:
            other.release("the other is slow")

    def gone(self, end: End) -> None:
        if self._minutes is None:
            self._finished_early(end)
        else:
            self._first_to_go(end)
            self._other(end).close()
        if all(each.gone for each in self._ends()):
            self._over()

    # ---- the client asks

    def _asked(self, data: bytes) -> None:
        if self._exchange is None and data.startswith(_TLS_HELLO):
            sentence = (
                "a client speaks TLS to the recorder, which does not: dial http:// or ws://, or record with --tls"
            )
            self._house.complain(sentence)
            return self._refuse(400, "The recorder speaks no TLS: dial http:// or ws://.")
        try:
            request = self._request_reader.feed(data)
        except NotHttp:
            return self._refuse(400, "This is no request that could be passed on: HTTP/1.1, GET, no body.")
        if request is None:
            return None
        if request.path.partition("?")[0].rstrip("/") == "/healthz":
            self.client.write(health(self._house.health()))
            return self.client.finish()
        if not wants_upgrade(request) or not request.path.startswith("/"):
            return self._refuse(426, "The recorder passes on WebSockets, and nothing else.")
        self._early = self._request_reader.rest
        self._take["client"] = self._early_came
        self._dialler = self._house.begin(self._dial(request))
        return None

    def _early_came(self, data: bytes) -> None:
        self._early += data
        if self._service is not None:
            self._service.write(data)
        if len(self._early) > _EARLY_BYTES:
            self.client.hold("the service has not answered")

    async def _dial(self, request: Request) -> None:
        """Ask the service what the client asked, and wait for its answer."""
        dialling = self._house.dialling
        self._expect(None)
        try:
            async with asyncio.timeout(dialling.timeout):
                credential = await dialling.credential.headers()
                target, headers = forwarded(request, dialling.upstream, credential)
                self._exchange = Exchange(request, f"{dialling.upstream.ws_url}{target}", headers)
                service = await dialling.connect(lambda: End("server", self, self._house.buffer))
                service.write(serialized(request, target, headers) + self._early)
                await self._settled.wait()
        except TimeoutError:
            self._fail(504, f"{dialling.upstream} has not answered within {dialling.timeout:g} s")
        except ServerError as error:
            self._fail(502, str(error))
        except OSError as error:
            self._fail(502, why_not_reached(error, dialling.upstream))

    # ---- the service answers

    def _answered(self, data: bytes) -> None:
        self.client.write(self._answer_reader.release(data))
        try:
            self._judge(self._answer_reader.feed(data))
        except NotHttp as error:
            self._not_understood(str(error))

    def _judge(self, response: Response | None) -> None:
        if response is None:
            return
        self._settled.set()
        assert self._exchange is not None
        if response.status_code == 401:
            self._house.dialling.credential.refused()
        self._exchange.answered(response)
        self._minutes = self._house.open_minutes(self._exchange)
        if response.status_code == 101:
            self._open()
        else:
            self._take = {"client": _nowhere, "server": self.client.write}
            for end in self._ends():
                end.finish()

    def _open(self) -> None:
        assert self._service is not None
        self._take = {"client": self._client_said, "server": self._service_said}
        self._minutes_of("client", self._early)
        self._minutes_of("server", self._answer_reader.rest)
        self.client.release("the service has not answered")

    def _client_said(self, data: bytes) -> None:
        assert self._service is not None
        self._service.write(data)
        self._minutes_of("client", data)

    def _service_said(self, data: bytes) -> None:
        self.client.write(data)
        self._minutes_of("server", data)

    def _minutes_of(self, side: Side, data: bytes) -> None:
        if data and self._minutes is not None:
            self._minutes.said(side, data)
            self._house.noted(self._minutes)

    # ---- how it ends

    def _finished_early(self, end: End) -> None:
        """An end goes before the service has answered, or it answers by ending the stream."""
        if end is self.client:
            self._settled.set()
            if self._dialler is not None:
                self._dialler.cancel()
            if self._service is not None:
                self._service.drop()
            self.client.close()
            return
        try:
            self._judge(self._answer_reader.end())
        except (NotHttp, EOFError):
            self._not_understood("it ends too early")

    def _not_understood(self, why: str) -> None:
        if self._settled.is_set():
            return
        upstream = self._house.dialling.upstream
        self._fail(502, f"{upstream} gave no answer that is HTTP/1.1 ({why}); is it the right address?")

    def _fail(self, status: int, sentence: str) -> None:
        """There is no answer of the service's to pass on."""
        self._settled.set()
        self._house.complain(f"a client was turned away with {status}: {sentence}")
        if self._service is not None:
            self._service.drop()
        if self._answer_reader.released:
            self.client.close()
        else:
            self._refuse(status, f"The recorder has no answer of the service for you: {sentence}.")

    def _refuse(self, status: int, sentence: str) -> None:
        self._take["client"] = _nowhere
        self.client.write(explanation(status, sentence))
        self.client.finish()
        self._expect(_LINGER_SECONDS)

    def _first_to_go(self, end: End) -> None:
        assert self._minutes is not None
        self._minutes.leaves(end.side)
        self._finished.add(end.side)
        self._expect(_LINGER_SECONDS)

    def _over(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._expect(None)
        if self._minutes is not None:
            self._minutes.over()
            self._house.over(self._minutes)
        self._house.left(self)

    # ---- the two

    def _ends(self) -> list[End]:
        return [self.client] if self._service is None else [self.client, self._service]

    def _other(self, end: End) -> End:
        assert self._service is not None
        return self.client if end is self._service else self._service

    def _expect(self, seconds: float | None) -> None:
        """Drop everything then, unless something else is expected before; None: wait for ever."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, self._overdue)

    def _overdue(self) -> None:
        """One that still takes what was written to it is waited for."""
        before, self._unsent = self._unsent, sum(end.unsent_bytes for end in self._ends())
        if self._unsent and self._unsent != before:
            self._expect(_LINGER_SECONDS)
        else:
            self.drop()


def _nowhere(data: bytes) -> None:
    """For what nobody gets any more."""
