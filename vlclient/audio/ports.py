"""What the assistant knows of sound. A microphone, a WAV file and a test double are the same to it.

All audio is mono PCM16, little endian, without a header, at the rate that the source or sink was made for.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

import msgspec

__all__ = ["AudioSink", "AudioSource", "FirstHeard", "Heard", "Part"]


class Part(msgspec.Struct, frozen=True):
    """A content part of an item that is being played."""

    item_id: str
    content_index: int = 0


class Heard(msgspec.Struct, frozen=True):
    """How much of a part came out of the loudspeaker before it was silenced."""

    part: Part
    heard_ms: int
    """From the start of the part, what the device had pulled less its output latency; never more than was received."""
    received_ms: int
    """All of it that had been given to the sink."""


FirstHeard: TypeAlias = Callable[[Part, float], None]
"""Told once for each part, in the event loop: the part, and when its first sound left the loudspeaker
(``time.monotonic()``, which is the loop's own clock)."""


class AudioSource(Protocol):
    """Where the user's voice comes from."""

    @property
    def captured_until(self) -> float:
        """When the newest sample that ``read`` has handed out was captured (``time.monotonic()``)."""

    @property
    def ended(self) -> bool:
        """Whether all that will be said has been handed out, and only silence follows. Never, for a microphone."""

    async def read(self) -> bytes:
        """The next block, when it is due; ``b""`` once there is no more. Raises ``DeviceLost``."""

    def close(self) -> None:
        """Give the device back. Safe to call twice; a ``read`` that waits ends with ``b""``."""


class AudioSink(Protocol):
    """Where the assistant's voice goes. Nothing here waits, except ``drained``."""

    def play(self, part: Part, audio: bytes) -> None:
        """Append to what is to be played. Raises ``DeviceLost``."""

    def stop(self) -> Heard | None:
        """Be silent at once and forget everything. What was heard of the part that was playing, or of the last one:
        all that was received of it may have been heard, and only ``Turns`` knows whether more was to come. None when
        nothing was heard since the last stop."""

    async def drained(self) -> None:
        """Returns once everything given to ``play`` has been heard, or was stopped. Raises ``DeviceLost``."""

    def close(self) -> None:
        """Give the device back, at once. Safe to call twice."""
