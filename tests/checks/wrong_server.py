"""A server that is wrong in a chosen way: a proxy before the emulator that tampers with what passes.

A fault is a class; each connection gets an object of its own, which sees every event on its way and says what to pass
on in its place.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, ClassVar, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request, Response

__all__ = ["Event", "Fault", "wrong"]

Event = dict[str, Any]

_NOT_PASSED_ON: Final = ("upgrade", "connection", "host", "user-agent")


class Fault:
    """One connection without any."""

    close_code: ClassVar[int | None] = None
    """With which to answer a goodbye; None: as it came."""
    binary: ClassVar[bool] = False
    """Send events in binary frames."""

    def to_client(self, event: Event) -> Iterable[Event]:
        """What comes in the place of an event of the server."""
        yield event

    def to_server(self, event: Event) -> Iterable[Event]:
        """What comes in the place of an event of the client."""
        yield event

    def late(self) -> Iterable[Event]:
        """What the client gets when it has said something, before anything is passed on."""
        return ()

    def answer(self, refused: Response) -> Response:
        """What is answered where the emulator refuses the upgrade."""
        return refused


@contextlib.asynccontextmanager
async def wrong(kind: type[Fault], upstream: str) -> AsyncIterator[str]:
    """Serve with this fault, before the emulator at ``upstream``; the address to dial in its place."""
    dialled: dict[ServerConnection, ClientConnection] = {}

    async def requested(client: ServerConnection, request: Request) -> Response | None:
        headers = {name: value for name, value in request.headers.raw_items() if _passes(name)}
        try:
            dialled[client] = await connect(
                upstream.replace("http", "ws", 1) + request.path,
                additional_headers=headers,
                compression=None,
                max_size=None,
                proxy=None,
            )
        except InvalidStatus as refused:
            answer = refused.response
            kept = Headers((name, value) for name, value in answer.headers.raw_items() if name != "Connection")
            return kind().answer(Response(answer.status_code, answer.reason_phrase, kept, bytes(answer.body or b"")))
        return None

    async def talk(client: ServerConnection) -> None:
        server, fault = dialled.pop(client), kind()
        if fault.close_code is not None:
            _answer_goodbyes_with(client, fault.close_code)
        async with server:
            to_server = asyncio.create_task(_to_server(client, server, fault))
            try:
                await _to_client(client, server, fault)
            finally:
                to_server.cancel()
                await asyncio.gather(to_server, return_exceptions=True)

    async with serve(
        talk,
        "127.0.0.1",
        0,
        process_request=requested,
        select_subprotocol=lambda connection, offered: None,
        compression=None,
        max_size=None,
        close_timeout=0.2,
    ) as served:
        yield f"http://127.0.0.1:{next(iter(served.sockets)).getsockname()[1]}"


async def _to_client(client: ServerConnection, server: ClientConnection, fault: Fault) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for message in server:
            for event in fault.to_client(json.loads(message)):
                text = json.dumps(event)
                await client.send(text.encode() if fault.binary else text)
    await client.close(server.close_code or 1011, server.close_reason or "")


async def _to_server(client: ServerConnection, server: ClientConnection, fault: Fault) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for message in client:
            for event in fault.late():
                await client.send(json.dumps(event))
            for passed in _passed(message, fault):
                await server.send(passed)
    await server.close(1000)


def _passed(message: str | bytes, fault: Fault) -> Iterator[str | bytes]:
    """What is no event goes through as it is."""
    try:
        event = json.loads(message)
    except ValueError:
        event = None
    if isinstance(message, str) and isinstance(event, dict) and isinstance(event.get("type"), str):
        for each in fault.to_server(event):
            yield message if each is event else json.dumps(each)
    else:
        yield message


def _answer_goodbyes_with(client: ServerConnection, code: int) -> None:
    """The library always answers with what came."""
    send = client.protocol.send_frame

    def tampering(frame: Frame) -> None:
        send(Frame(Opcode.CLOSE, Close(code, "").serialize()) if frame.opcode is Opcode.CLOSE else frame)

    client.protocol.send_frame = tampering  # type: ignore[method-assign]


def _passes(name: str) -> bool:
    return name.lower() not in _NOT_PASSED_ON and not name.lower().startswith("sec-websocket")
