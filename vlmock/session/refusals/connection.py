"""Who cannot have a session: refused after the upgrade. Sources: behaviour 1.1, 1.2, 6."""

from collections.abc import Sequence

from vlmock.errors import did_you_mean
from vlmock.session.refusals.envelope import Refused, refused

__all__ = [
    "agent_cannot_start",
    "agents_take_no_key",
    "agents_take_no_legacy_token",
    "byom_not_realtime",
    "classic_agents_not_supported",
    "invalid_model",
    "invalid_profile",
    "missing_agent_project",
    "session_expired",
]

_AGENT_FAILED = "agent_initialization_failed"


def invalid_model(model: str, known: Sequence[str] = ()) -> Refused:
    """Observed {S14}: the socket opens, and this follows."""
    own = "for a deployment of your own add profile=byom-azure-openai-chat-completion"
    hint = did_you_mean(model, known).strip(" ()") or own
    return refused(f"Model {model} is not supported in this region.", code="invalid_model", hint=hint)


def session_expired(minutes: int) -> Refused:
    """Assumed {OAI}: the code and the words. Observed {FON, PAI}: how long each pipeline's sessions may last."""
    return refused(f"Your session hit the maximum duration of {minutes} minutes.", code="session_expired")


def agents_take_no_key() -> Refused:
    """Observed {VIBE}: the words. Observed {TROUB}: after the upgrade, then close 1008. Assumed: the code."""
    return refused("Key authentication is not supported in Agent mode", code=_AGENT_FAILED)


def agents_take_no_legacy_token() -> Refused:
    """Observed {VIBE}: the words, for a token with the scope of Cognitive Services. Assumed: the code, and the rest as
    for a key."""
    return refused("Authentication error to AI Agent service: Unauthorized", code=_AGENT_FAILED)


def missing_agent_project() -> Refused:
    """Observed {VIBE}: the words, also for a project in another spelling. Assumed: the code, and the rest as for a
    key."""
    hint = "the query parameter is agent-project-name; the vendor SDK calls it project_name"
    return refused("Missing required agent project name", code=_AGENT_FAILED, hint=hint)


def classic_agents_not_supported() -> Refused:
    """Observed {VIBE}: the words. Assumed: the code, and the rest as for a key."""
    message = "Classic foundry agent is not supported in API version 2026-04-10 and above"
    return refused(message, code=_AGENT_FAILED)


def agent_cannot_start(hint: str) -> Refused:
    """Observed {VIBE, TROUB}: the code, and that the words speak of configuration and permissions, whatever the reason.
    Assumed: the words."""
    message = "Failed to initialize the agent. Check its configuration and the identity permissions."
    return refused(message, code=_AGENT_FAILED, hint=hint)


def invalid_profile(profile: str, known: Sequence[str] = ()) -> Refused:
    """Observed {S14}: likewise for ``profile``. ``known``: those of this api-version."""
    hint = "profiles came with api-version 2025-10-01"
    if known:
        hint = did_you_mean(profile, known).strip(" ()") or f"there are {', '.join(known)}"
    return refused(f"Profile {profile} is not supported.", code="invalid_profile", hint=hint)


def byom_not_realtime() -> Refused:
    """Observed {S14}: word for word, for a text model's deployment behind the realtime profile."""
    message = "Connection error to BYOM Realtime service: status 400, message: Invalid response status"
    return refused(message, code="byom_realtime_connection_error")
