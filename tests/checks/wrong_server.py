"""A server that is wrong in a chosen way: a proxy before the emulator that tampers with what passes.

A fault is a class; each connection gets an object of its own, which sees every event on its way and says what to pass
on in its place. ``lies`` has those that are told by a type and a member.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final, Literal, TypeAlias

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request, Response

__all__ = ["Door", "Event", "Fault", "Lie", "wrong"]

Event = dict[str, Any]

_NOT_PASSED_ON: Final = ("upgrade", "connection", "host", "user-agent")
_GOOD: Final = "/voice-live/realtime?api-version=2026-07-15&model=gpt-4o&api-key=any"
"""What every emulator lets in that was told nothing else."""


class Fault:
    """One connection without any."""

    goodbye: int | None = None
    """With which code to answer a goodbye; 1006: not at all; None: as it came."""
    binary = False
    """Send events in binary frames."""
    deaf: Literal["", "to bytes", "to no text"] = ""
    """Do not hear binary frames, or text frames that are no text."""

    def to_client(self, event: Event) -> Iterable[Event | Close]:
        """What comes in the place of an event of the server; a ``Close`` ends the connection."""
        yield event

    def to_server(self, event: Event) -> Iterable[Event]:
        """What comes in the place of an event of the client."""
        yield event

    def answer(self, event: Event) -> Iterable[Event | Close]:
        """What the client gets at once for an event, before that is passed on."""
        return ()


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Who gets in, and how."""

    open_to_all: bool = False
    """Whatever is asked for, by whomever."""
    refused: Callable[[Request], int | None] = lambda request: None
    """The status with which a request is turned away; None lets it through to the emulator."""
    status: Callable[[int], int] = lambda status: status
    """What becomes of a refusal of the emulator's."""
    headers: tuple[tuple[str, str], ...] = ()
    """That an upgrade is answered with as well."""
    pongs: bool = True
    most_bytes: int | None = None
    """In a frame."""


class Lie(msgspec.Struct, frozen=True):
    """How a server is wrong."""

    fault: Callable[[], Fault] = Fault
    """Made for each connection."""
    door: Door = Door()


_Dialled: TypeAlias = dict[ServerConnection, ClientConnection]


@contextlib.asynccontextmanager
async def wrong(lie: Lie, upstream: str) -> AsyncIterator[str]:
    """Serve with this lie, before the emulator at ``upstream``; the address to dial in its place."""
    dialled: _Dialled = {}

    async def requested(client: ServerConnection, request: Request) -> Response | None:
        return await _let_in(dialled, lie.door, upstream.replace("http", "ws", 1), client, request)

    async def talk(client: ServerConnection) -> None:
        server, fault = dialled.pop(client), lie.fault()
        _tamper_with_frames(client, fault.goodbye, pongs=lie.door.pongs)
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
        process_response=lambda client, request, response: response.headers.update(lie.door.headers),
        select_subprotocol=lambda connection, offered: None,
        compression=None,
        max_size=lie.door.most_bytes,
        close_timeout=0.2,
    ) as served:
        yield f"http://127.0.0.1:{next(iter(served.sockets)).getsockname()[1]}"


async def _let_in(
    dialled: _Dialled, door: Door, upstream: str, client: ServerConnection, request: Request
) -> Response | None:
    if status := door.refused(request):
        return _refusal(status)
    headers = {name: value for name, value in request.headers.raw_items() if _passes(name)}
    try:
        dialled[client] = await connect(
            upstream + (_GOOD if door.open_to_all else request.path),
            additional_headers={} if door.open_to_all else headers,
            compression=None,
            max_size=None,
            proxy=None,
        )
    except InvalidStatus as refused:
        answer = refused.response
        if (status := door.status(answer.status_code)) != answer.status_code:
            return _refusal(status)
        kept = Headers((name, value) for name, value in answer.headers.raw_items() if name != "Connection")
        return Response(answer.status_code, answer.reason_phrase, kept, bytes(answer.body or b""))
    return None


def _refusal(status: int) -> Response:
    """As short as can be; a redirect leads to where one could sign in."""
    place = {"Location": "https://login.example.org/"} if 300 <= status < 400 else {}
    return Response(status, "No", Headers({**place, "Content-Length": "0"}), b"")


async def _to_client(client: ServerConnection, server: ClientConnection, fault: Fault) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for message in server:
            await _say(client, fault, fault.to_client(json.loads(message)))
    await client.close(server.close_code or 1011, server.close_reason or "")


async def _to_server(client: ServerConnection, server: ClientConnection, fault: Fault) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            any_text = fault.deaf == "to no text"
            message = await client.recv(decode=False if any_text else None)
            event = _event(message) if any_text or isinstance(message, str) else None
            if event is None:  # what is no event goes through as it is
                if not fault.deaf:
                    await server.send(message)
                continue
            await _say(client, fault, fault.answer(event))
            for each in fault.to_server(event):
                await server.send(message if each is event else json.dumps(each), text=True)
    await server.close(1000)


async def _say(client: ServerConnection, fault: Fault, said: Iterable[Event | Close]) -> None:
    for each in said:
        if isinstance(each, Close):
            await client.close(each.code, each.reason)
        else:
            text = json.dumps(each)
            await client.send(text.encode() if fault.binary else text)


def _event(message: str | bytes) -> Event | None:
    try:
        event = json.loads(message)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("type"), str) else None


def _tamper_with_frames(client: ServerConnection, goodbye: int | None, *, pongs: bool) -> None:
    """The library always answers a goodbye with what came, and a ping with a pong."""
    send = client.protocol.send_frame

    def tampering(frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE and goodbye == 1006:
            client.transport.abort()
        elif frame.opcode is Opcode.CLOSE and goodbye is not None:
            send(Frame(Opcode.CLOSE, Close(goodbye, "").serialize()))
        elif frame.opcode is not Opcode.PONG or pongs:
            send(frame)

    client.protocol.send_frame = tampering  # type: ignore[method-assign]


def _passes(name: str) -> bool:
    return name.lower() not in _NOT_PASSED_ON and not name.lower().startswith("sec-websocket")
