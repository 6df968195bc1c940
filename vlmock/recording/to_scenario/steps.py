"""One answer as the steps of a reply."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from vlmock.protocol.items import FileSearchCallItem, FoundryAgentCallItem, McpCallItem, WebSearchCallItem
from vlmock.protocol.response import INCOMPLETE_REASONS, FailedDetails, IncompleteDetails
from vlmock.protocol.wire import JsonObject, given
from vlmock.recording.to_scenario.escaping import as_arguments, literal, literal_tree
from vlmock.recording.to_scenario.story import (
    Answer,
    Aside,
    FunctionCall,
    Message,
    Part,
    Pause,
    Segment,
    ServiceCall,
    ServiceItem,
)
from vlmock.recording.to_scenario.yaml_text import Noted

__all__ = ["UNKNOWN_WORDS", "Sounds", "steps_of"]

Sounds = Callable[[Segment], str | None]
"""The name of the WAV file with the sound of these words; None where there is none."""

UNKNOWN_WORDS: Final = "…"
"""Stands for what nobody wrote down."""
_UNTIL_CUT_OFF: Final = "60s"
"""The emulator speaks no faster than it is interrupted: so long it waits for that."""
_LONGEST_S: Final = 3600
"""A scenario waits no longer."""


def steps_of(answer: Answer, sounds: Sounds) -> list[Any]:
    """What was said and done, in order, and how it ended. Never empty."""
    steps: list[Any] = []
    for part in answer.parts:
        steps += _STEPS[type(part)](part, sounds)
    return [*steps, *_ending(answer)] or [{"wait": 0}]


def _message(message: Message, sounds: Sounds) -> Iterator[Any]:
    if message.interim:
        return
    for each in message.contents:
        if isinstance(each, Segment):
            yield _say(each, sounds)
        else:
            yield from _STEPS[type(each)](each, sounds)


def _say(segment: Segment, sounds: Sounds) -> Any:
    words = segment.words.strip()
    step: dict[str, Any] = {"say": literal(words) if words else UNKNOWN_WORDS}
    if (file := sounds(segment)) is not None:
        step["audio"] = file
    if segment.annotations:
        step["annotations"] = literal_tree(segment.annotations)
    return step if words else Noted(step, ("Its words are not in the recording.",))


def _call(call: FunctionCall, sounds: Sounds) -> Iterator[Any]:
    step: dict[str, Any] = {"call": literal(call.name)}
    if call.arguments != "{}":
        step["arguments"] = as_arguments(call.arguments)
    yield step


def _pause(pause: Pause, sounds: Sounds) -> Iterator[Any]:
    yield {"wait": min(pause.seconds, _LONGEST_S)}


# ---- what the service does itself


def _service_call(call: ServiceCall, sounds: Sounds) -> Iterator[Any]:
    step, notes = _SERVICE_STEPS[type(call.item)](call, call.item)
    if call.took_s is not None and call.took_s >= 0.05:
        step["takes"] = min(round(call.took_s, 2), _LONGEST_S)
    yield Noted(step, notes) if notes else step


_Written = tuple[dict[str, Any], tuple[str, ...]]


def _mcp(call: ServiceCall, item: McpCallItem) -> _Written:
    step: dict[str, Any] = {"mcp": f"{item.server_label}/{item.name}"}
    if item.arguments != "{}":
        step["arguments"] = as_arguments(item.arguments)
    error, output = given(item.error, None), given(item.output, None)
    if call.refused:
        return step, ("The client did not approve of it.",)
    if error is not None:
        step["error"] = _error_of(error)
    elif output is not None and output != "{}":
        step["output"] = as_arguments(output)
    return step, () if error is not None or output is not None else ("What it returned is not in the recording.",)


def _error_of(error: Any) -> Any:
    match error:
        case {"type": "tool_execution_error", "message": str(message), **rest} if not rest and message.strip():
            return literal(message)
        case dict():
            return literal_tree(error)
    return literal(str(error))


def _web_search(call: ServiceCall, item: WebSearchCallItem) -> _Written:
    step = {"web_search": UNKNOWN_WORDS} | ({"fails": True} if item.status == "failed" else {})
    return step, ("What it searched for was not sent.",)


def _file_search(call: ServiceCall, item: FileSearchCallItem) -> _Written:
    queries = [literal(query) for query in given(item.queries, None) or [] if query.strip()]
    step: dict[str, Any] = {"file_search": queries or [UNKNOWN_WORDS]}
    if results := given(item.results, None):
        found = msgspec.to_builtins(results)
        step["results"] = [_result(each) for each in found]
    if item.status == "failed":
        step["fails"] = True
    return step, ()


def _result(result: JsonObject) -> JsonObject:
    return {
        name: value if name == "attributes" else literal_tree(value)
        for name, value in result.items()
        if value is not None and (not isinstance(value, str) or value.strip())
    }


def _foundry_agent(call: ServiceCall, item: FoundryAgentCallItem) -> _Written:
    step: dict[str, Any] = {"foundry_agent": literal(item.name)}
    if item.arguments != "{}":
        step["arguments"] = as_arguments(item.arguments)
    error, output = given(item.error, None), given(item.output, None)
    if error is not None:
        step["error"] = _error_of(error)
    elif output:
        step["output"] = as_arguments(output)
    return step, ()


_SERVICE_STEPS: Final[Mapping[type[ServiceItem], Callable[[ServiceCall, Any], _Written]]] = {
    McpCallItem: _mcp,
    WebSearchCallItem: _web_search,
    FileSearchCallItem: _file_search,
    FoundryAgentCallItem: _foundry_agent,
}


# ---- what comes in between, and the end


def _aside(aside: Aside, sounds: Sounds) -> Iterator[Any]:
    event = aside.event
    match event:
        case {"type": "error", "error": {"message": str(message)} as details}:
            yield {"error": _trouble(message, details, ("code", "type", "param"), type="server_error")}
        case {"type": "warning", "warning": {"message": str(message)} as details}:
            yield {"warn": _trouble(message, details, ("code", "param"))}
        case {"type": "response.invocation.delta", **rest} if isinstance(delta := rest.get("delta"), dict):
            yield {"invocation": literal_tree(delta)}
        case _:
            yield {"emit": literal_tree(event)}


def _trouble(message: str, details: JsonObject, members: tuple[str, ...], **usual: str) -> Any:
    """A message alone, or a mapping where there is more to say."""
    words = literal(message) if message.strip() else UNKNOWN_WORDS
    more = {name: details[name] for name in members if isinstance(details.get(name), str) and details[name].strip()}
    more = {name: literal(value) for name, value in more.items() if usual.get(name) != value}
    return {"message": words, **more} if more else words


def _ending(answer: Answer) -> Iterator[Any]:
    match answer.status, answer.details:
        case "failed", details:
            yield {"fail": _failure(details)}
        case "incomplete", IncompleteDetails(reason=reason) if reason in INCOMPLETE_REASONS:
            yield {"incomplete": reason}
        case "incomplete", _:
            yield {"incomplete": INCOMPLETE_REASONS[-1]}
        case "cancelled" | "in_progress" as status, _:
            yield from _cut_off(answer, "It was cut off here" if status == "cancelled" else "The recording ends here")


def _failure(details: Any) -> Any:
    error = given(details.error, None) if isinstance(details, FailedDetails) else None
    error = error if isinstance(error, dict) else {}
    return _trouble(str(error.get("message") or ""), error, ("code", "type"), type="server_error")


def _cut_off(answer: Answer, how: str) -> Iterator[Any]:
    """The response goes on until it is cut off again, and whatever was open stays open."""
    yield Noted({"wait": _UNTIL_CUT_OFF}, (f"{how}; what would have come then is not known.",))
    if answer.parts and isinstance(last := answer.parts[-1], Message) and last.words:
        yield UNKNOWN_WORDS


_STEPS: Final[Mapping[type[Part | Segment], Callable[[Any, Sounds], Iterator[Any]]]] = {
    Message: _message,
    FunctionCall: _call,
    ServiceCall: _service_call,
    Aside: _aside,
    Pause: _pause,
}
