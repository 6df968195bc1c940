"""How long the service takes, as profiles. Source: behaviour.md 7, {FON} unless noted.

A profile names how long each segment of a turn takes; ``Timing`` draws from it with dice that come from outside, so
the same seed gives the same conversation. All profile figures are milliseconds; what ``Timing`` returns is seconds.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from vlmock.errors import did_you_mean

__all__ = ["PROFILES", "PROFILE_NAMES", "SEGMENTS", "Duration", "LogNormal", "Timing", "Uniform", "parse_duration"]


class LogNormal(msgspec.Struct, frozen=True):
    """Mostly about the median, seldom much longer. Milliseconds."""

    median: float
    p90: float


class Uniform(msgspec.Struct, frozen=True):
    """Anything from low to high, equally likely. Milliseconds."""

    low: float
    high: float


Duration: TypeAlias = float | LogNormal | Uniform

SEGMENTS: Mapping[str, str] = {
    "updated": "session.update to session.updated",
    "stop_detect": "the turn detector's decision to speech_stopped",
    "stt": "committed to the transcript",
    "llm_first": "response.created to the first output item",
    "tts_first": "first transcript delta to first audio delta",
    "token_gap": "between two transcript, text or argument deltas",
    "audio_speed": "how many times faster than it plays audio is generated; 0 means at once (not a duration)",
    "sentence_gap": "between the audio of two sentences",
    "cancel": "cancel or barge-in to response.done",
    "mcp_list": "mcp_list_tools.in_progress to completed",
    "mcp_call": "response.mcp_call.in_progress to completed, also for other agents",
    "search": "web and file search, searching to completed",
    "avatar_answer": "session.avatar.connect to session.avatar.connecting",
}
"""Every segment a profile may set. What a profile leaves out takes no time."""

_ONE_Z90 = 1.2815515655446004
"""The 90th percentile of the standard normal distribution."""

_CASCADE: Mapping[str, Duration] = {
    "updated": 15.0,
    "stop_detect": 60.0,
    "stt": LogNormal(230, 360),
    "llm_first": LogNormal(245, 400),
    "tts_first": LogNormal(320, 450),
    "token_gap": 6.0,
    "audio_speed": 12.0,
    "sentence_gap": Uniform(120, 350),
    "cancel": Uniform(250, 940),
    "mcp_list": LogNormal(400, 900),
    "mcp_call": LogNormal(700, 1500),
    "search": LogNormal(900, 1800),
    "avatar_answer": 300.0,
}
"""Observed {FON, NB04}, and {VIBE} for the avatar: less about 60 ms of network. Assumed: what the service's own tools
take. The detector itself decides about 70 ms after the silence window, so 60 ms more give the observed 130."""

_HYBRID: Mapping[str, Duration] = {
    **_CASCADE,
    "updated": 80.0,
    "stt": Uniform(40, 180),
    "llm_first": LogNormal(1450, 2400),
    "tts_first": LogNormal(390, 520),
    "audio_speed": 15.0,
}
"""Observed {FON}: gpt-realtime-2 with an Azure voice; the transcript runs beside the response."""

_NATIVE: Mapping[str, Duration] = {**_HYBRID, "llm_first": LogNormal(1100, 1300), "audio_speed": 4.0}
"""Observed {FON}: stop to audio about 1,550 ms with gpt-realtime-2; how it divides is Assumed."""

_AGENT: Mapping[str, Duration] = {**_CASCADE, "llm_first": LogNormal(1800, 2600)}
"""Observed {NB04}: a classic agent took 1,300 to 2,400 ms. The rest is Assumed to be its pipeline's."""

PROFILES: Mapping[str, Mapping[str, Duration]] = {
    "instant": {},
    "cascade": _CASCADE,
    "hybrid": _HYBRID,
    "native": _NATIVE,
    "agent": _AGENT,
}

PIPELINES_OWN = "pipeline"
"""The session's own: that of its pipeline, whichever that is at the time, or ``agent``."""

PROFILE_NAMES = (*PROFILES, PIPELINES_OWN)


def parse_duration(value: object) -> Duration:
    """A figure of a profile as a file has it: ``120``, ``[40, 180]``, ``{median: 230, p90: 360}``. Or ValueError."""
    match value:
        case bool():
            pass
        case LogNormal() | Uniform():
            return value
        case int() | float() if value >= 0:
            return float(value)
        case [int() | float() as low, int() | float() as high] if 0 <= low <= high:
            return Uniform(low, high)
        case {"median": int() | float() as median, "p90": int() | float() as p90, **rest} if (
            not rest and 0 < median <= p90
        ):
            return LogNormal(median, p90)
    raise ValueError(f"{value!r} is no duration: give milliseconds, [low, high] or {{median: …, p90: …}}")


def _own_profile(segments: Mapping[str, object]) -> Mapping[str, Duration]:
    own: dict[str, Duration] = {}
    for segment, value in segments.items():
        if segment not in SEGMENTS:
            hint = did_you_mean(segment, SEGMENTS) or f"; known: {', '.join(SEGMENTS)}"
            raise ValueError(f"unknown timing segment {segment!r}{hint}")
        try:
            own[segment] = parse_duration(value)
        except ValueError as error:
            raise ValueError(f"{segment}: {error}") from None
    return own


class Timing:
    """Draws how long each segment takes."""

    def __init__(
        self, profile: str | Mapping[str, object] = "instant", dice: Callable[[], float] = lambda: 0.5
    ) -> None:
        """``profile``: a name of ``PROFILES``, ``"pipeline"``, or own segments, each as ``parse_duration`` takes it.
        ``dice``: uniform in [0, 1). Raises ValueError where there is no such profile, segment or duration."""
        if isinstance(profile, str) and profile not in PROFILE_NAMES:
            raise ValueError(f"unknown timing profile {profile!r}; known: {', '.join(PROFILE_NAMES)}")
        self._profile = profile if isinstance(profile, str) else _own_profile(profile)
        self.takes_no_time = not (PROFILES.get(profile, True) if isinstance(profile, str) else profile)
        """Whether nothing ever takes any time: the ``instant`` profile."""
        self._dice = dice

    def seconds(self, segment: str, pace: str) -> float:
        """How long this segment takes this time. ``pace``: the session's own profile (``SessionState.pace``)."""
        if self.takes_no_time:
            return 0.0
        return self._draw(self._segments(pace).get(segment, 0.0)) / 1000

    def audio_speed(self, pace: str) -> float:
        """How many times faster than real time audio is generated; infinite when it takes no time."""
        if self.takes_no_time:
            return math.inf
        return self._draw(self._segments(pace).get("audio_speed", 0.0)) or math.inf

    def one_of(self, texts: Sequence[str]) -> str:
        """One of them, by the same dice. Raises IndexError where there are none."""
        return texts[int(self._dice() * len(texts))]

    def _segments(self, pace: str) -> Mapping[str, Duration]:
        if not isinstance(self._profile, str):
            return self._profile
        return PROFILES[pace if self._profile == PIPELINES_OWN else self._profile]

    def _draw(self, duration: Duration) -> float:
        match duration:
            case LogNormal(median, p90):
                sigma = math.log(p90 / median) / _ONE_Z90
                return median * math.exp(sigma * self._normal())
            case Uniform(low, high):
                return low + (high - low) * self._dice()
            case _:
                return duration

    def _normal(self) -> float:
        """About normal: twelve dice have mean 6 and variance 1. Dice that always say 0.5 give the median."""
        return sum(self._dice() for _ in range(12)) - 6
