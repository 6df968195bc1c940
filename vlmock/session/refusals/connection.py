"""Who cannot have a session: refused after the upgrade. Sources: behaviour 1.1, 1.2, 6."""

from vlmock.session.refusals.envelope import Refused, refused

__all__ = ["agents_take_no_key", "agents_take_no_legacy_token", "invalid_model", "invalid_profile", "session_expired"]


def invalid_model(model: str) -> Refused:
    """Observed {S14}: the socket opens, and this follows."""
    return refused(f"Model {model} is not supported in this region.", code="invalid_model")


def session_expired(minutes: int) -> Refused:
    """Assumed {OAI}: the code and the words. Observed {FON, PAI}: how long each pipeline's sessions may last."""
    return refused(f"Your session hit the maximum duration of {minutes} minutes.", code="session_expired")


def agents_take_no_key() -> Refused:
    """Observed {VIBE}: the words. Observed {TROUB}: after the upgrade, then close 1008. Assumed: the code."""
    return refused("Key authentication is not supported in Agent mode", code="agent_initialization_failed")


def agents_take_no_legacy_token() -> Refused:
    """Observed {VIBE}: the words, for a token with the scope of Cognitive Services. Assumed: the code, and the rest as
    for a key."""
    return refused("Authentication error to AI Agent service: Unauthorized", code="agent_initialization_failed")


def invalid_profile(profile: str) -> Refused:
    """Observed {S14}: likewise for ``profile``."""
    return refused(f"Profile {profile} is not supported.", code="invalid_profile")
