"""Calls of the service to MCP servers: written in a response, approved by the client, run, and often outliving it.

Source: behaviour 4.5, schema G. Behaviour 10.9: how the order relates to ``response.done`` is not known for 2026
versions; the reading ``mcp_call`` decides.
"""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from vlmock.protocol.conversation import ConversationItemCreated
from vlmock.protocol.items import McpApprovalRequestItem, McpCallItem, RequestItem, RequestMcpApprovalResponse
from vlmock.protocol.tool_calls import (
    ResponseMcpCallArgumentsDelta,
    ResponseMcpCallArgumentsDone,
    ResponseMcpCallCompleted,
    ResponseMcpCallFailed,
    ResponseMcpCallInProgress,
)
from vlmock.protocol.wire import JsonObject, ServerEvent, given
from vlmock.session import refusals
from vlmock.session.answering.mcp_tools import needs_approval, why_not
from vlmock.session.answering.output_items import OutputItems, ReplyBrokenOff, TokenLimitReached
from vlmock.session.script import Fail, McpCall, ToolOutput
from vlmock.session.speaking.active_response import ActiveResponse, McpCallInHand
from vlmock.session.state import SessionState
from vlmock.session.timeline import At, Plot
from vlmock.session.words import token_count, tokens

__all__ = ["answer_request", "check_answers", "error_of", "go_on", "withdraw", "write_call"]


# ---- in the response


def write_call(state: SessionState, response: ActiveResponse, step: McpCall) -> Plot:
    """The model calls a tool of an MCP server. Observed {NETT}: ``output_item.added``, ``created``, its arguments.
    Assumed: what an agent calls are tools of its own, and nobody is asked.

    Raises ReplyBrokenOff where the client does not offer that tool, TokenLimitReached where the call does not fit.
    """
    of_agent = state.brain.agent
    if not of_agent and (impossible := why_not(response.tools, step)) is not None:
        raise ReplyBrokenOff(Fail(impossible, code="mcp_tool_not_offered"))
    spent = token_count(step.tool) + token_count(step.arguments)
    if not response.allows(spent):
        raise TokenLimitReached
    response.output_text_tokens += spent
    item = McpCallItem(
        id=state.new_id("item_"),
        server_label=step.server,
        name=step.tool,
        arguments="",
        approval_request_id=None,
        output=None,
        error=None,
    )
    index = len(response.output)
    call = McpCallInHand(step, item, response, index, not of_agent and needs_approval(response.tools, step))
    yield from OutputItems(state, response).add(item)
    response.closings[index] = lambda: _cut_off(state, call)
    for token in tokens(step.arguments):
        yield ResponseMcpCallArgumentsDelta(response_id=response.id, item_id=item.id, output_index=index, delta=token)
        yield At(state.now + state.seconds("token_gap"))
    yield ResponseMcpCallArgumentsDone(
        response_id=response.id, item_id=item.id, output_index=index, arguments=step.arguments
    )
    _change(state, call, arguments=step.arguments)
    if state.readings.mcp_call == "in_response":
        yield from _ask_or_run(state, call)
    else:
        response.mcp_calls.append(call)


def _cut_off(state: SessionState, call: McpCallInHand) -> Iterator[ServerEvent]:
    """Assumed: a call whose response is cut off never runs, and nobody can approve it any more; one that runs already
    has failed."""
    withdraw(state, call.item.id)
    if call.story is not None:
        state.timeline.abandon(call.story)
    if call.running:
        _change(state, call, error=error_of("The response was cancelled."))
        yield ResponseMcpCallFailed(item_id=call.item.id, output_index=call.output_index)
    yield _done(state, call)


def go_on(state: SessionState, response: ActiveResponse) -> None:
    """The response is completed: its calls are run, or the client is asked whether they may be.

    Documented (SDK sample, schema G): ``response.done`` comes before ``response.mcp_call.in_progress``, and the request
    for approval must not come before it either, for the sample reads on to ``response.done`` and drops what is between.
    Assumed: several calls run side by side; what was cut off does not run at all.
    """
    for call in response.mcp_calls:
        state.timeline.begin(_ask_or_run(state, call))


# ---- approval


def _ask_or_run(state: SessionState, call: McpCallInHand) -> Plot:
    if not call.needs_approval:
        yield from _run(state, call)
        return
    request = McpApprovalRequestItem(
        id=state.new_id("item_"),
        server_label=call.step.server,
        name=call.step.tool,
        arguments=call.step.arguments,
    )
    _change(state, call, approval_request_id=request.id)
    state.awaiting_approval[request.id] = call
    previous = state.history.last_id
    state.history.add(request)
    yield ConversationItemCreated(previous_item_id=previous, item=request)


def check_answers(state: SessionState, requests: Iterable[RequestItem], *, at: str = "item") -> None:
    """Assumed: each request for approval is answered once. Raises Refused where an item answers none that is open."""
    open_requests = set(state.awaiting_approval)
    for request in requests:
        if isinstance(request, RequestMcpApprovalResponse):
            if request.approval_request_id not in open_requests:
                raise refusals.no_such_approval_request(request.approval_request_id, at=at)
            open_requests.remove(request.approval_request_id)


def answer_request(state: SessionState, answer: RequestMcpApprovalResponse) -> None:
    """The client has decided. Observed {NETT}: an approved call runs. Assumed: one that is not approved fails, without
    having been in progress, and says why."""
    call = state.awaiting_approval.pop(answer.approval_request_id)
    if answer.approve:
        call.story = state.timeline.begin(_run(state, call))
    else:
        reason = given(answer.reason, "")
        error = f"The call was not approved: {reason}" if reason else "The call was not approved."
        call.story = state.timeline.begin(_end(state, call, error=error))


def withdraw(state: SessionState, item_id: str) -> None:
    """Assumed: a request for approval is gone with its item, or with that of its call."""
    for request_id, call in list(state.awaiting_approval.items()):
        if item_id in (request_id, call.item.id):
            del state.awaiting_approval[request_id]


# ---- the call itself


def _run(state: SessionState, call: McpCallInHand) -> Plot:
    """Observed {NETT}: in progress, and then its end. Assumed: how long it takes."""
    step = call.step
    call.running = True
    yield ResponseMcpCallInProgress(item_id=call.item.id, output_index=call.output_index)
    yield At(state.now + (state.seconds("mcp_call") if step.seconds is None else step.seconds))
    yield from _end(state, call, error=step.error)


def _end(state: SessionState, call: McpCallInHand, *, error: str | JsonObject | None) -> Plot:
    """Observed {NETT}: completed or failed, and right behind it the item."""
    call.running = False
    call.response.closings.pop(call.output_index, None)
    if error is None:
        _change(state, call, output=call.step.output)
    else:
        _change(state, call, error=error_of(error))
    _hand_over(state, call, error)
    ended = ResponseMcpCallCompleted if error is None else ResponseMcpCallFailed
    yield ended(item_id=call.item.id, output_index=call.output_index)
    yield _done(state, call)


def _hand_over(state: SessionState, call: McpCallInHand, error: str | JsonObject | None) -> None:
    """What came of it is for the next response to answer. Assumed: not where the call is outside the conversation."""
    if call.item.id in state.history:
        output = call.step.output if error is None else msgspec.json.encode({"error": error}).decode()
        step = call.step
        state.tool_outputs.append(ToolOutput(call.item.id, call.item.id, step.name, step.arguments, output))


def error_of(error: str | JsonObject) -> JsonObject:
    """The ``error`` of an item. Assumed {OAI}: its shape, where only the words are given."""
    return {"type": "tool_execution_error", "message": error} if isinstance(error, str) else error


def _change(state: SessionState, call: McpCallInHand, **changes: object) -> None:
    call.item = replace(call.item, **changes)
    call.response.output[call.output_index] = call.item
    state.history.replace(call.item)


def _done(state: SessionState, call: McpCallInHand) -> ServerEvent:
    return OutputItems(state, call.response).done(call.output_index, call.item)
