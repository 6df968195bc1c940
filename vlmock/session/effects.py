"""What a session wants done outside. Whoever drives it performs effects in the order they are given."""

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from msgspec import Raw

from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.deltas import Deltas
from vlmock.protocol.wire import JsonObject, ServerEvent

if TYPE_CHECKING:
    from vlmock.session.speaking.runs import Run

__all__ = [
    "Close",
    "Effect",
    "RecognitionRequest",
    "Recognize",
    "Remark",
    "Send",
    "SendFrame",
    "SendRaw",
    "Speech",
    "SpeechChunk",
    "SpeechMarks",
    "SpeechRequest",
    "Synthesize",
    "TimedViseme",
    "TimedWord",
]


class Send(msgspec.Struct, frozen=True):
    """Send a server event."""

    event: ServerEvent


class SendRaw(msgspec.Struct, frozen=True):
    """Send an event that a script wrote by hand."""

    event: JsonObject


class SendFrame(msgspec.Struct, frozen=True):
    """Send an event whose frame is made already."""

    event: ServerEvent | JsonObject
    """For the journal."""
    message: bytes


class Close(msgspec.Struct, frozen=True):
    """Close the connection with a code of RFC 6455 and a reason of at most 123 bytes."""

    code: int
    reason: str = ""


class Remark(msgspec.Struct, frozen=True):
    """Something to say about the conversation. It goes into the journal and not over the wire."""

    kind: Literal["hint", "overlooked", "heard", "unsent", "differs", "noted"]
    """A ``hint`` belongs to the refusal before it and says what may have been meant; ``overlooked`` is what the service
    would have refused, and a lenient session did not; ``heard`` is what speech was recognised as; ``unsent`` is what a
    script said and this session cannot be sent; ``differs`` is what a client does otherwise than in the recording that
    is played to it; ``noted`` is what it does beside its events."""
    message: str
    code: str | None = None
    """Of the refusal, or of what was noted."""
    param: str | None = None
    """The member at fault, as a dotted path."""

    @property
    def type(self) -> str:
        """Where events have their type: ``(hint)``, ``(overlooked)``, ``(heard)``, ``(unsent)``,
        ``(differs)``, ``(noted)``."""
        return f"({self.kind})"


class SpeechRequest(msgspec.Struct, frozen=True):
    """Some words to be spoken. Equal requests may share one result."""

    text: str
    format: AudioFormat
    voice: str = ""
    """The name of the session's voice; an engine may ignore it."""
    rate: float = 1.0
    """Speaking rate, 0.5 to 1.5."""
    audio: str | None = None
    """Path of a WAV file that is the speech."""
    marks: bool = False
    """Whether it matters when which word and which sound comes. The sound itself is the same."""


class SpeechChunk(msgspec.Struct, frozen=True):
    """One ``response.audio.delta`` worth of speech."""

    delta: Raw
    """The audio as a prepared JSON string of base64."""
    audio: bytes
    duration_ms: float


class TimedWord(msgspec.Struct, frozen=True):
    """When a word is spoken, in milliseconds from the start of its speech."""

    text: str
    offset_ms: int
    duration_ms: int


class TimedViseme(msgspec.Struct, frozen=True):
    """When the mouth takes a shape, in milliseconds from the start of the speech. It keeps it until the next."""

    offset_ms: int
    viseme_id: int
    """0 to 21; 0 is silence."""


class SpeechMarks(msgspec.Struct, frozen=True):
    """When what is said. Offsets rise strictly and lie inside the speech; that of the first viseme is above 0."""

    words: tuple[TimedWord, ...] = ()
    visemes: tuple[TimedViseme, ...] = ()


class Speech(msgspec.Struct, frozen=True):
    """Words that have been spoken, in the session's output format. Encoded once, shared by all who say them."""

    audio: bytes
    """Mono, in the requested output format, no header."""
    duration_ms: float
    marks: SpeechMarks = SpeechMarks()
    """Empty unless its request asked for them."""
    runs: "dict[tuple[str, bool, tuple[str, ...]], tuple[Run, ...]]" = msgspec.field(default_factory=dict)
    """Its wire form, made by ``vlmock.session.speaking.speech_chunks`` when first needed."""


class Synthesize(msgspec.Struct, frozen=True):
    """Have words spoken, then hand the result to ``Session.supply``. Takes as long as it takes; nobody else waits."""

    key: int
    """Names this request within the session."""
    request: SpeechRequest


class RecognitionRequest(msgspec.Struct, frozen=True):
    """A spoken turn, as it was committed."""

    audio: bytes
    format: AudioFormat


class Recognize(msgspec.Struct, frozen=True):
    """Have somebody listen to a turn, then hand what was understood to ``Session.supply_transcript``. Takes as long as
    it takes; nobody else waits."""

    key: int
    """Names this request within the session."""
    request: RecognitionRequest


Effect: TypeAlias = Send | Deltas | SendRaw | SendFrame | Close | Synthesize | Recognize | Remark
"""``Deltas`` are to be sent."""
