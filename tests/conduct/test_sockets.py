"""What only the socket's side of a connection sees: real clients, good and bad."""

import contextlib
import ssl
from collections.abc import Iterator

import pytest
from websockets.frames import Opcode
from websockets.sync.client import connect

import vlmock
from tests.server.fakes import PATH, RawClient, masked, text
from vlmock.server import transport
from vlmock.session.script import Close, Say

NO_EVENT = "hello"
GOODBYE = (1001).to_bytes(2, "big")
TOKEN = "Authorization: Bearer a-token"


@contextlib.contextmanager
def connected(target: str = PATH, *headers: str, **options) -> Iterator[tuple[vlmock.MockServer, RawClient]]:
    with vlmock.serve(leaves, **options) as server, RawClient(server.port) as client:
        assert client.upgrade(target, *headers) == 101
        yield server, client


def leaves(turn) -> list:
    return [Say("Goodbye."), Close(1001, "enough")]


def broken(server: vlmock.MockServer) -> set[str]:
    return {finding.rule.id for finding in server.conduct.findings}


def until_the_server_leaves(client: RawClient) -> None:
    client.send(text('{"type": "response.create"}'))
    assert client.close_code() == 1001


def test_pings_that_nobody_answers():
    """They are noted once."""
    with connected(ping_seconds=0.02) as (server, client):
        noted = server.journal.wait_for("(noted)")
        assert "was not answered within 0.02 s" in noted.message
        assert broken(server) == {"VL804"}
        assert len(server.journal.remarks()) == 1
        client.send(masked(Opcode.CLOSE, GOODBYE))
        server.journal.wait_for_close()


def test_pings_that_are_answered():
    """A client that answers is asked again, and nobody complains."""
    with connected(ping_seconds=0.02) as (server, client):
        pinged = 0
        for opcode, payload in client.frames():
            if opcode == Opcode.PING:
                client.send(masked(Opcode.PONG, payload))
                pinged += 1
            if pinged == 3:
                break
        assert broken(server) == set()


def test_nobody_is_pinged_unless_asked_for():
    """Assumed: whether the service does is not known."""
    with connected() as (_, client):
        client.send(masked(Opcode.PING, b"is anybody there?"))
        opcodes = []
        while Opcode.PONG not in opcodes:
            opcodes.append(client.frame()[0])
        assert Opcode.PING not in opcodes


def test_sound_in_binary_messages():
    """It is no event, and the finding says why."""
    with connected() as (server, client):
        client.send(masked(Opcode.BINARY, b"\x80" * 960))
        server.journal.wait_for("error")
        (finding,) = server.conduct.findings
        assert finding.rule.id == "VL808"
        assert "a binary message of 960 bytes" in str(finding)


def test_a_goodbye_that_is_not_answered():
    """The client hangs up in the middle of the closing handshake."""
    with connected() as (server, client):
        until_the_server_leaves(client)
        client.socket.close()
        assert server.journal.wait_for_close().unanswered
        assert broken(server) == {"VL805"}


def test_a_goodbye_that_is_answered():
    with connected() as (server, client):
        until_the_server_leaves(client)
        client.send(masked(Opcode.CLOSE, GOODBYE))
        assert not server.journal.wait_for_close().unanswered
        assert broken(server) == set()


def test_whom_the_server_drops_at_its_end_is_not_to_blame():
    """It waits for a moment only."""
    with connected() as (server, client):
        server.stop()
        assert server.journal.wait_for_close().by == "server"
        assert broken(server) == set()
        client.socket.close()


def test_who_goes_on_sending_after_the_goodbye(monkeypatch: pytest.MonkeyPatch):
    """What crosses with it on the way is no offence."""
    with connected() as (server, client):
        until_the_server_leaves(client)
        client.send(text(NO_EVENT))
        monkeypatch.setattr(transport, "_CROSSING_SECONDS", -1.0)
        client.send(text(NO_EVENT) + masked(Opcode.CLOSE, GOODBYE))
        server.journal.wait_for_close()
        assert broken(server) == {"VL806"}


def test_who_vanishes():
    """No close frame at all."""
    with connected() as (server, client):
        client.send(text('{"type": "input_audio_buffer.clear"}'))
        server.journal.wait_for("input_audio_buffer.cleared")
        client.socket.close()
        server.journal.wait_for_close()
        assert broken(server) == {"VL807"}


def test_a_key_in_the_query():
    """Its value is nowhere to be seen, and its name is enough."""
    with vlmock.serve() as server, connect(f"{server.ws_url}{PATH}&api-key=sesame"):
        server.journal.wait_for("session.created")
        (finding,) = server.conduct.findings
        assert (finding.rule.id, finding.entry, "sesame" in str(finding)) == ("VL801", 0, False)


def test_a_key_in_an_encrypted_query():
    """That is less bad."""
    with vlmock.serve(tls=True) as server:
        trusts = ssl.create_default_context(cafile=str(server.ca_file))
        with connect(f"{server.ws_url}{PATH}&api-key=sesame", ssl=trusts):
            server.journal.wait_for("session.created")
            assert broken(server) == {"VL802"}


AGENT = "/voice-live/realtime?api-version=2026-04-10&agent-name=helper&agent-project-name=project"


def test_a_key_for_an_agent():
    """The session says so as well, and closes."""
    with connected(AGENT) as (server, client):
        assert client.close_code() == 1008
        client.send(masked(Opcode.CLOSE, (1008).to_bytes(2, "big")))
        server.journal.wait_for_close()
        assert broken(server) == {"VL803"}


def dialled(server: vlmock.MockServer, target: str, *headers: str) -> int:
    with RawClient(server.port) as client:
        return client.get(target, "Upgrade: websocket", "Connection: Upgrade", *headers)[0]


def test_the_same_token_after_401():
    """Once is bad luck. Another one is a new attempt."""
    with vlmock.serve() as server:
        server.entra()
        assert dialled(server, PATH, TOKEN) == 401
        assert broken(server) == set()
        assert dialled(server, PATH, "Authorization: Bearer another") == 401
        assert broken(server) == set()
        assert dialled(server, PATH, "Authorization: Bearer another") == 401
        assert "VL905" in broken(server)
        assert "another" not in str(server.conduct)


def test_an_address_that_is_not_there():
    with vlmock.serve() as server:
        assert dialled(server, "/voice-live/realtime?model=gpt-4o", "api-key: any") == 404
        assert broken(server) == {"VL810"}


def test_the_ga_address():
    with vlmock.serve() as server:
        assert dialled(server, "/v1/realtime?model=gpt-4o", "api-key: any") == 400
        assert broken(server) == {"VL711"}
