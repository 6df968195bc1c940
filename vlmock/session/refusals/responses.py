"""Responses that are not given. Source: behaviour 4.8, 6."""

from vlmock.session.refusals.envelope import Refused, refused

__all__ = ["active_response", "no_active_response", "response_instructions_in_agent_mode"]


def active_response(response_id: str) -> Refused:
    """Observed {VIBE, ILA}: code and first sentence. Assumed {OAI}: the rest of the words."""
    message = (
        f"Conversation already has an active response in progress: {response_id}. "
        "Wait until the response is finished before creating a new one."
    )
    return refused(message, code="conversation_already_has_active_response")


def no_active_response() -> Refused:
    """Observed {VIBE, FLOW}: a cancel with nothing to cancel."""
    return refused("Cancellation failed: no active response found", code="response_cancel_not_active")


def response_instructions_in_agent_mode(*, longer: bool = False) -> Refused:
    """Observed {VIBE, JOR}: the words, ``longer`` in one of them. Assumed: code and param."""
    message = "Overriding instructions in response.create is not supported" + " with Agent service." * longer
    return refused(message, param="response.instructions")
