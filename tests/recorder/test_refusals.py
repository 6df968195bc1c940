"""What is not let in: the service's refusals pass unchanged and are recorded; where there is none, it is said why."""

import gzip
import json
import socket
import threading
from urllib.request import urlopen

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import vlmock
from tests.recorder.conftest import stopped, the_only
from tests.recorder.raw_service import RawService, Visit
from tests.server.fakes import PATH, RawClient, upgrade_request
from vlmock.recorder.credentials import ClientsOwn

TOO_MANY = b'{"error":{"code":"429","message":"Too many connections."}}'
ZIPPED = gzip.compress(TOO_MANY)


def answered(status: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


LENGTH = f"Content-Length: {len(TOO_MANY)}"
REFUSALS = {
    "401": (answered("401 Unauthorized", LENGTH, "WWW-Authenticate: Bearer", body=TOO_MANY), 401, True),
    "404 without a body": (answered("404 Not Found", "Content-Length: 0"), 404, False),
    "429": (answered("429 Too Many Requests", LENGTH, "Retry-After: 7", body=TOO_MANY), 429, True),
    "302": (answered("302 Found", "Location: https://elsewhere.example/", "Content-Length: 0"), 302, False),
    "chunked": (
        answered("500 Oh", "Transfer-Encoding: chunked", body=b"1e\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n")
        % (TOO_MANY[:30], len(TOO_MANY[30:]), TOO_MANY[30:]),
        500,
        True,
    ),
    "until the end": (answered("503 Oh", "Connection: close", body=TOO_MANY), 503, True),
    "zipped": (
        answered("429 Oh", "Content-Encoding: gzip", f"Content-Length: {len(ZIPPED)}", body=ZIPPED),
        429,
        True,
    ),
    "204": (answered("204 No Content"), 204, False),
}


@pytest.mark.parametrize(("answer", "status", "has_body"), REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("in_pieces", [False, True], ids=["at once", "in pieces"])
def test_a_refusal_passes_unchanged_and_is_recorded(recording, client, answer, status, has_body, in_pieces):
    """Status, headers and body, also a packed one; nothing is added, and the client is not left waiting."""

    def serve(visit: Visit) -> None:
        for start in range(0, len(answer), 20 if in_pieces else len(answer)):
            visit.socket.sendall(answer[start : start + 20] if in_pieces else answer)
        if b"Connection: close" in answer:
            visit.socket.shutdown(socket.SHUT_WR)
        visit.read_to_end()

    with RawService(serve) as service:
        recorder = recording(service.url)
        asking = client(recorder)
        asking.send(upgrade_request(PATH, "api-key: top-secret"))
        assert asking.read(len(answer)) == answer
        assert asking.is_at_end()
        asking.socket.close()
        service.finish()
        recorded = the_only(recorder)
    assert (recorded.head.status, recorded.head.body) == (status, TOO_MANY.decode() if has_body else "")
    assert (list(recorded.frames), recorded.end) == ([], None)
    if status == 429 and "zipped" not in str(answer) and has_body and b"gzip" not in answer:
        assert ("Retry-After", "7") in recorded.head.response_headers
    (fact,) = recorder.connections
    assert (fact.status, fact.frames, fact.over) == (status, 0, True)


def test_who_has_read_a_refusal_finds_it_among_the_connections(recording, client, monkeypatch):
    """Though the recorder passes it on first, and notes it then."""
    noting = threading.Event()
    monkeypatch.setattr(ClientsOwn, "refused", lambda credential: noting.wait(30))
    with vlmock.serve(api_key="the-right-one") as service:
        recorder = recording(service.url)
        assert client(recorder).upgrade() == 401
        threading.Timer(0.1, noting.set).start()
        assert [connection.status for connection in recorder.connections] == [401]


def test_the_emulators_refusals_reach_a_client(recording):
    """401 for a wrong key, 404 for no such version; each is a recording."""
    with vlmock.serve(api_key="the-right-one") as service:
        recorder = recording(service.url)
        for query, key, status in (
            ("api-version=2026-04-10&model=gpt-4.1", "a-wrong-key", 401),
            ("model=gpt-4.1", "the-right-one", 404),
        ):
            address = f"{recorder.ws_url}/voice-live/realtime?{query}"
            with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers={"api-key": key}):
                pass
            assert refused.value.response.status_code == status
            assert json.loads(refused.value.response.body)["error"]["code"] == str(status)
        assert [recorded.head.status for recorded in stopped(recorder)] == [401, 404]


# ---- the service is not there, or not itself


def turned_away(client: RawClient) -> tuple[int, str]:
    """Status and message of what a client gets."""
    client.send(upgrade_request())
    status, headers, body = client.answer()
    assert headers["content-type"] == "application/json"
    error = json.loads(body)["error"]
    assert error["code"] == str(status)
    assert client.is_at_end()
    return status, error["message"]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.mark.parametrize(
    ("upstream", "says"),
    [
        ("http://127.0.0.1:{closed}", "nobody listens at 127.0.0.1:"),
        ("http://no.such.host.invalid", "there is no host 'no.such.host.invalid'"),
    ],
)
def test_a_service_that_is_not_there_is_502(recording, client, upstream, says):
    """In plain words to the client and to whoever started the recorder, which goes on."""
    recorder = recording(upstream.format(closed=closed_port()), complaints=2)
    for _ in range(2):
        status, message = turned_away(client(recorder))
        assert (status, says in message) == (502, True)
    assert says in recorder.complaints[0]
    assert recorder.connections == []


def test_a_service_that_is_not_trusted_is_502(recording, client, monkeypatch, tmp_path):
    """It says what to do; and then it can be trusted."""
    with vlmock.serve(tls=True) as service, monkeypatch.context() as patched:  # undone before the server goes
        ca = tmp_path / "ca.pem"
        ca.write_bytes(service.ca_file.read_bytes())
        patched.delenv("SSL_CERT_FILE")
        status, message = turned_away(client(recording(service.url, complaints=1)))
        assert status == 502
        assert "is not trusted" in message
        assert "--cacert" in message
        recorder = recording(service.url, cacert=ca, folder=tmp_path / "trusted")
        assert client(recorder).upgrade() == 101


def test_a_service_without_tls_is_502(recording, client):
    """Where https was asked for."""
    with vlmock.serve() as service:
        status, message = turned_away(client(recording(service.url.replace("http", "https"), complaints=1)))
    assert status == 502
    assert "speaks no TLS" in message


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 101", b"\x16\x03\x01", b"x" * 100_000, b"HTTP/1.1 abc Oh\r\n\r\n"],
)
def test_a_service_that_speaks_no_http_is_502(recording, client, answer):
    """Or that hangs up. Nothing is recorded."""

    def serve(visit: Visit) -> None:
        visit.socket.sendall(answer)
        visit.socket.shutdown(socket.SHUT_WR)
        visit.read_to_end()

    with RawService(serve) as service:
        recorder = recording(service.url, complaints=1)
        asking = client(recorder)
        if answer.endswith(b"\r\n\r\n"):  # headers that are whole pass as they are
            asking.send(upgrade_request())
            assert asking.read(len(answer)) == answer
            assert asking.is_at_end()
        else:
            status, message = turned_away(asking)
            assert status == 502
            assert "no answer that is HTTP/1.1" in message
        assert recorder.connections == []


def test_a_service_that_says_nothing_is_504(recording, client):
    """As soon as the timeout has passed."""
    with RawService(Visit.read_to_end) as service:
        status, message = turned_away(client(recording(service.url, timeout=0.1, complaints=1)))
    assert status == 504
    assert "has not answered within 0.1 s" in message


def test_a_client_that_gives_up_is_forgotten(recording, client):
    """The service, too, is told; nothing is complained of and nothing recorded."""
    asked, ended = threading.Event(), threading.Event()

    def serve(visit: Visit) -> None:
        asked.set()
        visit.read_to_end()
        ended.set()

    with RawService(serve) as service:
        recorder = recording(service.url)
        impatient = client(recorder)
        impatient.send(upgrade_request())
        assert asked.wait(10)
        impatient.socket.close()
        assert ended.wait(10)
        assert recorder.connections == []


def test_no_token_is_502(recording, client, monkeypatch):
    """In one sentence."""
    with vlmock.serve() as service:
        service.entra()
        monkeypatch.setenv("IDENTITY_HEADER", "not-this-one")
        status, message = turned_away(client(recording(service.url, entra=True, complaints=1)))
    assert status == 502
    assert "no token could be had of Entra ID" in message
    assert "az login" in message
    assert "\n" not in message


# ---- what is no request for a WebSocket


def test_it_says_whether_it_is_there(recording):
    """``/healthz`` is its own page."""
    recorder = recording("https://name.services.ai.azure.com")
    with urlopen(f"{recorder.url}/healthz", timeout=30) as page:
        told = json.load(page)
    assert told == {
        "status": "ok",
        "version": vlmock.__version__,
        "upstream": "https://name.services.ai.azure.com",
        "connections": 0,
    }


GARBAGE = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "another version": (b"GET / HTTP/3\r\n\r\n", 400),
    "an endless line": (b"GET /" + b"x" * 20_000, 400),
    "an endless header": (b"GET / HTTP/1.1\r\nx: " + b"y" * 20_000, 400),
    "too many headers": (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 1000, 400),
    "a body": (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 400),
    "no upgrade": (b"GET /voice-live/realtime HTTP/1.1\r\nHost: x\r\n\r\n", 426),
    "a proxy's request": (b"GET http://x/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n", 426),
}


@pytest.mark.parametrize(("request_", "status"), GARBAGE.values(), ids=GARBAGE)
def test_anything_else_is_refused_here(recording, client, request_, status):
    """Before the service is asked."""
    asking = client(recording("http://127.0.0.1:1"))
    asking.send(request_)
    assert asking.answer()[0] == status
    assert asking.is_at_end()


def test_tls_to_a_recorder_without_it_is_told_on_both_sides(recording, client):
    """The client would wait for ever otherwise."""
    recorder = recording("http://127.0.0.1:1", complaints=1)
    asking = client(recorder)
    asking.send(b"\x16\x03\x01\x02\x00\x01")
    assert asking.answer()[0] == 400
    assert "--tls" in recorder.complaints[0]
