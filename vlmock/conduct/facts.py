"""What is known of a connection beside its events: how it was dialled, what the socket saw, how it ended."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from vlmock.protocol.codec import InvalidEvent
from vlmock.protocol.errors import ErrorDetails
from vlmock.protocol.secrets import VEIL
from vlmock.protocol.wire import ClientEvent

__all__ = ["Ending", "Facts", "Moment", "Opened", "Refusal", "Turnaway", "facts_of"]

_GOODBYES: Final = (1000, 1001, 1005)
"""Normal; a page that goes away; a close frame without a code, which is what ``close()`` of a browser sends."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """How a connection was dialled, and by whom. No secret is among it."""

    api_version: str = ""
    model: str = ""
    agent: bool = False
    """An agent in Foundry was asked for."""
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Names in lower case; secrets are ``***``."""
    secrets_in_query: tuple[str, ...] = ()
    """The names of those."""
    encrypted: bool = False
    """wss, and not ws."""
    credential: str = ""
    """``key`` or ``token``; empty where nobody knows."""
    user_agent: str = ""
    dialect: str = "voice-live"
    """Or ``openai-beta``."""
    opened: float = 0.0
    """Seconds since 1970."""
    timed: bool = True
    """Whether times mean anything."""
    audible: bool = True
    """Whether all of the sound is there."""
    recorded: bool = False
    """It is a recording, perhaps of the service, so an answer need not stand right behind what it answers."""


def facts_of(url: str, **known: object) -> Facts:
    """The facts that are in a URL, or in the path and query of one, together with those that are ``known``."""
    parts = urlsplit(url)
    query: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query.setdefault(name.strip().lower(), value)
    found: dict[str, object] = {
        "api_version": query.get("api-version", ""),
        "model": query.get("model", ""),
        "agent": any(name.startswith("agent-") for name in query),
        "query": query,
        "secrets_in_query": tuple(name for name, value in query.items() if value == VEIL),
        "encrypted": parts.scheme in ("wss", "https"),
    }
    return Facts(**{**found, **known})  # type: ignore[arg-type]


class Opened(msgspec.Struct, frozen=True):
    """The connection is there. What it is like stands in the case's facts."""


class Moment(msgspec.Struct, frozen=True):
    """Somebody looks at a connection that is still open."""


class Ending(msgspec.Struct, frozen=True):
    """How a connection ended."""

    code: int
    reason: str
    by: str
    """``client``, ``server`` or ``network``; empty where nobody knows."""
    at: float
    """Seconds since it opened."""
    unanswered: bool = False
    """The server said goodbye, and the client did not answer it."""

    @property
    def is_goodbye(self) -> bool:
        """The client has hung up, and meant to."""
        return self.by == "client" and self.code in _GOODBYES


class Refusal(msgspec.Struct, frozen=True):
    """An ``error``, together with the client event that it answers."""

    culprit: ClientEvent | InvalidEvent
    entry: int
    """Of the culprit."""
    at: float
    details: ErrorDetails
    judged: bool
    """A rule has found something in the culprit already."""

    @property
    def code(self) -> str:
        return self.details.code if isinstance(self.details.code, str) else ""

    @property
    def param(self) -> str:
        return self.details.param if isinstance(self.details.param, str) else ""


class Turnaway(msgspec.Struct, frozen=True, kw_only=True):
    """A handshake that was answered with an HTTP error."""

    status: int
    at: float
    """Seconds since 1970."""
    message: str = ""
    same_credential: bool = False
    """The very credential that was refused before."""
