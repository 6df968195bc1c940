"""VL5xx: calls of functions and what they return; consent to MCP calls."""

from collections.abc import Iterator
from typing import Final

from vlmock.conduct.case import Case
from vlmock.conduct.facts import Ending
from vlmock.conduct.rule import Severity, family, rule
from vlmock.protocol.conversation import ConversationItemCreate
from vlmock.protocol.items import RequestFunctionCallOutput, RequestMcpApprovalResponse
from vlmock.protocol.response import ResponseCreate, ResponseCreateParams
from vlmock.protocol.wire import given

__all__ = ["RULES"]

_SOON_S: Final = 1.0
"""Whoever hangs up so soon after a call did not forget it."""


@rule(
    "VL501",
    "return-every-output",
    Severity.ERROR,
    on=Ending,
    timed=True,
    requirement="Return an output for each call of a function.",
    explanation="The model waits for it: the assistant says nothing, or makes something up.",
    remedy="send conversation.item.create with a function_call_output for each call_id, also when the function failed",
    source="Observed {PAI, NETT}. Behaviour 4.4, 8.1 (5), 8.2 (L05).",
)
def return_every_output(case: Case, event: Ending) -> Iterator[str]:
    for call_id, call in case.calls.open.items():
        if event.is_goodbye and event.at - call.at > _SOON_S:
            yield f"no output for the call {call_id} of {call.name}, {event.at - call.at:.1f} s after it was made"


@rule(
    "VL502",
    "one-output-for-each-call",
    Severity.ERROR,
    on=ConversationItemCreate,
    requirement="Return one output for each call, not two.",
    explanation="The model sees two results of one call, and answers to either.",
    remedy="answer a call on response.output_item.done or on arguments.done, not on both",
    source="Assumed {OAI}. Behaviour 4.4, 8.2 (L05).",
)
def one_output_for_each_call(case: Case, event: ConversationItemCreate) -> Iterator[str]:
    if isinstance(event.item, RequestFunctionCallOutput):
        call = case.calls.by_id.get(event.item.call_id)
        if call is not None and call.answered_at is not None:
            yield f"a second output for the call {event.item.call_id} of {call.name}"


@rule(
    "VL503",
    "known-call-id",
    Severity.ERROR,
    on=ConversationItemCreate,
    requirement="Return an output under the call_id of its call.",
    explanation="The output belongs to no call: the model never sees it.",
    remedy="take call_id from the function_call item; its id is another thing",
    source="Observed {PAI}: the output follows the item of its call. Behaviour 4.4, 8.2 (L05).",
)
def known_call_id(case: Case, event: ConversationItemCreate) -> Iterator[str]:
    if not isinstance(event.item, RequestFunctionCallOutput) or case.facts.agent:
        return
    call_id = event.item.call_id
    of_old = any(call_id in before.calls.by_id for before in case.earlier)
    if call_id not in case.calls.by_id and call_id not in case.calls.earlier and not of_old:
        hint = ", which is the id of an item" if call_id in case.items.seen else ""
        yield f"an output for the call {call_id}{hint}, which nobody made"


@rule(
    "VL504",
    "all-outputs-before-asking",
    Severity.ERROR,
    on=ResponseCreate,
    requirement="Return the outputs of all calls before asking for the next response.",
    explanation="The model answers without the missing result, or makes the call again.",
    remedy="collect all outputs of a response, then send one response.create after response.done",
    source="Observed {NETT}: both outputs, then one request. Behaviour 4.4, 8.1 (5), 8.2 (L05).",
)
def all_outputs_before_asking(case: Case, event: ResponseCreate) -> Iterator[str]:
    params = given(event.response, ResponseCreateParams())
    aside = given(params.pre_generated_assistant_message, None) or given(params.conversation, "") == "none"
    brought = {
        item.call_id
        for item in (*given(params.append_input_items, []), *given(params.input_items, []))
        if isinstance(item, RequestFunctionCallOutput)
    }
    missing = [call for call_id, call in case.calls.open.items() if call_id not in brought]
    if missing and not aside and case.answers.active is None and not case.answers.requested:
        yield f"response.create before the output of {', '.join(call.name for call in missing)}"


@rule(
    "VL505",
    "ask-after-outputs",
    Severity.WARNING,
    on=Ending,
    timed=True,
    requirement="Ask for a response when all outputs are returned.",
    explanation="An output starts no response: the user hears nothing until the next turn.",
    remedy="send one response.create after the last output",
    source="Observed {PAI, NETT}: the client asks. Behaviour 4.4, 8.1 (5).",
)
def ask_after_outputs(case: Case, event: Ending) -> Iterator[str]:
    output_at = case.calls.output_at
    if output_at is not None and event.at - output_at > _SOON_S and event.is_goodbye:
        yield f"no response.create in the {event.at - output_at:.1f} s after the last output of a function"


@rule(
    "VL506",
    "known-approval",
    Severity.ERROR,
    on=ConversationItemCreate,
    requirement="Answer each request for consent once, under its id.",
    explanation="Nothing waits for such an answer; the call that does wait is not made.",
    remedy="take approval_request_id from the mcp_approval_request item",
    source="Observed {NETT}: the flow. Assumed: an unknown id is refused. Behaviour 4.5.",
)
def known_approval(case: Case, event: ConversationItemCreate) -> Iterator[str]:
    if isinstance(event.item, RequestMcpApprovalResponse) and not case.facts.agent:
        id = event.item.approval_request_id
        if id not in case.calls.approvals:
            what = "was answered before" if id in case.calls.approvals_seen else "nobody made"
            yield f"an answer to the request for consent {id}, which {what}"


@rule(
    "VL507",
    "answer-approvals",
    Severity.WARNING,
    on=Ending,
    timed=True,
    requirement="Answer every mcp_approval_request, or have none made.",
    explanation="Consent to each call is the default: without an answer the call is never made, and the assistant "
    "waits.",
    remedy="answer with an mcp_approval_response item, or set require_approval: never",
    source="Observed {NETT}. Behaviour 4.5.",
)
def answer_approvals(case: Case, event: Ending) -> Iterator[str]:
    for id, asked_at in case.calls.approvals.items():
        if event.is_goodbye and event.at - asked_at > _SOON_S:
            yield f"no answer to the request for consent {id} in {event.at - asked_at:.1f} s"


RULES: Final = family(globals())
