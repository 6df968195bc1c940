"""Clients of recordings are judged as live ones are; what a recording lacks is not held against them."""

import base64
from pathlib import Path
from typing import Any

import pytest

import vlmock
from tests.conduct.test_server import THINKS, asks_twice, dial, say, until
from tests.server.fakes import PATH
from tests.session.sounds import voice
from vlmock.conduct.of_recordings import judge_recordings
from vlmock.protocol.codec import encode
from vlmock.protocol.input_audio import InputAudioBufferAppend
from vlmock.protocol.recording.lines import Close, Frame, Head
from vlmock.recording.model import Recording
from vlmock.recording.reading import read

URL = "wss://name.services.ai.azure.com/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
SESSION = {"id": "sess_1", "turn_detection": {"type": "server_vad"}}


def said(source: Any, type: str, at: float = 0.0, **members: Any) -> Frame:
    return Frame(at=at, source=source, event={"type": type, **members})


OPENED = said("server", "session.created", session=SESSION)


def recorded(*frames: Frame, url: str = URL, **members: Any) -> Recording:
    head = {name: members.pop(name) for name in Head.__struct_fields__ if name in members}
    return Recording(name="a folder", head=Head(made_by="a test", url=url, **head), frames=frames, **members)


def broken(*recordings: Recording) -> list[str]:
    findings, unjudged = judge_recordings(recordings)
    assert unjudged == []
    return [finding.rule.id for finding in findings]


def test_what_was_found_live_is_found_in_the_recording(tmp_path: Path):
    """The same rules at the same places."""
    with vlmock.serve(lambda turn: "Yes.", timing=THINKS) as server:
        asks_twice(server)
        live = server.conduct.findings
        saved = server.journal.save(tmp_path / "saved")
    found, _ = judge_recordings(read(saved))
    assert [(each.rule.id, each.entry) for each in found] == [(each.rule.id, each.entry) for each in live]
    assert [each.at for each in found] == pytest.approx([each.at for each in live], abs=0.001)
    lines = (saved / "connection-1" / "events.jsonl").read_text().splitlines()
    assert f"{saved / 'connection-1' / 'events.jsonl'}:{found[0].line} #1 " in str(found[0])
    assert '"from":"client"' in lines[found[0].line - 1]
    assert '"type":"response.create"' in lines[found[0].line - 1]


def test_an_error_of_the_service_is_about_what_the_client_sent_last():
    """Other events may stand between them."""
    details = {"message": "Nothing to cancel.", "type": "invalid_request_error", "code": "some_new_code"}
    frames = (
        OPENED,
        said("client", "input_audio_buffer.clear", 1.0),
        said("server", "conversation.item.created", 1.01),
        said("server", "error", 1.1, error=details),
    )
    assert broken(recorded(*frames)) == ["VL601"]


def test_so_it_is_while_the_recording_is_played():
    """What the service said then, in its order, to a client that says the same now."""
    details = {"message": "Nothing to clear.", "type": "invalid_request_error", "code": "some_new_code"}
    frames = (
        OPENED,
        said("client", "input_audio_buffer.clear", 1.0),
        said("server", "input_audio_buffer.cleared", 1.01),
        said("server", "error", 1.1, error=details),
    )
    with vlmock.serve(recorded(*frames, url=f"wss://name.services.ai.azure.com{PATH}")) as server:
        with dial(server) as socket:
            say(socket, "input_audio_buffer.clear")
            until(socket, "error")
        assert [finding.rule.id for finding in server.conduct.findings] == ["VL601"]


def test_what_the_journal_had_lost_is_not_held_against_a_client(tmp_path: Path):
    """Neither sound nor events."""
    for journal_bytes, connections in ((60_000, 0), (4_000, 1)):
        with vlmock.serve(journal_bytes=journal_bytes) as server:
            with dial(server) as socket:
                say(socket, "session.update", session={"turn_detection": None})
                until(socket, "session.updated")
                for _ in range(8):
                    socket.send(encode(InputAudioBufferAppend(audio=voice(500))).decode())
                say(socket, "response.create")
                until(socket, "response.done")
            server.journal.wait_for_close()
            saved = server.journal.save(tmp_path / str(journal_bytes))
            live = server.conduct
        findings, unjudged = judge_recordings(read(saved))
        assert [finding.rule.id for finding in findings] == [
            finding.rule.id for finding in live.without("VL211").findings
        ]
        assert len(unjudged) == len(live.unjudged) == connections


def test_an_error_that_comes_late_is_about_nothing():
    """It may be the service's own trouble."""
    details = {"message": "Overloaded.", "type": "invalid_request_error", "code": None}
    frames = (OPENED, said("client", "input_audio_buffer.clear", 1.0), said("server", "error", 9.0, error=details))
    assert broken(recorded(*frames)) == []


def truncates(**members: Any) -> Recording:
    delta = base64.b64encode(voice(1000)).decode()
    place = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}
    frames = (
        OPENED,
        said("server", "response.audio.delta", 1.0, delta=delta, **place),
        said("client", "conversation.item.truncate", 1.1, item_id="item_1", content_index=0, audio_end_ms=900),
    )
    return recorded(*frames, **members)


def test_without_times_nothing_is_too_early():
    assert broken(truncates()) == ["VL303"]
    assert broken(truncates(timed=False)) == []


def test_where_sound_was_cut_short_nothing_is_too_long():
    assert broken(truncates(audio_cut=True)) == []


def test_a_message_that_is_no_event():
    """Text and bytes."""
    assert broken(recorded(OPENED, Frame(at=1.0, source="client", text="hello"))) == ["VL709"]
    assert broken(recorded(OPENED, Frame(at=1.0, source="client", binary=b"\xff\xfe"))) == ["VL808"]


def test_remarks_of_the_recorder_count():
    """What the socket saw, and what a test said of the loudspeaker."""
    noted = said("vlmock", "(noted)", 1.0, message="a ping was not answered within 20 s", code="ping_unanswered")
    assert broken(recorded(OPENED, noted)) == ["VL804"]


def test_how_it_was_dialled():
    """A recording keeps the names of what was secret, and the headers."""
    in_query = recorded(OPENED, url=URL.replace("wss", "ws") + "&api-key=***")
    assert broken(in_query) == ["VL801"]
    agent = "wss://name/voice-live/realtime?api-version=2026-04-10&agent-name=helper&agent-project-name=project"
    assert broken(recorded(OPENED, url=agent, request_headers=[("Api-Key", "***")])) == ["VL803"]


def test_several_are_the_connections_of_one_client():
    """One that was closed with 1008, and one after it."""
    first = recorded(OPENED, end=Close(1008, "no"), ended_by="server", ended_at=2.0, started="2026-11-23T10:00:00Z")
    again = recorded(OPENED, started="2026-11-23T10:00:05Z")
    assert broken(first, again) == ["VL904"]


def test_a_handshake_that_was_refused():
    assert broken(recorded(status=404, body="no such path", started="2026-11-23T10:00:00Z")) == ["VL810"]


def test_the_beta_dialect_is_read_as_such():
    """``input`` for ``input_items`` is right there, and wrong on Voice Live's own address."""
    asks = said("client", "response.create", 1.0, response={"input": []})
    beta = "wss://name.openai.azure.com/openai/realtime?api-version=2025-04-01-preview&deployment=mine"
    assert broken(recorded(OPENED, asks, url=beta)) == []
    assert broken(recorded(OPENED, asks)) == ["VL701"]
