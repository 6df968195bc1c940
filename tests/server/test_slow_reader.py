"""A client that reads late gets everything, in order, once."""

import json

from websockets.sync.client import connect

import vlmock
from vlmock.session.script import Say

MINUTES_OF_WORDS = "and so on " * 150
SENTENCES = 4


def test_a_reply_that_fills_every_buffer_arrives_whole() -> None:
    """Some twelve megabytes, far more than the kernel keeps: what waits goes on where it stopped."""
    with vlmock.serve(lambda turn: [Say(MINUTES_OF_WORDS)] * SENTENCES) as server:
        url = f"{server.ws_url}/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
        with connect(url, additional_headers={"api-key": "any"}, max_queue=1, max_size=None) as socket:
            socket.send('{"type":"response.create"}')
            server.journal.wait_for("response.audio.delta")
            assert not server.journal.server_events("response.done"), "the reply went out without waiting for anybody"
            received = []
            while not received or received[-1]["type"] != "response.done":
                received.append(json.loads(socket.recv()))
        sent = [entry.body() for entry in server.journal.entries() if entry.source == "server"]
    assert [event["event_id"] for event in received] == [event["event_id"] for event in sent]
    deltas = [event["delta"] for event in received if event["type"] == "response.audio.delta"]
    assert sum(map(len, deltas)) > 10 * 2**20
