"""How long the answers of two recordings took, turn by turn, side by side."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from vlmock.recording.differences.beats import Block, Event, Lane, events_of
from vlmock.recording.differences.comparing import paired
from vlmock.recording.model import Recording

__all__ = ["TurnTimes", "times_as_text", "turn_times"]

_ASKS: Final = ("response.create", "input_audio_buffer.commit", "input_audio_buffer.speech_stopped")
"""What an answer answers: the client asks, or the user falls silent."""
_ENOUGH: Final = {50: 3, 90: 10}
"""So many turns make a percentile worth telling."""


class TurnTimes(NamedTuple):
    """Of one response in both recordings. Seconds; None where it never came so far."""

    about: str
    created: tuple[float | None, float | None]
    """From the request, or the end of speech, to ``response.created``."""
    first: tuple[float | None, float | None]
    """To its first words or sound."""
    done: tuple[float | None, float | None]
    """To ``response.done``."""


def turn_times(theirs: Recording, ours: Recording) -> list[TurnTimes]:
    """Of each response that both have. Empty where one of them was recorded without times."""
    if not (theirs.head.timed and ours.head.timed):
        return []
    blocks: dict[str, tuple[Block, Block]] = {}
    for pair in paired(theirs, ours, "server"):
        if pair.block.lane is Lane.RESPONSE and pair.their_block and pair.our_block:
            blocks[pair.about] = pair.their_block, pair.our_block
    asks = [_asks(recording) for recording in (theirs, ours)]
    found = []
    for about, both in blocks.items():
        one, other = (_milestones(block, each) for block, each in zip(both, asks, strict=True))
        found.append(TurnTimes(about, *zip(one, other, strict=True)))
    return found


def _asks(recording: Recording) -> list[Event]:
    events = [event for source in ("client", "server") for event in events_of(recording, source)]
    return sorted((event for event in events if event.type in _ASKS), key=lambda event: event.frame)


def _milestones(block: Block, asks: Sequence[Event]) -> tuple[float | None, float | None, float | None]:
    asked = next((event.at for event in reversed(asks) if event.frame < block.first), None)
    if asked is None:
        return None, None, None
    at = {beat.type: beat.events[0].at - asked for beat in reversed(block.beats)}
    first = min((since for kind, since in at.items() if kind.endswith(".delta")), default=None)
    return at.get("response.created"), first, at.get("response.done")


def times_as_text(names: tuple[str, str], times: Sequence[TurnTimes]) -> str:
    """A line for each turn, ``theirs ours ratio`` in milliseconds, and percentiles where there are turns enough."""
    if not times:
        return "times: none to compare: no response is in both, or one of them was recorded without times"
    width = max(len("p90"), *(len(turn.about) for turn in times))
    lines = [f"times in ms, {names[0]} / {names[1]} (ratio), from the request or the end of speech"]
    lines += [
        f"  {turn.about:<{width}}  created {_side_by_side(turn.created)}  first {_side_by_side(turn.first)}  "
        f"done {_side_by_side(turn.done)}"
        for turn in times
    ]
    lines += [
        f"  {f'p{percent}':<{width}}  "
        + "  ".join(f"{name} {_side_by_side(both)}" for name, both in _percentiles(percent, times))
        for percent, enough in _ENOUGH.items()
        if len(times) >= enough
    ]
    return "\n".join(lines)


def _percentiles(percent: int, times: Sequence[TurnTimes]) -> Iterator[tuple[str, tuple[float | None, float | None]]]:
    for name in ("created", "first", "done"):
        sides = zip(*(getattr(turn, name) for turn in times), strict=True)
        one, other = (_percentile(percent, [value for value in side if value is not None]) for side in sides)
        yield name, (one, other)


def _percentile(percent: int, values: list[float]) -> float | None:
    """The nearest rank."""
    return sorted(values)[math.ceil(percent / 100 * len(values)) - 1] if values else None


def _side_by_side(both: tuple[float | None, float | None]) -> str:
    one, other = both
    ratio = f" (×{other / one:.2f})" if one and other is not None else ""
    return f"{_ms(one)} / {_ms(other)}{ratio}"


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:.0f}"
