"""What a TCP server answers a client that dials it, written by hand, and the error that the client makes of it."""

import re

import pytest
from websockets.utils import accept_key

from vlclient.dialling import dial

SECRET = "sesame-0123456789"
KEY = {"api-key": SECRET}
QUERY = "/voice-live/realtime?api-version=2026-07-15&model=gpt-4o"


def saying(*parts: bytes):
    """Says that, whatever it was asked."""

    async def answer(_head, _reader, writer):
        writer.writelines(parts)

    return answer


def http(status: str, body: bytes = b"", *headers: str):
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", ""]
    return saying("\r\n".join(lines).encode(), body)


async def upgraded(head: bytes, writer) -> None:
    key = re.search(rb"sec-websocket-key: *(\S+)", head, re.I)[1].decode()
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-accept: " + accept_key(key).encode() + b"\r\n\r\n"
    )
    await writer.drain()


async def until_the_client_leaves(reader) -> None:
    while await reader.read(4096):
        pass


async def refusal(url: str, kind: type[Exception], **options):
    """The error; it is one line, and holds nothing that is secret."""
    with pytest.raises(kind) as caught:
        await dial(url, **({"headers": KEY} | options))
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    return caught.value
