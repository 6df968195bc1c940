"""The codes of remarks, and the beginning of a reason, by which the judge is told what no event says."""

from typing import Final

__all__ = [
    "BINARY_MESSAGE",
    "LOST_EVENTS",
    "LOST_SOUND",
    "PING_UNANSWERED",
    "PLAYING",
    "SENT_AFTER_CLOSE",
    "SILENT",
    "STALLED",
    "STILL_PLAYING",
]

BINARY_MESSAGE: Final = "binary_message"
PING_UNANSWERED: Final = "ping_unanswered"
SENT_AFTER_CLOSE: Final = "sent_after_close"
"""What the socket's side saw."""

PLAYING: Final = "playing"
SILENT: Final = "silent"
STILL_PLAYING: Final = "still_playing"
"""What a test says of the client's loudspeaker."""

LOST_EVENTS: Final = "events"
LOST_SOUND: Final = "sound"
"""What a journal had dropped before it was written down as a recording."""

STALLED: Final = "dropped: the client had not read"
"""How the reason begins when a client that does not read is dropped."""
