"""A recording, listened to from its beginning to its end: who said what, and how it was answered."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec

from vlmock.protocol.catalogue import SERVER_EVENTS
from vlmock.protocol.codec import ProtocolError, UnknownServerEvent, decode_server
from vlmock.protocol.conversation import (
    ConversationItemCreated,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionFailed,
    TranscriptionPhrase,
)
from vlmock.protocol.errors import ErrorEvent, WarningEvent
from vlmock.protocol.input_audio import (
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
    InputAudioBufferTimeoutTriggered,
)
from vlmock.protocol.items import (
    FunctionCallOutputItem,
    InputAudioPart,
    InputTextPart,
    McpApprovalRequestItem,
    McpListToolsItem,
    MessageItem,
)
from vlmock.protocol.output import ResponseInvocationDelta
from vlmock.protocol.recording.lines import AUDIO_KEY
from vlmock.protocol.session import SessionCreated, SessionUpdated
from vlmock.protocol.tool_calls import McpListToolsFailed
from vlmock.protocol.wire import JsonObject, given
from vlmock.recording.model import Recording
from vlmock.recording.to_scenario import answering
from vlmock.recording.to_scenario.answering import Handler, heard_of, say_aside
from vlmock.recording.to_scenario.escaping import is_readable
from vlmock.recording.to_scenario.progress import Progress
from vlmock.recording.to_scenario.story import McpOffer, Place, Said, Story

__all__ = ["listen"]

_RATE_LIMITS: Final = "rate_limits.updated"
_OF_ITS_OWN_ACCORD: Final = frozenset(SERVER_EVENTS) | {
    "conversation.item.done",
    "input_audio_buffer.timeout_triggered",
    *(f"response.foundry_agent_call_arguments.{word}" for word in ("delta", "done")),
    *(f"response.foundry_agent_call.{word}" for word in ("in_progress", "completed", "failed")),
}
"""Types that the emulator sends without being told to; everything else is sent by hand, or lost."""
_NEVER_SENT: Final = (1005, 1006)
"""Close codes that stand for a close frame without a code, and for none."""


def listen(recording: Recording, *, model_takes_s: float = 0.0) -> Story:
    """The conversation in a recording. Never raises: what it cannot tell is among the story's losses.

    ``model_takes_s``: usually, before it says anything; what is longer is a silence of its own.
    """
    progress = Progress(recording.head.timed, model_takes_s)
    if _follows_the_readings(recording):
        progress.story.readings["rate_limits"] = True
    for number, frame in enumerate(recording.frames, 1):
        progress.place = Place(number, frame.at, recording.line(number - 1))
        if frame.source == "vlmock":
            continue
        if frame.event is None:
            progress.lose(f"the {frame.source} sent something that is no JSON object")
        elif frame.source == "client":
            _hear_client(progress, frame.event)
        else:
            _hear_server(progress, frame.event)
    return _finished(progress, recording)


def _follows_the_readings(recording: Recording) -> bool:
    """Whether ``rate_limits.updated`` follows every ``response.done``: that is how the emulator sends it by itself."""
    types = [str((frame.event or {}).get("type")) for frame in recording.frames if frame.source == "server"]
    behind = [after for before, after in pairwise(types) if before == "response.done"]
    return bool(behind) and all(after == _RATE_LIMITS for after in behind)


def _finished(progress: Progress, recording: Recording) -> Story:
    story, end = progress.story, recording.end
    detection = story.session.get("turn_detection")
    if isinstance(detection, dict) and detection.get("remove_filler_words"):
        story.losses.append("filler words that the service removed left no trace; a turn with 'filler: true' is one")
    story.unanswered = progress.came
    for call in progress.service_calls.values():
        call.refused = getattr(call.item, "approval_request_id", None) in progress.refused
    for said in progress.said.values():
        said.began_ms, said.ended_ms = progress.spans.get(said.item_id, [None, None])
    if end is not None and recording.ended_by == "server" and end.code not in _NEVER_SENT:
        if story.answers and progress.active is None and not progress.client_has_acted:
            story.close = end
        else:
            story.losses.append(f"at the end the server closed the connection: {end.code} {end.reason}".rstrip())
    return story


# ---- whose message it is


def _hear_client(progress: Progress, event: JsonObject) -> None:
    if event.get("type") == "input_audio_buffer.append":
        return
    progress.client_has_acted = True
    match event:
        case {"type": "response.create"}:
            progress.requests.append(event)
        case {"type": "mcp_approval_response", "approval_request_id": str(request), "approve": False} | {
            "item": {"type": "mcp_approval_response", "approval_request_id": str(request), "approve": False}
        }:
            progress.refused.add(request)


def _hear_server(progress: Progress, body: JsonObject) -> None:
    try:
        event = decode_server(msgspec.json.encode(_without_clips(body)))
    except ProtocolError:
        progress.lose("the server sent something that is no event")
        return
    if event.type == _RATE_LIMITS and progress.story.readings.get("rate_limits"):
        return
    if isinstance(event, UnknownServerEvent) or event.type not in _OF_ITS_OWN_ACCORD:
        _aside(progress, event, body)
    elif (handle := _HANDLERS.get(type(event))) is not None:
        handle(progress, event, body)


def _without_clips(value: Any) -> Any:
    """The event with empty audio in place of clips: its sound is not looked at here."""
    if isinstance(value, dict):
        return "" if AUDIO_KEY in value else {name: _without_clips(member) for name, member in value.items()}
    return [_without_clips(each) for each in value] if isinstance(value, list) else value


def _aside(progress: Progress, event: Any, body: JsonObject) -> None:
    """It can be sent by hand, inside of an answer."""
    if progress.active is None:
        progress.lose(f"the server sent {body['type']}, outside of any answer")
        return
    if not is_readable(body):
        progress.lose(f"the server sent {body['type']}, with more in it than a scenario can hold")
        return
    heard_of(progress)
    say_aside(progress, progress.active, body)


# ---- session


def _session(progress: Progress, event: SessionCreated | SessionUpdated, body: JsonObject) -> None:
    session = body.get("session")
    if isinstance(session, dict):
        progress.story.session = session


def _listing_failed(progress: Progress, event: McpListToolsFailed, body: JsonObject) -> None:
    if (label := progress.listings.get(event.item_id)) is not None:
        progress.story.servers[label].unreachable = True


# ---- what the user says, and what tools return


def _item_created(progress: Progress, event: ConversationItemCreated, body: JsonObject) -> None:
    match event.item:
        case MessageItem(role="user") as item:
            _user_message(progress, item)
        case FunctionCallOutputItem(call_id=call_id, output=output):
            progress.returned(progress.calls.get(call_id, ""), output)
        case McpListToolsItem(server_label=label, tools=tools) as item:
            offer = progress.story.servers.setdefault(label, McpOffer())
            offer.tools = offer.tools or tools
            progress.listings[given(item.id, "") or ""] = label
        case McpApprovalRequestItem() if progress.active is not None:
            progress.story.readings["mcp_call"] = "in_response"


def _user_message(progress: Progress, item: MessageItem) -> None:
    item_id = given(item.id, "") or ""
    if item_id in progress.silences:
        return
    spoken = next((part for part in item.content if isinstance(part, InputAudioPart)), None)
    words = [part.text for part in item.content if isinstance(part, InputTextPart)]
    said = progress.said.setdefault(item_id, Said(progress.place, item_id, spoken is not None))
    text = given(spoken.transcript, None) if spoken is not None else " ".join(words)
    said.text = text if said.text is None else said.text
    progress.came.said.append(said)


def _speech(
    progress: Progress, event: InputAudioBufferSpeechStarted | InputAudioBufferSpeechStopped, body: JsonObject
) -> None:
    span = progress.spans.setdefault(given(event.item_id, "") or "", [None, None])
    if isinstance(event, InputAudioBufferSpeechStarted):
        span[0] = event.audio_start_ms if span[0] is None else span[0]
    else:
        span[1] = event.audio_end_ms


def _silence(progress: Progress, event: InputAudioBufferTimeoutTriggered, body: JsonObject) -> None:
    progress.silences.add(event.item_id)
    progress.came.idle = True


def _transcribed(
    progress: Progress,
    event: ConversationItemInputAudioTranscriptionCompleted | ConversationItemInputAudioTranscriptionFailed,
    body: JsonObject,
) -> None:
    """In a cascade this comes before the item itself."""
    said = progress.said.setdefault(event.item_id, Said(progress.place, event.item_id, True))
    if isinstance(event, ConversationItemInputAudioTranscriptionCompleted):
        said.text = event.transcript
        _note_phrases(said, given(event.phrases, []))
    else:
        said.failure = body.get("error") or {}


def _note_phrases(said: Said, phrases: Sequence[TranscriptionPhrase]) -> None:
    """Told where the session includes them: how sure the service was at the worst, and of which language."""
    sure = [phrase.confidence for phrase in phrases if isinstance(phrase.confidence, int | float)]
    said.confidence = min(sure, default=None)
    said.locale = next((phrase.locale for phrase in phrases if isinstance(phrase.locale, str)), None)


# ---- trouble


def _error(progress: Progress, event: ErrorEvent, body: JsonObject) -> None:
    """What a client did wrong the emulator finds out by itself."""
    details = event.error
    if details.event_id or details.type == "invalid_request_error":
        _forget_request(progress, given(details.event_id, None), given(details.code, None))
        progress.lose(f"the client was refused ({_short(details.message)}); the emulator refuses by itself")
        return
    if progress.active is None:
        progress.lose(f"an error came outside of any answer: {_short(details.message)}")
        return
    _aside(progress, event, body)


def _forget_request(progress: Progress, event_id: str | None, code: str | None) -> None:
    """A request that is refused has no response."""
    requests = progress.requests
    if event_id is not None and any(request.get("event_id") == event_id for request in requests):
        progress.requests = [request for request in requests if request.get("event_id") != event_id]
    elif code == "conversation_already_has_active_response" and requests:
        requests.pop()


def _warning(progress: Progress, event: WarningEvent, body: JsonObject) -> None:
    if progress.active is None:
        progress.lose(f"a warning came outside of any answer: {_short(event.warning.message)}")
        return
    _aside(progress, event, body)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"


_HANDLERS: Final[Mapping[type, Handler]] = {
    SessionCreated: _session,
    SessionUpdated: _session,
    McpListToolsFailed: _listing_failed,
    ConversationItemCreated: _item_created,
    ConversationItemInputAudioTranscriptionCompleted: _transcribed,
    ConversationItemInputAudioTranscriptionFailed: _transcribed,
    InputAudioBufferSpeechStarted: _speech,
    InputAudioBufferSpeechStopped: _speech,
    InputAudioBufferTimeoutTriggered: _silence,
    ErrorEvent: _error,
    WarningEvent: _warning,
    ResponseInvocationDelta: _aside,
    **answering.HANDLERS,
}
"""What each event adds to the story, by its class."""
