"""``server.conduct`` as a test reads it, over real sockets."""

import json
import time
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

import vlmock
from tests.server.fakes import PATH
from tests.session.sounds import silence, voice
from vlmock.conduct.conduct import summary_of
from vlmock.errors import ServerError, VlmockError
from vlmock.protocol.codec import encode
from vlmock.protocol.input_audio import InputAudioBufferAppend

STORY = "Once upon a time there was a fox who could not sleep. " * 3
SLOW = {"audio_speed": 4.0}
THINKS = {"llm_first": 100}


def dial(server: vlmock.MockServer, target: str = PATH) -> ClientConnection:
    """Takes whatever comes: a client that does not would not see the server's goodbye behind it, and wait for that."""
    return connect(f"{server.ws_url}{target}", additional_headers={"api-key": "any"}, max_queue=None)


def say(socket: ClientConnection, type: str, **members: Any) -> None:
    socket.send(json.dumps({"type": type, **members}))


def until(socket: ClientConnection, wire_type: str) -> dict[str, Any]:
    while (event := json.loads(socket.recv(timeout=30)))["type"] != wire_type:
        pass
    return event


def asks_twice(server: vlmock.MockServer) -> None:
    with dial(server) as socket:
        say(socket, "response.create")
        say(socket, "response.create")
        until(socket, "response.done")


def test_a_bad_client_is_found_out():
    """Rule, connection, place, what was seen and what to do about it."""
    with vlmock.serve(lambda turn: STORY, timing=THINKS) as server:
        asks_twice(server)
        (finding,) = server.conduct.errors
        assert server.conduct.findings == [finding]
    assert (finding.rule.id, finding.connection, finding.severity) == ("VL401", 1, "error")
    entry = server.journal.entries(1)[finding.entry - 1]
    assert (entry.type, entry.source, entry.at) == ("response.create", "client", finding.at)
    assert str(finding).startswith("VL401 one-response-at-a-time (error) #1 ")
    assert str(finding).endswith(f"Remedy: {finding.rule.remedy}")


def test_a_good_client_gets_no_complaint():
    """Two lists are empty, and the summary says so."""
    with vlmock.serve("weather") as server:
        with dial(server) as socket:
            say(socket, "response.create")
            until(socket, "response.done")
        assert not server.conduct.findings
        assert str(server.conduct) == "conduct: nothing to complain of"


@pytest.mark.parametrize("word", ["VL401", "one-response-at-a-time", "error", "VL4"])
def test_rules_are_left_out_by_id_name_severity_or_family(word: str):
    with vlmock.serve(lambda turn: STORY, timing=THINKS) as server:
        asks_twice(server)
        conduct = server.conduct
    assert conduct.of("VL401") == conduct.errors
    assert conduct.without(word).findings == []
    assert conduct.without("VL5", "advice").findings == conduct.findings


@pytest.mark.parametrize("word", ["VL999", "VL", "", "one-response", "fatal"])
def test_a_rule_that_there_is_not_is_a_mistake(word: str):
    """The complaint names the nearest, or the command that lists them."""
    with vlmock.serve() as server, pytest.raises(VlmockError, match="vlmock lint --list"):
        server.conduct.without(word)


def test_a_near_name_is_offered():
    with vlmock.serve() as server, pytest.raises(VlmockError, match="did you mean 'one-response-at-a-time'"):
        server.conduct.without("one-response-at-the-time")


def test_the_summary_counts_by_severity_and_rule():
    with vlmock.serve(lambda turn: STORY, timing=THINKS) as server:
        asks_twice(server)
        asks_twice(server)
        assert summary_of(server.conduct).splitlines() == [
            "conduct: 2 errors, 0 warnings, 0 advice",
            "     2 x VL401 one-response-at-a-time",
        ]


def test_what_the_journal_has_lost_is_not_judged():
    """A connection whose beginning is missing would be blamed for what it did right."""
    with vlmock.serve(lambda turn: "Yes.", journal_bytes=20_000) as server:
        with dial(server) as socket:
            for _ in range(100):
                say(socket, "response.create")
                until(socket, "response.done")
        assert not server.conduct.findings
        (told,) = server.conduct.unjudged
    assert told.startswith("connection 1 is not judged: the journal has lost ")
    assert told in str(server.conduct)


def test_sound_that_the_journal_has_dropped_still_counts():
    """Its length is known, so a commit of it is not taken for one of nothing."""
    with vlmock.serve(journal_bytes=60_000) as server, dial(server) as socket:
        say(socket, "session.update", session={"turn_detection": None})
        until(socket, "session.updated")
        for _ in range(4):
            socket.send(encode(InputAudioBufferAppend(audio=voice(500))).decode())
        say(socket, "response.create")
        until(socket, "response.done")
        assert server.journal.lost.audio_bytes
        (finding,) = server.conduct.findings
    assert finding.rule.id == "VL211"
    assert "2000 ms" in finding.seen


# ---- what only the test knows


def interrupt(server: vlmock.MockServer, socket: ClientConnection) -> None:
    """The user speaks over a story."""
    say(socket, "session.update", session={"turn_detection": {"type": "server_vad"}})
    until(socket, "session.updated")
    say(socket, "response.create")
    until(socket, "response.audio.delta")
    server.conduct.client_is_playing(True)
    socket.send(encode(InputAudioBufferAppend(audio=voice(900))).decode())
    until(socket, "input_audio_buffer.speech_started")


def test_a_client_that_falls_silent():
    with vlmock.serve(lambda turn: STORY, timing=SLOW) as server, dial(server) as socket:
        interrupt(server, socket)
        server.conduct.client_is_playing(False)
        socket.send(encode(InputAudioBufferAppend(audio=silence(900))).decode())
        server.clock.advance(1)
        assert not server.conduct.of("fall-silent")
        until(socket, "response.done")


def test_a_client_that_plays_on():
    """Also while it is still playing."""
    with vlmock.serve(lambda turn: STORY, timing=SLOW) as server, dial(server) as socket:
        interrupt(server, socket)
        assert not server.conduct.of("VL301")
        server.clock.advance(1)
        (finding,) = server.conduct.of("VL301")
        assert "1." in finding.seen


def test_a_client_that_is_heard_playing():
    """For tests that listen now and then."""
    with vlmock.serve(lambda turn: STORY, timing=SLOW) as server, dial(server) as socket:
        interrupt(server, socket)
        server.conduct.client_is_playing(False)
        server.clock.advance(1)
        server.conduct.heard_playing(connection=1)
        assert len(server.conduct.of("VL301")) == 1


def test_nothing_can_be_said_of_a_client_that_is_not_there():
    with vlmock.serve() as server:
        with pytest.raises(ServerError, match="no connection open"):
            server.conduct.client_is_playing(True)
        with pytest.raises(ServerError, match="connection 7 is not open"):
            server.conduct.heard_playing(connection=7)


# ---- what it costs


def test_a_long_conversation_is_judged_in_a_moment():
    """Ten minutes of sound and forty answers, in less than a second or two."""
    with vlmock.serve(lambda turn: "Yes.") as server, dial(server) as socket:
        say(socket, "session.update", session={"turn_detection": None})
        until(socket, "session.updated")
        piece = encode(InputAudioBufferAppend(audio=voice(100))).decode()
        for _ in range(20):
            for _ in range(300):
                socket.send(piece)
            say(socket, "input_audio_buffer.commit")
            say(socket, "response.create")
            until(socket, "response.done")
        began = time.perf_counter()
        assert not server.conduct.errors
        assert time.perf_counter() - began < 2.0
