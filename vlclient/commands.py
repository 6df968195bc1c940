"""What ``Turns`` wants done: imperative, in order, performed by whoever owns the socket and the sound."""

from typing import TypeAlias

import msgspec

from vlclient.audio.ports import Part
from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.wire import ClientEvent

__all__ = ["Command", "Play", "RunTool", "Send", "Show", "StopPlayback"]


class Send(msgspec.Struct, frozen=True):
    """Send this event. It has an ``event_id``, by which a refusal is recognised."""

    event: ClientEvent


class Play(msgspec.Struct, frozen=True):
    """Append this to what the user hears."""

    part: Part
    audio: bytes
    """In the session's output format; any number of bytes."""
    response_id: str


class StopPlayback(msgspec.Struct, frozen=True):
    """Be silent at once, and tell ``Turns.playback_stopped`` what had been heard."""


class RunTool(msgspec.Struct, frozen=True):
    """Run a function of the client, and tell ``Turns.tool_answered`` what it returned.

    Every one wants an answer, and if it is an error: as long as it is missing, no response goes on from it.
    """

    response_id: str
    call_id: str
    name: str
    arguments: str
    """JSON text, as the model wrote it."""


class Show(msgspec.Struct, frozen=True):
    """The application shall see this event."""

    event: AnyServerEvent | UnknownServerEvent


Command: TypeAlias = Send | Play | StopPlayback | RunTool | Show
