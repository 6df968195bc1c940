"""How fast a rehearsed session answers: as fast as it was recorded, so that it has said what the client answered, and
is still saying what the client interrupted."""

import math
from collections.abc import Mapping
from typing import Final

from vlmock.recording.differences.beats import TRANSCRIPTION, events_of
from vlmock.recording.model import Recording
from vlmock.rehearsal.moments import next_of
from vlmock.rehearsal.recorded_script import RecordedScript
from vlmock.session.timing import Timing

__all__ = ["Pace"]

_WORD_S: Final = 0.03
"""Between two words of which nobody knows when they came."""
_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "updated": ("session.updated",),
    "stop_detect": ("input_audio_buffer.speech_stopped",),
    "stt": (f"{TRANSCRIPTION}completed", f"{TRANSCRIPTION}failed"),
    "mcp_list": ("mcp_list_tools.completed", "mcp_list_tools.failed"),
    "mcp_call": (
        "response.mcp_call.completed",
        "response.mcp_call.failed",
        "response.foundry_agent_call.completed",
        "response.foundry_agent_call.failed",
    ),
    "search": ("response.web_search_call.completed", "response.file_search_call.completed"),
    "avatar_answer": ("session.avatar.connecting",),
}
"""What comes when a segment of time is over."""
_WORK: Final = ("mcp_call", "search")
"""Segments of an answer."""


class Pace(Timing):
    """Takes the time that was recorded."""

    def __init__(self, recording: Recording, script: RecordedScript) -> None:
        super().__init__()
        self.takes_no_time = False
        self.now = 0.0
        """On the recording's clock."""
        self._script = script
        events = events_of(recording, "server")
        self._ends = {
            segment: sorted(event.at for event in events if event.type in kinds) for segment, kinds in _ENDS.items()
        }
        self._stopped_at = -math.inf
        self._answer = script.now
        self._sounds = 0
        """How many sounds the present answer has begun."""

    def seconds(self, segment: str, pace: str) -> float:
        return self._until_end_of(segment) if segment in self._ends else self._in_answer(segment)

    def audio_speed(self, pace: str) -> float:
        return self._script.now.moments.speed if self._script.now is not None else math.inf

    def _until_end_of(self, segment: str) -> float:
        moments = self._ends[segment]
        come = next_of(moments, math.nextafter(self.now, -math.inf))
        cut_off = segment in _WORK and self._script.now is not None and self._script.now.cut_off
        lasts = (math.inf if cut_off else 0.0) if come is None else come - self.now
        if segment == "stop_detect":
            self._stopped_at = self.now + lasts
        if segment == "stt" and self._stopped_at > self.now:  # it counts from there
            return max(0.0, lasts - (self._stopped_at - self.now))
        return lasts

    def _in_answer(self, segment: str) -> float:
        spell = self._script.now
        if spell is not self._answer:
            self._answer, self._sounds = spell, 0
        if spell is None:
            return 0.0
        moments = spell.moments
        match segment:
            case "llm_first":
                return max(0.0, moments.first - self.now)
            case "cancel":
                return max(0.0, moments.done - self.now) if moments.done < math.inf else 0.0
            case "token_gap":
                come = next_of(moments.written, self.now)
                return come - self.now if come is not None else _WORD_S if spell.cut_off else 0.0
            case "tts_first" if self._sounds < len(moments.sound_after):
                self._sounds += 1
                return moments.sound_after[self._sounds - 1]
        return math.inf if segment == "tts_first" and spell.cut_off else 0.0
