"""The bytes of a stream between two ends that move: blocks come at one, and what is old goes at the other.

Blocks stay as they came, because growing one long array moves all that is in it, again and again.
"""

from collections import deque
from typing import Final

__all__ = ["HeldAudio"]

_SMALL_BYTES: Final = 512
"""Blocks below it are joined: each weighs some fifty bytes besides what is in it."""


class HeldAudio:
    """``len()``: how many bytes are held."""

    def __init__(self) -> None:
        self._blocks: deque[bytes] = deque()
        self._gone = 0
        """So many bytes of the first block are not held any more."""
        self._held = 0

    def __len__(self) -> int:
        return self._held

    def append(self, block: bytes) -> None:
        """Hold a block as well. It is not copied, unless it is small."""
        blocks = self._blocks
        if len(block) < _SMALL_BYTES and blocks and len(blocks[-1]) < _SMALL_BYTES:
            blocks[-1] += block
        else:
            blocks.append(block)
        self._held += len(block)

    def part(self, first: int, last: int) -> bytes:
        """The bytes from ``first`` to before ``last``, counted from the oldest that is held."""
        first, last = first + self._gone, last + self._gone
        parts, at = [], 0
        for block in self._blocks:
            if at >= last:
                break
            if at + len(block) > first:
                parts.append(block[max(0, first - at) : last - at])
            at += len(block)
        return b"".join(parts)

    def forget(self, count: int) -> None:
        """Drop so many of the oldest bytes; of more than are held, all."""
        blocks = self._blocks
        count = min(count, self._held)
        self._held -= count
        self._gone += count
        while blocks and self._gone >= len(blocks[0]):
            self._gone -= len(blocks.popleft())
        if blocks and self._gone > len(blocks[0]) // 2:  # or one long block would be kept for its end
            blocks[0] = blocks[0][self._gone :]
            self._gone = 0
