"""Visemes as the coefficients of a face: which muscles make which shape of the mouth, and how it moves between them.

Documented (Azure Speech, "Get facial position with viseme"): 60 frames a second of 55 coefficients, in this order.
Assumed: Voice Live's frames are the same. The poses are our own; nobody has published the service's.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final

from vlmock.session.effects import TimedViseme

__all__ = ["COEFFICIENTS", "FRAMES_PER_SECOND", "frame_at"]

FRAMES_PER_SECOND: Final = 60

_EYE: Final = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
_BOTH_SIDES: Final = ("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch")
COEFFICIENTS: Final = (
    *(f"eye{move}{side}" for side in ("Left", "Right") for move in _EYE),
    *("jawForward", "jawLeft", "jawRight", "jawOpen"),
    *("mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight"),
    *(f"{name}{side}" for name in _BOTH_SIDES for side in ("Left", "Right")),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *(f"mouth{move}{side}" for move in ("Press", "LowerDown", "UpperUp") for side in ("Left", "Right")),
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight"),
    *("tongueOut", "headRoll", "leftEyeRoll", "rightEyeRoll"),
)
"""The names of a frame's members, in order. Each is 0 at rest and 1 at its most."""

_POSES: Final[tuple[Mapping[str, float], ...]] = (
    {},
    {"jawOpen": 0.35, "mouthLowerDown": 0.2, "mouthUpperUp": 0.15, "mouthStretch": 0.1},
    {"jawOpen": 0.6, "mouthLowerDown": 0.3, "mouthUpperUp": 0.2},
    {"jawOpen": 0.45, "mouthFunnel": 0.4, "mouthPucker": 0.2},
    {"jawOpen": 0.3, "mouthLowerDown": 0.2, "mouthSmile": 0.2, "mouthStretch": 0.15},
    {"jawOpen": 0.25, "mouthFunnel": 0.3, "mouthPucker": 0.2},
    {"jawOpen": 0.15, "mouthSmile": 0.4, "mouthStretch": 0.3},
    {"jawOpen": 0.12, "mouthFunnel": 0.3, "mouthPucker": 0.8},
    {"jawOpen": 0.35, "mouthFunnel": 0.5, "mouthPucker": 0.45},
    {"jawOpen": 0.5, "mouthFunnel": 0.3, "mouthPucker": 0.25},
    {"jawOpen": 0.35, "mouthFunnel": 0.35, "mouthPucker": 0.2, "mouthSmile": 0.1},
    {"jawOpen": 0.5, "mouthLowerDown": 0.2, "mouthSmile": 0.2, "mouthStretch": 0.15},
    {"jawOpen": 0.2, "mouthLowerDown": 0.1},
    {"jawOpen": 0.15, "mouthFunnel": 0.35, "mouthPucker": 0.3},
    {"jawOpen": 0.25, "mouthLowerDown": 0.15, "tongueOut": 0.1},
    {"jawOpen": 0.08, "mouthSmile": 0.25, "mouthStretch": 0.25},
    {"jawOpen": 0.12, "mouthFunnel": 0.55, "mouthPucker": 0.35},
    {"jawOpen": 0.18, "tongueOut": 0.3},
    {"jawOpen": 0.1, "mouthRollLower": 0.5, "mouthUpperUp": 0.25},
    {"jawOpen": 0.15, "mouthStretch": 0.1, "tongueOut": 0.05},
    {"jawOpen": 0.2, "mouthLowerDown": 0.1},
    {"mouthPress": 0.5, "mouthRollLower": 0.25, "mouthRollUpper": 0.25},
)
"""By viseme id. A name without a side stands for both."""

_SHAPES: Final = tuple(
    tuple(
        (place, pose[part])
        for place, name in enumerate(COEFFICIENTS)
        for part in {name, name.removesuffix("Left").removesuffix("Right")} & pose.keys()
    )
    for pose in _POSES
)
"""The same by place in a frame."""

_BLUR_MS: Final = 80.0
"""So long a mouth takes from one shape to the next: a frame is the mean of the shapes around it."""


def frame_at(visemes: Sequence[TimedViseme], at_ms: float) -> list[float]:
    """The face at an instant of a speech: ``COEFFICIENTS``, each 0 to 1. At rest before the first viseme."""
    frame = [0.0] * len(COEFFICIENTS)
    begins, ends = at_ms - _BLUR_MS / 2, at_ms + _BLUR_MS / 2
    place = max(bisect_right(visemes, begins, key=_offset) - 1, 0)
    while place < len(visemes) and visemes[place].offset_ms < ends:
        until = visemes[place + 1].offset_ms if place + 1 < len(visemes) else ends
        share = (min(until, ends) - max(visemes[place].offset_ms, begins)) / _BLUR_MS
        for coefficient, weight in _SHAPES[visemes[place].viseme_id]:
            frame[coefficient] += weight * share
        place += 1
    return [round(value, 3) for value in frame]


def _offset(viseme: TimedViseme) -> int:
    return viseme.offset_ms
