"""What happens in a conversation, told to a ``Memory``, and what it would replay, in short."""

from typing import Any

from vlclient.memory import Memory
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemCreated,
    ConversationItemInputAudioTranscriptionCompleted,
)
from vlmock.protocol.errors import ErrorDetails, ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferCommitted
from vlmock.protocol.items import (
    AudioPart,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputAudioPart,
    InputTextPart,
    MessageItem,
    RequestFunctionCallOutput,
    RequestMessage,
    TextPart,
)
from vlmock.protocol.output import ResponseAudioDelta, ResponseAudioTranscriptDelta, ResponseAudioTranscriptDone
from vlmock.protocol.response import ResponseOutputItemDone
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone

ONE_SECOND = bytes(48000)
REPLY = "The weather in Graz will be sunny tomorrow."


def told(memory: Memory) -> list[tuple[Any, ...]]:
    """What is replayed, in short."""
    return [short(create.item) for create in memory.replay()]


def short(item: Any) -> tuple[Any, ...]:
    if item.type == "message":
        return (item.id, item.role, *[getattr(part, "text", "image") for part in item.content])
    rest = (item.name, item.arguments) if item.type == "function_call" else (item.output,)
    return (item.id, item.type, item.call_id, *rest)


def typed(memory: Memory, item_id: Any, text: str, *, role: str = "user", **options: Any) -> None:
    part = TextPart(text=text) if role == "assistant" else InputTextPart(text=text)
    memory.sent(ConversationItemCreate(item=RequestMessage(id=item_id, role=role, content=[part]), **options))


def created(memory: Memory, item: Any, **options: Any) -> None:
    memory.receive(ConversationItemCreated(item=item, **options))


def message(item_id: str, role: str, *content: Any, status: str = "completed") -> MessageItem:
    return MessageItem(id=item_id, role=role, status=status, content=list(content))


def transcribed(memory: Memory, item_id: str, text: str) -> None:
    memory.receive(ConversationItemInputAudioTranscriptionCompleted(item_id=item_id, content_index=0, transcript=text))


def spoken(memory: Memory, item_id: str, text: str | None) -> None:
    """As native pipelines tell it; the transcript comes later."""
    memory.receive(InputAudioBufferCommitted(item_id=item_id))
    created(memory, message(item_id, "user", InputAudioPart(transcript=None)))
    if text is not None:
        transcribed(memory, item_id, text)


def part(item_id: str) -> dict[str, Any]:
    return {"response_id": "r", "item_id": item_id, "output_index": 0, "content_index": 0}


def answered(
    memory: Memory, item_id: str = "a", text: str = REPLY, *, seconds: int = 4, status: str | None = "completed"
) -> None:
    """A spoken answer; one that breaks off has no ``status``."""
    created(memory, message(item_id, "assistant", status="in_progress"))
    memory.receive(ResponseAudioTranscriptDelta(**part(item_id), delta=text[:10]))
    memory.receive(ResponseAudioTranscriptDelta(**part(item_id), delta=text[10:]))
    for _ in range(seconds):
        memory.receive(ResponseAudioDelta(**part(item_id), delta=ONE_SECOND))
    if status:
        memory.receive(ResponseAudioTranscriptDone(**part(item_id), transcript=text))
        item = message(item_id, "assistant", AudioPart(transcript=text), status=status)
        memory.receive(ResponseOutputItemDone(response_id="r", output_index=0, item=item))


def called(memory: Memory, call_id: str, *, complete: bool = True) -> None:
    item_id = f"item_{call_id}"
    created(memory, FunctionCallItem(id=item_id, status="in_progress", name="f", call_id=call_id, arguments=""))
    if complete:
        memory.receive(
            ResponseFunctionCallArgumentsDone(
                response_id="r", item_id=item_id, output_index=0, call_id=call_id, arguments="{}"
            )
        )


def returned(memory: Memory, call_id: str, output: str = "ok") -> None:
    item_id = f"output_{call_id}"
    memory.sent(ConversationItemCreate(item=RequestFunctionCallOutput(id=item_id, call_id=call_id, output=output)))
    created(memory, FunctionCallOutputItem(id=item_id, call_id=call_id, output=output))


def error(*, event_id: str | None, param: str | None = None) -> ErrorEvent:
    return ErrorEvent(
        error=ErrorDetails(message="no", type="invalid_request_error", code=None, param=param, event_id=event_id)
    )
