"""How long the service took for what, as figures of a timing profile."""

from collections.abc import Callable, Mapping
from statistics import median, quantiles
from typing import Any, Final

import msgspec

from vlmock.protocol.recording.lines import AUDIO_KEY, Clip, Frame
from vlmock.protocol.wire import JsonObject
from vlmock.recording.model import Recording

__all__ = ["measured"]

_MODEL_TAKES_MS: Final = 50.0
"""A model takes longer than that before it speaks. Where it does not, nothing took any time: there is no pace."""
_LEAST_MS: Final = 2.0
"""What takes no longer takes no time."""
_MANY: Final = 4
"""From so many on, a figure says how much they differ."""
_WORDS: Final = frozenset({"response.audio_transcript.delta", "response.text.delta"})
_SOUND: Final = "response.audio.delta"


def measured(recording: Recording) -> dict[str, Any]:
    """Segments of ``vlmock.session.timing`` in milliseconds; none where nobody took the time, or nothing took any.

    What the service's own tools take is written beside their steps. How late a turn's end is noticed cannot be seen.
    """
    if not recording.head.timed:
        return {}
    watch = _Watch(recording)
    for frame in recording.frames:
        if frame.event is not None and frame.source != "vlmock":
            watch.see(frame, str(frame.event.get("type")), frame.event)
    took = watch.took
    if "llm_first" not in took or median(took["llm_first"]) < _MODEL_TAKES_MS:
        return {}
    figures = {segment: _figure(took[segment]) for segment in _ORDER if median(took.get(segment, [0])) >= _LEAST_MS}
    return figures | watch.audio_speed()


def _figure(values: list[float]) -> Any:
    middle = round(median(values))
    if len(values) < _MANY:
        return middle
    return {"median": middle, "p90": max(middle, round(quantiles(values, n=10, method="inclusive")[-1]))}


# ---- what is timed


def _alone(event: JsonObject) -> object:
    """There is one at a time."""
    return None


def _of_item(event: JsonObject) -> object:
    return event.get("item_id")


def _of_response(event: JsonObject) -> object:
    response = event.get("response")
    return event.get("response_id") or (response.get("id") if isinstance(response, Mapping) else None)


class _Segment(msgspec.Struct, frozen=True):
    """What begins it, what ends it, and what both of these are about."""

    begins: frozenset[str]
    ends: frozenset[str]
    about: Callable[[JsonObject], object]


def _segment(begins: str, ends: str, about: Callable[[JsonObject], object]) -> _Segment:
    return _Segment(frozenset({begins}), frozenset({ends}), about)


_SEGMENTS: Final[Mapping[str, _Segment]] = {
    "updated": _segment("session.update", "session.updated", _alone),
    "stt": _segment("input_audio_buffer.committed", "conversation.item.input_audio_transcription.completed", _of_item),
    "llm_first": _segment("response.created", "response.output_item.added", _of_response),
    "tts_first": _Segment(_WORDS, frozenset({_SOUND}), _of_item),
    "token_gap": _Segment(_WORDS, _WORDS, _of_item),
    "cancel": _segment("response.cancel", "response.done", _alone),
    "mcp_list": _segment("mcp_list_tools.in_progress", "mcp_list_tools.completed", _of_item),
    "avatar_answer": _segment("session.avatar.connect", "session.avatar.connecting", _alone),
}
_ORDER: Final = tuple(_SEGMENTS)
_ONCE: Final = ("llm_first", "tts_first")
"""Only the first of a response, or of an item, counts."""


class _Watch:
    """Stops the time between what begins something and what ends it."""

    def __init__(self, recording: Recording) -> None:
        self.took: dict[str, list[float]] = {}
        self._recording = recording
        self._began: dict[tuple[str, object], float] = {}
        self._over: set[tuple[str, object]] = set()
        self._sounds: dict[object, list[tuple[float, Clip]]] = {}

    def see(self, frame: Frame, kind: str, event: JsonObject) -> None:
        for name, segment in _SEGMENTS.items():
            if kind not in segment.begins and kind not in segment.ends:
                continue
            key = (name, segment.about(event))
            if key in self._over:
                continue
            if kind in segment.ends and key in self._began:
                self._stop(key, frame.at, event)
            if kind in segment.begins:
                self._began.setdefault(key, frame.at)
        delta = event.get("delta")
        if kind == _SOUND and isinstance(delta, dict) and AUDIO_KEY in delta:
            self._sounds.setdefault(event.get("item_id"), []).append((frame.at, msgspec.convert(delta, Clip)))

    def _stop(self, key: tuple[str, object], at: float, event: JsonObject) -> None:
        began, name = self._began.pop(key), key[0]
        if name in _ONCE:
            self._over.add(key)
        item = event.get("item")
        if name == "llm_first" and isinstance(item, dict) and str(item.get("id")).startswith("interim_"):
            return  # it filled a silence: that is not how long the model takes
        self.took.setdefault(name, []).append((at - began) * 1000)

    def audio_speed(self) -> dict[str, Any]:
        """How many times faster than it plays audio came, of what took remarkably long."""
        speeds = []
        for pieces in self._sounds.values():
            lasted_s = pieces[-1][0] - pieces[0][0]
            played_s = sum(self._seconds(clip) for _, clip in pieces[:-1])
            if lasted_s > 0.1 and played_s > 0:
                speeds.append(played_s / lasted_s)
        return {"audio_speed": round(median(speeds), 1)} if speeds else {}

    def _seconds(self, clip: Clip) -> float:
        try:
            return clip.bytes / self._recording.voices[clip.file].format.bytes_per_second
        except ValueError:
            return 0.0
