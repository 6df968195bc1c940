"""Which events there are: each api-version has its own. Source: schema B and C, "since"."""

from functools import cache

import msgspec

from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_SERVER_EVENTS, SERVER_EVENTS, AnyClientEvent
from vlmock.protocol.invalid_event import InvalidEvent, in_short
from vlmock.session import refusals
from vlmock.session.brain import Brain

__all__ = ["check_event", "events_to_come"]


def check_event(event: AnyClientEvent | InvalidEvent, brain: Brain) -> None:
    """Raise Refused when this is no event, or none of the brain's api-version.

    Documented: schema B, since when there is which. Assumed: what came later is an unknown type, whatever else may be
    wrong with it, and the supported values that are listed are those of the version.
    """
    known = brain.events
    types = tuple(wire_type for wire_type in CLIENT_EVENTS if wire_type in known)
    wire_type = event.event_type if isinstance(event, InvalidEvent) else event.type
    if wire_type in CLIENT_EVENTS and wire_type not in known:
        raise refusals.unknown_type(in_short(wire_type), types)
    if isinstance(event, InvalidEvent):
        raise refusals.from_invalid_event(msgspec.structs.replace(event, allowed=types))


@cache
def events_to_come(known: frozenset[str]) -> frozenset[type]:
    """The server events that a session whose version knows only these never sends. Documented: schema C.

    What a scenario's ``emit`` sends is written by hand, and goes through.
    """
    return frozenset(
        event for wire_type, event in (SERVER_EVENTS | OTHER_SERVER_EVENTS).items() if wire_type not in known
    )
