"""A client that does not get its first update through. Sources: schema B2; behaviour 1.5, fact 8.

Where the sources part, three readings say whom to follow: ``first_update_required``, ``bad_updates`` and
``rejected_first_update``.
"""

from collections.abc import Iterator
from typing import Final

from vlmock.protocol.errors import ErrorEvent
from vlmock.session import refusals
from vlmock.session.effects import Close
from vlmock.session.state import SessionState
from vlmock.session.timeline import Told
from vlmock.session.transitions import SESSION, SessionPhase, moved
from vlmock.session.user_turns import spoken_turns

__all__ = ["after_refusal", "configured", "demand_update"]

_MOST_ATTEMPTS: Final = 5
_MOST_REJECTED: Final = 2


def demand_update(state: SessionState, event_type: str) -> None:
    """Refuse what comes before the first update, where one is required. Lenient, that is overlooked once."""
    if state.phase is SessionPhase.UNCONFIGURED and event_type != "session.update":
        state.leniency.overlook(refusals.update_first(event_type))
        configured(state)


def configured(state: SessionState) -> None:
    """From now on every event is taken."""
    if state.phase is SessionPhase.UNCONFIGURED:
        state.phase = moved(SESSION, state.phase, "configured")


def after_refusal(state: SessionState, event_type: str | None) -> Iterator[Told]:
    """What follows the error of a refused event, while no update was accepted.

    Observed in field reports (schema B2): each refused update, and each event that comes before the first, is a failed
    attempt; after five the session ends with an error of its own and close 1008. Assumed: an event that was taken is no
    attempt. Observed {IVW}, one source: close 1011 after the second update, without another error.
    """
    attempted = event_type == "session.update" or state.phase is SessionPhase.UNCONFIGURED
    if state.updates or not attempted or state.phase is SessionPhase.UNUSABLE:
        return
    state.failed_attempts += 1
    if state.readings.rejected_first_update == "deaf":
        yield from _deafen(state)
    match state.readings.bad_updates:
        case "fifth" if state.failed_attempts >= _MOST_ATTEMPTS:
            failed = refusals.configuration_failed()
            yield ErrorEvent(error=failed.details)
            yield Close(1008, failed.details.message)
        case "second" if state.failed_attempts >= _MOST_REJECTED:
            yield Close(1011, "Session configuration failed.")


def _deafen(state: SessionState) -> Iterator[Told]:
    """Observed {IVW}, one source: the agent is deaf, and still greets. Assumed: no turn is detected until an update is
    accepted, which sets the detector anew."""
    state.input.configure(state.input.hearing.by_hand)
    yield from spoken_turns.drop(state)
