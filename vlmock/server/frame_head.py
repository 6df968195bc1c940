"""What stands before the payload of a server's text frame. Documented: RFC 6455 5.2."""

from functools import lru_cache
from struct import Struct
from typing import Final

__all__ = ["FINAL_TEXT", "LENGTH_16", "LENGTH_64", "frame_head"]

FINAL_TEXT: Final = 0x81
LENGTH_16: Final = 126
LENGTH_64: Final = 127

_head_16 = Struct("!BBH").pack
_head_64 = Struct("!BBQ").pack


@lru_cache(maxsize=4096)
def frame_head(length: int) -> bytes:
    """Of a text frame of so many bytes. Replies repeat themselves in their lengths."""
    if length < LENGTH_16:
        return bytes((FINAL_TEXT, length))
    return _head_16(FINAL_TEXT, LENGTH_16, length) if length < 0x10000 else _head_64(FINAL_TEXT, LENGTH_64, length)
