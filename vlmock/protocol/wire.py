"""What every wire type is made of.

One class per event, named after it; the tag is the exact ``type`` on the wire. ``UNSET`` stands for what was not sent,
``None`` for what was sent as ``null``. The types are open: they say what *may* be there, and the server decides what it
refuses, because the service adds values and members between versions and a client must survive them.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

__all__ = ["UNSET", "ClientEvent", "JsonObject", "ServerEvent", "UnsetType", "WireObject", "given"]

JsonObject = dict[str, Any]
"""Any JSON object whose members are not ours to name: a tool's parameters, a raw event."""

T = TypeVar("T")


class WireObject(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON object that is part of an event."""


class ClientEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """An event that a client sends. Source: schema B."""

    event_id: str | None | UnsetType = UNSET
    """Chosen by the client; an error that the event causes repeats it. Observed {SEED}: may be "", null or absent."""


class ServerEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """An event that the service sends. Source: schema C."""

    event_id: str | UnsetType = UNSET
    """The service fills it in on everything that it sends."""


def given(value: T | None | UnsetType, default: T) -> T:
    """The value itself, or the default where it was not sent or sent as null."""
    return default if value is UNSET or value is None else value  # type: ignore[return-value]
