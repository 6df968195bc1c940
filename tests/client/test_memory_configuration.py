"""The configuration that a new session gets: all accepted updates as one."""

from typing import Any

import pytest

from tests.client.remembering import error
from vlclient.memory import Memory
from vlmock.protocol.session import RequestSession, ResponseSession, SessionUpdate, SessionUpdated
from vlmock.protocol.turn_detection import AzureSemanticVad, ServerVad
from vlmock.protocol.wire import UNSET

UPDATED = SessionUpdated(session=ResponseSession())


def update(memory: Memory, event_id: Any = UNSET, **settings: Any) -> None:
    memory.sent(SessionUpdate(event_id=event_id, session=RequestSession(**settings)))


def test_accepted_updates_add_up_to_one(memory):
    """Documented {DOC}, behaviour.md 2.2: merged at the top level, objects inside replaced, null switches off."""
    assert memory.configuration is None
    update(memory, instructions="Be brief.", turn_detection=ServerVad(threshold=0.7, silence_duration_ms=300))
    assert memory.configuration is None, "not accepted yet"
    memory.receive(UPDATED)
    update(memory, voice="en-US-AvaNeural", turn_detection=ServerVad(threshold=0.5))
    memory.receive(UPDATED)
    update(memory, input_audio_noise_reduction=None)
    memory.receive(UPDATED)
    assert memory.configuration == SessionUpdate(
        session=RequestSession(
            instructions="Be brief.",
            turn_detection=ServerVad(threshold=0.5),
            voice="en-US-AvaNeural",
            input_audio_noise_reduction=None,
        )
    )


@pytest.mark.parametrize(
    ("event_id", "refusal"),
    [
        ("e1", error(event_id="e1")),
        (UNSET, error(event_id=None, param="session.turn_detection")),
        ("e1", error(event_id=None, param="session.turn_detection")),
    ],
)
def test_a_refused_update_leaves_nothing(memory, event_id, refusal):
    """Observed {IVW}: not even its valid members; Observed {FON}: an error without an id names the member at fault."""
    update(memory, event_id, turn_detection=AzureSemanticVad(), voice="x")
    update(memory, "e2", instructions="Be brief.")
    memory.receive(error(event_id=None, param="item.id"))
    memory.receive(refusal)
    memory.receive(UPDATED)
    assert memory.configuration == SessionUpdate(session=RequestSession(instructions="Be brief."))


def test_a_second_confirmation_confirms_nothing_more(memory):
    """Observed {VIBE}: with an avatar two come for one update."""
    update(memory, voice="x")
    memory.receive(UPDATED)
    memory.receive(UPDATED)
    assert memory.configuration == SessionUpdate(session=RequestSession(voice="x"))


def test_sending_the_configuration_again_changes_nothing(memory):
    """What was not confirmed when the connection ended is not waited for."""
    update(memory, voice="x")
    memory.receive(UPDATED)
    update(memory, voice="y")
    memory.disconnected()
    again = memory.configuration
    assert again is not None
    memory.sent(again)
    memory.receive(UPDATED)
    assert memory.configuration == again == SessionUpdate(session=RequestSession(voice="x"))
