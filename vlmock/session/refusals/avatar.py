"""What an avatar cannot be, and when it cannot be had. Sources: behaviour 2.3, 4.12, 6; schema B2."""

from vlmock.session.refusals.envelope import Refused, invalid_value, refused

__all__ = [
    "avatar_already_connected",
    "avatar_capacity_exceeded",
    "avatar_idle_too_long",
    "avatar_not_configured",
    "avatar_not_found",
    "avatar_not_over_webrtc",
    "avatar_rate_limited",
    "avatar_resource_exhausted",
    "avatar_spoke_too_long",
    "invalid_client_sdp",
    "no_output_audio_buffer",
    "photo_avatar_has_no_style",
]

_VERIFICATION_FAILED = "avatar_verification_failed"


def avatar_not_found(character: str, style: str) -> Refused:
    """Observed {SKILL}: the words. Observed {AI4IA}: the code, before any ``session.updated``. Assumed: the param."""
    message = f"Avatar with character [{character}] and style [{style}] not found."
    return refused(message, code=_VERIFICATION_FAILED, param="session.avatar")


def photo_avatar_has_no_style() -> Refused:
    """Observed (schema B2, D8): the code. Assumed: words and param."""
    message = "Style is not supported for photo avatars."
    return refused(message, code=_VERIFICATION_FAILED, param="session.avatar.style")


def avatar_not_configured() -> Refused:
    """Assumed: there is nothing to connect to."""
    return refused("Avatar is not configured. Send session.update with avatar first.")


def avatar_not_over_webrtc() -> Refused:
    """Assumed: the picture comes over the WebSocket already."""
    return refused("session.avatar.connect is only supported when output_protocol is 'webrtc'.")


def avatar_already_connected() -> Refused:
    """Observed {VIBE}: the words, for a second offer while the first connection lives. Assumed: the code."""
    return refused("WebRTC connection is in connected state")


def invalid_client_sdp(what: str) -> Refused:
    """Assumed {OAI}: the code and the shape of the words. Observed {VIBE}: an offer without ``m=video`` is rejected."""
    message = f'Invalid \'client_sdp\': {what}. Expected base64 of the JSON {{"type": "offer", "sdp": …}}.'
    return invalid_value(message, "client_sdp")


def avatar_rate_limited(retry_after_s: float) -> Refused:
    """Observed {VIBE}: words and code; the number counts down. Assumed: it is rounded up, so that waiting helps."""
    message = f"Avatar request was rate-limited. Retry after {-(-retry_after_s // 1):.1f}s."
    return refused(message, code="rate_limit_exceeded")


def avatar_resource_exhausted() -> Refused:
    """Observed {VIBE, JOR}: words and code, for more avatars at once than a resource has."""
    message = (
        "Service capacity exceeded: too many concurrent avatar rendering requests. The system has reached its maximum "
        "processing capacity. Please reduce request rate or wait for current requests to complete before retrying."
    )
    return refused(message, code="avatar_service_resource_exhausted")


def avatar_capacity_exceeded() -> Refused:
    """Observed {JOR}: the code. Assumed: the words."""
    return refused("Avatar capacity exceeded. Please try again later.", code="avatar_capacity_exceeded")


def no_output_audio_buffer() -> Refused:
    """Documented (schema B 18): heeded with an avatar only. Assumed: refused without one, and the words."""
    return refused("output_audio_buffer.clear is only supported when avatar is configured.")


def avatar_idle_too_long() -> Refused:
    """Documented (behaviour 1.4): five minutes of silence. Assumed: code, words, and that an ``error`` says so."""
    message = "Avatar connection was closed: it was idle for the maximum of 5 minutes."
    return refused(message, code="avatar_idle_timeout")


def avatar_spoke_too_long() -> Refused:
    """Documented (behaviour 1.4): ten minutes of speaking without a pause. Assumed: as for the idle one."""
    message = "Avatar connection was closed: it was speaking for the maximum of 10 minutes."
    return refused(message, code="avatar_speaking_timeout")
