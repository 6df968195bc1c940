"""Bare ``websockets`` servers, written as its documentation shows: what no emulator built on it can do without.

Run as ``python -m benchmarks.floors KIND``; prints the port that it listens on. Nothing is imported that the kind does
not need, because one of them is a floor for starting up.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

__all__ = ["END", "FRAME_END"]

END = '{"type":"end"}'
"""A server that only listens answers this, and nothing else."""
FRAME_END = b"\n"
"""Parts the frames of a file; JSON from msgspec has none inside."""

Handler: TypeAlias = Callable[[ServerConnection], Awaitable[None]]


async def greet(connection: ServerConnection) -> None:
    """One event, then silence: the floor of starting up and of waiting."""
    await connection.send('{"type":"session.created"}')
    await connection.wait_closed()


async def drop(connection: ServerConnection) -> None:
    """Receives everything and looks at nothing."""
    await connection.send('{"type":"session.created"}')
    async for message in connection:
        if message == END:
            await connection.send(END)


def decode() -> Handler:
    """Receives, and decodes JSON and base64 with msgspec into a typed struct."""
    import msgspec

    class Append(msgspec.Struct, tag_field="type", tag="input_audio_buffer.append"):
        audio: bytes

    class End(msgspec.Struct, tag_field="type", tag="end"):
        pass

    decoder = msgspec.json.Decoder(Append | End)

    async def handle(connection: ServerConnection) -> None:
        await connection.send('{"type":"session.created"}')
        async for message in connection:
            if isinstance(decoder.decode(message), End):
                await connection.send(END)

    return handle


def replay(path: str) -> Handler:
    """Answers each message with the frames of a file: headers and all ready, in one write past the library."""
    from pathlib import Path

    from websockets.frames import Frame, Opcode

    messages = Path(path).read_bytes().split(FRAME_END)
    frames = [Frame(Opcode.TEXT, message).serialize(mask=False) for message in messages]

    async def handle(connection: ServerConnection) -> None:
        await connection.send('{"type":"session.created"}')
        async for _ in connection:
            connection.transport.write(b"".join(frames))

    return handle


def until_closed(handler: Handler) -> Handler:
    """A client that goes without a goodbye is nothing to talk about."""

    async def handle(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await handler(connection)

    return handle


async def run(handler: Handler) -> None:
    async with serve(until_closed(handler), "127.0.0.1", 0, compression=None, max_size=None) as server:
        print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    kind, *arguments = sys.argv[1:]
    makers: dict[str, Callable[..., Handler]] = {
        "greet": lambda: greet,
        "drop": lambda: drop,
        "decode": decode,
        "replay": replay,
    }
    asyncio.run(run(makers[kind](*arguments)))
