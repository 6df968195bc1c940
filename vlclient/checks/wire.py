"""One connection of a check: raw events both ways, every frame kept, nothing done by itself."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
from websockets import exceptions as ws
from websockets.asyncio.client import ClientConnection

from vlmock.protocol.shown import on_one_line

__all__ = ["Closed", "Event", "Missing", "Seen", "Silence", "Wire"]

_CLOSE_S: Final = 12.0
_NO_PONG: Final = 1011
"""What the library says when the other side answers no pings any more; from its own mouth it means nothing else."""
_SHOWN: Final = 10
_MOST_OF_A_TEXT: Final = 60


class Seen(msgspec.Struct, frozen=True):
    """One frame, or the end, as reports may show it."""

    connection: int
    """Which of the check's connections, counting from 1."""
    at: float
    """Seconds since the check began."""
    source: Literal["client", "server", "note"]
    body: Any
    """A JSON value; for notes and for what is no JSON, text."""


class Missing(Exception):
    """An object of the server's lacks a member that every client reads."""

    def __init__(self, member: str, there: list[str]) -> None:
        self.member, self.there = member, there
        super().__init__(f"a member {member!r} is missing; there are {', '.join(there) or 'none'}")


class Event(dict[str, Any]):
    """An event, or any object in one. ``event["x"]`` without an ``x`` raises Missing, which falsifies the requirement;
    ``event.get("x")`` does not."""

    def __missing__(self, member: str) -> Any:
        raise Missing(member, list(self))


class Closed(Exception):
    """The server ended the connection."""

    def __init__(self, code: int, reason: str, *, lost: bool = False) -> None:
        self.code, self.reason = code, reason
        self.lost = lost
        """Without a goodbye from either side."""
        super().__init__(f"the connection was closed with code {code} ({reason or 'no reason given'})")


class Silence(Exception):
    """What was waited for did not come."""

    def __init__(self, wanted: str, seconds: float, came: list[str]) -> None:
        self.wanted = wanted
        self.came = came
        self.seconds = seconds
        super().__init__(f"waited {seconds:g} s for {wanted}; what came: {self.what_came}")

    @property
    def what_came(self) -> str:
        """The last few of them."""
        return ("…, " if len(self.came) > _SHOWN else "") + (", ".join(self.came[-_SHOWN:]) or "nothing")


class Wire:
    """Sends what it is told to, and hands out what comes, in order."""

    def __init__(
        self,
        connection: ClientConnection,
        *,
        number: int,
        frames: list[Seen],
        shown: Callable[[Seen], Seen],
        began: float,
        patience_s: float,
        quiet_s: float,
    ) -> None:
        """``frames``: all those of the check, to be added to, made fit for reports by ``shown``. ``patience_s``: how
        long nothing may come while something is waited for. ``quiet_s``: how long to watch that nothing comes."""
        self._connection = connection
        self._number = number
        self._frames, self._shown = frames, shown
        self._began = began
        self._patience_s, self._quiet_s = patience_s, quiet_s
        self.lost = False
        """It ended without a goodbye from either side: the network's fault, or the server's."""
        self.path = connection.request.path if connection.request else ""
        self.response_headers = dict(connection.response.headers.raw_items()) if connection.response else {}

    # ---- to the server

    async def send(self, event: Mapping[str, Any]) -> int:
        """One event as it stands; nothing is added. The number of its frame."""
        return await self.send_text(json.dumps(event, ensure_ascii=False, separators=(",", ":")), event)

    async def send_text(self, text: str, shown: object = None) -> int:
        """Any text."""
        return await self._send(text, text if shown is None else shown)

    async def send_bytes(self, frame: bytes, *, as_text: bool = False) -> int:
        """Any bytes in a binary frame, or in one that says that they are text."""
        return await self._send(frame, f"<{frame!r} in a {'text' if as_text else 'binary'} frame>", as_text=as_text)

    async def _send(self, frame: str | bytes, shown: object, *, as_text: bool | None = None) -> int:
        number = self._note("client", shown)
        try:
            await self._connection.send(frame, text=as_text)
        except (
            ws.ConnectionClosed,
            AttributeError,
        ):  # the latter of an asyncio whose transport ended as it was written
            raise self._closed() from None
        return number

    async def ping(self) -> None:
        """Send a ping and wait for its pong. Raises Silence, Closed."""
        try:
            pong = await self._connection.ping()
            await asyncio.wait_for(pong, self._patience_s)
        except TimeoutError:
            raise Silence("a pong", self._patience_s, self._types()) from None
        except ws.ConnectionClosed:
            raise self._closed() from None

    async def close(self, code: int = 1000) -> None:
        """Say goodbye and wait for the answer. Safe to call again."""
        self._note("note", f"the client closes with {code}")
        await self._connection.close(code)
        self._note("note", f"closed with {self._connection.close_code}")

    # ---- from the server

    async def receive(self, *, seconds: float | None = None, wanted: str = "an event") -> Event:
        """The next event. Raises Silence, Closed."""
        seconds = self._patience_s if seconds is None else seconds
        try:
            message = await asyncio.wait_for(self._connection.recv(), seconds)
        except TimeoutError:
            raise Silence(wanted, seconds, self._types()) from None
        except ws.ConnectionClosed:
            raise self._closed() from None
        body = _read(message)
        number = self._note("server", body)
        return body if isinstance(body, Event) else Event(type=_kind(self._frames[number - 1].body), body=body)

    async def until(
        self, type: str, *, where: Callable[[Event], bool] = lambda event: True, seconds: float | None = None
    ) -> list[Event]:
        """Everything up to the next event of this type, which comes last. Raises Silence, Closed."""
        return await self._up_to(lambda event: event.get("type") == type and where(event), type, seconds)

    async def until_any(self, *types: str) -> list[Event]:
        """Everything up to the next event of one of these types, which comes last. Raises Silence, Closed."""
        return await self._up_to(lambda event: event.get("type") in types, " or ".join(types), None)

    async def _up_to(self, where: Callable[[Event], bool], wanted: str, seconds: float | None) -> list[Event]:
        longest_s = self._patience_s if seconds is None else seconds
        ends = time.monotonic() + longest_s
        events: list[Event] = []
        while not events or not where(events[-1]):
            left_s = longest_s if seconds is None else max(0.0, ends - time.monotonic())
            try:
                events.append(await self.receive(seconds=left_s))
            except Silence:
                raise Silence(wanted, longest_s, [_kind(event) for event in events]) from None
        return events

    async def next(
        self, type: str, *, where: Callable[[Event], bool] = lambda event: True, seconds: float | None = None
    ) -> Event:
        """The next event of this type; what comes before it is passed over. Raises Silence, Closed."""
        return (await self.until(type, where=where, seconds=seconds))[-1]

    async def first(self, where: Callable[[Event], bool], wanted: str, *, seconds: float | None = None) -> Event:
        """The next event of which this holds, ``wanted`` in words; others are passed over. Raises Silence, Closed."""
        return (await self._up_to(where, wanted, seconds))[-1]

    async def for_a_while(self, seconds: float | None = None) -> list[Event]:
        """Everything that comes within this time; None: as long as a server needs to show what it should not. Raises
        Closed."""
        seconds = self._quiet_s if seconds is None else seconds
        ends = time.monotonic() + seconds
        events: list[Event] = []
        while (left := ends - time.monotonic()) > 0:
            try:
                events.append(await self.receive(seconds=left))
            except Silence:
                break
        return events

    async def end(self, *, seconds: float = _CLOSE_S) -> Closed:
        """How the server ends the connection, whatever it says before. Raises Silence."""
        ends = time.monotonic() + seconds
        try:
            while True:
                await self.receive(seconds=max(0.0, ends - time.monotonic()), wanted="the end of the connection")
        except Closed as closed:
            return closed

    # ---- what was seen

    @property
    def last(self) -> int:
        """The number of the last frame."""
        return len(self._frames)

    def _types(self) -> list[str]:
        own = [seen for seen in self._frames if seen.connection == self._number and seen.source == "server"]
        return [_kind(seen.body) for seen in own]

    def _note(self, source: Literal["client", "server", "note"], body: object) -> int:
        self._frames.append(self._shown(Seen(self._number, time.monotonic() - self._began, source, body)))
        return len(self._frames)

    def _closed(self) -> Closed:
        connection, protocol = self._connection, self._connection.protocol
        unanswered = protocol.close_sent is None or protocol.close_sent.code == _NO_PONG
        self.lost = protocol.close_rcvd is None and unanswered
        closed = Closed(connection.close_code or 1006, connection.close_reason or "", lost=self.lost)
        self._note("note", str(closed))
        return closed


def _kind(body: Any) -> str:
    """The type of an event; of what is none, as reports may show it, how it begins."""
    if isinstance(body, dict):
        return str(body.get("type", "(an object without a type)"))
    text = on_one_line(str(body))
    return f"(no event: {text if len(text) <= _MOST_OF_A_TEXT else f'{text[:_MOST_OF_A_TEXT]}…'})"


def _read(message: str | bytes) -> Any:
    """Observed, behaviour 1.3: the service sends text and nothing else, so what is binary is no event."""
    if isinstance(message, bytes):
        return f"<{len(message)} bytes in a binary frame>"
    try:
        return json.loads(message, object_hook=Event)
    except ValueError:
        return message
