"""What the assistant does: from ``response.created`` to ``response.done``, and calls that outlive it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from vlmock.protocol.items import (
    FileSearchCallItem,
    FoundryAgentCallItem,
    FunctionCallItem,
    McpCallItem,
    MessageItem,
    ResponseItem,
    WebSearchCallItem,
)
from vlmock.protocol.output import (
    ResponseAudioDelta,
    ResponseAudioTranscriptAnnotationAdded,
    ResponseAudioTranscriptDelta,
    ResponseTextDelta,
)
from vlmock.protocol.recording.lines import AUDIO_KEY, Clip
from vlmock.protocol.response import ResponseCreated, ResponseDone, ResponseOutputItemAdded, ResponseOutputItemDone
from vlmock.protocol.tool_calls import (
    ResponseFileSearchCallCompleted,
    ResponseFileSearchCallSearching,
    ResponseFoundryAgentCallCompleted,
    ResponseFoundryAgentCallFailed,
    ResponseFoundryAgentCallInProgress,
    ResponseFunctionCallArgumentsDelta,
    ResponseMcpCallCompleted,
    ResponseMcpCallFailed,
    ResponseMcpCallInProgress,
    ResponseWebSearchCallCompleted,
    ResponseWebSearchCallSearching,
)
from vlmock.protocol.wire import JsonObject, UnsetType, given
from vlmock.recording.to_scenario.progress import Progress
from vlmock.recording.to_scenario.story import (
    Answer,
    Aside,
    Came,
    FunctionCall,
    Message,
    Pause,
    Said,
    Segment,
    ServiceCall,
)

__all__ = ["HANDLERS", "heard_of", "say_aside"]

_PAUSE_S: Final = 0.5
_PAUSE_OF_NO_MODEL_S: Final = 0.15
"""Assumed: shorter ones are how words and sound are generated, longer ones mean something. Where the model takes no
time, an emulator speaks, and that waits only where it is told to."""
_INTERIM: Final = "interim_"
"""Observed {ILA, BANK, NETT}: so begin the ids of items that fill a silence."""


def heard_of(progress: Progress) -> None:
    """The active response says something new: after a long silence, that it was silent."""
    silent = progress.place.at - progress.last_heard
    progress.last_heard = progress.place.at
    answer = progress.active
    least = _PAUSE_S if progress.model_takes_s else _PAUSE_OF_NO_MODEL_S
    if answer is None or not progress.timed or not answer.begun or silent < least:
        return
    message = _open_message(answer)
    (answer.parts if message is None else message.contents).append(Pause(round(silent, 2)))


def _begins(progress: Progress, answer: Answer) -> None:
    """Something of its own is said, or called: where that took much longer than usual, it was silent before."""
    waited = progress.place.at - answer.place.at - progress.model_takes_s
    least = 2 * _PAUSE_S if progress.model_takes_s else _PAUSE_OF_NO_MODEL_S
    if progress.timed and not answer.begun and waited >= least:
        answer.parts.append(Pause(round(waited, 2)))
    answer.begun = True


def say_aside(progress: Progress, answer: Answer, body: JsonObject) -> None:
    """An event that is sent in the middle of an answer."""
    message = _open_message(answer)
    aside = Aside({name: value for name, value in body.items() if name != "event_id"})
    (answer.parts if message is None else message.contents).append(aside)


def _open_message(answer: Answer) -> Message | None:
    part = next((part for part in reversed(answer.parts) if isinstance(part, Message)), None)
    return part if part is not None and not part.closed else None


# ---- beginning and end


def _created(progress: Progress, event: ResponseCreated, body: JsonObject) -> None:
    story, response = progress.story, event.response
    asked = progress.requests.pop(0).get("response") if progress.requests else None
    params = asked if isinstance(asked, dict) else {}
    own_context = params.get("input_items")
    aside = params.get("conversation") == "none" or isinstance(own_context, list)
    words_given = bool(params.get("pre_generated_assistant_message"))
    came = progress.came
    if isinstance(own_context, list):
        came = _own_context(progress, own_context)
    answer = Answer(
        given(response.id, ""), len(story.answers) + 1, progress.place, came, aside=aside, given=words_given
    )
    if not aside and not words_given:
        progress.came = Came()
    story.answers.append(answer)
    progress.active = answer
    progress.last_heard = progress.place.at


def _own_context(progress: Progress, items: list[Any]) -> Came:
    """What a request brings along in place of the conversation."""
    came = Came()
    for item in items:
        if isinstance(item, dict) and item.get("role") == "user":
            words = [part.get("text") for part in item.get("content") or [] if isinstance(part, dict)]
            came.said.append(Said(progress.place, "", False, " ".join(filter(None, words))))
    return came


def _done(progress: Progress, event: ResponseDone, body: JsonObject) -> None:
    answer = progress.answer_of(given(event.response.id, ""))
    if answer is None:
        progress.lose("a response is done whose beginning was not recorded")
        return
    answer.status = given(event.response.status, "") or "completed"
    answer.details = given(event.response.status_details, None)
    if answer.status == "cancelled" and answer.details is None and not _is_broken_off(answer):
        answer.status = "completed"
        progress.story.readings["classic_agents"] = "cancelled"  # which called each response so
    progress.client_has_acted = False
    if progress.active is answer:
        progress.active = None


def _is_broken_off(answer: Answer) -> bool:
    messages = [part for part in answer.parts if isinstance(part, Message)]
    return not messages or any(message.broken_off or not message.closed for message in messages)


# ---- items


def _item_added(progress: Progress, event: ResponseOutputItemAdded, body: JsonObject) -> None:
    answer = progress.answer_of(event.response_id)
    if answer is None:
        return
    item_id = _id_of(event.item)
    if not item_id.startswith(_INTERIM):
        heard_of(progress)
        _begins(progress, answer)
    match event.item:
        case MessageItem():
            answer.parts.append(Message(item_id, interim=item_id.startswith(_INTERIM)))
        case FunctionCallItem(name=name, call_id=call_id):
            answer.parts.append(FunctionCall(item_id, name, call_id))
            progress.calls[call_id] = name
        case McpCallItem() | WebSearchCallItem() | FileSearchCallItem() | FoundryAgentCallItem() as item:
            progress.service_calls[item_id] = call = ServiceCall(item)
            answer.parts.append(call)


def _item_done(progress: Progress, event: ResponseOutputItemDone, body: JsonObject) -> None:
    item_id = _id_of(event.item)
    if (call := progress.service_calls.get(item_id)) is not None:
        call.item = event.item  # type: ignore[assignment]
        return
    answer = progress.answer_of(event.response_id)
    if answer is None:
        return
    progress.last_heard = progress.place.at
    match event.item:
        case MessageItem() as item if (message := answer.message(item_id)) is not None:
            message.closed = True
            message.broken_off = item.status == "incomplete"
            if not message.words and (words := _words_of(item)):
                message.contents.append(Segment(words))
            message.join_unheard()
        case FunctionCallItem(arguments=arguments):
            for part in answer.parts:
                if isinstance(part, FunctionCall) and part.item_id == item_id:
                    part.arguments = arguments


def _id_of(item: ResponseItem | UnsetType | None) -> str:
    return given(getattr(item, "id", ""), "") or ""


def _words_of(item: MessageItem) -> str:
    """Where no delta said them."""
    texts = (getattr(part, "transcript", None) or getattr(part, "text", None) for part in item.content)
    return " ".join(text for text in texts if isinstance(text, str))


# ---- words and sound


def _words(progress: Progress, event: ResponseAudioTranscriptDelta | ResponseTextDelta, body: JsonObject) -> None:
    answer = progress.answer_of(event.response_id)
    message = answer.message(event.item_id) if answer else None
    if message is None:
        return
    heard_of(progress)
    delta = event.delta if isinstance(event.delta, str) else msgspec.json.decode(event.delta)
    if (before := message.words) and not message.goes_on and not _parted(before, delta):
        _move_behind(message)
    message.open_segment().words += delta


def _parted(before: str, after: str) -> bool:
    """Whether a new sentence may begin between them: the emulator parts what it says by a space."""
    return after[:1].isspace() or before[-1:].isspace()


def _move_behind(message: Message) -> None:
    """What came in the middle of a word is told before it; a pause there is none."""
    while isinstance(message.contents[-1], Pause):
        message.contents.pop()
    last = max(number for number, each in enumerate(message.contents) if isinstance(each, Segment))
    message.contents.append(message.contents.pop(last))


def _sound(progress: Progress, event: ResponseAudioDelta, body: JsonObject) -> None:
    answer = progress.answer_of(event.response_id)
    message = answer.message(event.item_id) if answer else None
    progress.last_heard = progress.place.at
    clip = body.get("delta")
    if message is not None and isinstance(clip, dict) and AUDIO_KEY in clip:
        message.last_segment().clips.append(msgspec.convert(clip, Clip))


def _annotation(progress: Progress, event: ResponseAudioTranscriptAnnotationAdded, body: JsonObject) -> None:
    answer = progress.answer_of(event.response_id)
    message = answer.message(event.item_id) if answer else None
    if message is not None:
        message.last_segment().annotations.append(event.annotation)


def _arguments(progress: Progress, event: ResponseFunctionCallArgumentsDelta, body: JsonObject) -> None:
    """For a call that is cut off: else the item says all of them."""
    answer = progress.answer_of(event.response_id)
    progress.last_heard = progress.place.at
    for part in answer.parts if answer else ():
        if isinstance(part, FunctionCall) and part.item_id == event.item_id:
            part.arguments += event.delta if isinstance(event.delta, str) else ""


# ---- what the service does itself


def _at_work(progress: Progress, event: Any, body: JsonObject) -> None:
    call = progress.service_calls.get(event.item_id)
    if call is None:
        return
    call.began = progress.place.at
    progress.last_heard = progress.place.at
    active = progress.active
    if isinstance(event, ResponseMcpCallInProgress) and active is not None and call in active.parts:
        progress.story.readings["mcp_call"] = "in_response"


def _ended(progress: Progress, event: Any, body: JsonObject) -> None:
    call = progress.service_calls.get(event.item_id)
    if call is None:
        return
    progress.last_heard = progress.place.at
    if call.began is not None:
        call.took_s = progress.place.at - call.began
    if isinstance(call.item, McpCallItem):
        progress.returned(f"{call.item.server_label}/{call.item.name}", "", of_mcp=True)


Handler = Callable[[Progress, Any, JsonObject], None]
HANDLERS: Final[Mapping[type, Handler]] = {
    ResponseCreated: _created,
    ResponseDone: _done,
    ResponseOutputItemAdded: _item_added,
    ResponseOutputItemDone: _item_done,
    ResponseAudioTranscriptDelta: _words,
    ResponseTextDelta: _words,
    ResponseAudioDelta: _sound,
    ResponseAudioTranscriptAnnotationAdded: _annotation,
    ResponseFunctionCallArgumentsDelta: _arguments,
    **dict.fromkeys(
        (
            ResponseMcpCallInProgress,
            ResponseWebSearchCallSearching,
            ResponseFileSearchCallSearching,
            ResponseFoundryAgentCallInProgress,
        ),
        _at_work,
    ),
    **dict.fromkeys(
        (
            ResponseMcpCallCompleted,
            ResponseMcpCallFailed,
            ResponseWebSearchCallCompleted,
            ResponseFileSearchCallCompleted,
            ResponseFoundryAgentCallCompleted,
            ResponseFoundryAgentCallFailed,
        ),
        _ended,
    ),
}
"""What each event of a response adds to the story, by its class."""
