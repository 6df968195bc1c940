"""Refusals: what is no event, or has a member that is too many or wrong."""

from tests.session.exchanges import update
from tests.session.refusal_cases.case import GENERAL, NATIVE, NEWEST, UPDATE, Case
from vlmock.protocol.catalogue import CLIENT_EVENTS
from vlmock.protocol.invalid_event import enumerate_in_prose

ALL_TYPES = enumerate_in_prose(CLIENT_EVENTS)

CASES = (
    Case("invalid_json", ("{",), "We could not parse the JSON body of your event.", "invalid_json"),
    Case("not_an_object", ("[1]",), "An event is an object, not an array.", "invalid_event"),
    Case(
        "missing_type",
        ({"event_id": "e"},),
        f"The event has no 'type'. Supported values are: {ALL_TYPES}.",
        "invalid_event",
        "type",
        NEWEST,
    ),
    Case(
        "unknown_type",
        ({"type": "session.updat"},),
        f"Invalid value: 'session.updat'. Supported values are: {ALL_TYPES}.",
        "invalid_value",
        "type",
        NEWEST,
    ),
    Case(
        "unexpected_member",
        (update(proactive_engagement=True),),
        "'session.proactive_engagement' unexpected (extra fields not permitted)",
        UPDATE,
        "session.proactive_engagement",
    ),
    Case(
        "unexpected_member",
        ({"type": "response.create", "response": {"cancel_before": True}},),
        "'response.cancel_before' unexpected (extra fields not permitted)",
        GENERAL,
        "response.cancel_before",
    ),
    Case(
        "missing_member",
        ({"type": "conversation.item.delete"},),
        "Missing required parameter: 'item_id'.",
        "missing_required_parameter",
        "item_id",
    ),
    Case(
        "missing_member",
        (update(turn_detection={"threshold": 0.5}),),
        "Missing required parameter: 'session.turn_detection.type'.",
        UPDATE,
        "session.turn_detection.type",
    ),
    Case(
        "wrong_type",
        ({"type": "conversation.item.delete", "item_id": 7},),
        "Invalid type for 'item_id': expected a string, but got an integer instead.",
        "invalid_type",
        "item_id",
    ),
    Case(
        "wrong_enum",
        (update(voice="onyx"),),
        "'session.voice' should be 'alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse', 'marin' or "
        "'cedar', got 'onyx'",
        UPDATE,
        "session.voice",
        NATIVE,
    ),
    Case(
        "out_of_range",
        (update(temperature=1.3),),
        "'session.temperature' should be between 0 and 1.2, got 1.3",
        UPDATE,
        "session.temperature",
    ),
    Case(
        "malformed",
        (update(input_audio_transcription={"model": "gpt-4o-transcribe", "phrase_list": ["Contoso"]}),),
        "Value error, phrase_list is only supported for azure-mrs, mai-transcribe-1.5, azure-fast-transcription, "
        "mai-transcribe, azure-speech",
        UPDATE,
        "session.input_audio_transcription",
        NATIVE,
    ),
)
