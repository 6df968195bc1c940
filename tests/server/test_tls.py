"""https and wss: the same server behind a certificate, and clients that get it wrong."""

import asyncio
import gc
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
from pathlib import Path
from time import monotonic
from urllib.request import urlopen

import aiohttp
import pytest
from azure.ai.voicelive.aio import connect as sdk_connect
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.client import connect as dial
from websockets.exceptions import ConnectionClosed, InvalidMessage
from websockets.sync.client import connect

import vlmock
from tests.server.fakes import PATH, QUERY, RawClient, masked, text, upgrade_request
from vlmock.errors import ServerError

ROOT = Path(__file__).resolve().parents[2]
KEY = {"api-key": "any"}
CLEAR = '{"type":"input_audio_buffer.clear"}'


@pytest.fixture
def server(serving, light):
    """Sessions are doubles; both transports behind TLS. Nothing may have failed in it unnoticed."""
    server = serving(tls=True, light=light, limits={"close_seconds": 1.0})
    yield server
    assert server.crashes == []


def encrypted(server, client: RawClient) -> RawClient:
    """The raw client, speaking TLS from now on."""
    context = ssl.create_default_context(cafile=server.ca_file)
    client.socket = context.wrap_socket(client.socket, server_hostname="127.0.0.1")
    return client


@pytest.fixture
def client_over_tls(server, client_of):
    """Opens raw connections over TLS."""

    def client_over_tls(*, upgraded: bool = True) -> RawClient:
        client = encrypted(server, client_of(server, upgraded=False))
        if upgraded:
            assert client.upgrade() == 101
            assert client.frame()[1].startswith(b'{"type":"session.created"')
        return client

    return client_over_tls


# ---- frames


def test_events_travel_both_ways(client_over_tls):
    """Whole ones, in pieces, many at once, and of every size of head."""
    client = client_over_tls()
    create = '{"type":"response.create"}'
    client.send(text(create) * 3)
    assert [json.loads(client.frame()[1])["type"] for _ in range(3)] == ["heard"] * 3
    for byte in text(create):
        client.send(bytes([byte]))
    assert json.loads(client.frame()[1])["type"] == "heard"
    for size in (100, 200, 70_000, 300_000, 5_000_000):
        client.send(text(json.dumps({"type": "response.create", "event_id": "x" * size})))
        assert json.loads(client.frame()[1])["event_id"] == "x" * size


def test_a_close_is_answered_and_the_stream_ends(server, client_over_tls):
    """The client's own code comes back."""
    client = client_over_tls()
    client.send(masked(8, struct.pack("!H", 1000)))
    assert client.close_code() == 1000
    assert client.is_at_end()
    assert server.journal.wait_for_close().code == 1000


def test_who_hangs_up_without_a_word_is_gone(server, client_over_tls):
    """No goodbye of TLS, none of the WebSocket: 1006."""
    client = client_over_tls()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()
    assert server.journal.wait_for_close().code == 1006


def test_a_protocol_error_closes_with_its_code(client_over_tls):
    """The peer that may still be sending reads our goodbye."""
    client = client_over_tls()
    client.send(b"\x81\x05hello")  # not masked
    assert client.close_code() == 1002
    assert client.is_at_end()


def test_a_reader_that_waits_gets_everything(client_over_tls):
    """More than any buffer holds, asked for at once and read later."""
    client = client_over_tls()
    count, size = 40, 200_000
    message = text(json.dumps({"type": "response.create", "event_id": "x" * size}))
    for _ in range(count // 4):
        client.send(message * 4)
    got = [json.loads(client.frame()[1]) for _ in range(count)]
    assert {len(event["event_id"]) for event in got} == {size}


# ---- pages


def test_pages_and_refusals_are_whole_and_the_stream_ends(server, client_over_tls):
    """Health, journal, tokens, an unknown page, a refused upgrade, and what is no request."""
    entra = server.entra()
    asked = "/identity?api-version=2019-08-01&resource=https://ai.azure.com"
    for target, status in (("/healthz", 200), ("/journal", 200), (asked, 200), ("/nothing", 404)):
        client = client_over_tls(upgraded=False)
        got, _, body = client.get(target, f"X-IDENTITY-HEADER: {entra.header}")
        assert (got, type(json.loads(body))) == (status, dict)
        assert client.is_at_end()
    client = client_over_tls(upgraded=False)
    client.send(upgrade_request(f"/voice-live/realtime{QUERY}"))
    assert client.answer()[0] == 401
    assert client.is_at_end()
    client = client_over_tls(upgraded=False)
    client.send(b"hello\r\n\r\n")
    assert client.answer()[0] == 400
    assert client.is_at_end()


# ---- clients of every kind


async def test_clients_trust_it_because_of_the_environment():
    """The variables of this process name the CA: websockets, urllib, and aiohttp, which was imported before."""
    with vlmock.serve("greeting", tls=True) as server:
        assert server.url == f"https://127.0.0.1:{server.port}"
        assert server.ws_url == f"wss://127.0.0.1:{server.port}"
        with connect(server.ws_url + PATH, additional_headers=KEY) as client:
            client.recv()
        async with dial(server.ws_url.replace("127.0.0.1", "localhost") + PATH, additional_headers=KEY) as client:
            await client.recv()
        assert await asyncio.to_thread(fetched, f"{server.url}/healthz") == 200
        async with aiohttp.ClientSession() as web, web.get(f"{server.url}/journal") as page:
            assert len((await page.json())["connections"]) == 2


def fetched(url: str) -> int:
    with urlopen(url, timeout=30) as page:
        return page.status


async def test_the_vendor_sdk_has_a_conversation():
    """It makes wss of https by itself."""
    with vlmock.serve("greeting", tls=True) as server:
        key = AzureKeyCredential("any")
        async with sdk_connect(endpoint=server.url, credential=key, model="gpt-4.1") as connection:
            await connection.response.create()
            words = [event.transcript async for event in ending(connection) if "transcript.done" in event.type]
    assert words == ["Welcome to the city library. How can I help you?"]


async def ending(connection):
    """Its events up to the end of a response."""
    async for event in connection:
        yield event
        if event.type == "response.done":
            return


def test_a_client_that_trusts_nobody_new_is_not_let_in(server):
    """The certificate is checked; a client that refuses it does no harm."""
    untrusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with pytest.raises(ssl.SSLCertVerificationError), connect(server.ws_url + PATH, ssl=untrusting):
        pass
    with connect(server.ws_url + PATH, additional_headers=KEY) as client:
        client.recv()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_certificate_is_for_this_computer(host):
    """By name and by address, however the server was told to listen."""
    with vlmock.serve(tls=True, host="0.0.0.0") as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        with (
            socket.create_connection(("127.0.0.1", server.port)) as raw,
            context.wrap_socket(raw, server_hostname=host) as client,
        ):
            assert client.version() in ("TLSv1.2", "TLSv1.3")


# ---- those who get it wrong

NOT_TLS = {
    "plain HTTP": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "nothing that is known": b"\x00\x01\x02\x03" * 100,
    "a hello that is none": b"\x16\x03\x01\x00\x05hello",
    "a hello that ends early": b"\x16\x03\x01\x02\x00\x01",
    "nothing": b"",
}


@pytest.mark.parametrize("said", NOT_TLS.values(), ids=NOT_TLS)
def test_who_speaks_no_tls_disturbs_nobody(server, client_of, client_over_tls, said, caplog, capfd):
    """Others go on, nothing is printed, and it is not counted as a crash."""
    other = client_over_tls()
    client = client_of(server, upgraded=False)
    client.send(said)
    client.socket.shutdown(socket.SHUT_WR)
    try:
        while client.socket.recv(1000):  # an alert, perhaps
            pass
    except ConnectionResetError:
        pass
    other.send(text('{"type":"response.create"}'))
    assert json.loads(other.frame()[1])["type"] == "heard"
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []
    assert capfd.readouterr().err == ""


def test_stop_does_not_wait_for_those_in_the_middle_of_a_handshake(server, client_of, client_over_tls, recwarn):
    """Silent from the start, silent after half a hello, silent in a session, and one that was answered a page."""
    silent = [client_of(server, upgraded=False) for _ in range(2)]
    silent[1].send(b"\x16\x03\x01\x02\x00\x01")
    client_over_tls()
    answered = client_over_tls(upgraded=False)
    answered.get("/healthz")
    started = monotonic()
    server.stop()
    assert monotonic() - started < 1
    assert server.journal.wait_for_close(timeout=0.1).code == 1001
    for client in silent:
        with pytest.raises((ConnectionError, TimeoutError)):
            client.read(1)
    gc.collect()
    assert [warning.message for warning in recwarn if warning.category is ResourceWarning] == []


async def test_stop_says_goodbye_over_tls():
    """1001, as without."""
    async with vlmock.serve(tls=True) as server:
        client = await dial(server.ws_url + PATH, additional_headers=KEY)
        await client.recv()
    with pytest.raises(ConnectionClosed) as closed:
        await client.recv()
    assert closed.value.rcvd.code == 1001


async def test_a_plain_websocket_client_is_refused_quickly():
    """``ws://`` to a port that speaks TLS."""
    with vlmock.serve(tls=True) as server:
        async with asyncio.timeout(30):
            with pytest.raises((OSError, InvalidMessage)):
                await dial(server.ws_url.replace("wss", "ws", 1) + PATH, additional_headers=KEY)


# ---- what is left behind


def test_the_environment_and_the_file_are_gone_when_it_stops(monkeypatch):
    """As before, whatever stood there before."""
    monkeypatch.setenv("SSL_CERT_FILE", "/before.pem")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with vlmock.serve(tls=True) as server:
        file = server.ca_file
        assert "BEGIN CERTIFICATE" in file.read_text()
        assert server.environment == dict.fromkeys(
            ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), str(file)
        )
        assert {name: os.environ[name] for name in server.environment} == server.environment
    assert not file.exists()
    assert os.environ["SSL_CERT_FILE"] == "/before.pem"
    assert "REQUESTS_CA_BUNDLE" not in os.environ


def test_the_file_goes_when_the_program_ends_without_stopping():
    """Nobody has to remember."""
    code = "import vlmock; print(vlmock.serve(tls=True).ca_file)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.strip().endswith(".pem")
    assert not Path(done.stdout.strip()).exists()
    assert done.stderr == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_does_not_take_the_file_away():
    """Also when it stops its copy of the server."""
    with vlmock.serve(tls=True) as server:
        child = os.fork()
        if child == 0:
            server.stop()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert server.ca_file.exists()


def test_without_trustme_there_is_one_sentence_that_says_what_to_do(monkeypatch):
    """And nothing is left running, or set."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    before = dict(os.environ)
    with pytest.raises(ServerError, match=r"pip install 'vlmock\[tls\]'"):
        vlmock.serve(tls=True)
    assert dict(os.environ) == before
    with vlmock.serve() as server:
        assert (server.ca_file, server.environment) == (None, {})


def test_a_host_that_no_certificate_can_name_is_told():
    """In a sentence."""
    with pytest.raises(ServerError, match="no certificate for host"):
        vlmock.serve(tls=True, host="no such host")


def test_tls_costs_nothing_where_it_is_not_asked_for():
    """Neither the certificate's module nor what it is made with is imported."""
    code = (
        "import sys, vlmock\nwith vlmock.serve(): pass\n"
        "print(sorted({'trustme', 'cryptography', 'vlmock.server.certificate'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
