"""What the service says, in the fewest words, for tests of the client's duties."""

from typing import Any

from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemCreated,
    ConversationItemDeleted,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemInputAudioTranscriptionFailed,
    ConversationItemTruncated,
)
from vlmock.protocol.errors import ErrorDetails, ErrorEvent, VoiceLiveErrorDetails
from vlmock.protocol.input_audio import (
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
)
from vlmock.protocol.items import (
    AudioPart,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputAudioPart,
    InputTextPart,
    MessageItem,
    RequestFunctionCallOutput,
    ResponseItem,
    TextPart,
)
from vlmock.protocol.output import (
    ResponseAudioDelta,
    ResponseAudioDone,
    ResponseAudioTranscriptDelta,
    ResponseAudioTranscriptDone,
    ResponseTextDelta,
    ResponseTextDone,
)
from vlmock.protocol.response import (
    Response,
    ResponseCreate,
    ResponseCreated,
    ResponseCreateParams,
    ResponseDone,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
)
from vlmock.protocol.session import ResponseSession, SessionUpdated
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone
from vlmock.protocol.turn_detection import AzureSemanticVad

BYTES_PER_MS = 48
"""Of ``pcm16``: 24 kHz, two bytes each."""

# ---- the session


def updated(**session: Any) -> SessionUpdated:
    return SessionUpdated(session=ResponseSession(**session))


def detecting(**settings: Any) -> SessionUpdated:
    """The session's echo, with these settings of turn detection."""
    return updated(turn_detection=AzureSemanticVad(**settings))


def error(code: str | None, *, event_id: str | None = None, param: str | None = None) -> ErrorEvent:
    details = ErrorDetails(type="invalid_request_error", code=code, message="No.", param=param, event_id=event_id)
    return ErrorEvent(error=details)


# ---- the user


def speech_started(item_id: str = "u1") -> InputAudioBufferSpeechStarted:
    return InputAudioBufferSpeechStarted(audio_start_ms=0, item_id=item_id)


def speech_stopped(item_id: str = "u1") -> InputAudioBufferSpeechStopped:
    return InputAudioBufferSpeechStopped(audio_end_ms=900, item_id=item_id)


def committed(item_id: str = "u1", after: str | None = None) -> InputAudioBufferCommitted:
    return InputAudioBufferCommitted(previous_item_id=after, item_id=item_id)


def spoken_item(item_id: str = "u1", transcript: str | None = None, after: str | None = None) -> Any:
    item = MessageItem(id=item_id, status="completed", role="user", content=[InputAudioPart(transcript=transcript)])
    return ConversationItemCreated(previous_item_id=after, item=item)


def typed_item(item_id: str, text: str, after: str | None = None) -> ConversationItemCreated:
    item = MessageItem(id=item_id, status="completed", role="user", content=[InputTextPart(text=text)])
    return ConversationItemCreated(previous_item_id=after, item=item)


def user_words(item_id: str, text: str) -> ConversationItemInputAudioTranscriptionCompleted:
    return ConversationItemInputAudioTranscriptionCompleted(item_id=item_id, content_index=0, transcript=text)


def user_words_delta(item_id: str, text: str) -> ConversationItemInputAudioTranscriptionDelta:
    return ConversationItemInputAudioTranscriptionDelta(item_id=item_id, content_index=0, delta=text)


def user_words_failed(item_id: str) -> ConversationItemInputAudioTranscriptionFailed:
    trouble = VoiceLiveErrorDetails(message="The deployment does not exist.", code="DeploymentNotFound")
    return ConversationItemInputAudioTranscriptionFailed(item_id=item_id, content_index=0, error=trouble)


# ---- a response; the message of r1 is called m1


def created(response_id: str = "r1") -> ResponseCreated:
    return ResponseCreated(response=Response(id=response_id, status="in_progress"))


def done(response_id: str = "r1", status: str = "completed", *items: ResponseItem) -> ResponseDone:
    return ResponseDone(response=Response(id=response_id, status=status, output=list(items)))


def message_of(response_id: str) -> str:
    return f"m{response_id[1:]}"


def message(item_id: str = "m1", status: str = "completed", transcript: str | None = None) -> MessageItem:
    content = [] if transcript is None else [AudioPart(transcript=transcript)]
    return MessageItem(id=item_id, status=status, role="assistant", content=content)  # type: ignore[arg-type]


def written_message(item_id: str, text: str) -> MessageItem:
    return MessageItem(id=item_id, status="completed", role="assistant", content=[TextPart(text=text)])


def item_created(item: ResponseItem, after: str | None = None) -> ConversationItemCreated:
    return ConversationItemCreated(previous_item_id=after, item=item)


def item_added(item: ResponseItem, response_id: str = "r1") -> ResponseOutputItemAdded:
    return ResponseOutputItemAdded(response_id=response_id, output_index=0, item=item)


def item_done(item: ResponseItem, response_id: str = "r1") -> ResponseOutputItemDone:
    return ResponseOutputItemDone(response_id=response_id, output_index=0, item=item)


def audio(response_id: str = "r1", ms: int = 100, *, item_id: str = "", part: int = 0) -> ResponseAudioDelta:
    return ResponseAudioDelta(
        response_id=response_id,
        item_id=item_id or message_of(response_id),
        output_index=0,
        content_index=part,
        delta=bytes(ms * BYTES_PER_MS),
    )


def audio_done(response_id: str = "r1", *, part: int = 0) -> ResponseAudioDone:
    return ResponseAudioDone(
        response_id=response_id, item_id=message_of(response_id), output_index=0, content_index=part
    )


def words(response_id: str, text: str, *, item_id: str = "") -> ResponseAudioTranscriptDelta:
    return ResponseAudioTranscriptDelta(
        response_id=response_id,
        item_id=item_id or message_of(response_id),
        output_index=0,
        content_index=0,
        delta=text,
    )


def words_done(response_id: str, text: str) -> ResponseAudioTranscriptDone:
    return ResponseAudioTranscriptDone(
        response_id=response_id, item_id=message_of(response_id), output_index=0, content_index=0, transcript=text
    )


def text(response_id: str, delta: str) -> ResponseTextDelta:
    return ResponseTextDelta(
        response_id=response_id, item_id=message_of(response_id), output_index=0, content_index=0, delta=delta
    )


def text_done(response_id: str, whole: str) -> ResponseTextDone:
    return ResponseTextDone(
        response_id=response_id, item_id=message_of(response_id), output_index=0, content_index=0, text=whole
    )


def reply_burst(response: str = "r1", *, ms: int = 1000, over: bool = True) -> list[Any]:
    """A reply as it comes, far faster than it is heard."""
    item = message(message_of(response), "in_progress")
    events = [created(response), item_added(item, response), item_created(item)]
    events += [audio(response, 100) for _ in range(ms // 100)]
    return [*events, audio_done(response), done(response, "completed", message())] if over else events


# ---- items that go away


def truncated(item_id: str = "m1", ms: int = 100) -> ConversationItemTruncated:
    return ConversationItemTruncated(item_id=item_id, content_index=0, audio_end_ms=ms)


def deleted(item_id: str = "m1") -> ConversationItemDeleted:
    return ConversationItemDeleted(item_id=item_id)


# ---- calls; the item of call c1 is called f1


def call(call_id: str = "c1", status: str = "completed", arguments: str = "{}") -> FunctionCallItem:
    return FunctionCallItem(id=f"f{call_id[1:]}", status=status, name="weather", call_id=call_id, arguments=arguments)


def call_added(call_id: str = "c1", response_id: str = "r1") -> ResponseOutputItemAdded:
    return item_added(call(call_id, "in_progress", ""), response_id)


def arguments_done(call_id: str = "c1", response_id: str = "r1") -> ResponseFunctionCallArgumentsDone:
    return ResponseFunctionCallArgumentsDone(
        response_id=response_id, item_id=f"f{call_id[1:]}", output_index=0, call_id=call_id, arguments="{}"
    )


def call_done(call_id: str = "c1", response_id: str = "r1", status: str = "completed") -> ResponseOutputItemDone:
    return item_done(call(call_id, status), response_id)


def output_confirmed(call_id: str = "c1") -> ConversationItemCreated:
    return item_created(FunctionCallOutputItem(id=f"o{call_id[1:]}", call_id=call_id, output="sun"), f"f{call_id[1:]}")


# ---- what the client says


def output(call_id: str = "c1", said: str = "sun") -> ConversationItemCreate:
    return ConversationItemCreate(item=RequestFunctionCallOutput(call_id=call_id, output=said))


def say(instructions: str) -> ResponseCreate:
    """A request with parameters of its own."""
    return ResponseCreate(response=ResponseCreateParams(instructions=instructions))
