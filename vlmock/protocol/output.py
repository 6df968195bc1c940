"""What the assistant says, piece by piece: text, speech, its transcript, timing, animation, video.

Audio is ``bytes`` here and base64 on the wire. Where the same speech goes out again and again, a server may put the
prepared JSON text (``codec.audio_json``, a ``msgspec.Raw``) in the place of the bytes; ``codec.encode`` copies it.
Source: schema B 18; C 25 to 36, 47, 54 to 56; D9.
"""

from typing import Any

from vlmock.protocol.places import OfItem, OfPart
from vlmock.protocol.wire import UNSET, ClientEvent, JsonObject, ServerEvent, UnsetType, WireObject

__all__ = [
    "ANIMATION_OUTPUT_TYPES",
    "AUDIO_TIMESTAMP_TYPES",
    "OUTPUT_AUDIO_FORMATS",
    "Animation",
    "OutputAudioBufferClear",
    "OutputAudioBufferCleared",
    "ResponseAnimationBlendshapesDelta",
    "ResponseAnimationBlendshapesDone",
    "ResponseAnimationVisemeDelta",
    "ResponseAnimationVisemeDone",
    "ResponseAudioDelta",
    "ResponseAudioDone",
    "ResponseAudioTimestampDelta",
    "ResponseAudioTimestampDone",
    "ResponseAudioTranscriptAnnotationAdded",
    "ResponseAudioTranscriptDelta",
    "ResponseAudioTranscriptDone",
    "ResponseInvocationDelta",
    "ResponseTextDelta",
    "ResponseTextDone",
    "ResponseVideoDelta",
]

OUTPUT_AUDIO_FORMATS = (
    "pcm16",
    "pcm16_8000hz",
    "pcm16_16000hz",
    "pcm16_22050hz",
    "pcm16_24000hz",
    "pcm16_44100hz",
    "pcm16_48000hz",
    "g711_ulaw",
    "g711_alaw",
)
"""``pcm16`` is at 24 kHz. Observed {SDKT}: 22050, 24000, 44100 and 48000 Hz work with Azure voices."""
ANIMATION_OUTPUT_TYPES = ("blendshapes", "viseme_id")
AUDIO_TIMESTAMP_TYPES = ("word",)


class Animation(WireObject, kw_only=True):
    """What to send for moving a face along with the speech."""

    model_name: str | UnsetType | None = UNSET
    """``default`` where not sent."""
    outputs: list[str] | UnsetType | None = UNSET
    """Of ``ANIMATION_OUTPUT_TYPES``."""


# ---- words


class ResponseTextDelta(OfPart, tag="response.text.delta", kw_only=True):
    """More of a written answer."""

    delta: str


class ResponseTextDone(OfPart, tag="response.text.done", kw_only=True):
    """The written answer."""

    text: str


class ResponseAudioTranscriptDelta(OfPart, tag="response.audio_transcript.delta", kw_only=True):
    """More of the words that are being spoken."""

    delta: str


class ResponseAudioTranscriptDone(OfPart, tag="response.audio_transcript.done", kw_only=True):
    """The words that were spoken: exactly the deltas, joined."""

    transcript: str


class ResponseAudioTranscriptAnnotationAdded(OfPart, tag="response.audio_transcript.annotation.added", kw_only=True):
    """Where some of the words come from. Since 2026-04-10."""

    annotation_index: int
    annotation: Any


# ---- speech


class ResponseAudioDelta(OfPart, tag="response.audio.delta", kw_only=True):
    """More speech."""

    delta: bytes
    """In the session's output format, or prepared JSON text (see above)."""


class ResponseAudioDone(OfPart, tag="response.audio.done"):
    """The speech is complete, or was broken off."""


class ResponseAudioTimestampDelta(OfPart, tag="response.audio_timestamp.delta", kw_only=True):
    """When a word is spoken, in milliseconds from the start of the part."""

    audio_offset_ms: int
    audio_duration_ms: int
    text: str
    timestamp_type: str = "word"
    """One of ``AUDIO_TIMESTAMP_TYPES``."""


class ResponseAudioTimestampDone(ServerEvent, tag="response.audio_timestamp.done", kw_only=True):
    """No more words will be timed."""

    response_id: str
    item_id: str
    output_index: int | UnsetType = UNSET
    """Documented {DOC}: a sample shows neither index."""
    content_index: int | UnsetType = UNSET


class OutputAudioBufferClear(ClientEvent, tag="output_audio_buffer.clear"):
    """Drop the speech that has not been played. Heeded with an avatar only. Since 2026-04-10."""


class OutputAudioBufferCleared(ServerEvent, tag="output_audio_buffer.cleared"):
    """It is dropped. Since 2026-04-10."""


# ---- faces and pictures


class ResponseAnimationBlendshapesDelta(OfPart, tag="response.animation_blendshapes.delta", kw_only=True):
    """More frames of a face's shape."""

    frames: list[list[float]] | str
    frame_index: int
    """Of the first frame in this batch."""


class ResponseAnimationBlendshapesDone(OfItem, tag="response.animation_blendshapes.done"):
    """No more frames."""


class ResponseAnimationVisemeDelta(OfPart, tag="response.animation_viseme.delta", kw_only=True):
    """Which mouth shape begins when."""

    audio_offset_ms: int
    viseme_id: int
    """0 to 21."""


class ResponseAnimationVisemeDone(OfPart, tag="response.animation_viseme.done"):
    """No more mouth shapes."""


class ResponseVideoDelta(ServerEvent, tag="response.video.delta", kw_only=True):
    """More of an avatar's video, sound included. Names neither response nor item. Since 2026-04-10."""

    output_index: int
    codec: str
    """``h264``, say."""
    delta: bytes
    """Fragmented MP4, base64 on the wire."""


# ---- what a hosted agent says besides


class ResponseInvocationDelta(ServerEvent, tag="response.invocation.delta", kw_only=True):
    """An event of a hosted agent's own, passed on as it came. Since 2026-06-01-preview."""

    delta: JsonObject
