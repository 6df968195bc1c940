"""Which dialect a client dials: its address, and what it says about itself, judged without I/O.

Voice Live's own address speaks the dated api-versions. OpenAI's two addresses, and Azure OpenAI's, are for clients that
were made for the beta of the Realtime API, whose events are nearly the same (schema H1). The GA dialect is spoken
nowhere, and whoever dials it is told so.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from vlmock.errors import did_you_mean
from vlmock.protocol.session import API_VERSIONS

__all__ = ["REALTIME_PATH", "Dialect", "Dialled", "NotSpoken", "dialled", "key_offered", "version_of"]

REALTIME_PATH: Final = "/voice-live/realtime"
_AZURE_OPENAI_PATH: Final = "/openai/realtime"
_AZURE_OPENAI_GA_PATH: Final = "/openai/v1/realtime"
_OPENAI_PATH: Final = "/v1/realtime"

_GA_VERSION: Final = "v1"
_BETA_AS: Final = "2026-01-01-preview"
"""The version that the beta dialect is a translation of. Assumed: the first that has all that the beta has
(``response.metadata``), and the last with the beta's defaults."""
_BETA_VERSIONS: Final = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_BETA_HEADER: Final = ("openai-beta", "realtime=v1")
_BETA_PROTOCOL: Final = "openai-beta.realtime-v1"
_KEY_PROTOCOL: Final = "openai-insecure-api-key."
"""Documented {OAI}: how a browser, which cannot set headers, asks for the beta and shows its key."""

_GA_IS_NOT_SPOKEN: Final = (
    "This asks for the OpenAI GA dialect (session.type, session.audio, response.output_audio.delta), which vlmock does "
    "not speak, and neither does the Voice Live service at its dated api-versions."
)
_TO_VOICE_LIVE: Final = f"For Voice Live dial {REALTIME_PATH} with api-version={API_VERSIONS[-3]}"


class Dialect(StrEnum):
    """In which words the two sides speak."""

    VOICE_LIVE = "voice-live"
    OPENAI_BETA = "openai-beta"


class NotSpoken(Exception):
    """The client asks for a dialect or a version that there is not; ``str()`` says what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Dialled(msgspec.Struct, frozen=True):
    """An address that sessions are opened at."""

    prefix: str
    """What stands before it: clients take it for a part of the endpoint."""
    path: str


def dialled(path: str) -> Dialled | None:
    """The address that a path ends with; None for any other."""
    for known in (REALTIME_PATH, _AZURE_OPENAI_GA_PATH, _AZURE_OPENAI_PATH, _OPENAI_PATH):
        if path.endswith(known):
            return Dialled(path.removesuffix(known), known)
    return None


def version_of(
    address: Dialled, query: Mapping[str, str], fields: Mapping[str, str], *, any_version: bool = False
) -> tuple[Dialect, str]:
    """The dialect that is spoken there, and the api-version of the session behind it.

    ``fields``: headers by their names in lower case. ``any_version``: of Voice Live, those that we do not know are as
    good. Raises NotSpoken.
    """
    if address.path == REALTIME_PATH and any_version:
        return Dialect.VOICE_LIVE, query.get("api-version", "")
    if address.path == REALTIME_PATH:
        return Dialect.VOICE_LIVE, _dated(query)
    if address.path == _AZURE_OPENAI_GA_PATH:
        remedy = f"For the beta dialect dial {_AZURE_OPENAI_PATH} with api-version=2025-04-01-preview."
        raise NotSpoken(400, f"{_GA_IS_NOT_SPOKEN} {_TO_VOICE_LIVE}. {remedy}")
    if address.path == _AZURE_OPENAI_PATH:
        _check_beta(query)
        return Dialect.OPENAI_BETA, _BETA_AS
    name, value = _BETA_HEADER
    if value not in fields.get(name, "") and _BETA_PROTOCOL not in _protocols(fields):
        # Assumed: the service answers the beta only to those who ask for it, and GA to all others.
        remedy = "For the beta dialect send the header 'OpenAI-Beta: realtime=v1' (client.beta.realtime of openai)."
        raise NotSpoken(400, f"{_GA_IS_NOT_SPOKEN} {_TO_VOICE_LIVE}. {remedy}")
    return Dialect.OPENAI_BETA, _BETA_AS


def key_offered(fields: Mapping[str, str]) -> str | None:
    """The key among the subprotocols that a client offers."""
    keys = [each.removeprefix(_KEY_PROTOCOL) for each in _protocols(fields) if each.startswith(_KEY_PROTOCOL)]
    return keys[0] if keys else None


def _protocols(fields: Mapping[str, str]) -> list[str]:
    return [offered.strip() for offered in fields.get("sec-websocket-protocol", "").split(",")]


def _dated(query: Mapping[str, str]) -> str:
    version = query.get("api-version")
    dated = [known for known in API_VERSIONS if known != _GA_VERSION]
    if not version:
        # Observed {SKILL}: without an api-version the answer is 404.
        raise NotSpoken(404, f"The query parameter 'api-version' is missing. Use api-version={dated[-2]}.")
    if version == _GA_VERSION:
        # Assumed: the specification has it, no page and no SDK uses it, and nobody has seen it answered (schema A5).
        raise NotSpoken(
            400,
            "api-version 'v1' is the OpenAI GA dialect of session and events, which vlmock does not speak; whether the "
            f"service does is not confirmed. Use a dated one: {', '.join(dated)}.",
        )
    if version not in dated:
        # Assumed: behaviour 1.2 has 400 or 404.
        hint = did_you_mean(version, dated)
        raise NotSpoken(400, f"There is no api-version {version!r}{hint}. Use one of {', '.join(dated)}.")
    return version


def _check_beta(query: Mapping[str, str]) -> None:
    version = query.get("api-version")
    example = f"The beta dialect of {_AZURE_OPENAI_PATH} has dated ones, such as api-version=2025-04-01-preview."
    if not version:
        raise NotSpoken(404, f"The query parameter 'api-version' is missing. {example}")
    if not _BETA_VERSIONS.fullmatch(version):
        ga = f"{_GA_IS_NOT_SPOKEN} " if version in (_GA_VERSION, "preview") else ""
        raise NotSpoken(400, f"{ga}There is no api-version {version!r} here. {example} {_TO_VOICE_LIVE}.")
