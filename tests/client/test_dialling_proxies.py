"""A WebSocket through a proxy, as the environment says."""

import asyncio
import socket
from urllib.parse import urlsplit

import pytest

import vlmock
from tests.client.plain_answers import KEY, QUERY, SECRET, refusal
from vlclient.dialling import dial
from vlclient.errors import CouldNotReach

pytestmark = pytest.mark.usefixtures("nothing_of_the_machine")


async def proxy_to(answering, port: int | None, seen: list[bytes]) -> int:
    """A proxy that leads to that port wherever it is asked to lead; to none, it refuses."""

    async def copied(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def answer(head, reader, writer):
        seen.append(head)
        if port is None:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        back, on = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(copied(reader, on), copied(back, writer))

    return await answering(answer)


async def test_a_proxy_is_used_as_the_environment_says(answering, monkeypatch):
    """It sees the host, and neither path nor key."""
    seen: list[bytes] = []
    with vlmock.serve() as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{await proxy_to(answering, server.port, seen)}")
        connection = await dial(f"ws://voice.example{QUERY}", headers=KEY)
        assert b"session.created" in await connection.receive()
        await connection.close()
    assert seen[0].startswith(b"CONNECT voice.example:80 ")
    assert SECRET.encode() not in seen[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_this_machine_is_never_asked_for_through_a_proxy(answering, monkeypatch, host):
    """A company's proxy would look for it on its own machine."""
    seen: list[bytes] = []
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{await proxy_to(answering, None, seen)}")
    with vlmock.serve() as server:
        parts = urlsplit(server.ws_url)
        await (await dial(f"ws://{host}:{parts.port}{QUERY}", headers=KEY)).close()
    assert seen == []


async def test_no_proxy_names_exceptions(answering, monkeypatch):
    """Then it is dialled directly, and the error speaks of no proxy."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{await proxy_to(answering, None, [])}")
    monkeypatch.setenv("NO_PROXY", "voice.example")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: (_ for _ in ()).throw(socket.gaierror()))
    assert "proxy" not in str(await refusal("ws://voice.example/x", CouldNotReach))


async def test_a_proxy_that_refuses_is_said_so(answering, monkeypatch):
    """Without its password, which is in the environment too."""
    port = await proxy_to(answering, None, [])
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{SECRET}@127.0.0.1:{port}")
    error = await refusal("wss://voice.example/x", CouldNotReach)
    assert "the proxy refuses with HTTP 407 (through the proxy that the environment names" in str(error)


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        (f"nonsense://me:{SECRET}@127.0.0.1:1", "the proxy does not work as one"),
        ("socks5://127.0.0.1:1", "pip install python-socks"),
        ("http://127.0.0.1:{closed}", "nobody listens there; is the port right, and the server running? (through the"),
    ],
)
async def test_a_proxy_that_is_none_is_said_so(monkeypatch, proxy, says):
    """The sentence speaks of it, because it is not the service that fails."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", proxy.replace("{closed}", str(reserved.getsockname()[1])))
        error = await refusal("wss://voice.example/x", CouldNotReach)
    assert says in str(error)
    assert "HTTPS_PROXY" in str(error)
    assert SECRET not in repr(error.__cause__)
