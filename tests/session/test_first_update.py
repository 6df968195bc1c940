"""A client that does not get its first update through."""

import base64
from typing import Any

import pytest

from tests.session.conftest import Dialogue
from tests.session.sounds import utterance, voice
from vlmock.session.effects import Close
from vlmock.session.readings import Readings

BAD = {"type": "session.update", "session": {"proactive_engagement": True}}
GOOD: dict[str, Any] = {"type": "session.update", "session": {}}
APPEND = {"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(480)).decode()}
CLEAR = {"type": "input_audio_buffer.clear"}
FAILED = "Session configuration failed after 5 attempts."


def errors(talk: Dialogue) -> list[tuple[str, str]]:
    return [(event.error.code, event.error.param) for event in talk.all("error")]


def test_the_fifth_refused_update_ends_a_session_that_was_never_configured(dialogue: Dialogue) -> None:
    """Observed in field reports (schema B2): its own error, one that says so, and close 1008."""
    dialogue.client(BAD, BAD, BAD, BAD)
    assert dialogue.closed is None
    dialogue.client(BAD)
    assert errors(dialogue)[4:] == [
        ("invalid_session_update_message", "session.proactive_engagement"),
        ("max_config_attempts_exceeded", "type"),
    ]
    assert dialogue.last("error").error.message == FAILED
    assert dialogue.closed == Close(1008, FAILED)


def test_an_accepted_update_ends_the_counting(dialogue: Dialogue) -> None:
    """After ``session.updated`` errors are those of single requests. Observed {VIBE}."""
    dialogue.client(BAD, BAD, BAD, BAD, GOOD, *[BAD] * 10)
    assert dialogue.closed is None


def test_only_updates_count(dialogue: Dialogue) -> None:
    """Assumed: what is refused of other events is no failed attempt, as long as no update is required first."""
    cancel = {"type": "response.cancel"}
    dialogue.client(*[cancel, {"type": "nonsense"}] * 10)
    assert dialogue.closed is None


def test_whoever_follows_the_other_source_is_closed_at_the_second() -> None:
    """Observed {IVW}, one source: close 1011, and no other error."""
    talk = Dialogue(readings=Readings(bad_updates="second")).skip()
    talk.client(BAD).server("error")
    assert talk.closed is None
    talk.client(BAD).server("error")
    assert talk.closed is not None
    assert talk.closed.code == 1011


def test_a_patient_service_never_closes() -> None:
    """For tests of a client that keeps trying."""
    talk = Dialogue(readings=Readings(bad_updates="never"))
    talk.client(*[BAD] * 20)
    assert talk.closed is None


@pytest.mark.parametrize("early", [APPEND, CLEAR, {"type": "response.create"}])
def test_what_comes_before_the_first_update_is_refused_where_one_is_required(early: dict[str, Any]) -> None:
    """Observed {FON}, schema B2: the code, and ``type`` for a param; after the update all is taken."""
    talk = Dialogue(readings=Readings(first_update_required=True)).skip()
    talk.client(early).server("error")
    assert errors(talk) == [("invalid_session_update_message", "type")]
    assert early["type"] in talk.last("error").error.message
    talk.client(GOOD).server("session.updated").client(APPEND).server().client(CLEAR).server(
        "input_audio_buffer.cleared"
    )


def test_each_event_before_a_required_update_is_a_failed_attempt() -> None:
    """Observed in field reports (schema B2): audio that is sent too early ends the session at the fifth append."""
    talk = Dialogue(readings=Readings(first_update_required=True))
    talk.client(*[APPEND] * 7)
    assert [code for code, _ in errors(talk)] == ["invalid_session_update_message"] * 5 + [
        "max_config_attempts_exceeded"
    ]
    assert talk.closed == Close(1008, FAILED)


def test_audio_before_the_first_update_is_heard_unless_one_is_required(dialogue: Dialogue) -> None:
    """Schema I: most wires show a session that works with what it was at connect."""
    dialogue.speak(utterance())
    assert "input_audio_buffer.speech_started" in dialogue.types


@pytest.mark.parametrize(("reading", "hears"), [("as_it_was", True), ("deaf", False)])
def test_after_a_refused_first_update_a_session_may_be_deaf(reading: Any, hears: bool) -> None:
    """Observed {IVW, OAI}: nothing of a refused update holds. Observed {IVW}, one source: it is deaf, and still greets,
    until an update is accepted."""
    talk = Dialogue(readings=Readings(rejected_first_update=reading)).skip()
    talk.client(BAD).speak(utterance())
    assert ("input_audio_buffer.speech_started" in talk.types) is hears
    talk.wait(60).client({"type": "response.create"}).wait(60)
    assert talk.types[-1] == "response.done"
    talk.skip().client(GOOD).wait(1)
    count = talk.types.count("input_audio_buffer.speech_started")
    talk.speak(utterance()).wait(60)
    assert talk.types.count("input_audio_buffer.speech_started") == count + 1


def test_a_deaf_session_drops_what_is_being_said() -> None:
    """Assumed: a turn that had begun before the refusal is none."""
    talk = Dialogue(readings=Readings(rejected_first_update="deaf")).skip()
    talk.speak(voice(600)).client(BAD).speak(utterance()).wait(60)
    assert "input_audio_buffer.committed" not in talk.types
