"""Every client event is answered, and whatever is no event is refused."""

import pytest

from tests.session.conftest import Dialogue
from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_CLIENT_EVENTS
from vlmock.protocol.input_audio import InputAudioBufferAppend
from vlmock.session.handlers import HANDLERS


def test_every_client_event_has_a_handler() -> None:
    """The table is total."""
    handled = {kind.__struct_config__.tag for kind in (*HANDLERS, InputAudioBufferAppend)}
    assert handled == set(CLIENT_EVENTS)


MEMBERS = {
    "input_audio.turn.start": {"turn_id": "t"},
    "input_audio.turn.append": {"turn_id": "t", "audio": "AAAA"},
    "input_audio.turn.end": {"turn_id": "t"},
    "input_audio.turn.cancel": {"turn_id": "t"},
    "session.avatar.connect": {"client_sdp": "x"},
    "input_text.delta": {"id": "i", "delta": "x"},
    "input_text.done": {"id": "i"},
}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        ("[]", "invalid_event"),
        ("{}", "invalid_event"),
        ('{"type": 3}', "invalid_type"),
        ('{"type": "response.output_audio.delta"}', "invalid_value"),
        ('{"type": "response.create", "response": 3}', "invalid_type"),
        ('{"type": "conversation.item.delete"}', "missing_required_parameter"),
        ('{"type": "response.create", "respnse": {}}', "invalid_request_error"),
    ],
)
def test_what_is_no_event_is_refused_and_the_session_goes_on(dialogue: Dialogue, frame: str, code: str) -> None:
    """Behaviour 6; the session answers the next event."""
    dialogue.frame(frame).server("error")
    assert dialogue.last("error").error.code == code
    dialogue.client({"type": "input_audio_buffer.clear"}).server("input_audio_buffer.cleared")


@pytest.mark.parametrize("name", sorted(OTHER_CLIENT_EVENTS))
def test_events_outside_the_contract_do_not_harm(dialogue: Dialogue, name: str) -> None:
    """Some are refused for their shape, some for themselves; each gets exactly one error."""
    dialogue.client({"type": name, "event_id": "mine"}).server("error")


def test_an_unknown_model_is_an_error_after_the_upgrade() -> None:
    """Observed {S14}: the socket opens; nothing works."""
    dialogue = Dialogue(model="gpt-99")
    dialogue.server("error")
    error = dialogue.last("error").error
    assert (error.code, error.message) == ("invalid_model", "Model gpt-99 is not supported in this region.")
    dialogue.client({"type": "response.create", "event_id": "mine"}).server("error")
    assert dialogue.last("error").error.event_id == "mine"


def test_answers_keep_the_order_of_what_they_answer() -> None:
    """``session.updated`` may take its time, but what was sent after the update is answered after it."""
    from vlmock.session.timing import Timing

    dialogue = Dialogue(timing=Timing({"updated": 80.0})).skip()
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}
    dialogue.client({"type": "session.update", "session": {}}).server()
    dialogue.client({"type": "conversation.item.create", "item": item})
    dialogue.server("session.updated", "conversation.item.created")
    dialogue.wait(1).server()
