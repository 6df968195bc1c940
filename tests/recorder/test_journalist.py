"""The journal that a recorder fills: what went by, as an emulator would have it."""

from pathlib import Path

import pytest

from vlmock.protocol.input_audio import InputAudioBufferAppend
from vlmock.protocol.input_audio import InputAudioBufferCleared as Cleared
from vlmock.protocol.recording.redaction import Redaction
from vlmock.protocol.session import SessionUpdate
from vlmock.recorder.frames import Goodbye, Message
from vlmock.recorder.journalist import Journalist
from vlmock.recorder.minutes import Recorded
from vlmock.server.journal import Ended, Journal


def text(message: str) -> Message:
    return Message(message.encode(), True)


def connection(path: str = "/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1", **known: object) -> Recorded:
    return Recorded(1, Path("out/connection-1"), path, **known)  # type: ignore[arg-type]


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def journalist(journal: Journal) -> Journalist:
    return Journalist(journal, unix_time=lambda: 1_795_428_161.5)


def test_both_sides_are_typed_and_have_their_time(journalist: Journalist, journal: Journal):
    """Audio as bytes; what has no class of ours stays as it was."""
    recorded = connection()
    journalist.begun(recorded, Redaction())
    recorded.seconds = 0.5
    journalist.said(recorded, "client", text('{"type":"input_audio_buffer.append","audio":"AAAA"}'))
    recorded.seconds = 0.75
    journalist.said(recorded, "server", text('{"type":"input_audio_buffer.cleared","event_id":"e1"}'))
    journalist.said(recorded, "server", text('{"type":"brand.new","event_id":"e2"}'))
    journalist.said(recorded, "server", text("no JSON"))
    journalist.said(recorded, "server", Goodbye(1000, ""))
    assert journal.client_events() == [InputAudioBufferAppend(audio=b"\0\0\0")]
    assert journal.server_events()[0] == Cleared(event_id="e1")
    assert journal.server_events()[1:] == [{"type": "brand.new", "event_id": "e2"}, {"type": "(text)"}]
    assert [entry.at for entry in journal.entries()] == [0.5, 0.75, 0.75, 0.75]
    (facts,) = journal.connections
    assert (facts["model"], facts["opened"], facts["ended"]) == ("gpt-4.1", 1_795_428_161.5, None)


@pytest.mark.parametrize(
    ("known", "ended"),
    [
        ({"code": 1000, "reason": "bye", "ended_by": "client"}, Ended(1000, "bye", "client", 2.0)),
        ({"code": 1006, "ended_by": "server"}, Ended(1006, "", "network", 2.0)),
        ({}, Ended(1006, "", "network", 2.0)),
    ],
    ids=["said goodbye", "was lost", "was broken off"],
)
def test_the_end_is_in_it(journalist: Journalist, journal: Journal, known: dict[str, object], ended: Ended):
    """Who said goodbye, and how. What comes afterwards is nobody's."""
    recorded = connection(**known, seconds=2.0)
    journalist.begun(recorded, Redaction())
    journalist.over(recorded)
    journalist.over(recorded)
    journalist.said(recorded, "server", text("{}"))
    assert journal.wait_for_close(timeout=0) == ended
    assert journal.entries() == []


def test_who_was_not_let_in_is_in_no_journal(journalist: Journalist, journal: Journal):
    """As with an emulator."""
    recorded = connection(status=401)
    journalist.begun(recorded, Redaction())
    journalist.over(recorded)
    assert journal.connections == []


def test_the_beta_dialect_is_understood(journalist: Journalist, journal: Journal):
    """Its settings are those of a session, too."""
    recorded = connection("/v1/realtime?model=gpt-realtime")
    journalist.begun(recorded, Redaction())
    journalist.said(recorded, "client", text('{"type":"session.update","session":{"voice":"alloy"}}'))
    assert [type(event) for event in journal.client_events()] == [SessionUpdate]
    assert journal.connections[0]["dialect"] == "openai-beta"


def test_what_is_not_recorded_is_not_shown(journalist: Journalist, journal: Journal):
    """A test's report shows the journal."""
    recorded = connection()
    journalist.begun(recorded, Redaction(["Oysters?"]))
    journalist.said(recorded, "client", text('{"type":"session.update","session":{"instructions":"Oysters"}}'))
    journalist.said(recorded, "server", text('{"type":"brand.new","word":"Oysters"}'))
    lines = [entry.line() for entry in journal.entries()]
    assert ["***" in line and "Oyster" not in line for line in lines] == [True, True]
