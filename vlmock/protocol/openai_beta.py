"""The beta dialect of OpenAI's Realtime API, as a translation: events are nearly the same. Source: schema H1.

``decode_beta`` reads what a client of that dialect sends, ``in_beta`` tells it what the service says. Both are pure;
the session between them speaks Voice Live's native pipeline and knows of neither.

Assumed {OAI}, wherever a function does not speak of it: members and defaults as the ``openai`` package types them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from vlmock.protocol.catalogue import AnyClientEvent
from vlmock.protocol.codec import Frame, decode_client, from_json_object, to_json_object
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemCreated,
    ConversationItemDeleted,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemInputAudioTranscriptionFailed,
    ConversationItemRetrieved,
    ConversationItemTruncated,
)
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import (
    InputAudioBufferCleared,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
)
from vlmock.protocol.invalid_event import InvalidEvent
from vlmock.protocol.output import (
    ResponseAudioDelta,
    ResponseAudioDone,
    ResponseAudioTranscriptDelta,
    ResponseAudioTranscriptDone,
    ResponseTextDelta,
    ResponseTextDone,
)
from vlmock.protocol.response import (
    ResponseContentPartAdded,
    ResponseContentPartDone,
    ResponseCreate,
    ResponseCreated,
    ResponseDone,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
)
from vlmock.protocol.session import SessionCreated, SessionUpdate, SessionUpdated
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDelta, ResponseFunctionCallArgumentsDone
from vlmock.protocol.wire import JsonObject, ServerEvent

__all__ = ["Known", "decode_beta", "in_beta"]


# ---- what a client sends

_WORDED_DIFFERENTLY = (SessionUpdate, ResponseCreate, ConversationItemCreate, InvalidEvent)
_NO_SETTINGS_HERE: Final = frozenset({"client_secret", "speed", "tracing"})
"""Settings that only OpenAI has: taken, and without effect."""


def decode_beta(frame: Frame) -> AnyClientEvent | InvalidEvent:
    """The event that a client of the beta sent, or what is wrong with it. Never raises."""
    event = decode_client(frame)
    if not isinstance(event, _WORDED_DIFFERENTLY):
        return event
    try:
        raw = msgspec.json.decode(frame)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return event
    translate = _FROM_BETA.get(str(raw.get("type"))) if isinstance(raw, dict) else None
    return from_json_object(translate(raw)) if translate else event


def _session_update(event: JsonObject) -> JsonObject:
    session = event.get("session")
    if not isinstance(session, dict):
        return event
    settings = {name: value for name, value in session.items() if name not in _NO_SETTINGS_HERE}
    if isinstance(transcription := settings.get("input_audio_transcription"), dict):
        settings["input_audio_transcription"] = {"model": "whisper-1"} | transcription
    return event | {"session": _answers(settings)}


def _response_create(event: JsonObject) -> JsonObject:
    response = event.get("response")
    if not isinstance(response, dict):
        return event
    asked = dict(response)
    if "input" in asked:
        items = asked.pop("input")
        asked["input_items"] = [_item(item) for item in items] if isinstance(items, list) else items
    return event | {"response": _answers(asked)}


def _item_create(event: JsonObject) -> JsonObject:
    return event | {"item": _item(event["item"])} if "item" in event else event


def _answers(settings: JsonObject) -> JsonObject:
    """Audio is never without its text in the beta, and never with it in a native pipeline. Observed {PIPE}."""
    modalities = settings.get("modalities")
    if isinstance(modalities, list) and sorted(map(str, modalities)) == ["audio", "text"]:
        settings = settings | {"modalities": ["audio"]}
    match settings.get("tool_choice"):
        case {"type": "function", "function": {"name": name}}:
            settings = settings | {"tool_choice": {"type": "function", "name": name}}
    return settings


def _item(item: Any) -> Any:
    """Clients send back items as they got them, with their ``object``."""
    return {name: value for name, value in item.items() if name != "object"} if isinstance(item, dict) else item


_FROM_BETA: Final[Mapping[str, Callable[[JsonObject], JsonObject]]] = {
    "session.update": _session_update,
    "response.create": _response_create,
    "conversation.item.create": _item_create,
}


# ---- what a client is told


class Known(msgspec.Struct, frozen=True):
    """What the events themselves do not say, and those of the beta do."""

    conversation_id: str
    seconds_of: Callable[[str], float]
    """How long the sound of an item is."""


Told = ServerEvent | JsonObject


def in_beta(event: ServerEvent, known: Known) -> Iterator[Told]:
    """The same in words of the beta: mostly the event itself, nothing where the beta has no such event."""
    if type(event) in _THE_SAME:
        yield event
    elif translate := _IN_BETA.get(type(event)):
        yield from translate(event, known)


_THE_SAME: Final = frozenset(
    {
        ConversationItemCreated,
        ConversationItemDeleted,
        ConversationItemInputAudioTranscriptionDelta,
        ConversationItemInputAudioTranscriptionFailed,
        ConversationItemRetrieved,
        ConversationItemTruncated,
        InputAudioBufferCleared,
        InputAudioBufferCommitted,
        InputAudioBufferSpeechStarted,
        InputAudioBufferSpeechStopped,
        ResponseAudioDelta,
        ResponseAudioDone,
        ResponseAudioTranscriptDelta,
        ResponseAudioTranscriptDone,
        ResponseContentPartAdded,
        ResponseContentPartDone,
        ResponseFunctionCallArgumentsDelta,
        ResponseOutputItemAdded,
        ResponseOutputItemDone,
        ResponseTextDelta,
        ResponseTextDone,
    }
)
"""Word for word."""


def _session_created(event: SessionCreated, known: Known) -> Iterator[Told]:
    """Documented {OAI}: a conversation is created right after the session."""
    yield from _session(event, known)
    yield {
        "type": "conversation.created",
        "event_id": _another_id(event),
        "conversation": {"id": known.conversation_id, "object": "realtime.conversation"},
    }


_SETTINGS: Final = (
    "id",
    "object",
    "model",
    "expires_at",  # Observed {OAI}: sent, though no reference has it
    "modalities",
    "instructions",
    "voice",
    "turn_detection",
    "input_audio_format",
    "output_audio_format",
    "input_audio_transcription",
    "input_audio_noise_reduction",
    "tools",
    "tool_choice",
    "temperature",
    "max_response_output_tokens",
)
_TRANSCRIPTION: Final = ("model", "language", "prompt")
_TURN_DETECTION: Final = (
    "type",
    "threshold",
    "prefix_padding_ms",
    "silence_duration_ms",
    "create_response",
    "interrupt_response",
    "eagerness",
)
_TEMPERATURE: Final = 0.8


def _session(event: SessionCreated | SessionUpdated, _: Known) -> Iterator[Told]:
    told = to_json_object(event)
    session = told["session"]
    settings = {name: session[name] for name in _SETTINGS if name in session}
    settings["turn_detection"] = _given(session.get("turn_detection"), _TURN_DETECTION)
    settings["input_audio_transcription"] = _given(session.get("input_audio_transcription"), _TRANSCRIPTION)
    yield told | {"session": _spoken(settings) | {"client_secret": None}}


def _given(members: JsonObject | None, names: tuple[str, ...]) -> JsonObject | None:
    """Those of the members that the beta has, and that are not null."""
    return members and {name: members[name] for name in names if members.get(name) is not None}


def _spoken(settings: JsonObject) -> JsonObject:
    """A voice is its name, audio comes with its text, and there is a temperature."""
    voice, modalities, temperature = (settings.get(name) for name in ("voice", "modalities", "temperature"))
    return settings | {
        "voice": voice.get("name") if isinstance(voice, dict) else voice,
        "modalities": ["audio", "text"] if modalities == ["audio"] else modalities,
        "temperature": _TEMPERATURE if temperature is None else temperature,
    }


_LIMITS: Final = (("requests", 5_000), ("tokens", 120_000))
"""Assumed: nothing is ever used up."""


def _response_created(event: ResponseCreated, known: Known) -> Iterator[Told]:
    """Documented {OAI}: what is left of the quota is told at the beginning of a response."""
    yield from _response(event, known)
    limits = [{"name": name, "limit": limit, "remaining": limit, "reset_seconds": 0.0} for name, limit in _LIMITS]
    yield {"type": "rate_limits.updated", "event_id": _another_id(event), "rate_limits": limits}


def _response(event: ResponseCreated | ResponseDone, _: Known) -> Iterator[Told]:
    told = to_json_object(event)
    yield told | {"response": _spoken(told["response"])}


def _arguments_done(event: ResponseFunctionCallArgumentsDone, _: Known) -> Iterator[Told]:
    """Without the function's name, which clients of the beta look up in the item."""
    told = to_json_object(event)
    told.pop("name", None)
    yield told


def _transcript(event: ConversationItemInputAudioTranscriptionCompleted, known: Known) -> Iterator[Told]:
    """With ``usage``, as of a model that is paid by the second; without phrases."""
    told = to_json_object(event)
    told.pop("phrases", None)
    yield told | {"usage": {"type": "duration", "seconds": round(known.seconds_of(event.item_id), 3)}}


_UNEXPECTED: Final = " unexpected (extra fields not permitted)"


def _error(event: ErrorEvent, _: Known) -> Iterator[Told]:
    """Documented {OAI}: the words for an unknown member, and codes. What else is wrong keeps its words."""
    told = to_json_object(event)
    error = told["error"]
    if error["message"].endswith(_UNEXPECTED):
        message = f"Unknown parameter: {error['message'].removesuffix(_UNEXPECTED)}."
        error |= {"message": message, "code": "unknown_parameter"}
    elif error.get("code") == "invalid_session_update_message":
        error |= {"code": "invalid_value"}
    for member in ("message", "param"):
        if text := error.get(member):
            error[member] = text.replace("response.input_items", "response.input")
    yield told


_IN_BETA: Final[Mapping[type[ServerEvent], Callable[[Any, Known], Iterator[Told]]]] = {
    SessionCreated: _session_created,
    SessionUpdated: _session,
    ResponseCreated: _response_created,
    ResponseDone: _response,
    ResponseFunctionCallArgumentsDone: _arguments_done,
    ConversationItemInputAudioTranscriptionCompleted: _transcript,
    ErrorEvent: _error,
}


def _another_id(event: ServerEvent) -> str:
    """For an event that follows another one, in the same shape: that one's letters backwards."""
    prefix, _, letters = str(event.event_id).rpartition("_")
    return f"{prefix}_{letters[::-1]}"
