"""Recordings played by a server: to whom, how often, and what becomes of those who come too many."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

import vlmock
from tests.recording.line import recording_of
from vlmock.errors import RecordingError
from vlmock.protocol.conversation import ConversationItemCreated
from vlmock.protocol.recording.lines import Close, Head
from vlmock.recording.model import Recording
from vlmock.server.mock_server import MockServer

PATH = "/voice-live/realtime?api-version=2026-07-15&model=gpt-4o"
HELLO = {
    "type": "conversation.item.create",
    "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
}


def greeting(number: int = 1, **more: Any) -> Recording:
    """A session in which one item was added."""
    item = {**HELLO["item"], "id": f"item_{number}", "object": "realtime.item", "status": "completed"}  # type: ignore[dict-item]
    return recording_of(
        [
            (0.0, "server", {"type": "session.created", "event_id": "event_1", "session": {"id": f"sess_{number}"}}),
            (0.1, "client", HELLO),
            (0.2, "server", {"type": "conversation.item.created", "event_id": "event_2", "item": item}),
        ],
        name=f"greeting-{number}",
        **more,
    )


def dial(server: MockServer, path: str = PATH) -> ClientConnection:
    return connect(server.ws_url + path, additional_headers={"api-key": "any"})


def greet(server: MockServer, path: str = PATH) -> tuple[str, str]:
    """What the session and the item are called."""
    with dial(server, path) as client:
        session = json.loads(client.recv(5))["session"]["id"]
        client.send(json.dumps(HELLO))
        return session, json.loads(client.recv(5))["item"]["id"]


@pytest.fixture
def server() -> Iterator[MockServer]:
    with vlmock.serve() as server:
        yield server


def test_a_server_plays_what_was_recorded(server: MockServer) -> None:
    """From the next connection on; what was sent is in the journal, as the classes of the wire."""
    server.replay(greeting())
    assert greet(server) == ("sess_1", "item_1")
    (created,) = server.journal.server_events("conversation.item.created")
    assert isinstance(created, ConversationItemCreated)
    assert server.journal.connections[0]["scenario"] == "greeting-1"
    assert [replay.name for replay in server.replays] == ["greeting-1"]
    assert server.problems() == []


@pytest.mark.parametrize("way", ["replay", "scenario", "play"])
def test_a_recording_is_played_like_a_scenario(way: str) -> None:
    """Given to serve, as a recording or as what is played, or to play."""
    options: dict[str, Any] = {"replay": greeting()} if way == "replay" else {}
    with vlmock.serve(greeting() if way == "scenario" else None, **options) as server:
        if way == "play":
            server.play(greeting())
        assert greet(server) == ("sess_1", "item_1")


def test_a_folder_is_replayed(server: MockServer, tmp_path: Path) -> None:
    """As it was recorded, its connections in order."""
    for number in (1, 2):
        write(tmp_path / "out" / f"connection-{number}", greeting(number))
    server.replay(tmp_path / "out")
    assert greet(server) == ("sess_1", "item_1")
    assert greet(server) == ("sess_2", "item_2")
    assert server.problems() == []


def write(folder: Path, recording: Recording) -> None:
    from vlmock.protocol.recording.encoder import RecordingEncoder
    from vlmock.protocol.recording.folder import RecordingFolder

    encoder, written = RecordingEncoder(recording.head), RecordingFolder(folder)
    written.write(encoder.opened())
    for frame in recording.frames:
        assert frame.source != "vlmock"
        written.write(encoder.said(frame.source, json.dumps(recording.whole(frame)), frame.at))
    written.write(encoder.closed("client", 1000, "", 1.0))
    written.close()


def test_recordings_are_used_up(server: MockServer) -> None:
    """One for each connection; nobody who came, and one too many, are problems."""
    server.replay([greeting(1), greeting(2)])
    assert greet(server) == ("sess_1", "item_1")
    assert server.problems() == ["nobody connected to replay greeting-2"]
    greet(server)
    assert server.problems() == []
    with pytest.raises(InvalidStatus) as refused:
        dial(server)
    assert refused.value.response.status_code == 409
    body = json.loads(refused.value.response.body)["error"]
    assert body["code"] == "replay_used_up"
    used_up = "all 2 recordings from greeting-1 on have been played already"
    assert used_up in body["message"]
    (problem,) = server.problems()
    assert problem.startswith(f"1 connection too many: {used_up}; replay with repeat=True")


def test_recordings_may_be_repeated(server: MockServer) -> None:
    """To whoever comes, in turn; nobody has to."""
    server.replay([greeting(1), greeting(2)], repeat=True)
    assert server.problems() == []
    assert [greet(server)[0] for _ in range(3)] == ["sess_1", "sess_2", "sess_1"]
    assert server.problems() == []


def test_a_recording_has_a_name_beside_scenarios(server: MockServer) -> None:
    """Whoever asks for it gets it, everybody else what is played."""
    server.replay(greeting(), name="recorded")
    assert greet(server, f"/recorded{PATH}") == ("sess_1", "item_1")
    with dial(server) as client:
        assert json.loads(client.recv(5))["session"]["id"] != "sess_1"


def test_a_scenario_takes_the_place_of_a_recording(server: MockServer) -> None:
    """What is played last is played."""
    server.replay(greeting())
    server.play("weather")
    with dial(server) as client:
        assert json.loads(client.recv(5))["session"]["id"] != "sess_1"
    assert "nobody connected to replay" not in str(server.problems())


def test_a_deviation_fails_the_test_with_its_connection(server: MockServer) -> None:
    """And stands in the journal as a remark."""
    server.replay(greeting())
    with dial(server) as client:
        client.recv(5)
        client.send('{"type":"response.cancel"}')
        client.send(json.dumps(HELLO))
        client.recv(5)
    problem = "greeting-1, frame 2: expected conversation.item.create (message), got response.cancel"
    assert server.problems() == [f"connection 1: {problem}"]
    (remark,) = server.journal.remarks()
    assert (remark.kind, remark.message) == ("differs", problem)


def test_strict_tells_the_client_and_closes(server: MockServer) -> None:
    """An error that says what is wrong, then 1008."""
    server.replay(greeting(), on_unexpected="strict")
    with dial(server) as client:
        client.recv(5)
        client.send('{"type":"response.cancel","event_id":"mine"}')
        error = json.loads(client.recv(5))["error"]
        assert (error["code"], error["event_id"]) == ("replay_deviation", "mine")
        with pytest.raises(ConnectionClosed):
            client.recv(5)
        assert client.close_code == 1008
    assert len(server.problems()) == 1


def test_another_address_is_a_deviation(server: MockServer) -> None:
    """Another model than the recorded one was dialled; the host, the key and the rest do not matter."""
    url = "wss://x.services.ai.azure.com/voice-live/realtime?api-version=2026-07-15&model=gpt-realtime&api-key=***"
    server.replay(greeting(url=url))
    greet(server)
    assert server.problems() == [
        'connection 1: greeting-1, address: model: expected "gpt-realtime", got "gpt-4o"',
    ]


def test_a_version_that_we_do_not_know_can_be_replayed(server: MockServer) -> None:
    """It is the recording that has to know it."""
    server.replay(greeting())
    assert greet(server, PATH.replace("2026-07-15", "2031-01-01"))[0] == "sess_1"


def test_what_the_service_refused_is_refused_again(server: MockServer) -> None:
    """Status, headers and body; then the next recording is played."""
    head = Head(
        made_by="a test", status=429, body='{"error":{"code":"429"}}', response_headers=[("Retry-After", "7"),
        ("Content-Length", "999"), ("Content-Type", "application/json")],
    )  # fmt: skip
    server.replay([Recording(name="refused", head=head, frames=[]), greeting()])
    with pytest.raises(InvalidStatus) as refused:
        dial(server)
    response = refused.value.response
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert json.loads(response.body) == {"error": {"code": "429"}}
    assert greet(server)[0] == "sess_1"
    assert server.problems() == []


def test_the_recorded_goodbye_is_said(server: MockServer) -> None:
    """With its code and reason."""
    server.replay(greeting(end=Close(1001, "Your session hit the maximum duration."), ended_by="server", ended_at=1.0))
    with dial(server) as client:
        client.recv(5)
        client.send(json.dumps(HELLO))
        client.recv(5)
        with pytest.raises(ConnectionClosed):
            client.recv(5)
        assert (client.close_code, client.close_reason) == (1001, "Your session hit the maximum duration.")


def test_what_cannot_be_replayed_is_said_at_once(server: MockServer, tmp_path: Path) -> None:
    """The file, and what to do; nothing changes."""
    with pytest.raises(RecordingError, match="no such folder or file"):
        server.replay(tmp_path / "nowhere")
    with pytest.raises(RecordingError, match="holds no recording"):
        server.replay([])
    with pytest.raises(ValueError, match="recorded, instant or a factor"):
        server.replay(greeting(), timing="fast")
    with pytest.raises(RecordingError):
        vlmock.serve(replay=tmp_path)
    for timing in ("recorded", 0.5, "cascade"):
        with pytest.raises(ValueError, match=r"timing is that of scenarios.* server.replay\(…, timing=…\)"):
            vlmock.serve(replay=greeting(), timing=timing)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="leave out scenario or replay"):
        vlmock.serve("weather", replay=greeting())
    with dial(server) as client:
        assert json.loads(client.recv(5))["type"] == "session.created"


async def test_many_are_replayed_to_at_once(server: MockServer) -> None:
    """What is prepared is shared, what a client calls things is not."""
    server.replay(greeting(), repeat=True)

    async def greeted(number: int) -> str:
        from websockets.asyncio.client import connect as connect_async

        async with connect_async(server.ws_url + PATH, additional_headers={"api-key": "any"}) as client:
            await client.recv()
            await client.send(json.dumps({**HELLO, "item": {**HELLO["item"], "id": f"mine_{number}"}}))  # type: ignore[dict-item]
            return str(json.loads(await client.recv())["item"]["id"])

    assert await asyncio.gather(*map(greeted, range(20))) == [f"mine_{number}" for number in range(20)]
    assert server.problems() == []


def test_time_can_be_set_forward_over_a_recorded_wait(server: MockServer) -> None:
    """The server's clock is the replay's."""
    recording = recording_of(
        [
            (0.0, "server", {"type": "session.created", "session": {}}),
            (3600.0, "server", {"type": "error", "error": {"code": "session_expired"}}),
        ]
    )
    server.replay(recording, timing="recorded")
    with dial(server) as client:
        client.recv(5)
        server.clock.advance(3600)
        assert json.loads(client.recv(5))["error"]["code"] == "session_expired"
