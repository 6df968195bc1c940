"""How the program ends: the one sentence for what went wrong, and its exit code."""

from typing import Final

from vlclient.errors import (
    AudioUnavailable,
    ConfigurationError,
    ConnectionClosed,
    CouldNotReach,
    CredentialError,
    DeviceLost,
    NoAnswer,
    NotAllowed,
    ProtocolViolation,
    Refused,
    ServiceError,
    VoiceLiveError,
)
from vlclient.reconnect import NOT_RETRIED_CLOSES
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.shown import on_one_line

__all__ = ["EXIT_CODES", "OUR_FAULT", "exit_code", "sentence", "the_error"]

OUR_FAULT: Final = 1
REFUSED: Final = 5

EXIT_CODES: Final[dict[type[VoiceLiveError], int]] = {
    ConfigurationError: 2,
    CouldNotReach: 3,
    NotAllowed: 4,
    CredentialError: 4,
    Refused: REFUSED,
    ServiceError: REFUSED,
    ConnectionClosed: 6,
    AudioUnavailable: 7,
    DeviceLost: 8,
    NoAnswer: 9,
    ProtocolViolation: 9,
}
"""0 is a good end; 1 is a mistake of ours."""

_POLICY_VIOLATION: Final = 1008

_REMEDIES: Final = {
    "invalid_model": "choose another with --model",
    "invalid_profile": "choose another with --profile",
    "invalid_voice_type": "choose another with --voice",
    "byom_realtime_connection_error": "check --model and --profile: the deployment must be of the profile's kind",
    "agent_initialization_failed": "check --agent-name and --project-name, and the roles of your identity",
    "session_expired": "begin a new conversation, or dial again by itself with --reconnect",
}
"""What to do about errors of the service, by their code. Source: behaviour 6."""


def the_error(error: BaseException) -> BaseException:
    """What went wrong, out of the group that it may come in; of several, the first that is no mistake of ours."""
    found = list(_leaves(error))
    return next((one for one in found if isinstance(one, VoiceLiveError)), found[0])


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]


def exit_code(error: BaseException) -> int:
    """``EXIT_CODES``. Documented {TROUB}, behaviour 1.5: with 1008 the service refuses, though it had said yes."""
    if isinstance(error, ConnectionClosed) and error.code == _POLICY_VIOLATION:
        return REFUSED
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), OUR_FAULT)


def sentence(error: BaseException, *, said_before: ErrorEvent | None = None, reconnects: bool | None = None) -> str:
    """What went wrong and what to do. ``said_before``: the last error that the service had reported. ``reconnects``:
    whether it was to dial again by itself; None where that cannot be chosen."""
    if not isinstance(error, VoiceLiveError):
        return on_one_line(f"a mistake of this program ({type(error).__name__}: {error}); report it")
    words = [str(error), *getattr(error, "__notes__", ())]
    event = error.event if isinstance(error, ServiceError) else said_before
    if isinstance(error, ConnectionClosed) and event is not None:
        words.append(f"before that it said: {event.error.message}")
    if event is not None and isinstance(error, ServiceError | ConnectionClosed):
        words.append(_remedy(event))
    elif isinstance(error, ConnectionClosed) and reconnects is False and error.code not in NOT_RETRIED_CLOSES:
        words.append("with --reconnect it dials again by itself")
    return on_one_line("; ".join(word.rstrip(". ") for word in words if word))


def _remedy(event: ErrorEvent) -> str:
    if (remedy := _REMEDIES.get(event.error.code or "")) is not None:
        return remedy
    return f"it is about {event.error.param}" if event.error.param else ""
