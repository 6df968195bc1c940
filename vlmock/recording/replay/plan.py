"""A recording as something to be played: what the server said, step by step, and what each step waits for."""

from collections.abc import Sequence
from typing import Final

import msgspec

from vlmock.protocol.wire import JsonObject
from vlmock.recording.model import Recording
from vlmock.recording.replay.ear import Sound
from vlmock.recording.replay.listening import Mark
from vlmock.recording.replay.prepared import PreparedFrames

__all__ = ["NOTHING", "Action", "Plan", "Step"]

NOTHING: Final = -1


class Action(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One thing that the client said, other than a piece of a stream."""

    frame: int
    type: str
    """As on the wire; ``(text)`` and ``(binary)`` for frames that are no events."""
    event: JsonObject
    """As recorded. What was streamed before it and belongs to it stands in ``text``."""
    awaits: tuple[int, ...] = ()
    """The steps that must have been sent, or the client is too early."""
    sound: Sound | None = None
    """What it committed, where that is known."""
    text: str | None = None
    """What was streamed, piece by piece, and is complete now."""
    adds: str = ""
    """What the service called the item that it adds."""
    trailing: bool = False
    """It came after the last answer was complete."""


class Step(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One thing that the server said, or the end of the connection."""

    frame: int
    """Number of frames: the end."""
    type: str
    after: tuple[int, ...] = ()
    """Earlier steps."""
    action: int = NOTHING
    """What of the client it answers."""
    mark: int = NOTHING
    """What sound of the client it answers."""
    delay: float = 0.0
    """Seconds after the latest of those, or after the opening where there are none."""
    trailing: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All there is to be played. Shared by every connection that plays it."""

    recording: Recording
    steps: Sequence[Step]
    actions: Sequence[Action]
    marks: Sequence[Mark]
    """In the order of the sound."""
    signals: int | None = None
    """How many things our ear hears in the recording; None: only the amount of sound counts."""
    patience_ms: int = 0
    theirs: frozenset[str] = frozenset()
    """Names that the service gave; all others are the client's."""
    frames: PreparedFrames
