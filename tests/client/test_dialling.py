"""One WebSocket: opened, used, closed. Source: behaviour 1.2, 1.3, 1.5."""

import asyncio
import contextlib
import logging
import re
import socket
import ssl
import struct
import uuid

import pytest
from websockets.asyncio.server import serve as serve_websocket

import vlmock
from tests.client.plain_answers import KEY, QUERY, SECRET, refusal, until_the_client_leaves, upgraded
from vlclient import dialling
from vlclient.dialling import dial
from vlclient.errors import ConfigurationError, ConnectionClosed, CouldNotReach

pytestmark = pytest.mark.usefixtures("nothing_of_the_machine")


# ---- it works


async def test_a_conversation_with_the_emulator():
    """Text out, text in; whole messages; our close is answered."""
    with vlmock.serve(api_key=SECRET) as server:
        connection = await dial(server.ws_url + QUERY, headers=KEY)
        assert (await connection.receive()).startswith(b'{"type":"session.created"')
        await connection.send(b'{"type":"input_audio_buffer.clear"}')
        assert b'"input_audio_buffer.cleared"' in await connection.receive()
        await connection.close()
        with pytest.raises(ConnectionClosed) as closed:
            await connection.receive()
        assert closed.value.code == 1000
    assert server.problems() == []


async def test_over_tls_it_trusts_whom_it_is_told_to(monkeypatch):
    """A context that is passed, or the file that ``SSL_CERT_FILE`` names."""
    with vlmock.serve(tls=True) as server, monkeypatch.context() as patched:
        patched.delenv("SSL_CERT_FILE", raising=False)
        context = ssl.create_default_context(cafile=server.ca_file)
        await (await dial(server.ws_url + QUERY, headers=KEY, ssl=context)).close()
        error = await refusal(server.ws_url + QUERY, CouldNotReach)
        assert "its certificate is not trusted" in str(error)
        assert "SSL_CERT_FILE" in str(error)
        patched.setenv("SSL_CERT_FILE", str(server.ca_file))
        await (await dial(server.ws_url + QUERY, headers=KEY)).close()


async def test_a_context_for_tls_does_no_harm_to_plain_text():
    """The caller may not know which it will be."""
    with vlmock.serve() as server:
        await (await dial(server.ws_url + QUERY, headers=KEY, ssl=ssl.create_default_context())).close()


async def asked_with(answering, headers) -> dict[str, list[str]]:
    """The headers of a request as they were sent, by lower-case name."""
    seen: dict[str, list[str]] = {}

    async def answer(head, reader, writer):
        for line in head.decode().split("\r\n")[1:-2]:
            name, _, value = line.partition(": ")
            seen.setdefault(name.lower(), []).append(value)
        await upgraded(head, writer)
        await until_the_client_leaves(reader)

    connection = await dial(f"ws://127.0.0.1:{await answering(answer)}/x", headers=headers)
    seen["the socket's"] = [connection.request_id]
    connection.abort()
    return seen


async def test_the_request_says_who_asks_and_gives_the_attempt_a_name(answering):
    """Documented: schema A3. Each attempt has another; no compression is asked for, and no subprotocol."""
    first, second = [await asked_with(answering, KEY) for _ in range(2)]
    assert first["api-key"] == [SECRET]
    assert re.fullmatch(r"vlclient/\d\S*", first["user-agent"][0])
    assert len(first["user-agent"]) == 1
    assert str(uuid.UUID(first["x-ms-client-request-id"][0])) == first["the socket's"][0]
    assert first["x-ms-client-request-id"] != second["x-ms-client-request-id"]
    assert not {"sec-websocket-extensions", "sec-websocket-protocol", "origin"} & set(first)


async def test_the_callers_own_headers_win(answering):
    """In any case, and without doubling them. Documented {SDK}: also for ``User-Agent``."""
    seen = await asked_with(answering, {"User-Agent": "me/1", "X-MS-Client-Request-Id": "mine", "X-More": "a b"})
    assert (seen["user-agent"], seen["x-ms-client-request-id"]) == (["me/1"], ["mine"])
    assert (seen["the socket's"], seen["x-more"]) == (["mine"], ["a b"])


@pytest.mark.parametrize("headers", [{"a\r\nb": "c"}, {"": "c"}, {"a": f"{SECRET}\r\nx: y"}, {"a": f"{SECRET}ü"}])
async def test_a_header_that_would_break_the_request_is_refused(headers):
    """Its value is not repeated."""
    await refusal("ws://127.0.0.1:9/x", ConfigurationError, headers=headers)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "127.0.0.1", "ws://", "ws://127.0.0.1:9/x#y"])
async def test_only_addresses_of_websockets_are_dialled(url):
    """``endpoint.url`` makes them."""
    assert "no address of a WebSocket" in str(await refusal(url, ConfigurationError))


async def test_the_key_is_in_no_log(caplog):
    """websockets writes every header at DEBUG, and people do switch everything on."""
    caplog.set_level(logging.DEBUG)
    with vlmock.serve() as server:
        connection = await dial(server.ws_url + QUERY, headers={"Authorization": f"Bearer {SECRET}"})
        await connection.close()
    assert SECRET not in caplog.text


# ---- messages


@contextlib.asynccontextmanager
async def talking(conversation, **options):
    """A connection to a server that does with it as it likes."""
    async with serve_websocket(conversation, "127.0.0.1", 0, **options) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"


async def test_frames_are_text_and_fragments_are_put_together():
    """Observed: behaviour 8.1 duty 8: as bytes, also where a character is cut in two. A binary frame is read as well
    (Documented {SDK})."""
    heard = []

    async def conversation(connection):
        heard.append(await connection.recv())
        await connection.send([b'"\xc3', b'\xbc"'], text=True)
        await connection.send(b"{}")

    async with talking(conversation) as url:
        connection = await dial(url, headers=KEY)
        await connection.send('"ü"'.encode())
        assert [await connection.receive() for _ in range(2)] == ['"ü"'.encode(), b"{}"]
        await connection.close()
    assert heard == ['"ü"']


async def test_a_message_that_is_too_long_closes_the_connection():
    """With 1009, and both ends know."""
    seen = asyncio.get_running_loop().create_future()

    async def conversation(connection):
        await connection.send("x" * 1000)
        await connection.send("x" * 1001)
        await connection.wait_closed()
        seen.set_result(connection.close_code)

    async with talking(conversation) as url:
        connection = await dial(url, headers=KEY, max_message_bytes=1000)
        assert len(await connection.receive()) == 1000
        with pytest.raises(ConnectionClosed) as closed:
            await connection.receive()
        assert (closed.value.code, await seen) == (1009, 1009)


async def test_messages_are_long_enough_for_audio_that_is_read_back():
    """Observed {BANK, FON}: over 4 MiB, and production apps allow 16 to 32."""

    async def conversation(connection):
        await connection.send("x" * (17 << 20))

    async with talking(conversation) as url:
        connection = await dial(url, headers=KEY)
        assert len(await connection.receive()) == 17 << 20
        await connection.close()


# ---- how it ends


@pytest.mark.parametrize(
    ("code", "reason"), [(1000, ""), (1001, "Your session hit the maximum."), (1008, "no"), (1011, "")]
)
async def test_the_services_goodbye_is_told_in_its_own_words(code, reason):
    """Observed: behaviour 1.5. To one who reads, to one who sends, and again to whoever asks again."""

    async def conversation(connection):
        await connection.close(code, reason)

    async with talking(conversation) as url:
        connection = await dial(url, headers=KEY)
        for use in (connection.receive, connection.receive, lambda: connection.send(b"{}")):
            with pytest.raises(ConnectionClosed) as closed:
                await use()
            assert (closed.value.code, closed.value.reason) == (code, reason)
        await connection.close()


async def test_who_says_goodbye_first_says_why(answering):
    """Whatever code the other one answers with."""

    async def contrary(head, reader, writer):
        await upgraded(head, writer)
        await reader.readexactly(8)  # a close frame of a client: head, mask, code
        writer.write(b"\x88\x02" + struct.pack("!H", 1011))

    connection = await dial(f"ws://127.0.0.1:{await answering(contrary)}/x", headers=KEY)
    await connection.close(1001)
    with pytest.raises(ConnectionClosed) as closed:
        await connection.receive()
    assert closed.value.code == 1001


async def test_a_connection_that_is_cut_is_1006(answering):
    """Observed {SKILL}: the network is lost without a word, or with a reset."""

    async def hang_up(head, _reader, writer):
        await upgraded(head, writer)

    async def reset(head, _reader, writer):
        await upgraded(head, writer)
        cut = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, cut)
        writer.transport.abort()

    for answer in (hang_up, reset):
        connection = await dial(f"ws://127.0.0.1:{await answering(answer)}/x", headers=KEY)
        with pytest.raises(ConnectionClosed) as closed:
            await connection.receive()
        assert closed.value.code == 1006
        assert closed.value.reason.startswith("the network connection was lost")


async def test_a_service_that_answers_no_ping_is_lost(answering, monkeypatch):
    """The code is 1006: nobody closed anything."""
    monkeypatch.setattr(dialling, "_CLOSE_TIMEOUT_S", 0.05)

    async def silent(head, reader, writer):
        await upgraded(head, writer)
        await until_the_client_leaves(reader)

    url = f"ws://127.0.0.1:{await answering(silent)}/x"
    connection = await dial(url, headers=KEY, ping_interval_s=0.05)
    with pytest.raises(ConnectionClosed) as closed:
        await connection.receive()
    assert (closed.value.code, closed.value.reason) == (1006, "the service answered no ping, so the network is lost")


async def test_a_long_reason_is_cut_between_characters():
    """Observed: over 123 bytes, 1008 becomes 1011 on its way."""
    seen = asyncio.get_running_loop().create_future()

    async def conversation(connection):
        await connection.wait_closed()
        seen.set_result((connection.close_code, connection.close_reason))

    async with talking(conversation) as url:
        connection = await dial(url, headers=KEY)
        await connection.close(4000, "ü" * 100)
        await connection.close()
        assert await seen == (4000, "ü" * 61)


class Deaf:
    """A peer that reads one byte and then nothing, until it is let go."""

    def __init__(self) -> None:
        self.heard, self.may_go = asyncio.Event(), asyncio.Event()

    async def __call__(self, head, reader, writer):
        await upgraded(head, writer)
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readexactly(1)
        self.heard.set()
        await self.may_go.wait()


async def test_dropping_it_needs_nobody_else(answering):
    """Not a peer that reads; one of us who waits for a message is told."""
    deaf = Deaf()
    connection = await dial(f"ws://127.0.0.1:{await answering(deaf)}/x", headers=KEY)
    await connection.send(b"{}")
    await deaf.heard.wait()
    reading = asyncio.create_task(connection.receive())
    await asyncio.sleep(0)
    connection.abort()
    with pytest.raises(ConnectionClosed) as closed:
        await reading
    assert closed.value.code == 1006
    await connection.close()
    deaf.may_go.set()


async def test_a_goodbye_that_is_cut_short_leaves_nothing_open(answering):
    """The peer never answers; whoever waits for it may be cancelled."""
    deaf = Deaf()
    connection = await dial(f"ws://127.0.0.1:{await answering(deaf)}/x", headers=KEY)
    closing = asyncio.create_task(connection.close())
    await deaf.heard.wait()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    async with asyncio.timeout(dialling._CLOSE_TIMEOUT_S / 2):
        with pytest.raises(ConnectionClosed):
            await connection.receive()
    deaf.may_go.set()
