"""Plain HTTP on the same port."""

import json

import pytest

from tests.server.fakes import PATH, QUERY, text


@pytest.fixture
def server(serving):
    return serving()


@pytest.fixture
def get(server, client_of):
    """Status, headers and JSON body of an answer; the server ends the stream after it."""

    def get(target, *headers, method="GET"):
        client = client_of(server, upgraded=False)
        status, fields, body = client.get(target, *headers, method=method)
        assert client.is_at_end()
        return status, fields, json.loads(body)

    return get


def test_healthz_counts_open_connections(server, get, client_of):
    """For whoever has to wait until the server is there."""
    assert get("/healthz")[2]["connections"] == 0
    client_of(server)
    status, headers, body = get("/healthz")
    assert (status, headers["content-type"], body["status"], body["connections"]) == (200, "application/json", "ok", 1)


def test_the_journal_shows_events_by_connection(server, get, client_of):
    """Audio as its length, the latest events where there are many."""
    client = client_of(server)
    client.send(text('{"type":"input_audio_buffer.append","audio":"QUJD"}') + text('{"type":"response.create"}'))
    client.frame()
    client_of(server)
    status, _, body = get("/journal")
    assert status == 200
    first, second = body["connections"]
    assert [(entry["source"], entry["type"]) for entry in first["journal"]] == [
        ("server", "session.created"),
        ("client", "input_audio_buffer.append"),
        ("client", "response.create"),
        ("server", "heard"),
    ]
    assert first["journal"][1]["event"]["audio"] == "<3 bytes>"
    assert (first["model"], first["ended"], second["connection"]) == ("gpt-4o", None, 2)
    [only] = get("/journal?connection=1&last=1")[2]["connections"]
    assert ([entry["type"] for entry in only["journal"]], only["omitted"]) == (["heard"], 3)


def test_a_wrong_question_to_the_journal_is_400(get):
    """With an example of a right one."""
    status, _, body = get("/journal?connection=first")
    assert (status, "/journal?connection=1&last=100" in body["error"]["message"]) == (400, True)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("/clock?advnce=60", "There is no parameter 'advnce' (did you mean 'advance'?) here: /clock?advance=3600."),
        ("/clock?advance=60&by=1", "There is no parameter 'by' here: /clock?advance=3600."),
        ("/clock?60", "There is no parameter '60' here: /clock?advance=3600."),
        ("/clock?advance=", "'advance' is seconds to come, as in /clock?advance=3600."),
        ("/clock?advance=60&advance=1", "'advance' stands there twice; once is enough: /clock?advance=3600."),
        ("/journal?conection=1", "There is no parameter 'conection' (did you mean 'connection'?) here:"),
        ("/journal?last=", "'connection' and 'last' are whole numbers, as in /journal?connection=1&last=100."),
    ],
)
def test_a_question_that_nobody_understands_is_400(server, get, target, told):
    """And names what can be asked. Nothing has been done: no time has passed."""
    before = server.clock.unix_time
    status, _, body = get(target)
    assert (status, told in body["error"]["message"]) == (400, True), body
    assert server.clock.unix_time - before < 10


def test_whoever_asks_after_its_health_may_say_what_they_like(get):
    """Probes add the time so that nobody remembers the answer."""
    assert get("/healthz?t=1234")[0] == 200


def test_an_unknown_page_is_404_and_says_where_to_go(get):
    """Never a redirect."""
    status, headers, body = get("/")
    assert (status, body["error"]["code"], "location" in headers) == (404, "404", False)
    assert "/voice-live/realtime" in body["error"]["message"]


def test_the_sessions_address_without_a_websocket_is_426(get):
    """Somebody opened it in a browser."""
    status, headers, body = get(PATH, "api-key: k")
    assert (status, headers["upgrade"], body["error"]["code"]) == (426, "websocket", "426")


def test_only_get_is_answered(get):
    """405 where the request can be read at all."""
    status, headers, _ = get("/healthz", method="POST")
    assert (status, headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (f"/voice-live/realtime{QUERY}", 401),
        ("/voice-live/realtime?model=gpt-4o", 404),
        (f"/nowhere{QUERY}", 404),
        (f"/no-such-scenario/voice-live/realtime{QUERY}", 404),
        ("/voice-live/realtime?api-version=1999-01-01&model=gpt-4o", 400),
    ],
)
def test_a_refused_upgrade_is_an_http_answer_with_json(server, client_of, target, status):
    """Observed {DAN, VIBE}: credentials fail at the upgrade. The body says what to do."""
    headers = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
               "Sec-WebSocket-Version: 13"]  # fmt: skip
    client = client_of(server, upgraded=False)
    got, fields, body = client.get(target, *headers)
    assert (got, json.loads(body)["error"]["code"]) == (status, str(status))
    assert fields["content-type"] == "application/json"
    assert client.is_at_end()


def test_an_upgrade_that_is_wrong_in_itself_is_400(server, client_of):
    """RFC 6455 4.2.1: without a key there is no handshake."""
    client = client_of(server, upgraded=False)
    status, _, _ = client.get(PATH, "api-key: k", "Upgrade: websocket", "Connection: Upgrade")
    assert status == 400
