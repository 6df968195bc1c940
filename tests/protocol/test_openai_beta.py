"""The beta dialect as a translation: what is the same, what is worded differently, what is not there."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.beta.realtime import RealtimeServerEvent

from tests.protocol.test_invalid_events import FRAMES
from tests.protocol.wire_values import structs_of
from vlmock.protocol.catalogue import OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.protocol.codec import InvalidEvent, to_json_object
from vlmock.protocol.openai_beta import Known, decode_beta, in_beta
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.protocol.session import ResponseSession, SessionUpdated
from vlmock.protocol.wire import UNSET, ClientEvent

KNOWN = Known("conv_1", lambda item_id: 1.25)
ITS_EVENTS = {get_args(each.model_fields["type"].annotation)[0] for each in get_args(get_args(RealtimeServerEvent)[0])}
NOT_PASSED_ON = {
    "output_audio_buffer.cleared",  # in the beta over WebRTC only, in Voice Live with avatars only
    "output_audio_buffer.started",
    "output_audio_buffer.stopped",
    "rate_limits.updated",  # made by the translation
}


def decoded(event: dict[str, Any]) -> dict[str, Any]:
    result = decode_beta(json.dumps(event))
    assert isinstance(result, ClientEvent), result
    return to_json_object(result)


@pytest.mark.parametrize("wire_type", sorted({**SERVER_EVENTS, **OTHER_SERVER_EVENTS}))
@settings(max_examples=20)
@given(data=st.data())
def test_what_the_beta_has_is_told_and_nothing_else(wire_type: str, data: st.DataObject) -> None:
    """For each event of Voice Live, whatever is in it: told under its own name if OpenAI's types have it."""
    event = data.draw(structs_of({**SERVER_EVENTS, **OTHER_SERVER_EVENTS}[wire_type]))
    told = [each["type"] if isinstance(each, dict) else each.type for each in in_beta(event, KNOWN)]
    assert told[:1] == ([wire_type] if wire_type in ITS_EVENTS - NOT_PASSED_ON else [])
    assert set(told) <= ITS_EVENTS


@pytest.mark.parametrize(("temperature", "told"), [(0.0, 0.0), (1.1, 1.1), (None, 0.8), (UNSET, 0.8)])
def test_there_is_always_a_temperature(temperature: Any, told: float) -> None:
    """The session's own, 0 as well; a native pipeline has none, and the beta wants one."""
    (updated,) = in_beta(SessionUpdated(session=ResponseSession(temperature=temperature)), KNOWN)
    assert isinstance(updated, dict)
    assert updated["session"]["temperature"] == told


def test_sound_passes_as_it_is() -> None:
    """Not even looked at."""
    delta = ResponseAudioDelta(response_id="r", item_id="i", output_index=0, content_index=0, delta=b"xx")
    assert next(in_beta(delta, KNOWN)) is delta


OUTPUT = {"type": "function_call_output", "call_id": "c", "output": "o"}
CHOICE = {"type": "function", "name": "f"}


@pytest.mark.parametrize(
    ("wire_type", "beta", "ours"),
    [
        ("session.update", {"modalities": ["text", "audio"], "speed": 1.5}, {"modalities": ["audio"]}),
        ("session.update", {"modalities": ["text"], "tracing": "auto"}, {"modalities": ["text"]}),
        ("session.update", {"client_secret": {}, "voice": "echo"}, {"voice": "echo"}),
        (
            "session.update",
            {"input_audio_transcription": {"language": "de"}},
            {"input_audio_transcription": {"model": "whisper-1", "language": "de"}},
        ),
        ("session.update", {"turn_detection": None}, {"turn_detection": None}),
        ("session.update", {"input_audio_transcription": None}, {"input_audio_transcription": None}),
        ("response.create", {"input": []}, {"input_items": []}),
        ("response.create", {"input": [OUTPUT | {"object": "realtime.item"}]}, {"input_items": [OUTPUT]}),
        ("response.create", {"modalities": ["audio", "text"]}, {"modalities": ["audio"]}),
        ("response.create", {"tool_choice": {"type": "function", "function": {"name": "f"}}}, {"tool_choice": CHOICE}),
        ("response.create", {"tool_choice": CHOICE}, {"tool_choice": CHOICE}),
        ("conversation.item.create", OUTPUT | {"object": "realtime.item"}, OUTPUT),
    ],
)
def test_what_a_client_of_the_beta_sends_is_put_into_our_words(wire_type: str, beta: Any, ours: Any) -> None:
    """Schema H1."""
    member = {"session.update": "session", "response.create": "response", "conversation.item.create": "item"}[wire_type]
    assert decoded({"type": wire_type, member: beta}) == {"type": wire_type, member: ours}


@pytest.mark.parametrize("wire_type", ["response.create", "response.cancel", "input_audio_buffer.clear"])
def test_what_is_the_same_stays_as_it_is(wire_type: str) -> None:
    """Most events."""
    assert decoded({"type": wire_type}) == {"type": wire_type}


@settings(max_examples=300)
@given(FRAMES)
def test_any_frame_is_an_event_or_a_refusal(frame: bytes | str) -> None:
    """Whatever comes, nothing is raised."""
    assert isinstance(decode_beta(frame), ClientEvent | InvalidEvent)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "session.update", "session": 7},
        {"type": "response.create", "response": {"input": 7}},
        {"type": "response.create", "response": {"input": [7]}},
        {"type": "conversation.item.create", "item": 7},
        {"type": "session.update", "session": {"modalities": 7, "input_audio_transcription": 7}},
        {"type": ["session.update"]},
    ],
)
def test_what_cannot_be_translated_is_refused_as_it_stands(event: dict[str, Any]) -> None:
    """The translation is no judge."""
    assert isinstance(decode_beta(json.dumps(event)), InvalidEvent)
