"""How much one connection may hold, and for how long it may keep others waiting."""

from typing import Final

import msgspec

__all__ = ["MAX_MESSAGE_BYTES", "Limits", "ReadBuffer", "Share"]

MAX_MESSAGE_BYTES: Final = 32 * 1024 * 1024
"""Documented: 15 MiB of audio may come at once, which is 20 MiB of base64."""

_FIRST_BYTES: Final = 16 * 1024
_LEAST_BYTES: Final = 1024


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one connection, and how long it may leave us waiting."""

    message_bytes: int = MAX_MESSAGE_BYTES
    """A longer message closes the connection with 1009."""
    unread_bytes: int = 1024 * 1024
    """With more than this written and not taken by the peer, its conversation waits."""
    open_seconds: float = 10.0
    """For the request to come."""
    close_seconds: float = 10.0
    """For the peer to agree to a close."""
    stall_seconds: float = 60.0
    """For a peer to read again."""
    ping_seconds: float | None = None
    """So often a peer is pinged, and so long it has to answer. None: never. Assumed: whether the service pings is not
    known."""
    turn_seconds: float = 0.005
    """Where what was read at once takes longer than this, less is read the next time: it is the others' time."""


class ReadBuffer:
    """Where the kernel puts what has come. One for all connections of a loop, because each empties it before the next
    is read; this holds for selector loops, which hand out and fill a buffer in one step."""

    __slots__ = ("data", "view")

    def __init__(self, size: int = 128 * 1024) -> None:
        """``size``: twice as much costs more than it saves. What is made of it would then be so much at once that the
        C library gives the memory back to the system after each turn, and gets it again for the next."""
        self.data = bytearray(size)
        self.view = memoryview(self.data)


class Share:
    """How much is read at once from one connection. Twenty thousand pings are as many bytes as a hundred appends."""

    __slots__ = ("_most_bytes", "_seconds", "bytes")

    def __init__(self, most_bytes: int, seconds: float) -> None:
        """``seconds``: how long handling it may take."""
        self._most_bytes = most_bytes
        self._seconds = seconds
        self.bytes = min(_FIRST_BYTES, most_bytes)

    def took(self, seconds: float, nbytes: int) -> None:
        """So long it took to handle so much."""
        if seconds > self._seconds:
            self.bytes = max(_LEAST_BYTES, self.bytes // 4)
        elif nbytes == self.bytes < self._most_bytes and seconds * 4 < self._seconds:
            self.bytes = min(self._most_bytes, self.bytes * 2)
