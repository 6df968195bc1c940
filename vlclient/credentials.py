"""Who we are: an API key, or tokens of Entra ID that are fetched, kept and renewed.

A credential gives the headers of one connection. Its secret is in no repr, no error, no log and no URL. Source: schema
A3, A4; behaviour 1.1.
"""

import asyncio
import contextlib
import importlib.util
import inspect
import json
import re
import time
from collections.abc import Callable
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from vlclient.environment import NAMES, Settings
from vlclient.errors import ConfigurationError, CredentialError

__all__ = ["SCOPE", "ApiKey", "Credential", "TokenCredential", "choose", "default_credential"]

SCOPE: Final = "https://ai.azure.com/.default"
"""Documented: schema A4. The older ``https://cognitiveservices.azure.com/.default`` works without agents only."""

_RENEW_BEFORE_S: Final = 300.0
_RENEW_BEFORE_SHARE: Final = 0.2
_LONGEST_REASON: Final = 300
_KEY_VARIABLE: Final = NAMES["api_key"][0]
_REMEDIES: Final = f"sign in with 'az login', or set {_KEY_VARIABLE}"
_KEY_AND_AGENT: Final = (
    "an agent takes no API key (the service answers 'Key authentication is not supported in Agent mode'); "
    "leave the key out and sign in with Entra ID"
)


@runtime_checkable
class Credential(Protocol):
    """Anything that can say who we are."""

    async def headers(self, *, fresh: bool = False) -> dict[str, str]:
        """For one connection. ``fresh``: what was given last has been refused with 401. Raises CredentialError."""

    async def close(self) -> None:
        """Give back what it holds. Safe to call twice."""


class ApiKey:
    """A key of the resource. It does not change: where it was refused, only another one helps.

    Raises ConfigurationError when the key is empty, or cannot be one.
    """

    def __init__(self, key: str) -> None:
        self._key = key.strip()  # files end with a line break, and a header may hold none
        if not self._key:
            raise ConfigurationError("the API key is empty: give the resource's key, or none at all for Entra ID")
        if not re.fullmatch(r"[!-~]+", self._key):
            raise ConfigurationError("the API key holds spaces or special characters, which no key has: copy it again")

    async def headers(self, *, fresh: bool = False) -> dict[str, str]:
        return {"api-key": self._key}

    async def close(self) -> None:
        """There is nothing to give back."""

    def __repr__(self) -> str:
        return "ApiKey(***)"


class _Token(msgspec.Struct, frozen=True):
    text: str
    expires_at: float
    """In Unix seconds."""
    renew_at: float

    def __repr__(self) -> str:
        return f"_Token(***, expires_at={self.expires_at})"


class TokenCredential:
    """Tokens from any credential of azure-identity, or any object with its ``get_token`` or ``get_token_info``.

    Those that block are called in a thread, the async ones in the loop. A token is kept until five minutes before its
    end (a fifth of its life, if that is shorter), or until its issuer wants it renewed; several who ask at once wait
    for one fetch. When an early renewal fails, the old token is used until it ends.

    ``fresh=True`` asks the credential anew. azure-identity keeps tokens itself and may hand out the refused one again
    (managed identity, service principals, users; the command line credentials keep nothing). Then it is asked
    once more with a claim that the token be younger, for which they leave their memory aside; one that we made
    (``default_credential``) is replaced by a new one instead, because ``az`` takes no claims. What remains is what the
    machine's own identity endpoint remembers: a managed identity may give the same token for hours.
    """

    def __init__(
        self,
        credential: Any = None,
        *,
        make: Callable[[], Any] | None = None,
        scope: str = SCOPE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Give a ``credential``, which stays the caller's to close; or ``make``, called in a thread when first needed:
        what it makes is ours. ``clock``: Unix seconds."""
        self._credential, self._make = credential, make
        self._scope, self._clock = scope, clock
        self._token: _Token | None = None
        self._fetching = asyncio.Lock()

    async def headers(self, *, fresh: bool = False) -> dict[str, str]:
        refused = self._token if fresh else None
        async with self._fetching:
            if fresh and self._token is refused:
                self._token = await self._renewed(refused)
            elif self._token is None or self._clock() >= self._token.renew_at:
                await self._renew()
            assert self._token is not None
            return {"Authorization": f"Bearer {self._token.text}"}

    async def close(self) -> None:
        """Close the credential that we made; one that was given is left alone."""
        if self._make is not None:
            await self._discard()

    def __repr__(self) -> str:
        inner = type(self._credential).__name__ if self._credential is not None else "not asked yet"
        return f"TokenCredential({inner}, scope={self._scope!r})"

    async def _renew(self) -> None:
        try:
            self._token = await self._ask()
        except CredentialError:
            if self._token is None or self._clock() >= self._token.expires_at:
                raise

    async def _renewed(self, refused: _Token | None) -> _Token:
        token = await self._ask()
        if refused is None or token.text != refused.text:
            return token
        if self._make is not None:
            await self._discard()
            return await self._ask()
        younger = {"access_token": {"nbf": {"essential": True, "value": str(int(self._clock()))}}}
        try:
            return await self._ask(claims=json.dumps(younger))
        except CredentialError:
            return token  # it takes no claims; the service will say what it thinks of this one

    async def _ask(self, **options: Any) -> _Token:
        asked_at = self._clock()
        try:
            if self._credential is None and self._make is not None:
                self._credential = await asyncio.to_thread(self._make)
            answer = await _asked(self._credential, self._scope, options)
            text, expires_at = str(answer.token), float(answer.expires_on)
        except CredentialError:
            raise
        except Exception as error:  # credentials are other people's code and may fail in any way
            raise CredentialError(_reason(self._credential, error)) from None
        if not re.fullmatch(r"[!-~]+", text):
            raise CredentialError(f"{type(self._credential).__name__} gave something that is no token")
        margin = min(_RENEW_BEFORE_S, _RENEW_BEFORE_SHARE * max(0.0, expires_at - asked_at))
        wanted = getattr(answer, "refresh_on", None)
        renew_at = expires_at - margin
        return _Token(text, expires_at, renew_at if wanted is None else min(renew_at, float(wanted)))

    async def _discard(self) -> None:
        credential, self._credential = self._credential, None
        close = getattr(credential, "close", None)
        if close is not None:
            with contextlib.suppress(Exception):  # it is not needed any more, however it ends
                await _called(close)


def default_credential(*, scope: str = SCOPE) -> TokenCredential:
    """Whoever this machine, its environment or its user is signed in as: azure-identity's ``DefaultAzureCredential``.

    The blocking one, in a thread, because the async one needs aiohttp as well. It never opens a browser. Nothing is
    asked until the first token is needed. Raises CredentialError when azure-identity is not installed.
    """
    if not _installed("azure.identity"):
        raise CredentialError(
            f"there is no API key, and azure-identity is not installed: set {_KEY_VARIABLE}, "
            "or pip install 'vlmock[client]' and sign in with 'az login'"
        )
    return TokenCredential(make=_default_azure_credential, scope=scope)


def choose(
    *,
    api_key: str | None = None,
    credential: Any = None,
    settings: Settings | None = None,
    scope: str = SCOPE,
    agent: bool = False,
) -> Credential:
    """The credential to use: what was passed, else the environment's key, else ``default_credential``.

    ``credential``: of azure-identity, sync or async; an ``AzureKeyCredential``; or a ``Credential`` of one's own. It
    stays the caller's to close. ``agent``: an agent answers, which takes no key (Observed {VIBE}), so one in the
    environment is passed over and one that was passed is an error. ``scope``: what tokens are for. Raises
    ConfigurationError when two were passed or what was passed is none, CredentialError when there is nothing to use.
    """
    if api_key is not None and credential is not None:
        raise ConfigurationError("api_key= and credential= were both given: leave out one")
    if isinstance(credential, str):
        raise ConfigurationError("credential= takes an object of azure-identity: pass a key as api_key=")
    key = api_key if api_key is not None else _key_in(credential)
    if key is not None:
        if agent:
            raise ConfigurationError(_KEY_AND_AGENT)
        return ApiKey(key)
    if credential is not None:
        return _wrapped(credential, scope)
    if settings is not None and settings.api_key is not None and not agent:
        try:
            return ApiKey(settings.api_key)
        except ConfigurationError as error:
            raise ConfigurationError(f"{settings.origin('api_key')}: {error}") from None
    return default_credential(scope=scope)


def _key_in(credential: Any) -> str | None:
    """The key of an ``AzureKeyCredential``."""
    key = getattr(credential, "key", None)
    return key if isinstance(key, str) and not hasattr(credential, "get_token") else None


def _wrapped(credential: Any, scope: str) -> Credential:
    if isinstance(credential, Credential):
        return _Lent(credential)
    if hasattr(credential, "get_token") or hasattr(credential, "get_token_info"):
        return TokenCredential(credential, scope=scope)
    raise ConfigurationError(
        f"credential= takes an object of azure-identity; {type(credential).__name__} has no get_token"
    )


class _Lent:
    """A credential of the caller's, which is not ours to close."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    async def headers(self, *, fresh: bool = False) -> dict[str, str]:
        return await self._credential.headers(fresh=fresh)

    async def close(self) -> None:
        """The caller does it."""

    def __repr__(self) -> str:
        return f"_Lent({type(self._credential).__name__})"


def _default_azure_credential() -> Any:
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


async def _asked(credential: Any, scope: str, options: dict[str, Any]) -> Any:
    """``get_token_info`` is the newer of the two, and knows when a token should be renewed."""
    if hasattr(credential, "get_token_info"):
        return await _called(credential.get_token_info, scope, options=options)
    return await _called(credential.get_token, scope, **options)


async def _called(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call something that may block, or may be a coroutine function, without stopping the loop."""
    if inspect.iscoroutinefunction(function):
        return await function(*args, **options)
    result = await asyncio.to_thread(function, *args, **options)
    return await result if inspect.isawaitable(result) else result


def _reason(credential: Any, error: Exception) -> str:
    """One sentence out of the pages that azure-identity writes."""
    name = type(credential).__name__ if credential is not None else "the credential"
    text = str(getattr(error, "message", None) or error)
    attempts = re.findall(r"^\t(\w+): (.*)", text, re.M)
    failed = [attempt for attempt in attempts if re.search(r"AADSTS|ERROR|[Ee]rror:", attempt[1])]
    if attempts and not failed:
        tried = ", ".join(attempt for attempt, _ in attempts)
        return f"{name} gives no token ({tried} are not signed in): {_REMEDIES}"
    if failed:
        name, text = failed[-1]
    return f"{name} gives no token: {_short(text) or type(error).__name__}"


def _short(text: str) -> str:
    """Its first line, without what helps only the support, and without anything that could be a secret."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = re.split(r"\s*(?:Trace ID:|To troubleshoot|To mitigate|Visit https)", line)[0].removeprefix(
        "Authentication failed: "
    )
    line = re.sub(r"\beyJ[\w.-]+|[\w+/=~-]{40,}|\b[0-9A-Fa-f]{32}\b", "***", line)
    if len(line) > _LONGEST_REASON:
        line = line[:_LONGEST_REASON].rpartition(" ")[0] + " …"
    return line.rstrip(". ")
