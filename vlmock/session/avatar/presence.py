"""What a session remembers of its avatar, from the update that brings it to the one that sends it away."""

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from vlmock.protocol.avatar import SessionAvatarSwitchToIdle, SessionAvatarSwitchToSpeaking
from vlmock.protocol.wire import ServerEvent
from vlmock.session.avatar.pool import Seat
from vlmock.session.timeline import Story

if TYPE_CHECKING:
    from vlmock.session.avatar.film import Film

__all__ = ["AvatarPresence", "Turn"]


class Turn(msgspec.Struct):
    """What the avatar has still to say of one response."""

    id: str
    """Assumed: the response's own, for no source says what ``turn_id`` holds."""
    ends: float
    """When it will have been said, on the session's clock. Over WebRTC."""
    samples: bytearray = msgspec.field(default_factory=bytearray)
    """What is not yet filmed. Over the WebSocket."""


class AvatarPresence(msgspec.Struct):
    """The avatar of a session."""

    films: bool
    """Its picture comes over the WebSocket; otherwise it is connected by WebRTC."""
    takes_sound: bool
    """What is said is heard from it, and not from ``response.audio.delta``."""
    sounds: bool
    """Its film has the sound."""
    seat: Seat | None = None
    """Held while it is shown."""
    turns: deque[Turn] = msgspec.field(default_factory=deque)
    speaking: str | None = None
    """The turn that it speaks now."""
    since: float = 0.0
    """When it began to speak, or to be silent."""
    stories: list[Story] = msgspec.field(default_factory=list)
    """What goes on as long as it is shown."""
    film: "Film | None" = None
    """What comes over the WebSocket, from ``session.updated`` on."""
    speech: Story | None = None
    """Tells when it has spoken. Over WebRTC."""

    def switch(self, turn: str | None, now: float) -> Iterator[ServerEvent]:
        """Observed {S03, VIBE}: it begins to speak a turn, or falls silent; nothing when that is so already."""
        if turn == self.speaking:
            return
        before, self.speaking = self.speaking, turn
        if before is None or turn is None:
            self.since = now
        if before is not None:
            yield SessionAvatarSwitchToIdle(turn_id=before)
        if turn is not None:
            yield SessionAvatarSwitchToSpeaking(turn_id=turn)
