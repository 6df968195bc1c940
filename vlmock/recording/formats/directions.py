"""Who said an event, where its type alone tells: no event has both directions."""

from functools import cache
from typing import Any, Literal, TypeAlias

import msgspec

from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_CLIENT_EVENTS, OTHER_SERVER_EVENTS, SERVER_EVENTS

__all__ = ["Side", "known_source"]

Side: TypeAlias = Literal["client", "server"]


@cache
def _sources() -> dict[str, Side]:
    sources: dict[str, Side] = dict.fromkeys((*SERVER_EVENTS, *OTHER_SERVER_EVENTS), "server")
    return sources | dict.fromkeys((*CLIENT_EVENTS, *OTHER_CLIENT_EVENTS), "client")


def known_source(event: Any) -> Side | None:
    """Who sends events of this type, by a JSON object or its text; None for a type that is not known, or no event."""
    if isinstance(event, str | bytes):
        try:
            event = msgspec.json.decode(event)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
    kind = event.get("type") if isinstance(event, dict) else None
    return _sources().get(kind) if isinstance(kind, str) else None
