"""What a detector adds to the times that the service reports: silence behind the speech, and padding before it."""

from typing import Final

import msgspec

from vlmock.protocol.session import ResponseSession
from vlmock.protocol.turn_detection import SemanticVad, VadSettings
from vlmock.protocol.wire import given

__all__ = ["Detection", "detection_of"]

_SILENCE_MS: Final = 500
"""Documented {DOC}, schema D5: what all detectors wait where nothing else is said."""
_SECOND_OPINION_MS: Final = 1000
"""Documented {DOC}, schema D6: ``timeout_ms`` where nothing else is said."""
_EAGERNESS_MS: Final = {"low": 8000, "medium": 4000, "auto": 4000, "high": 2000}
"""Documented {OAI}: how long ``semantic_vad`` waits at most."""
_PADDING_MS: Final = 300
"""Documented {DOC}: what belongs to a turn before its first sound, where nothing else is said."""


class Detection(msgspec.Struct, frozen=True):
    """How the service hears turns, as far as it shows in the times that it reports."""

    silence_ms: int = _SILENCE_MS
    """In ``audio_end_ms``, after the last sound."""
    uncertain_ms: int = 0
    """So much more there may be."""
    padding_ms: int = _PADDING_MS
    """In ``audio_start_ms``, before the first sound."""
    interrupts: bool = True
    """Who speaks ends the answer that is being made."""


def detection_of(session: ResponseSession) -> Detection:
    """As the service confirmed it."""
    detection = session.turn_detection
    if not isinstance(detection, VadSettings):
        return Detection()
    silence_ms, uncertain_ms = given(detection.silence_duration_ms, _SILENCE_MS), 0
    if isinstance(detection, SemanticVad):
        silence_ms = 0
        uncertain_ms = _EAGERNESS_MS.get(given(detection.eagerness, "auto"), _EAGERNESS_MS["auto"])
    elif (second_opinion := given(detection.end_of_utterance_detection, None)) is not None:
        uncertain_ms = given(second_opinion.timeout_ms, _SECOND_OPINION_MS)
    return Detection(
        silence_ms,
        uncertain_ms,
        given(detection.prefix_padding_ms, _PADDING_MS),
        given(detection.interrupt_response, True),
    )
