"""Why a WebSocket could not be opened, in a sentence. Source: behaviour 1.2, 1.3."""

import asyncio
import base64
import contextlib
import email.utils
import errno
import gc
import socket
import struct
import time

import pytest

import vlmock
from tests.client.plain_answers import KEY, QUERY, SECRET, http, refusal, saying, until_the_client_leaves, upgraded
from vlclient.dialling import dial
from vlclient.errors import CouldNotReach, NotAllowed, Refused, VoiceLiveError

pytestmark = pytest.mark.usefixtures("nothing_of_the_machine")


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
