"""When a recorded response said what, so that it is going on when the client says what it said meanwhile."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.beats import Event
from vlmock.recording.differences.sound import audio_of
from vlmock.recording.model import Recording

__all__ = ["WRITTEN", "Moments", "moments_of", "next_of"]

WRITTEN = (
    "response.text.delta",
    "response.audio_transcript.delta",
    "response.function_call_arguments.delta",
    "response.mcp_call_arguments.delta",
    "response.foundry_agent_call_arguments.delta",
)
"""What the model writes, bit by bit."""
_SOUND = "response.audio.delta"


class Moments(msgspec.Struct, frozen=True):
    """Of one response, in seconds since the connection was opened."""

    first: float = 0.0
    """Its first item, or its end where there is none; infinite where it was cut off before."""
    written: tuple[float, ...] = ()
    """What came next after each bit of what was written, rising."""
    sound_after: tuple[float, ...] = ()
    """How long after its item each sound began, in seconds."""
    speed: float = math.inf
    """How many times faster than it plays its sound came."""
    done: float = math.inf


def moments_of(recording: Recording, events: Sequence[Event], *, cut_off: bool, bridged: bool) -> Moments:
    """By all events of a response, in order. ``cut_off``: it would have gone on. ``bridged``: its silence was filled
    with other words, so it is not the response that came with the first item."""
    done = next((event.at for event in events if event.type == "response.done"), math.inf)
    items = [event.at for event in events if event.type == "response.output_item.added"]
    runs = list(_sounds(events))
    return Moments(
        first=events[0].at if bridged else min(items, default=math.inf if cut_off else done),
        written=tuple(sorted(_followers(events))),
        sound_after=tuple(begun for begun, _ in runs),
        speed=_speed(recording, events, [run for _, run in runs], cut_off=cut_off),
        done=done,
    )


def next_of(moments: Sequence[float], now: float) -> float | None:
    """The first that is still to come; None: there is none."""
    place = bisect_right(moments, now)
    return moments[place] if place < len(moments) else None


def _followers(events: Sequence[Event]) -> Iterator[float]:
    for event, follower in pairwise(events):
        if event.type in WRITTEN:
            yield follower.at


def _sounds(events: Sequence[Event]) -> Iterator[tuple[float, list[Event]]]:
    """Each item's, and how long it was awaited."""
    begun: dict[str, float] = {}
    runs: dict[str, list[Event]] = {}
    for event in events:
        if event.type == "response.output_item.added":
            begun[_item_id(event.body.get("item") or {}, "id")] = event.at
        elif event.type == _SOUND:
            runs.setdefault(_item_id(event.body, "item_id"), []).append(event)
    for item_id, run in runs.items():
        yield run[0].at - begun.get(item_id, run[0].at), run


def _item_id(body: JsonObject, name: str) -> str:
    return str(body.get(name))


def _speed(recording: Recording, events: Sequence[Event], runs: Sequence[list[Event]], *, cut_off: bool) -> float:
    """What was being said when it was cut off has been generated up to its last piece; else it lasts up to what comes
    after it."""
    lasted = played_ms = 0.0
    for run in runs:
        goes_on = cut_off and run[-1].at > run[0].at
        following = (event.at for event in events if event.frame > run[-1].frame)
        lasted += (run[-1].at if goes_on else next(following, run[-1].at)) - run[0].at
        sound = audio_of(recording, [event.body.get("delta") for event in (run[:-1] if goes_on else run)])
        played_ms += sound.ms if sound is not None else 0.0
    if lasted <= 0:
        return 1.0 if cut_off else math.inf
    return played_ms / 1000 / lasted if played_ms else 1.0
