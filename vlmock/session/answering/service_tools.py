"""What the service does itself while it answers: MCP calls, searches, other agents, and whatever a hosted agent says.

Source: behaviour 4.5, schema C 42 to 56, D10, E2. Assumed, where no docstring says more: the order of the events,
which is that of OpenAI's Responses; that a script may have them with any model, though the service has searches and
invocations in agent mode only; that a step of which the api-version has no event sends nothing (the journal says so).
"""

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from msgspec.structs import replace

from vlmock.protocol.items import FileSearchCallItem, FoundryAgentCallItem, WebSearchCallItem
from vlmock.protocol.output import ResponseAudioTranscriptAnnotationAdded, ResponseInvocationDelta
from vlmock.protocol.tool_calls import (
    ResponseFileSearchCallCompleted,
    ResponseFileSearchCallInProgress,
    ResponseFileSearchCallSearching,
    ResponseFoundryAgentCallArgumentsDelta,
    ResponseFoundryAgentCallArgumentsDone,
    ResponseFoundryAgentCallCompleted,
    ResponseFoundryAgentCallFailed,
    ResponseFoundryAgentCallInProgress,
    ResponseWebSearchCallCompleted,
    ResponseWebSearchCallInProgress,
    ResponseWebSearchCallSearching,
)
from vlmock.protocol.wire import UNSET, ServerEvent, given
from vlmock.session.answering.mcp_calls import error_of, write_call
from vlmock.session.answering.output_items import OutputItems, ReplyBrokenOff, TokenLimitReached
from vlmock.session.effects import Remark
from vlmock.session.script import (
    Fail,
    FileSearch,
    FoundryAgentCall,
    Invocation,
    McpCall,
    Say,
    ServiceStep,
    Step,
    Warn,
    WebSearch,
)
from vlmock.session.speaking.active_response import ActiveResponse, OpenMessage
from vlmock.session.state import SessionState
from vlmock.session.timeline import At, Plot, Told
from vlmock.session.words import token_count, tokens

__all__ = ["annotate", "perform", "unsent"]

_NEEDS: Final[Mapping[type[Step], str]] = {
    Warn: "warning",
    WebSearch: "response.web_search_call.searching",
    FileSearch: "response.file_search_call.searching",
    FoundryAgentCall: "response.foundry_agent_call.in_progress",
    Invocation: "response.invocation.delta",
}
"""The event without which a step cannot be told. Source: schema C."""
_ANNOTATION: Final = "response.audio_transcript.annotation.added"


def unsent(state: SessionState, step: Step) -> Remark | None:
    """Why the session's version has no way to tell of this step; None where it has."""
    event = _NEEDS.get(type(step))
    if event is None or event in state.brain.events:
        return None
    return Remark("unsent", f"{_lacks(state, event)}: this step of the reply was left out")


def _lacks(state: SessionState, event: str) -> str:
    return f"api-version {state.brain.api_version} has no {event!r}"


def perform(state: SessionState, response: ActiveResponse, step: ServiceStep) -> Plot:
    """One step of a reply, from its first event to its last that belongs to the response."""
    match step:
        case McpCall():
            yield from write_call(state, response, step)
        case WebSearch() | FileSearch():
            yield from _search(state, response, step)
        case FoundryAgentCall():
            yield from _ask_agent(state, response, step)
        case Invocation(payload=payload):
            yield ResponseInvocationDelta(delta=payload)


def annotate(state: SessionState, response: ActiveResponse, message: OpenMessage, say: Say) -> Iterator[Told]:
    """Where words come from. Documented (schema C 55): for spoken answers. Assumed: right after the words' last delta,
    counted through the message."""
    if say.annotations and not message.spoken:
        yield Remark("unsent", "only spoken answers have annotations: those of the reply were left out")
        return
    if say.annotations and _ANNOTATION not in state.brain.events:
        yield Remark("unsent", f"{_lacks(state, _ANNOTATION)}: the annotations of the reply were left out")
        return
    for annotation in say.annotations:
        yield ResponseAudioTranscriptAnnotationAdded(
            response_id=response.id,
            item_id=message.item_id,
            output_index=message.output_index,
            content_index=0,
            annotation_index=message.annotations,
            annotation=annotation,
        )
        message.annotations += 1


# ---- searches

_SearchEvent: TypeAlias = (
    type[ResponseWebSearchCallInProgress]
    | type[ResponseWebSearchCallSearching]
    | type[ResponseWebSearchCallCompleted]
    | type[ResponseFileSearchCallInProgress]
    | type[ResponseFileSearchCallSearching]
    | type[ResponseFileSearchCallCompleted]
)


def _search(state: SessionState, response: ActiveResponse, step: WebSearch | FileSearch) -> Plot:
    """Documented (schema C 48 to 53): in progress, searching, completed. Assumed: a search that fails lacks the last,
    and one that is cut off is incomplete, or failed where there is no such word."""
    items, index = OutputItems(state, response), len(response.output)
    new_id = state.new_id("item_")
    item: WebSearchCallItem | FileSearchCallItem
    if isinstance(step, WebSearch):
        item, cut_off = WebSearchCallItem(id=new_id, status="in_progress"), "failed"
    else:
        queries = list(step.queries)
        item, cut_off = FileSearchCallItem(id=new_id, status="in_progress", queries=queries), "incomplete"
    yield from items.add(item)
    response.closings[index] = lambda: [items.done(index, replace(item, status=cut_off))]
    in_progress, searching, completed = _stages(step)
    yield _of_search(response, item.id, index, in_progress)
    yield _of_search(response, item.id, index, searching)
    yield At(state.now + (state.seconds("search") if step.seconds is None else step.seconds))
    del response.closings[index]
    if step.fails:
        yield items.done(index, replace(item, status="failed"))
        return
    yield _of_search(response, item.id, index, completed)
    found = _results(state, step) if isinstance(step, FileSearch) else {}
    yield items.done(index, replace(item, status="completed", **found))


def _stages(step: WebSearch | FileSearch) -> tuple[_SearchEvent, _SearchEvent, _SearchEvent]:
    """Documented (schema C 48 to 53). Assumed: in this order."""
    if isinstance(step, WebSearch):
        return ResponseWebSearchCallInProgress, ResponseWebSearchCallSearching, ResponseWebSearchCallCompleted
    return ResponseFileSearchCallInProgress, ResponseFileSearchCallSearching, ResponseFileSearchCallCompleted


def _of_search(response: ActiveResponse, item_id: str, index: int, kind: _SearchEvent) -> ServerEvent:
    """Assumed: ``sequence_number`` counts the events of a response's searches, from 0."""
    number, response.search_events = response.search_events, response.search_events + 1
    return kind(response_id=response.id, item_id=item_id, output_index=index, sequence_number=number)


def _results(state: SessionState, step: FileSearch) -> dict[str, object]:
    """Documented (schema D1, E2): shown when the session asks for them."""
    asked = "file_search_call.results" in given(state.settings.include, [])
    return {"results": list(step.results) if asked else UNSET}


# ---- other agents


def _ask_agent(state: SessionState, response: ActiveResponse, step: FoundryAgentCall) -> Plot:
    """Observed {JST}: arguments, in progress, completed. Documented {DOC}, though in no SDK and no specification since
    2026-04-10: so only where the reading says that the service does it."""
    if not state.readings.foundry_agent:
        message = "foundry_agent is off: the scenario or the server has to say readings: {foundry_agent: true}"
        raise ReplyBrokenOff(Fail(message, code="reading_is_off"))
    spent = token_count(step.name) + token_count(step.arguments)
    if not response.allows(spent):
        raise TokenLimitReached
    response.output_text_tokens += spent
    items, index = OutputItems(state, response), len(response.output)
    item = FoundryAgentCallItem(
        id=state.new_id("item_"), name=step.name, call_id=state.ids.call(), arguments="", output=None, error=None
    )
    yield from items.add(item)
    response.closings[index] = lambda: [items.done(index, item)]
    yield from _agent_arguments(state, response, item, index, step.arguments)
    item = replace(item, arguments=step.arguments, agent_response_id=state.new_id("resp_"))
    response.closings[index] = lambda: [_of_agent(item, index, ResponseFoundryAgentCallFailed), items.done(index, item)]
    yield _of_agent(item, index, ResponseFoundryAgentCallInProgress)
    yield At(state.now + (state.seconds("mcp_call") if step.seconds is None else step.seconds))
    del response.closings[index]
    yield _of_agent(
        item, index, ResponseFoundryAgentCallFailed if step.error is not None else ResponseFoundryAgentCallCompleted
    )
    outcome = {"output": step.output} if step.error is None else {"error": error_of(step.error)}
    yield items.done(index, replace(item, **outcome))


def _agent_arguments(
    state: SessionState, response: ActiveResponse, item: FoundryAgentCallItem, index: int, arguments: str
) -> Plot:
    """Observed {JST}: like a function's, without its name."""
    for token in tokens(arguments):
        yield ResponseFoundryAgentCallArgumentsDelta(
            response_id=response.id, item_id=item.id, output_index=index, delta=token
        )
        yield At(state.now + state.seconds("token_gap"))
    yield ResponseFoundryAgentCallArgumentsDone(
        response_id=response.id, item_id=item.id, output_index=index, arguments=arguments
    )


_AgentEvent: TypeAlias = (
    type[ResponseFoundryAgentCallInProgress]
    | type[ResponseFoundryAgentCallCompleted]
    | type[ResponseFoundryAgentCallFailed]
)


def _of_agent(item: FoundryAgentCallItem, index: int, kind: _AgentEvent) -> ServerEvent:
    """Documented {DOC}: table and sample disagree on which event has ``agent_response_id``. Assumed: each has it."""
    return kind(item_id=item.id, output_index=index, agent_response_id=item.agent_response_id)
