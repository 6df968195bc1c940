"""What goes wrong when talking to the service.

    VoiceLiveError
    ├── ConfigurationError       no endpoint, no model, an address that is none; nothing was dialled
    ├── CredentialError          no credential, or none that gives a token
    ├── CouldNotReach            no such host, nobody listens, TLS fails, no answer in time
    ├── Refused                  the upgrade was answered with an HTTP status (and the service's own words)
    │   └── NotAllowed           401 or 403: the credential is missing, wrong, expired, or lacks a role
    ├── ConnectionClosed         the connection ended: code, reason, and what was lost with it
    ├── ProtocolViolation        the other side does not speak this protocol
    ├── NoAnswer                 the service accepted something and never answered
    ├── ServiceError             an ``error`` event, where the caller asked for an exception
    └── AudioError
        ├── AudioUnavailable     no PortAudio, no such device, none that can be opened
        └── DeviceLost           a device that was working has gone

No text of theirs holds a key or a token.
"""

from vlmock.protocol.errors import ErrorEvent

__all__ = [
    "AudioError",
    "AudioUnavailable",
    "ConfigurationError",
    "ConnectionClosed",
    "CouldNotReach",
    "CredentialError",
    "DeviceLost",
    "NoAnswer",
    "NotAllowed",
    "ProtocolViolation",
    "Refused",
    "ServiceError",
    "VoiceLiveError",
]


class VoiceLiveError(Exception):
    """Base of all. ``str()`` is one sentence that says what is wrong and what to do."""


class ConfigurationError(VoiceLiveError):
    """What was given does not say where to connect, or to what."""


class CredentialError(VoiceLiveError):
    """There is no credential, or the one there is gives no token."""


class CouldNotReach(VoiceLiveError):
    """Nothing that speaks WebSocket answered in time."""


class Refused(VoiceLiveError):
    """The upgrade was answered with an HTTP status."""

    def __init__(self, status: int, words: str, *, retry_after_s: float | None = None) -> None:
        self.status = status
        self.words = words
        """The service's own words, from the body of its answer."""
        self.retry_after_s = retry_after_s
        """When it asks us to come again, in seconds."""
        super().__init__(f"the service refused the connection with HTTP {status}: {words or 'no reason given'}")


class NotAllowed(Refused):
    """401 or 403. A fresh token may help; a wrong key does not get better."""


class ConnectionClosed(VoiceLiveError):
    """The connection ended before the caller ended it."""

    def __init__(self, code: int, reason: str, *, lost: tuple[str, ...] = ()) -> None:
        self.code = code
        """Close code of RFC 6455; 1006 when the network was lost without a word."""
        self.reason = reason
        self.lost = lost
        """What was lost with it, in words: an unfinished response, audio that was not sent, tools without an answer."""
        what = f"; lost: {', '.join(lost)}" if lost else ""
        super().__init__(f"the connection was closed with code {code} ({reason or 'no reason given'}){what}")


class ProtocolViolation(VoiceLiveError):
    """Something came that is no event at all. Unknown events are no violation, they are ``UnknownServerEvent``."""


class NoAnswer(VoiceLiveError):
    """The service is there, but an answer that it owes did not come in time."""


class ServiceError(VoiceLiveError):
    """An ``error`` event, as an exception because the caller asked for one."""

    def __init__(self, event: ErrorEvent) -> None:
        self.event = event
        details = event.error
        code = f" [{details.code}]" if details.code else ""
        super().__init__(f"the service answered with an error{code}: {details.message}")


class AudioError(VoiceLiveError):
    """Sound cannot be had."""


class AudioUnavailable(AudioError):
    """It never began: no PortAudio, no such device, or it cannot be opened."""


class DeviceLost(AudioError):
    """A microphone or loudspeaker went away while it was in use."""
