"""How a recording is played."""

from typing import Final, Literal, TypeAlias, get_args

import msgspec

__all__ = ["HangUp", "Manner", "OnUnexpected", "Timing", "Trailing", "manner"]

Timing: TypeAlias = Literal["recorded", "instant"] | float
"""How long what was recorded takes: as long as then, no time, or so many times as long."""
OnUnexpected: TypeAlias = Literal["strict", "tolerant", "ignore"]
"""What is done about a client that does otherwise than the recorded one: it ends there; it goes on, and is a problem in
the end; it goes on and is only remarked on."""
Trailing: TypeAlias = Literal["report", "ignore"]
"""Whether what comes after the last complete answer has to come as well. Sound and the goodbye never have to."""
HangUp: TypeAlias = Literal["difference", "more", "end"]
"""Where the connection ends for a client that does otherwise: at the first difference; where it says what nobody will
answer; only where that comes after all that was recorded. Strict is always the first."""

_PACES: Final = {"recorded": 1.0, "instant": 0.0}


class Manner(msgspec.Struct, frozen=True):
    """How a recording is played, checked."""

    pace: float = 0.0
    """How long a recorded second takes, in seconds."""
    on_unexpected: OnUnexpected = "tolerant"
    trailing: Trailing = "report"
    hang_up: HangUp = "end"


def manner(
    timing: Timing | str = "instant",
    on_unexpected: str = "tolerant",
    trailing: str = "report",
    *,
    hang_up: HangUp = "end",
) -> Manner:
    """The same from what a user says. Raises ValueError for what does not exist."""
    unexpected = {each: each for each in get_args(OnUnexpected)}.get(on_unexpected)
    if unexpected is None:
        raise ValueError(f"on_unexpected is {' or '.join(get_args(OnUnexpected))}, not {on_unexpected!r}")
    trail = {each: each for each in get_args(Trailing)}.get(trailing)
    if trail is None:
        raise ValueError(f"trailing is {' or '.join(get_args(Trailing))}, not {trailing!r}")
    return Manner(_pace(timing), unexpected, trail, "difference" if unexpected == "strict" else hang_up)


def _pace(timing: Timing | str) -> float:
    try:
        pace = _PACES[timing] if timing in _PACES else float(timing)
    except ValueError:
        pace = -1.0
    if not 0 <= pace < float("inf"):
        raise ValueError(f"the timing of a replay is recorded, instant or a factor such as 0.5, not {timing!r}")
    return pace
