"""What the session answers a client that broke the protocol. The only place that builds ``ErrorDetails``.

One function for each refusal, named after what is wrong; it returns the exception to raise. The conversation goes on
after a refusal, and nothing that the refused event asked for has happened. Sources: behaviour 2.3, 5 and 6, schema B2.

Assumed, wherever a docstring does not speak of it: ``type`` is ``invalid_request_error``, and a ``code`` that no
source names repeats it, as the service itself does {FON}.
"""

from collections.abc import Iterable

from vlmock.protocol.errors import ErrorDetails
from vlmock.protocol.invalid_event import InvalidEvent, enumerate_in_prose

INVALID_REQUEST = "invalid_request_error"
INVALID_UPDATE = "invalid_session_update_message"
"""Observed (schema B2): the code of an update that has the wrong shape."""


class Refused(Exception):
    """The client's event is refused; ``details`` go into the ``error`` event."""

    def __init__(self, details: ErrorDetails) -> None:
        self.details = details
        super().__init__(details.message)


def _refused(message: str, *, code: str = INVALID_REQUEST, param: str | None = None) -> Refused:
    return Refused(ErrorDetails(type=INVALID_REQUEST, code=code, message=message, param=param, event_id=None))


def _code_for(path: str) -> str:
    return INVALID_UPDATE if path.startswith("session") else INVALID_REQUEST


# ---- the shape of an event


def from_invalid_event(invalid: InvalidEvent) -> Refused:
    """The refusal for a frame that is no event."""
    match invalid.kind:
        case "invalid_json":
            return invalid_json()
        case "not_an_object":
            return _refused(f"An event is an object, not {invalid.got}.", code="invalid_event")
        case "missing_type":
            return missing_type(invalid.allowed)
        case "unknown_type":
            return unknown_type(invalid.got, invalid.allowed)
        case "unknown_member":
            return unexpected_member(invalid.path)
        case "missing_member":
            return missing_member(invalid.path)
        case "wrong_type":
            return wrong_type(invalid.path, invalid.expected, invalid.got)
        case "invalid_base64":
            return invalid_audio("it is not base64", at=invalid.path)
        case "invalid_value":
            return _wrong_value(invalid.path, invalid.expected, invalid.got)


def invalid_json() -> Refused:
    """Assumed {OAI}: a frame that is not JSON."""
    return _refused("We could not parse the JSON body of your event.", code="invalid_json")


def missing_type(event_types: Iterable[str]) -> Refused:
    """Assumed {OAI}: an event without a ``type``."""
    message = f"The event has no 'type'. Supported values are: {enumerate_in_prose(event_types)}."
    return _refused(message, code="invalid_event", param="type")


def unknown_type(event_type: str, event_types: Iterable[str]) -> Refused:
    """Assumed {OAI}: an event of a type that the service does not know. ``event_type`` comes in its quotes."""
    message = f"Invalid value: {event_type}. Supported values are: {enumerate_in_prose(event_types)}."
    return _refused(message, code="invalid_value", param="type")


def not_emulated(event_type: str) -> Refused:
    """Assumed: the real service would have done something here, and nobody should take silence for an answer."""
    message = f"vlmock does not emulate '{event_type}' yet."
    return _refused(message, code="not_emulated", param="type")


def unexpected_member(path: str) -> Refused:
    """Observed {VIBE, IVW, GOV}: a member that the service does not know. Assumed: the code."""
    return _refused(f"'{path}' unexpected (extra fields not permitted)", code=_code_for(path), param=path)


def missing_member(path: str) -> Refused:
    """Assumed {OAI}: a member that has to be there is not. Observed (schema B2): the code of a session's object that
    does not say its type."""
    discriminator = path.startswith("session.") and path.endswith(".type")
    code = INVALID_UPDATE if discriminator else "missing_required_parameter"
    return _refused(f"Missing required parameter: '{path}'.", code=code, param=path)


def wrong_type(path: str, expected: str, got: str) -> Refused:
    """Assumed {OAI}: a member has the wrong JSON type."""
    message = f"Invalid type for '{path}': expected {expected}, but got {got} instead."
    return _refused(message, code="invalid_type", param=path)


def wrong_enum(path: str, allowed: Iterable[str], got: str) -> Refused:
    """Observed {IVW}: ``'session.voice' should be 'alloy', … or 'cedar', got 'onyx'``. Assumed: the code."""
    return _wrong_value(path, enumerate_in_prose(allowed), f"'{got}'")


def out_of_range(path: str, expected: str, got: float) -> Refused:
    """Observed {S09}: the update is rejected. Assumed: the words, in the style of ``wrong_enum``."""
    return _wrong_value(path, expected, str(got))


def _wrong_value(path: str, expected: str, got: str) -> Refused:
    return _refused(f"'{path}' should be {expected}, got {got}", code=_code_for(path), param=path)


def malformed(path: str, rule: str) -> Refused:
    """Observed (schema B2, D7): the code, and that the message begins so, for a phrase list where none may be."""
    return _refused(f"Value error, {rule}", code=_code_for(path), param=path)


# ---- the connection


def invalid_model(model: str) -> Refused:
    """Observed {S14}: the socket opens, and this follows."""
    return _refused(f"Model {model} is not supported in this region.", code="invalid_model")


def agents_take_no_key() -> Refused:
    """Observed {VIBE}: the words. Observed {TROUB}: after the upgrade, then close 1008. Assumed: the code."""
    return _refused("Key authentication is not supported in Agent mode", code="agent_initialization_failed")


def agents_take_no_legacy_token() -> Refused:
    """Observed {VIBE}: the words, for a token with the scope of Cognitive Services. Assumed: the code, and the rest as
    for a key."""
    return _refused("Authentication error to AI Agent service: Unauthorized", code="agent_initialization_failed")


def invalid_profile(profile: str) -> Refused:
    """Observed {S14}: likewise for ``profile``."""
    return _refused(f"Profile {profile} is not supported.", code="invalid_profile")


# ---- session.update


def model_fixed() -> Refused:
    """Observed {PIPE}: the URL decides the model. Assumed: words and code."""
    message = "Cannot update the model of a session: it is fixed by the connection."
    return _refused(message, code=INVALID_UPDATE, param="session.model")


def turn_detection_type_changed(before: str, after: str) -> Refused:
    """Observed {IVW, FON, NETT}: the type is fixed once the first update is through. Assumed: code and param."""
    message = f"Cannot change turn detection type during session (from {before} to {after})"
    return _refused(message, param="session.turn_detection")


def sampling_rate_changed(before: int, after: int) -> Refused:
    """Documented {DOC}: fixed once configured. Assumed: words and code."""
    message = f"Cannot change input audio sampling rate during session (from {before} to {after})"
    return _refused(message, param="session.input_audio_sampling_rate")


def echo_reference_changed(before: str, after: str) -> Refused:
    """Documented {DOC}: fixed once configured. Assumed: words and code."""
    message = f"Cannot change echo cancellation reference during session (from {before} to {after})"
    return _refused(message, param="session.input_audio_echo_cancellation.reference_source")


def cannot_update_voice() -> Refused:
    """Assumed {OAI}: once the assistant has spoken its voice stays."""
    message = "Cannot update a conversation's voice if assistant audio is present."
    return _refused(message, code="cannot_update_voice", param="session.voice")


def voice_fixed_by_avatar() -> Refused:
    """Observed {VIBE}: a voice and an avatar belong together. Assumed: code and param."""
    return _refused("Cannot update voice when avatar is configured", param="session.voice")


def no_synthesizer() -> Refused:
    """Observed {PIPE}: a voice for a session that answers in text only, in a later update. Assumed: code and param."""
    return _refused("Text to speech synthesizer is not configured", param="session.voice")


def invalid_voice_type(path: str, voice_type: str, model: str, allowed: Iterable[str]) -> Refused:
    """Observed {S09}: code, param, and that the text lists the allowed types. Assumed: the words around them."""
    message = f"Voice type '{voice_type}' is not supported for model {model}. Allowed types: {', '.join(allowed)}."
    return _refused(message, code="invalid_voice_type", param=path)


def azure_speech_needs_semantic_vad() -> Refused:
    """Observed {FON}: word for word, on a realtime brain with ``server_vad`` or null."""
    message = (
        "When using azure-speech as InputAudioTranscription, turn_detection must be of type AzureSemanticVAD or "
        "AzureMultilingualSemanticVAD."
    )
    return _refused(message, param="session.turn_detection")


def semantic_vad_in_cascade() -> Refused:
    """Observed {FON}: the words. Assumed: code and param."""
    return _refused("OpenAI Semantic VAD is not supported in cascaded pipeline", param="session.turn_detection")


def eou_needs_cascade() -> Refused:
    """Observed {IVW, EVAL}: refused, with this code and param (schema B2). Assumed: the words."""
    message = "end_of_utterance_detection is only supported in cascaded pipeline"
    return _refused(message, param="session.turn_detection.end_of_utterance_detection")


def ec_not_supported() -> Refused:
    """Observed {FON}: echo cancellation where no audio is answered. Assumed: words and param."""
    message = "Echo cancellation is not supported when the session has no audio output."
    return _refused(message, code="ec_not_supported", param="session.input_audio_echo_cancellation")


def ec_channels_require_client() -> Refused:
    """Documented {DOC}: the code, for two channels without a client reference. Assumed: words and param."""
    message = "channels 2 requires reference_source 'client'"
    param = "session.input_audio_echo_cancellation.channels"
    return _refused(message, code="invalid_ec_channels_requires_client", param=param)


def ec_reference_channels() -> Refused:
    """Documented {DOC}: the code, for a client reference without its channel. Assumed: words and param."""
    message = "reference_source 'client' requires channels 2"
    param = "session.input_audio_echo_cancellation.channels"
    return _refused(message, code="invalid_ec_reference_channels", param=param)


def instructions_in_agent_mode() -> Refused:
    """Observed {JOR}: code and param. Assumed: the words."""
    message = "Instructions cannot be configured when using an agent."
    return _refused(message, code="instructions_configuration_not_supported", param="session.instructions")


def fixed_by_agent(member: str) -> Refused:
    """Documented (schema A6): an agent brings its own. Assumed: words and code."""
    message = f"{member} cannot be configured when using an agent."
    return _refused(message, code=INVALID_UPDATE, param=f"session.{member}")


def not_supported(path: str, message: str) -> Refused:
    """Documented (schema A6): a setting that the model or voice does not take. Assumed: the words, at each rule."""
    return _refused(message, param=path)


# ---- input audio


def buffer_too_small(audio_ms: float) -> Refused:
    """Observed {STTX}: a commit of less than 100 ms."""
    message = (
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
        f"but buffer only has {audio_ms:.2f}ms of audio."
    )
    return _refused(message, code="input_audio_buffer_commit_empty")


def invalid_audio(reason: str, *, at: str = "audio") -> Refused:
    """Assumed {OAI}: audio that is empty or no base64. Observed {ODD}: an odd number of PCM16 bytes is rejected.

    ``reason`` is a sentence without its capital and its full stop.
    """
    message = f"Invalid 'audio'. {reason[:1].upper()}{reason[1:]}."
    return _refused(message, code="invalid_value", param=at)


def append_too_large(size_bytes: int, most_bytes: int) -> Refused:
    """Documented {DOC}: one append carries at most 15 MiB. Assumed: words and code."""
    return invalid_audio(f"{size_bytes} bytes are more than the {most_bytes} that one event may carry")


# ---- conversation items


def no_such_item_to_delete(item_id: str) -> Refused:
    """Observed {BANK}: the code. Assumed {OAI}: the words."""
    message = f"Error deleting item: the item with id '{item_id}' does not exist."
    return _refused(message, code="item_delete_invalid_item_id", param="item_id")


def no_such_item_to_retrieve(item_id: str) -> Refused:
    """Assumed {OAI}."""
    message = f"Error retrieving item: the item with id '{item_id}' does not exist."
    return _refused(message, code="item_retrieve_invalid_item_id", param="item_id")


def no_such_item_to_truncate(item_id: str) -> Refused:
    """Assumed {OAI}."""
    return _refused(f"Item with item_id not found: {item_id}", code="item_truncate_invalid_item_id", param="item_id")


def no_such_previous_item(item_id: str) -> Refused:
    """Documented (schema B): the item is not added. Assumed {OAI}: words and code."""
    message = f"Error adding item: the previous item with id '{item_id}' does not exist."
    return _refused(message, code="item_create_invalid_previous_item_id", param="previous_item_id")


def duplicate_item_id(item_id: str) -> Refused:
    """Assumed {OAI}: code and param."""
    message = f"Error adding item: an item with id '{item_id}' already exists."
    return _refused(message, code="invalid_value", param="item.id")


def audio_shorter(actual_ms: int, asked_ms: int) -> Refused:
    """Assumed {OAI}: a truncation beyond the end."""
    message = f"Audio content of {actual_ms}ms is already shorter than {asked_ms}ms"
    return _refused(message, code="invalid_value", param="audio_end_ms")


def only_assistant_audio_truncates() -> Refused:
    """Assumed {OAI}: the words, and that there is no code."""
    message = "Only model output audio messages can be truncated"
    return Refused(ErrorDetails(type=INVALID_REQUEST, code=None, message=message, param="item_id", event_id=None))


def already_truncated(item_id: str) -> Refused:
    """Observed {BANK}: the code. Assumed: the words."""
    return _refused(f"Item '{item_id}' is already truncated.", code="item_already_truncated", param="item_id")


def bad_content_index(content_index: int, parts: int) -> Refused:
    """Assumed: behaviour 5."""
    message = f"Invalid 'content_index': {content_index}. The item has {parts} content part{'' if parts == 1 else 's'}."
    return _refused(message, code="invalid_value", param="content_index")


# ---- responses


def active_response(response_id: str) -> Refused:
    """Observed {VIBE, ILA}: code and first sentence. Assumed {OAI}: the rest of the words."""
    message = (
        f"Conversation already has an active response in progress: {response_id}. "
        "Wait until the response is finished before creating a new one."
    )
    return _refused(message, code="conversation_already_has_active_response")


def no_active_response() -> Refused:
    """Observed {VIBE, FLOW}: a cancel with nothing to cancel."""
    return _refused("Cancellation failed: no active response found", code="response_cancel_not_active")


def response_instructions_in_agent_mode() -> Refused:
    """Observed {VIBE, JOR}: the words. Assumed: code and param."""
    return _refused("Overriding instructions in response.create is not supported", param="response.instructions")
