"""What every wire type is made of.

One class per event, named after it; the tag is the exact ``type`` on the wire. ``UNSET`` stands for what was not sent,
``None`` for what was sent as ``null``. The types are open: they say what *may* be there, and the server decides what it
refuses, because the service adds values and members between versions and a client must survive them.
"""

from typing import Annotated, Any, TypeVar, dataclass_transform

import msgspec
from msgspec import UNSET, UnsetType

__all__ = [
    "UNSET",
    "ClientEvent",
    "Int32",
    "JsonObject",
    "ServerEvent",
    "TaggedObject",
    "UnsetType",
    "WireObject",
    "given",
]

JsonObject = dict[str, Any]
"""Any JSON object whose members are not ours to name: a tool's parameters, a raw event."""

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
"""An integer that a client sends. Beyond 32 bits it is refused, so that no arithmetic on it can overflow."""

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class _Wire(msgspec.Struct, frozen=True, gc=False):
    """Every wire type is immutable, which it inherits, and its constructor keyword-only, which it says for itself: with
    a metaclass that said so for all of them, to make one would take three times as long in Python 3.11.

    They are trees, so the garbage collector need not look for circles in them: a journal holds very many.
    """


class WireObject(_Wire):
    """A JSON object that is part of an event."""


class TaggedObject(WireObject):
    """One of several kinds of JSON objects that may stand in the same place."""

    @property
    def type(self) -> str:
        """The ``type`` as on the wire: ``function_call``, ``server_vad``."""
        return str(self.__struct_config__.tag)


class _Event(_Wire, tag_field="type"):
    """What both directions have in common."""

    @property
    def type(self) -> str:
        """The ``type`` as on the wire: ``conversation.item.create``."""
        return str(self.__struct_config__.tag)


class ClientEvent(_Event, kw_only=True):
    """An event that a client sends. Source: schema B."""

    event_id: str | UnsetType | None = UNSET
    """Chosen by the client; an error that the event causes repeats it. Observed {SEED}: may be "", null or absent."""


class ServerEvent(_Event, kw_only=True):
    """An event that the service sends. Source: schema C."""

    event_id: str | UnsetType = UNSET
    """The service fills it in on everything that it sends."""


def given(value: T | UnsetType | None, default: T) -> T:
    """The value itself, or the default where it was not sent or sent as null."""
    return default if value is UNSET or value is None else value
