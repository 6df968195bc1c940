"""What session.update may not do. Sources: behaviour 2.3, schema B2."""

from collections.abc import Iterable

from vlmock.session.refusals.envelope import INVALID_UPDATE, Refused, refused

__all__ = [
    "azure_speech_needs_semantic_vad",
    "cannot_update_voice",
    "ec_channels_require_client",
    "ec_not_supported",
    "ec_reference_channels",
    "echo_reference_changed",
    "eou_needs_cascade",
    "fixed_by_agent",
    "instructions_in_agent_mode",
    "invalid_voice_type",
    "model_fixed",
    "no_synthesizer",
    "not_supported",
    "sampling_rate_changed",
    "semantic_vad_in_cascade",
    "turn_detection_type_changed",
    "voice_fixed_by_avatar",
]


def model_fixed() -> Refused:
    """Observed {PIPE}: the URL decides the model. Assumed: words and code."""
    message = "Cannot update the model of a session: it is fixed by the connection."
    return refused(message, code=INVALID_UPDATE, param="session.model")


def turn_detection_type_changed(before: str, after: str) -> Refused:
    """Observed {IVW, FON, NETT}: the type is fixed once the first update is through. Assumed: code and param."""
    message = f"Cannot change turn detection type during session (from {before} to {after})"
    return refused(message, param="session.turn_detection")


def sampling_rate_changed(before: int, after: int) -> Refused:
    """Documented {DOC}: fixed once configured. Assumed: words and code."""
    message = f"Cannot change input audio sampling rate during session (from {before} to {after})"
    return refused(message, param="session.input_audio_sampling_rate")


def echo_reference_changed(before: str, after: str) -> Refused:
    """Documented {DOC}: fixed once configured. Assumed: words and code."""
    message = f"Cannot change echo cancellation reference during session (from {before} to {after})"
    return refused(message, param="session.input_audio_echo_cancellation.reference_source")


def cannot_update_voice() -> Refused:
    """Assumed {OAI}: once the assistant has spoken its voice stays."""
    message = "Cannot update a conversation's voice if assistant audio is present."
    return refused(message, code="cannot_update_voice", param="session.voice")


def voice_fixed_by_avatar() -> Refused:
    """Observed {VIBE}: a voice and an avatar belong together. Assumed: code and param."""
    return refused("Cannot update voice when avatar is configured", param="session.voice")


def no_synthesizer() -> Refused:
    """Observed {PIPE}: a voice for a session that answers in text only, in a later update. Assumed: code and param."""
    return refused("Text to speech synthesizer is not configured", param="session.voice")


def invalid_voice_type(path: str, voice_type: str, model: str, allowed: Iterable[str]) -> Refused:
    """Observed {S09}: code, param, and that the text lists the allowed types. Assumed: the words around them."""
    message = f"Voice type '{voice_type}' is not supported for model {model}. Allowed types: {', '.join(allowed)}."
    return refused(message, code="invalid_voice_type", param=path)


def azure_speech_needs_semantic_vad() -> Refused:
    """Observed {FON}: word for word, on a realtime brain with ``server_vad`` or null."""
    message = (
        "When using azure-speech as InputAudioTranscription, turn_detection must be of type AzureSemanticVAD or "
        "AzureMultilingualSemanticVAD."
    )
    return refused(message, param="session.turn_detection")


def semantic_vad_in_cascade() -> Refused:
    """Observed {FON}: the words. Assumed: code and param."""
    return refused("OpenAI Semantic VAD is not supported in cascaded pipeline", param="session.turn_detection")


def eou_needs_cascade() -> Refused:
    """Observed {IVW, EVAL}: refused, with this code and param (schema B2). Assumed: the words."""
    message = "end_of_utterance_detection is only supported in cascaded pipeline"
    return refused(message, param="session.turn_detection.end_of_utterance_detection")


def ec_not_supported() -> Refused:
    """Observed {FON}: echo cancellation where no audio is answered. Assumed: words and param."""
    message = "Echo cancellation is not supported when the session has no audio output."
    return refused(message, code="ec_not_supported", param="session.input_audio_echo_cancellation")


def ec_channels_require_client() -> Refused:
    """Documented {DOC}: the code, for two channels without a client reference. Assumed: words and param."""
    message = "channels 2 requires reference_source 'client'"
    param = "session.input_audio_echo_cancellation.channels"
    return refused(message, code="invalid_ec_channels_requires_client", param=param)


def ec_reference_channels() -> Refused:
    """Documented {DOC}: the code, for a client reference without its channel. Assumed: words and param."""
    message = "reference_source 'client' requires channels 2"
    param = "session.input_audio_echo_cancellation.channels"
    return refused(message, code="invalid_ec_reference_channels", param=param)


def instructions_in_agent_mode() -> Refused:
    """Observed {JOR}: code and param. Assumed: the words."""
    message = "Instructions cannot be configured when using an agent."
    return refused(message, code="instructions_configuration_not_supported", param="session.instructions")


def fixed_by_agent(member: str) -> Refused:
    """Documented (schema A6): an agent brings its own. Assumed: words and code."""
    message = f"{member} cannot be configured when using an agent."
    return refused(message, code=INVALID_UPDATE, param=f"session.{member}")


def not_supported(path: str, message: str) -> Refused:
    """Documented (schema A6): a setting that the model or voice does not take. Assumed: the words, at each rule."""
    return refused(message, param=path)
