"""One connection of a check: raw events both ways, every frame kept, nothing done by itself."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
from websockets import exceptions as ws
from websockets.asyncio.client import ClientConnection

__all__ = ["Closed", "Event", "Seen", "Silence", "Wire"]

Event = dict[str, Any]
_CLOSE_S: Final = 5.0
_SHOWN: Final = 10


class Seen(msgspec.Struct, frozen=True):
    """One frame, or the end."""

    connection: int
    """Which of the check's connections, counting from 1."""
    at: float
    """Seconds since the check began."""
    source: Literal["client", "server", "note"]
    body: Any
    """A JSON value; for notes and for what is no JSON, text."""


class Closed(Exception):
    """The server ended the connection."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(f"the connection was closed with code {code} ({reason or 'no reason given'})")


class Silence(Exception):
    """What was waited for did not come."""

    def __init__(self, wanted: str, seconds: float, came: list[str]) -> None:
        self.wanted = wanted
        self.came = came
        shown = ", ".join(came[-_SHOWN:]) or "nothing"
        super().__init__(f"{wanted} within {seconds:g} s; what came: {'…, ' if len(came) > _SHOWN else ''}{shown}")


class Wire:
    """Sends what it is told to, and hands out what comes, in order."""

    def __init__(
        self, connection: ClientConnection, *, number: int, frames: list[Seen], began: float, patience_s: float
    ) -> None:
        """``frames``: all those of the check, to be added to. ``patience_s``: how long to wait where nobody says."""
        self._connection = connection
        self._number = number
        self._frames = frames
        self._began = began
        self._patience_s = patience_s
        self.path = connection.request.path if connection.request else ""
        self.response_headers = dict(connection.response.headers.raw_items()) if connection.response else {}

    # ---- to the server

    async def send(self, event: Mapping[str, Any]) -> int:
        """One event as it stands; nothing is added. The number of its frame."""
        return await self.send_text(json.dumps(event, ensure_ascii=False, separators=(",", ":")), event)

    async def send_text(self, text: str, shown: object = None) -> int:
        """Any text."""
        number = self._note("client", text if shown is None else shown)
        try:
            await self._connection.send(text)
        except ws.ConnectionClosed:
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
        await self._connection.close(code)

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
        try:
            event = json.loads(message)
        except ValueError:
            event = message if isinstance(message, str) else f"<{len(message)} bytes>"
        self._note("server", event)
        return event if isinstance(event, dict) else {"type": "(no event)", "body": event}

    async def until(
        self, type: str, *, where: Callable[[Event], bool] = lambda event: True, seconds: float | None = None
    ) -> list[Event]:
        """Everything up to the next event of this type, which comes last. Raises Silence, Closed."""
        seconds = self._patience_s if seconds is None else seconds
        ends = time.monotonic() + seconds
        events: list[Event] = []
        while not events or events[-1].get("type") != type or not where(events[-1]):
            left = max(0.0, ends - time.monotonic())
            try:
                events.append(await self.receive(seconds=left))
            except Silence:
                raise Silence(type, seconds, [str(event.get("type")) for event in events]) from None
        return events

    async def next(
        self, type: str, *, where: Callable[[Event], bool] = lambda event: True, seconds: float | None = None
    ) -> Event:
        """The next event of this type; what comes before it is passed over. Raises Silence, Closed."""
        return (await self.until(type, where=where, seconds=seconds))[-1]

    async def for_a_while(self, seconds: float) -> list[Event]:
        """Everything that comes within this time. Raises Closed."""
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
        return [str(seen.body.get("type")) if isinstance(seen.body, dict) else str(seen.body) for seen in own]

    def _note(self, source: Literal["client", "server", "note"], body: object) -> int:
        self._frames.append(Seen(self._number, time.monotonic() - self._began, source, body))
        return len(self._frames)

    def _closed(self) -> Closed:
        closed = Closed(self._connection.close_code or 1006, self._connection.close_reason or "")
        self._note("note", str(closed))
        return closed
