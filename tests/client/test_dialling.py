"""One WebSocket: opened, used, closed; why it could not be, in a sentence. Source: behaviour 1.2, 1.3, 1.5."""

import asyncio
import base64
import contextlib
import email.utils
import errno
import gc
import logging
import re
import socket
import ssl
import struct
import time
import uuid
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.server import serve as serve_websocket
from websockets.utils import accept_key

import vlmock
from vlclient import dialling
from vlclient.dialling import dial
from vlclient.errors import (
    ConfigurationError,
    ConnectionClosed,
    CouldNotReach,
    NotAllowed,
    Refused,
    VoiceLiveError,
)

SECRET = "sesame-0123456789"
KEY = {"api-key": SECRET}
QUERY = "/voice-live/realtime?api-version=2026-07-15&model=gpt-4o"


@pytest.fixture(autouse=True)
def nothing_of_the_machine(monkeypatch):
    """No proxy and no authority that whoever runs this has set."""
    for name in ("all", "http", "https", "no", "ws", "wss", "socks"):
        for spelled in (f"{name}_proxy", f"{name}_proxy".upper()):
            monkeypatch.delenv(spelled, raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


@pytest.fixture
async def answering():
    """Starts plain TCP servers: each is told what the client said up to the empty line, and may say anything."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(answer) -> int:
            async def talk(reader, writer):
                with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                    await answer(await reader.readuntil(b"\r\n\r\n"), reader, writer)
                    await writer.drain()
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

            server = await asyncio.start_server(talk, "127.0.0.1", 0)
            stack.push_async_callback(server.wait_closed)
            stack.callback(server.close)
            return server.sockets[0].getsockname()[1]

        yield start


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


# ---- it is refused


@pytest.mark.parametrize(
    ("answer", "kind", "status", "says"),
    [
        (
            http("401 Unauthorized", b'{"error":{"code":"401","message":"Access denied due to invalid key."}}'),
            NotAllowed,
            401,
            "HTTP 401: Access denied due to invalid key",
        ),
        (http("401 Unauthorized"), NotAllowed, 401, "the key or token is missing, wrong, expired"),
        (http("403 Forbidden"), NotAllowed, 403, "it needs the role 'Cognitive Services User'"),
        (http("403 Forbidden", b'{"error":{"code":"PermissionDenied"}}'), NotAllowed, 403, "403: PermissionDenied"),
        (http("404 Not Found", b'{"error":{"message":""}}'), Refused, 404, "there is no Voice Live at this address"),
        (http("404 Not Found", b'{"message": "Resource\\n not found"}'), Refused, 404, "HTTP 404: Resource not found"),
        (http("400 Bad Request", b'{"error": "no model"}'), Refused, 400, "HTTP 400: no model"),
        (http("400 Bad Request", b"the model\r\nis missing"), Refused, 400, "HTTP 400: the model is missing"),
        (http("400 Bad Request", b"[1]"), Refused, 400, "check model and api-version"),
        (http("400 Bad Request", b'{"error":{"message":[1]}}'), Refused, 400, "check model and api-version"),
        (http("400 Bad Request", b'{"error":null}'), Refused, 400, "check model and api-version"),
        (http("500 Oh", b"<html><title>Our &amp; mistake</title>Much</html>"), Refused, 500, "500: Our & mistake"),
        (http("502 Bad Gateway", b"<html><h1>nginx</h1></html>"), Refused, 502, "HTTP 502: Bad Gateway"),
        (http("503 Busy", b"\xff\xfe"), Refused, 503, "HTTP 503: "),
        (http("429 Too Many", f'{{"error":{{"message":"not {SECRET}"}}}}'.encode()), Refused, 429, "429: not ***"),
        (http("200 OK", b"<html><title>Welcome</title>"), Refused, 200, "a web server answers at this address"),
    ],
)  # fmt: skip
async def test_a_refusal_is_told_in_the_services_own_words(answering, answer, kind, status, says):
    """Source: behaviour 1.2; or, where it has none, in ours."""
    error = await refusal(f"ws://127.0.0.1:{await answering(answer)}/x", Refused)
    assert type(error) is kind
    assert error.status == status
    assert says in str(error)
    assert len(str(error)) < 400


async def test_a_token_is_not_repeated_either(answering):
    """Of ``Bearer TOKEN`` it is the token that is secret."""
    port = await answering(http("401 Unauthorized", f"bad token {SECRET}".encode()))
    error = await refusal(f"ws://127.0.0.1:{port}/x", NotAllowed, headers={"Authorization": f"Bearer {SECRET}"})
    assert error.words == "bad token ***"


async def test_a_short_key_does_not_spoil_other_words(answering):
    """``any`` is a usual key for an emulator: where it is a part of a word, the word stays."""
    port = await answering(http("403 Forbidden", b"any key is refused, as many are"))
    error = await refusal(f"ws://127.0.0.1:{port}/x", NotAllowed, headers={"api-key": "any"})
    assert error.words == "*** key is refused, as many are"


async def test_the_emulators_refusals_arrive():
    """Two programs of one project, written apart."""
    with vlmock.serve(api_key="another") as server:
        error = await refusal(server.ws_url + QUERY, NotAllowed)
        assert "The credential is not the one" in error.words
        error = await refusal(f"{server.ws_url}/nonsense{QUERY}", Refused)
        assert (error.status, error.retry_after_s) == (404, None)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("retry-after: 7", 7.0),
        ("Retry-After: 0", 0.0),
        ("x-ms-retry-after-ms: 1500", 1.5),
        ("retry-after-ms: 250", 0.25),
        ("retry-after: Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("retry-after: soon", None),
        ("retry-after: -1", None),
        ("x-other: 1", None),
    ],
)
async def test_when_to_come_again_is_known(answering, header, seconds):
    """Observed: behaviour 1.2: 429 with ``Retry-After``. A date that is past means now."""
    port = await answering(http("429 Too Many Requests", b"", header))
    error = await refusal(f"ws://127.0.0.1:{port}/x", Refused)
    assert error.retry_after_s == seconds


async def test_when_to_come_again_may_be_a_date(answering):
    """In seconds from now."""
    port = await answering(http("503 Busy", b"", f"retry-after: {email.utils.formatdate(time.time() + 60)}"))
    assert 55 < (await refusal(f"ws://127.0.0.1:{port}/x", Refused)).retry_after_s <= 61


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
async def test_a_redirect_is_not_followed(answering, status):
    """Documented {SDK}: credentials must not go elsewhere. Observed {FLOW}: its address may hold the key again."""
    seen = []

    async def elsewhere(head, _reader, writer):
        seen.append(head)
        await upgraded(head, writer)

    other = f"ws://127.0.0.1:{await answering(elsewhere)}/other"
    port = await answering(http(status, b"", f"location: {other}?api-key={SECRET}"))
    error = await refusal(f"ws://127.0.0.1:{port}/x", Refused)
    assert error.status == int(status[:3])
    assert f"it redirects to {other}, where credentials are not sent" in str(error)
    assert seen == []


# ---- nobody is reached


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (saying(), "it ended the connection without an answer; if it speaks TLS, write the endpoint with https://"),
        (saying(b"HTTP/1.1 101 Swi"), "it ended the connection without an answer"),
        (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), "what answers there does not speak HTTP/1.1"),
        (saying(b"\x15\x03\x03\x00\x02\x02\x46\r\n"), "what answers there does not speak HTTP/1.1"),
        (saying(b"x" * 100_000), "its answer is not that of a WebSocket server"),
        (saying(b"HTTP/1.1 101 Yes\r\n\r\n"), "its answer is not that of a WebSocket server"),
        (
            saying(
                b"HTTP/1.1 101 Yes\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
                b"sec-websocket-accept: " + base64.b64encode(b"wrong") + b"\r\n\r\n"
            ),
            "its answer is not that of a WebSocket server",
        ),
    ],
)
async def test_what_is_no_websocket_server_is_said_so(answering, answer, says):
    """Not with a traceback of whoever parsed it."""
    port = await answering(answer)
    error = await refusal(f"ws://127.0.0.1:{port}/x", CouldNotReach)
    assert str(error).startswith(f"could not reach 127.0.0.1:{port}: ")
    assert says in str(error)


async def test_a_connection_reset_in_the_handshake_is_said_so(answering):
    """As a firewall does it."""

    async def reset(_head, _reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    error = await refusal(f"ws://127.0.0.1:{await answering(reset)}/x", CouldNotReach)
    assert "it ended the connection without an answer" in str(error)


async def test_tls_to_a_port_without_it_and_the_other_way_round():
    """Both say which scheme to write."""

    async def plain(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        error = await refusal(f"wss://127.0.0.1:{port}/x", CouldNotReach)
        assert "it does not speak TLS; if that is meant so, write the endpoint with http://" in str(error)
    with vlmock.serve(tls=True) as encrypted:
        error = await refusal(encrypted.ws_url.replace("wss:", "ws:") + QUERY, VoiceLiveError)
        assert "https" in str(error)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_nobody_listens(host):
    """Also where a name has several addresses, and all of them refuse."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        error = await refusal(f"ws://{host}:{port}/x", CouldNotReach)
    assert (
        str(error) == f"could not reach {host}:{port}: nobody listens there; is the port right, and the server running?"
    )


async def test_all_addresses_of_a_name_refuse(monkeypatch):
    """asyncio puts several failures into one text."""

    async def create_connection(*_args, **_options):
        raise OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1, 0, 0), [Errno 111] Connect ...")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", create_connection)
    assert "nobody listens there" in str(await refusal("ws://localhost:1/x", CouldNotReach))


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "there is no such host, or no network"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "Network is unreachable; check the endpoint"),
        (TimeoutError(errno.ETIMEDOUT, "Connection timed out"), "no answer within 30 s"),
    ],
)
async def test_a_host_that_is_not_there(monkeypatch, failure, says):
    """What the look-up or the network says, in words."""

    def getaddrinfo(*_args, **_options):
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    error = await refusal("wss://nowhere.services.ai.azure.com/x?model=m", CouldNotReach)
    assert str(error).startswith("could not reach nowhere.services.ai.azure.com: ")
    assert says in str(error)


async def test_a_host_that_cannot_be_a_name():
    """The look-up refuses it before it asks anybody."""
    assert "there is no such host" in str(await refusal(f"ws://{'a' * 64}.example/x", CouldNotReach))


async def test_one_that_never_answers_is_given_up(answering):
    """Observed {FON, S03}: a handshake can hang. The limit is the caller's."""

    async def silent(_head, reader, _writer):
        await until_the_client_leaves(reader)

    url = f"ws://127.0.0.1:{await answering(silent)}/x"
    assert "no answer within 0.05 s" in str(await refusal(url, CouldNotReach, open_timeout_s=0.05))


async def test_dialling_can_be_called_off(answering):
    """Its connection ends at once, and nothing is left that warns later."""
    arrived, left = asyncio.Event(), asyncio.Event()

    async def silent(_head, reader, _writer):
        arrived.set()
        with contextlib.suppress(ConnectionError):
            await until_the_client_leaves(reader)
        left.set()

    dialling = asyncio.create_task(dial(f"ws://127.0.0.1:{await answering(silent)}/x", headers=KEY))
    await arrived.wait()
    dialling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialling
    await left.wait()
    gc.collect()


# ---- through a proxy


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
