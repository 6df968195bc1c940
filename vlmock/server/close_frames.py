"""What a close frame may carry. Documented: RFC 6455 5.5, 7.4."""

from typing import Final

__all__ = ["check_code", "cut_reason"]

_REASON_BYTES: Final = 123
"""Documented: RFC 6455 5.5, a control frame has at most 125 bytes, two of which are the code."""
_FRAME_CODES: Final = {*range(1000, 1004), *range(1007, 1015)}


def cut_reason(reason: str) -> str:
    """As much of a close reason as fits into a close frame, whole characters only."""
    return reason.encode()[:_REASON_BYTES].decode(errors="ignore")


def check_code(code: int) -> None:
    if not (3000 <= code < 5000 or code in _FRAME_CODES):
        raise ValueError(f"{code} is no close code that a frame may carry: use 1000 to 1014 or 3000 to 4999")
