"""Where a recording sounds, and a text spread over that: for WAV files, which tell nothing about their words."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from vlmock.scenario import builtin_voice
from vlmock.scenario.timed_speech import NO_PIECE, Phone
from vlmock.scenario.visemes import SILENCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["sounding_parts", "spread"]

_FRAME_MS = 10
_BELOW_PEAK = 0.03
"""About 30 dB below the loudest frame it is silent."""
_SHORTEST_PAUSE_FRAMES = 20


def spread(text: str, samples: "NDArray[np.int16]", rate_hz: int) -> list[Phone]:
    """The sounds of a text as the built-in voice makes them, stretched over those parts of the samples that sound."""
    said = [phone for phone in builtin_voice.timed(text) if phone.piece != NO_PIECE]
    parts = sounding_parts(samples, rate_hz)
    if not said or not parts:
        return []
    weights = [0.0, *accumulate(phone.ends_ms - phone.begins_ms for phone in said)]
    stretch = sum(end - begin for begin, end in parts) / weights[-1]
    phones = [
        phone._replace(begins_ms=_begin(parts, before * stretch), ends_ms=_end(parts, after * stretch))
        for phone, before, after in zip(said, weights, weights[1:], strict=False)
    ]
    pauses = [Phone(end, end, SILENCE) for _, end in parts]
    return sorted([*phones, *pauses], key=lambda phone: phone.begins_ms)


def sounding_parts(samples: "NDArray[np.int16]", rate_hz: int) -> list[tuple[float, float]]:
    """Begin and end of what sounds, in milliseconds; pauses of less than 200 ms count as sound."""
    import numpy as np

    frame = rate_hz * _FRAME_MS // 1000
    padded = np.zeros(-(-len(samples) // frame) * frame, np.float64)
    padded[: len(samples)] = samples
    level = np.sqrt(np.mean(padded.reshape(-1, frame) ** 2, axis=1))
    loud = np.flatnonzero(level > max(level.max(initial=0.0) * _BELOW_PEAK, 1.0)).tolist()
    parts: list[tuple[float, float]] = []
    for place in loud:
        begin, end = float(place * _FRAME_MS), min((place + 1) * _FRAME_MS, len(samples) * 1000 / rate_hz)
        if parts and begin - parts[-1][1] < _SHORTEST_PAUSE_FRAMES * _FRAME_MS:
            begin = parts.pop()[0]
        parts.append((begin, end))
    return parts


def _begin(parts: Sequence[tuple[float, float]], sounded_ms: float) -> float:
    """The instant at which so much has sounded; the later one, where a pause comes then."""
    ends = list(accumulate(end - begin for begin, end in parts))
    part = min(bisect_right(ends, sounded_ms + 1e-6), len(parts) - 1)
    return parts[part][1] - (ends[part] - sounded_ms)


def _end(parts: Sequence[tuple[float, float]], sounded_ms: float) -> float:
    """The earlier one."""
    ends = list(accumulate(end - begin for begin, end in parts))
    part = min(bisect_left(ends, sounded_ms - 1e-6), len(parts) - 1)
    return parts[part][1] - (ends[part] - sounded_ms)
