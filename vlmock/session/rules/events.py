"""Which events there are: each api-version has its own. Source: schema B and C, "since"."""

from functools import cache
from typing import cast

import msgspec

from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_SERVER_EVENTS, SERVER_EVENTS, AnyClientEvent
from vlmock.protocol.invalid_event import InvalidEvent, in_short
from vlmock.session import refusals
from vlmock.session.configuration.brain import Brain
from vlmock.session.configuration.leniency import Leniency

__all__ = ["checked_event", "events_to_come"]


def checked_event(event: AnyClientEvent | InvalidEvent, brain: Brain, leniency: Leniency) -> AnyClientEvent:
    """The event that is to be obeyed. Raises Refused when this is no event, or none of the brain's api-version.

    Documented: schema B, since when there is which. Assumed: what came later is an unknown type, whatever else may be
    wrong with it, and the supported values that are listed are those of the version.
    """
    known = brain.events
    wire_type = event.event_type if isinstance(event, InvalidEvent) else event.type
    if wire_type in CLIENT_EVENTS and wire_type not in known:
        refusal = refusals.unknown_type(in_short(wire_type), _types(known))
        refusal.hint = f"{wire_type} came with a later api-version than {brain.api_version}"
        raise refusal
    if not isinstance(event, InvalidEvent):
        return event
    if event.kind in ("missing_type", "unknown_type"):
        event = msgspec.structs.replace(event, allowed=_types(known))
    return _without_unknown_members(event, leniency)


def _types(known: frozenset[str]) -> tuple[str, ...]:
    """Of client events, in the order of the catalogue."""
    return tuple(wire_type for wire_type in CLIENT_EVENTS if wire_type in known)


def _without_unknown_members(invalid: InvalidEvent, leniency: Leniency) -> AnyClientEvent:
    """What is left of it. Raises Refused where that is nothing, or where nothing is overlooked."""
    refusal = refusals.from_invalid_event(invalid)
    if invalid.otherwise is None:
        raise refusal
    leniency.overlook(refusal)
    for path in invalid.more:
        leniency.overlook(refusals.unexpected_member(path))
    return cast(AnyClientEvent, invalid.otherwise)


@cache
def events_to_come(known: frozenset[str]) -> frozenset[type]:
    """The server events that a session whose version knows only these never sends. Documented: schema C.

    What a scenario's ``emit`` sends is written by hand, and goes through.
    """
    return frozenset(
        event for wire_type, event in (SERVER_EVENTS | OTHER_SERVER_EVENTS).items() if wire_type not in known
    )
