"""Refusals: responses."""

from tests.session.refusal_cases.case import AGENT, ANSWER, Case
from vlmock.session.timing import Timing

CANCEL = {"type": "response.cancel"}

CASES = (
    Case(
        "active_response",
        (ANSWER, ANSWER),
        "Conversation already has an active response in progress: {response}. Wait until the response is finished "
        "before creating a new one.",
        "conversation_already_has_active_response",
        how={"timing": Timing("cascade")},
    ),
    Case(
        "no_active_response", (CANCEL,), "Cancellation failed: no active response found", "response_cancel_not_active"
    ),
    Case(
        "response_instructions_in_agent_mode",
        ({"type": "response.create", "response": {"instructions": "Be brief."}},),
        "Overriding instructions in response.create is not supported",
        param="response.instructions",
        how=AGENT,
    ),
)
