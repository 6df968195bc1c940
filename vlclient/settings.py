"""Settings as people write them in Python, made into what the wire wants."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final, TypeVar

import msgspec

from vlclient.errors import ConfigurationError
from vlmock.protocol.response import ResponseCreateParams
from vlmock.protocol.session import RequestSession
from vlmock.protocol.voices import OPENAI_VOICES, AzureStandardVoice

__all__ = ["request_session", "response_params"]

T = TypeVar("T", bound=msgspec.Struct)

_NOT_OURS: Final = {
    "model": "is chosen when connecting, and stays",
    "expires_at": "is set by the service",
}
"""Members that the service refuses or ignores."""


def request_session(members: Mapping[str, Any]) -> RequestSession:
    """The ``session`` of a ``session.update``. Values may be the types of ``vlmock.protocol``, or what JSON has.

    A voice may be a bare name: one of OpenAI's, or the short name of an Azure voice. Raises ConfigurationError.
    """
    return _made(RequestSession, _with_voice(members), "session.update")


def response_params(members: Mapping[str, Any]) -> ResponseCreateParams:
    """The ``response`` of a ``response.create``, likewise. Raises ConfigurationError."""
    return _made(ResponseCreateParams, _with_voice(members), "response.create")


def _with_voice(members: Mapping[str, Any]) -> dict[str, Any]:
    """Documented {DOC}: only OpenAI's voices may be given as a bare string."""
    voice = members.get("voice")
    if isinstance(voice, str) and voice not in OPENAI_VOICES:
        return {**members, "voice": AzureStandardVoice(name=voice)}
    return dict(members)


def _made(kind: type[T], members: Mapping[str, Any], event: str) -> T:
    known = [field.name for field in msgspec.structs.fields(kind) if field.name not in _NOT_OURS]
    for name in members:
        if name in _NOT_OURS:
            raise ConfigurationError(f"{event}: {name!r} {_NOT_OURS[name]}")
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else f"; known: {', '.join(known)}"
            raise ConfigurationError(f"{event} has no member {name!r}{hint}")
    try:
        return msgspec.convert(msgspec.to_builtins(members, builtin_types=(bytes,)), kind)
    except (msgspec.ValidationError, TypeError) as error:
        raise ConfigurationError(f"{event}: {_without_dollar(str(error))}") from None


def _without_dollar(text: str) -> str:
    """msgspec calls the whole ``$``."""
    return text.replace("`$.", "`")
