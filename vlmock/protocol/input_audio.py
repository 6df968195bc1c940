"""What the user says: the input buffer, turn-based input, typed input, and the settings of hearing.

Source: schema B 2 to 9, 19, 20; C 15 to 18; D3, D4, D7.
"""

from vlmock.protocol.wire import UNSET, ClientEvent, Int32, ServerEvent, UnsetType, WireObject

__all__ = [
    "ECHO_CANCELLATION_TYPES",
    "ECHO_REFERENCE_SOURCES",
    "INPUT_AUDIO_FORMATS",
    "INPUT_AUDIO_SAMPLING_RATES",
    "NOISE_REDUCTION_TYPES",
    "TRANSCRIPTION_MODELS",
    "EchoCancellation",
    "InputAudioBufferAppend",
    "InputAudioBufferClear",
    "InputAudioBufferCleared",
    "InputAudioBufferCommit",
    "InputAudioBufferCommitted",
    "InputAudioBufferSpeechStarted",
    "InputAudioBufferSpeechStopped",
    "InputAudioBufferTimeoutTriggered",
    "InputAudioClear",
    "InputAudioTranscription",
    "InputAudioTurnAppend",
    "InputAudioTurnCancel",
    "InputAudioTurnEnd",
    "InputAudioTurnStart",
    "InputTextDelta",
    "InputTextDone",
    "NoiseReduction",
]

INPUT_AUDIO_FORMATS = ("pcm16", "g711_ulaw", "g711_alaw")
INPUT_AUDIO_SAMPLING_RATES = (8000, 16000, 24000, 44100)
"""In Hz. Observed {SDKT}: these are accepted; the documentation lists 16000 and 24000."""
NOISE_REDUCTION_TYPES = ("azure_deep_noise_suppression", "near_field", "far_field")
"""The last two with realtime models only."""
ECHO_CANCELLATION_TYPES = ("server_echo_cancellation",)
ECHO_REFERENCE_SOURCES = ("server", "client")
TRANSCRIPTION_MODELS = (
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-transcribe-diarize",
    "mai-transcribe-1",
    "azure-speech",
    "mai-transcribe",
    "mai-transcribe-2",
    "mai-transcribe-1.5",
    "azure-fast-transcription",
    "azure-mrs",
)
"""The first six by the specification, then two by the documentation, then those that the service's texts name."""


# ---- settings


class NoiseReduction(WireObject, kw_only=True):
    """Cleans the input before the detector and the model hear it."""

    type: str
    """One of ``NOISE_REDUCTION_TYPES``."""


class EchoCancellation(WireObject, kw_only=True):
    """Takes the assistant's own voice out of the input."""

    type: str
    """One of ``ECHO_CANCELLATION_TYPES``."""
    reference_source: str | UnsetType | None = UNSET
    """One of ``ECHO_REFERENCE_SOURCES``; server where not sent."""
    channels: Int32 | UnsetType | None = UNSET
    """1 with the server's reference, 2 (microphone and reference interleaved) with the client's."""


class InputAudioTranscription(WireObject, kw_only=True):
    """Who writes down what the user says. Observed {PAI}: all five members are echoed, null where not sent."""

    model: str
    """One of ``TRANSCRIPTION_MODELS``."""
    language: str | UnsetType | None = UNSET
    """A language tag, or up to ten with commas between; "" finds out by itself."""
    prompt: str | UnsetType | None = UNSET
    custom_speech: dict[str, str] | UnsetType | None = UNSET
    """For each locale the id of a trained model."""
    phrase_list: list[str] | UnsetType | None = UNSET


# ---- the buffer


class InputAudioBufferAppend(ClientEvent, tag="input_audio_buffer.append", forbid_unknown_fields=True, kw_only=True):
    """Here is more audio. Never acknowledged.

    The one closed type: so its decoder alone can vouch for a frame, and thousands a second need no second look.
    """

    audio: bytes
    """In the session's input format, base64 on the wire, 15 MiB at most."""


class InputAudioBufferCommit(ClientEvent, tag="input_audio_buffer.commit"):
    """Make what was appended a user item. Starts no response."""


class InputAudioBufferClear(ClientEvent, tag="input_audio_buffer.clear"):
    """Forget what was appended."""


class InputAudioBufferCommitted(ServerEvent, tag="input_audio_buffer.committed", kw_only=True):
    """The buffer became, or is about to become, a user item."""

    previous_item_id: str | UnsetType | None = UNSET
    item_id: str


class InputAudioBufferCleared(ServerEvent, tag="input_audio_buffer.cleared"):
    """The buffer is empty."""


class InputAudioBufferSpeechStarted(ServerEvent, tag="input_audio_buffer.speech_started", kw_only=True):
    """The user speaks."""

    audio_start_ms: int
    """From the first sample of the session, prefix padding taken off, never below 0."""
    item_id: str
    """Of the user item that will be committed."""


class InputAudioBufferSpeechStopped(ServerEvent, tag="input_audio_buffer.speech_stopped", kw_only=True):
    """The user has stopped speaking."""

    audio_end_ms: int
    """From the first sample of the session, the silence that ended the turn included."""
    item_id: str


class InputAudioBufferTimeoutTriggered(ServerEvent, tag="input_audio_buffer.timeout_triggered", kw_only=True):
    """Nobody spoke for ``idle_timeout_ms``. Assumed: the parent protocol's; in no enum of Voice Live."""

    audio_start_ms: int
    audio_end_ms: int
    item_id: str


# ---- turn-based input: in every dated contract, described nowhere


class InputAudioTurnStart(ClientEvent, tag="input_audio.turn.start", kw_only=True):
    """A turn begins whose borders the client knows."""

    turn_id: str


class InputAudioTurnAppend(ClientEvent, tag="input_audio.turn.append", kw_only=True):
    """More audio of that turn."""

    turn_id: str
    audio: bytes
    """In the session's input format, base64 on the wire."""


class InputAudioTurnEnd(ClientEvent, tag="input_audio.turn.end", kw_only=True):
    """The turn is complete."""

    turn_id: str


class InputAudioTurnCancel(ClientEvent, tag="input_audio.turn.cancel", kw_only=True):
    """Forget the turn."""

    turn_id: str


class InputAudioClear(ClientEvent, tag="input_audio.clear"):
    """Drop all streamed input audio."""


# ---- typed as it is written


class InputTextDelta(ClientEvent, tag="input_text.delta", kw_only=True):
    """More text of a user item. Since 2026-06-01-preview."""

    id: str
    """Of the item."""
    content_index: Int32 | UnsetType | None = UNSET
    """0 where not sent."""
    delta: str


class InputTextDone(ClientEvent, tag="input_text.done", kw_only=True):
    """The text of that item is complete. Since 2026-06-01-preview."""

    id: str
    content_index: Int32 | UnsetType | None = UNSET
