"""What a client is told when it breaks the protocol: message, code and param, as the service words them."""

import inspect

import msgspec
import pytest

from vlmock.protocol.catalogue import CLIENT_EVENTS
from vlmock.protocol.codec import InvalidEvent, decode_client
from vlmock.protocol.errors import ErrorDetails
from vlmock.session import refusals
from vlmock.session.refusals import Refused


@pytest.mark.parametrize(
    ("refused", "message", "code", "param"),
    [
        (
            refusals.unexpected_member("session.proactive_engagement"),
            "'session.proactive_engagement' unexpected (extra fields not permitted)",
            "invalid_session_update_message",
            "session.proactive_engagement",
        ),
        (
            refusals.unexpected_member("response.cancel_previous"),
            "'response.cancel_previous' unexpected (extra fields not permitted)",
            "invalid_request_error",
            "response.cancel_previous",
        ),
        (
            refusals.wrong_enum("session.voice", ("alloy", "ash", "cedar"), "onyx"),
            "'session.voice' should be 'alloy', 'ash' or 'cedar', got 'onyx'",
            "invalid_session_update_message",
            "session.voice",
        ),
        (
            refusals.buffer_too_small(0),
            "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only "
            "has 0.00ms of audio.",
            "input_audio_buffer_commit_empty",
            None,
        ),
        (
            refusals.no_active_response(),
            "Cancellation failed: no active response found",
            "response_cancel_not_active",
            None,
        ),
        (
            refusals.active_response("resp_1"),
            "Conversation already has an active response in progress: resp_1. Wait until the response is finished "
            "before creating a new one.",
            "conversation_already_has_active_response",
            None,
        ),
        (refusals.invalid_model("gpt-9"), "Model gpt-9 is not supported in this region.", "invalid_model", None),
        (refusals.invalid_profile("byom-x"), "Profile byom-x is not supported.", "invalid_profile", None),
        (
            refusals.no_such_item_to_delete("item_1"),
            "Error deleting item: the item with id 'item_1' does not exist.",
            "item_delete_invalid_item_id",
            "item_id",
        ),
        (
            refusals.no_such_item_to_truncate("item_1"),
            "Item with item_id not found: item_1",
            "item_truncate_invalid_item_id",
            "item_id",
        ),
        (
            refusals.audio_shorter(1234, 5000),
            "Audio content of 1234ms is already shorter than 5000ms",
            "invalid_value",
            "audio_end_ms",
        ),
        (
            refusals.only_assistant_audio_truncates(),
            "Only model output audio messages can be truncated",
            None,
            "item_id",
        ),
        (
            refusals.no_such_item_to_retrieve("item_1"),
            "Error retrieving item: the item with id 'item_1' does not exist.",
            "item_retrieve_invalid_item_id",
            "item_id",
        ),
        (
            refusals.no_such_previous_item("item_1"),
            "Error adding item: the previous item with id 'item_1' does not exist.",
            "item_create_invalid_previous_item_id",
            "previous_item_id",
        ),
        (
            refusals.duplicate_item_id("item_1"),
            "Error adding item: an item with id 'item_1' already exists.",
            "invalid_value",
            "item.id",
        ),
        (
            refusals.already_truncated("item_1"),
            "Item 'item_1' is already truncated.",
            "item_already_truncated",
            "item_id",
        ),
        (
            refusals.bad_content_index(3, parts=1),
            "Invalid 'content_index': 3. The item has 1 content part.",
            "invalid_value",
            "content_index",
        ),
        (
            refusals.append_too_large(16, 15),
            "Invalid 'audio'. 16 bytes are more than the 15 that one event may carry.",
            "invalid_value",
            "audio",
        ),
        (
            refusals.response_instructions_in_agent_mode(),
            "Overriding instructions in response.create is not supported",
            "invalid_request_error",
            "response.instructions",
        ),
        (
            refusals.not_emulated("input_audio.clear"),
            "vlmock does not emulate 'input_audio.clear' yet.",
            "not_emulated",
            "type",
        ),
        (refusals.invalid_audio("it is empty"), "Invalid 'audio'. It is empty.", "invalid_value", "audio"),
    ],
)
def test_a_refusal_has_the_words_that_clients_look_for(refused, message, code, param):
    """Behaviour 5 and 6, quoted."""
    assert refused.details == ErrorDetails(
        type="invalid_request_error", message=message, code=code, param=param, event_id=None
    )


@pytest.mark.parametrize(
    ("frame", "message", "code", "param"),
    [
        ("{", "We could not parse the JSON body of your event.", "invalid_json", None),
        ("[1]", "An event is an object, not an array.", "invalid_event", None),
        (
            '{"type":"session.update","session":{"type":"realtime"}}',
            "'session.type' unexpected (extra fields not permitted)",
            "invalid_session_update_message",
            "session.type",
        ),
        (
            '{"type":"session.update","session":{"turn_detection":{"threshold":0.5}}}',
            "Missing required parameter: 'session.turn_detection.type'.",
            "invalid_session_update_message",
            "session.turn_detection.type",
        ),
        (
            '{"type":"conversation.item.delete"}',
            "Missing required parameter: 'item_id'.",
            "missing_required_parameter",
            "item_id",
        ),
        (
            '{"type":"conversation.item.delete","item_id":7}',
            "Invalid type for 'item_id': expected a string, but got an integer instead.",
            "invalid_type",
            "item_id",
        ),
        (
            '{"type":"session.update","session":{"interim_response":{"type":"static-interim-response"}}}',
            "'session.interim_response.type' should be 'static_interim_response' or 'llm_interim_response', "
            "got 'static-interim-response'",
            "invalid_session_update_message",
            "session.interim_response.type",
        ),
        (
            '{"type":"input_audio_buffer.append","audio":"%%"}',
            "Invalid 'audio'. It is not base64.",
            "invalid_value",
            "audio",
        ),
    ],
)
def test_a_frame_that_is_no_event_is_told_why(frame, message, code, param):
    """From the bytes of a client to the error it gets."""
    invalid = decode_client(frame)
    assert isinstance(invalid, InvalidEvent)
    details = refusals.from_invalid_event(invalid).details
    assert (details.message, details.code, details.param) == (message, code, param)


@pytest.mark.parametrize(
    ("frame", "code"), [('{"type":"session.updat"}', "invalid_value"), ('{"event_id":"e"}', "invalid_event")]
)
def test_an_unknown_event_type_is_answered_with_all_that_exist(frame, code):
    """Behaviour 6: the refusal lists the supported values."""
    invalid = decode_client(frame)
    assert isinstance(invalid, InvalidEvent)
    details = refusals.from_invalid_event(invalid).details
    assert (details.code, details.param) == (code, "type")
    assert all(f"'{name}'" in details.message for name in CLIENT_EVENTS)


def test_every_refusal_says_where_it_comes_from():
    """Each emulated behaviour is labelled; the published coverage table is made from these words."""
    functions = [
        function
        for name, function in inspect.getmembers(refusals, inspect.isfunction)
        if function.__module__.startswith(f"{refusals.__name__}.") and name not in ("from_invalid_event", "code_for")
    ]
    unlabelled = [
        function.__name__
        for function in functions
        if not (function.__doc__ or "").startswith(("Documented", "Observed", "Assumed"))
    ]
    assert len(functions) > 30
    assert not unlabelled


def test_a_refusal_leaves_the_events_id_to_the_session():
    """The offending event's id is the session's to add, and is null on the wire until then."""
    refused = refusals.no_active_response()
    assert isinstance(refused, Refused)
    assert str(refused) == refused.details.message
    assert msgspec.json.decode(msgspec.json.encode(refused.details))["event_id"] is None
