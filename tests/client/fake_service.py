"""A service that says what a test wants, where the emulator would behave: one function for each connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.client import service_says as says
from vlmock.protocol.codec import decode_client, encode
from vlmock.protocol.session import ResponseSession, SessionCreated, SessionUpdated
from vlmock.protocol.wire import UNSET, ServerEvent

__all__ = [
    "Caller",
    "Conversation",
    "FakeService",
    "answering",
    "echo",
    "refusing",
    "serving",
    "silent",
    "until",
]


class Caller:
    """A client that is connected, as the service sees it."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.heard: list[Any] = []
        """Every event that it sent so far, as far as anybody has listened."""

    @property
    def request(self) -> Request:
        assert self.connection.request is not None
        return self.connection.request

    async def say(self, *events: ServerEvent | bytes | str) -> None:
        """Without a pause: the client finds them all at once."""
        for event in events:
            await self.connection.send(encode(event) if isinstance(event, ServerEvent) else event, text=True)

    async def hear(self, type: str) -> Any:
        """The next event of that type."""
        while True:
            event = decode_client(await self.connection.recv(decode=False))
            self.heard.append(event)
            if event.type == type:
                return event

    async def greet(self) -> None:
        await self.say(SessionCreated(session=ResponseSession(id="s", model="gpt-4o")))

    async def update(self, **session: Any) -> Any:
        """Accept the next update; what it set is echoed."""
        event = await self.hear("session.update")
        await self.say(echo(event, **session))
        return event

    async def listen(self) -> None:
        """Until the client leaves."""
        with contextlib.suppress(ConnectionClosed):
            await self.hear("nothing of that name")

    def hang_up(self) -> None:
        """Without a word."""
        self.connection.transport.abort()


def echo(event: Any, **session: Any) -> SessionUpdated:
    known = {field.name for field in msgspec.structs.fields(ResponseSession)}
    set_ = {name: value for name in known if (value := getattr(event.session, name, UNSET)) is not UNSET}
    return says.updated(**{**set_, **session})


Conversation = Callable[[Caller], Awaitable[None]]


class FakeService:
    """Where it is, and who called."""

    def __init__(self, server: Server, callers: list[Caller], tried: list[int]) -> None:
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self.callers = callers
        self._tried = tried

    @property
    def attempts(self) -> int:
        """How often somebody asked to be let in."""
        return len(self._tried)


Door = Callable[[int, Request], Response | None]
"""Told the number of the attempt, from 1; a response refuses it."""


def refusing(*statuses: int, **headers: str) -> Door:
    """With one status after the other, then no longer."""

    def door(attempt: int, request: Request) -> Response | None:
        if attempt > len(statuses):
            return None
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return Response(statuses[attempt - 1], "No", Headers({"Content-Length": "0", **fields}), b"")

    return door


@contextlib.asynccontextmanager
async def serving(*conversations: Conversation, door: Door | None = None) -> AsyncIterator[FakeService]:
    """Each connection gets the next conversation, the last one again and again. What fails in one fails the test."""
    callers: list[Caller] = []
    failed: list[BaseException] = []
    tried: list[int] = []

    async def talk(connection: ServerConnection) -> None:
        caller = Caller(connection)
        callers.append(caller)
        try:
            await conversations[min(len(callers), len(conversations)) - 1](caller)
        except ConnectionClosed:
            pass
        except Exception as error:
            failed.append(error)

    def request(connection: ServerConnection, request: Request) -> Response | None:
        tried.append(len(tried) + 1)
        return door(len(tried), request) if door is not None else None

    async with serve(talk, "127.0.0.1", 0, process_request=request, compression=None, close_timeout=0.2) as server:
        yield FakeService(server, callers, tried)
        for caller in callers:
            caller.hang_up()
    if failed:
        raise failed[0]


# ---- conversations that many tests need


async def answering(caller: Caller) -> None:
    """Accepts every update, and says nothing else."""
    await caller.greet()
    while True:
        await caller.update()


async def silent(caller: Caller) -> None:
    """Greets, and only listens."""
    await caller.greet()
    await caller.listen()


async def until(condition: Callable[[], object], *, within_s: float = 30.0) -> None:
    """Turn by turn of the loop, for what cannot be waited for."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - another thread, or the other end of a socket, makes it true
            await asyncio.sleep(0.001)
