"""response.create and response.cancel. Source: behaviour.md 4.8, 4.9."""

from collections.abc import Iterator

from vlmock.protocol.response import ResponseCancel, ResponseCreate, ResponseCreateParams
from vlmock.protocol.wire import UNSET, given
from vlmock.session import refusals
from vlmock.session.answering import responses
from vlmock.session.rules.members import check_members
from vlmock.session.rules.response import check_response
from vlmock.session.state import SessionState
from vlmock.session.timeline import Told
from vlmock.session.transitions import ResponsePhase

__all__ = ["on_response_cancel", "on_response_create"]


def on_response_create(state: SessionState, event: ResponseCreate) -> Iterator[Told]:
    """Observed {VIBE, ILA}: one response at a time; a refused request never gets a ``response.done``."""
    params = given(event.response, ResponseCreateParams())
    if state.brain.agent and isinstance(params.instructions, str):
        longer = state.readings.agent_instructions == "with_agent_service"
        state.leniency.overlook(refusals.response_instructions_in_agent_mode(longer=longer))
    if event.response is not UNSET:
        params = check_members(params, state.brain, at="response", leniency=state.leniency)
        state.leniency.passes(check_response, params, state.settings)
    yield from responses.request(state, params, given(event.additional_instructions, ""))


def on_response_cancel(state: SessionState, event: ResponseCancel) -> Iterator[Told]:
    """Observed {VIBE, SDKT}: ends in ``response.done``, cancelled; with nothing active it is refused."""
    active = state.response
    named = given(event.response_id, "")
    if active is None or active.phase is not ResponsePhase.IN_PROGRESS or (named and named != active.id):
        raise refusals.no_active_response()
    responses.interrupt(state, active, reason="client_cancelled")
    yield from ()
