"""What a session's settings say about hearing: the format of the sound, and how speech is found in it.

Source: schema D4, D5.
"""

import msgspec

from vlmock.protocol.audio_format import AudioFormat, input_format
from vlmock.protocol.input_audio import EchoCancellation
from vlmock.protocol.session import ResponseSession
from vlmock.protocol.turn_detection import SemanticVad, ServerVad, VadSettings
from vlmock.protocol.wire import given
from vlmock.session.listening.turn_detector import DetectorSettings

__all__ = ["Hearing", "hearing_of"]

_KEPT_IN_SILENCE_MS = 3_000
"""With detection on and nobody speaking, so much of the past is kept: more than any prefix padding in use."""

_EAGERNESS_SILENCE_MS = {"low": 1_000, "medium": 500, "high": 300, "auto": 500}
"""Assumed: a level detector can only be more or less patient."""


class Hearing(msgspec.Struct, frozen=True):
    """How appended audio is listened to."""

    audio_format: AudioFormat
    """Of one channel."""
    channels: int = 1
    """2: microphone and reference, interleaved; only the microphone is heard."""
    detection: DetectorSettings | None = None
    """None: the client commits by hand."""
    over_assistant: DetectorSettings | None = None
    """What holds instead while the assistant speaks; None: nothing else."""
    kept_in_silence_ms: float = _KEPT_IN_SILENCE_MS

    @property
    def by_hand(self) -> "Hearing":
        """The same, with nobody listening."""
        return msgspec.structs.replace(self, detection=None, over_assistant=None)

    @property
    def bytes_per_sample(self) -> int:
        """Of all channels together."""
        return self.audio_format.bytes_per_sample * self.channels


def hearing_of(settings: ResponseSession) -> Hearing:
    """Observed {VIBE, SDKT}: appended audio is taken for what the settings say; what it really is, nobody checks."""
    detection = settings.turn_detection
    hearing = Hearing(
        input_format(given(settings.input_audio_format, "pcm16"), given(settings.input_audio_sampling_rate, 24_000)),
        _channels(settings),
    )
    if not isinstance(detection, VadSettings):
        return hearing
    usual, over_assistant = _detector(detection), _over_assistant(detection)
    return msgspec.structs.replace(
        hearing,
        detection=usual,
        over_assistant=over_assistant if over_assistant != usual else None,
        kept_in_silence_ms=max(_KEPT_IN_SILENCE_MS, given(detection.idle_timeout_ms, 0)),
    )


def _channels(settings: ResponseSession) -> int:
    """Documented {DOC}: with the client's own reference the input is stereo, microphone and reference interleaved.

    Assumed: what the reference is for, taking the assistant's voice out of the microphone's, is left undone.
    """
    cancellation = settings.input_audio_echo_cancellation
    return given(cancellation.channels, 1) if isinstance(cancellation, EchoCancellation) else 1


def _detector(detection: VadSettings) -> DetectorSettings:
    silence_ms = given(detection.silence_duration_ms, 500)
    if isinstance(detection, SemanticVad):
        silence_ms = _EAGERNESS_SILENCE_MS.get(given(detection.eagerness, "auto"), 500)
    return DetectorSettings(
        threshold=given(detection.threshold, 0.5),
        prefix_padding_ms=given(detection.prefix_padding_ms, 400),
        silence_duration_ms=silence_ms,
        speech_duration_ms=given(detection.speech_duration_ms, None),
        semantic=not isinstance(detection, ServerVad),
        neg_threshold=given(detection.neg_threshold, None),
    )


def _over_assistant(detection: VadSettings) -> DetectorSettings:
    """Observed {SDKT, FON}: there are twins of some settings for the time that the assistant speaks. Assumed: what they
    do is what their names say."""
    usual = _detector(detection)
    return msgspec.structs.replace(
        usual,
        speech_duration_ms=given(detection.speech_duration_assistant_speaking_ms, usual.speech_duration_ms),
        neg_threshold=given(detection.neg_threshold_assistant_speaking, usual.neg_threshold),
    )
