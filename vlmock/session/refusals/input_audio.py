"""Sound that is not taken. Source: behaviour 3.1."""

from vlmock.session.refusals.envelope import Refused, invalid_value, refused

__all__ = ["append_too_large", "buffer_too_small", "invalid_audio", "not_whole_samples"]


def buffer_too_small(audio_ms: float) -> Refused:
    """Observed {STTX}: a commit of less than 100 ms."""
    message = (
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
        f"but buffer only has {audio_ms:.2f}ms of audio."
    )
    return refused(message, code="input_audio_buffer_commit_empty")


def invalid_audio(reason: str, *, at: str = "audio") -> Refused:
    """Assumed {OAI}: audio that is empty or no base64. Observed {ODD}: an odd number of PCM16 bytes is rejected.

    ``reason`` is a sentence without its capital and its full stop.
    """
    message = f"Invalid 'audio'. {reason[:1].upper()}{reason[1:]}."
    return invalid_value(message, at)


def append_too_large(size_bytes: int, most_bytes: int) -> Refused:
    """Documented {DOC}: one append carries at most 15 MiB. Assumed: words and code."""
    return invalid_audio(f"{size_bytes} bytes are more than the {most_bytes} that one event may carry")


def not_whole_samples(size_bytes: int, channels: int) -> Refused:
    """Observed {ODD}: an odd number of PCM16 bytes. Documented {DOC}: of two channels, whole pairs are wanted. Assumed:
    the words."""
    if channels == 1:
        return invalid_audio(f"{size_bytes} bytes are not a whole number of 16-bit samples")
    return invalid_audio(f"{size_bytes} bytes of {channels} channels are not divisible by {2 * channels}")
