"""What is a secret, wherever it stands: in headers, addresses, events, and in the middle of a text.

Nobody else decides this: what people are shown (``vlmock.protocol.shown``) and what is recorded
(``vlmock.protocol.recording.redaction``) leave out the same.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final
from urllib.parse import unquote_plus

__all__ = ["VEIL", "holds_secrets", "is_secret_header", "is_secret_member", "is_secret_parameter", "without_secrets"]

VEIL: Final = "***"
"""Stands where a secret was."""

_MEMBERS: Final = frozenset(
    {
        "access_token",
        "agent_access_token",
        "api_key",
        "authorization",  # of an MCP server, schema D10
        "client_secret",
        "credential",  # of a TURN server, schema D8
        "password",
    }
)
"""Members whose values are nobody's business. ``token`` is not among them: log probabilities have one, a piece of what
was said."""
_MAPPINGS: Final = frozenset({"headers", "authorization_headers"})
"""Names may be read, values not: what an MCP server is called with (schema D10), credentials of one's own model."""

_NO_SECRETS: Final = frozenset({"sec-websocket-key"})
_IN_A_HEADERS_NAME: Final = re.compile(r"authorization|cookie|credential|key|passw|secret|signature|token")
_PARAMETER: Final = (
    r"(?:[\w-]*(?:key|secret|token)[\w-]*"
    r"|(?:[\w-]*[-_])?(?:auth(?:orization)?|code|cookie|credentials?|pass(?:word|wd)?|sig(?:nature)?)(?:[-_][\w-]*)?)"
)
"""By words: ``code`` and not ``codec``, ``auth`` and not ``agent-authentication-identity-client-id``."""
_A_PARAMETER: Final = re.compile(_PARAMETER)

_MEMBER: Final = "(?:" + "|".join(name.replace("_", "[-_]") for name in sorted(_MEMBERS)) + ")"
_IN_TEXT: Final = (
    (r"eyJ[\w-]+\.[\w-]+\.[\w.-]*", VEIL),  # a token, wherever it stands
    (r"\b(Bearer\s+)[\w.~+/=-]{20,}", rf"\1{VEIL}"),
    (rf"([?&]{_PARAMETER}=)[^&#\s\"]+", rf"\1{VEIL}"),
    (r"(://)[^/@\s\"]+@", rf"\1{VEIL}@"),
    (r"(openai-insecure-api-key\.)[^\s,\"]+", rf"\1{VEIL}"),
    # JSON in a text: the arguments of a call, what a tool returned.
    (rf'(?<!\\)("{_MEMBER}"\s*:\s*")(?:[^"\\]|\\.)+', rf"\1{VEIL}"),
    (rf'(\\+"{_MEMBER}\\+"\s*:\s*\\+")[^"\\]+', rf"\1{VEIL}"),
)
_HINTS: Final = re.compile(r'eyJ|bearer\s|[?&]|://|insecure-api|":|"\s', re.I)
"""In every text that has one of those; looked for first, because most texts have none."""


def is_secret_header(name: str) -> bool:
    """Whether the value of a header is a secret."""
    name = name.strip().lower()
    return name not in _NO_SECRETS and _IN_A_HEADERS_NAME.search(name) is not None


def is_secret_parameter(name: str) -> bool:
    """Whether the value of a query's parameter is a secret; ``name`` as it stands in the query."""
    return _A_PARAMETER.fullmatch(unquote_plus(name).strip().lower()) is not None


@lru_cache(maxsize=1000)
def is_secret_member(name: str) -> bool:
    """Whether the value of an event's member is a secret, whatever it is."""
    return name.lower().replace("-", "_") in _MEMBERS


def holds_secrets(name: str) -> bool:
    """Whether every value in the object of that name is a secret."""
    return name.lower() in _MAPPINGS


def without_secrets(text: str) -> str:
    """The text with ``***`` in the place of what can be known as a secret by its looks."""
    if _HINTS.search(text) is None:
        return text
    for secret, veiled in _in_text():
        text = secret.sub(veiled, text)
    return text


@cache
def _in_text() -> Sequence[tuple[re.Pattern[str], str]]:
    """Compiled when the first text asks for it."""
    return [(re.compile(pattern, re.I), veiled) for pattern, veiled in _IN_TEXT]
