"""What the service believes the user to hear: every reply played in real time from the moment it was sent.

Documented {DOC}, behaviour 3.5: ``auto_truncate`` cuts the history by it. The service does not know better, because the
loudspeaker is the client's.
"""

import msgspec

__all__ = ["AssumedPlayback"]


class AssumedPlayback(msgspec.Struct):
    """The spoken item that was sent last, and until when it plays, in seconds of the session's clock."""

    item_id: str = ""
    sent_ms: float = 0.0
    """How much of it was sent."""
    ends: float = 0.0

    def add(self, item_id: str, duration_ms: float, now: float) -> None:
        """More of an item was sent; it plays as soon as what was sent before has been played."""
        if item_id != self.item_id:
            self.item_id, self.sent_ms = item_id, 0.0
        self.sent_ms += duration_ms
        self.ends = max(self.ends, now) + duration_ms / 1000

    def plays(self, now: float) -> bool:
        """Whether something is being played."""
        return now < self.ends

    def stop(self, now: float) -> None:
        """The client stops its loudspeaker now, as it should when the user speaks."""
        self.ends = min(self.ends, now)

    def interrupted(self, now: float) -> tuple[str, int] | None:
        """Which item is being played, and how many milliseconds of it were heard; None in silence."""
        if not self.item_id or now >= self.ends:
            return None
        left_ms = (self.ends - now) * 1000
        return self.item_id, max(0, int(round(self.sent_ms - left_ms, 3)))
