"""With what the service is asked to let a client in: what the client shows, or something of our own."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

from vlmock.errors import ServerError
from vlmock.protocol.secrets import without_secrets

__all__ = ["SCOPE", "ClientsOwn", "Credential", "Key", "SignIn"]

SCOPE: Final = "https://ai.azure.com/.default"
"""Documented: schema A4. The older ``https://cognitiveservices.azure.com/.default`` works without agents only."""
_LONGEST_REASON: Final = 300


class Credential(Protocol):
    """What stands in for the client's credentials."""

    async def headers(self) -> Mapping[str, str]:
        """For one connection; empty: the client's pass. Raises ServerError."""

    def refused(self) -> None:
        """The service has answered 401."""


class ClientsOwn:
    """Whatever the client shows."""

    async def headers(self) -> Mapping[str, str]:
        return {}

    def refused(self) -> None:
        """That is between the two."""


class Key:
    """A key of the resource. Raises ServerError when it cannot be one."""

    def __init__(self, key: str) -> None:
        self._key = key.strip()  # files end with a line break
        if not re.fullmatch(r"[!-~]+", self._key):
            raise ServerError("the API key is empty, or holds spaces or special characters, which no key has")

    async def headers(self) -> Mapping[str, str]:
        return {"api-key": self._key}

    def refused(self) -> None:
        """Only another one would help."""

    def __repr__(self) -> str:
        return "Key(***)"


class SignIn:
    """Tokens for whoever this machine, its environment or its user is signed in as: azure-identity's
    ``DefaultAzureCredential``, which keeps them as long as they are good. It never opens a browser.

    Raises ServerError when azure-identity is not installed.
    """

    def __init__(self) -> None:
        try:
            from azure.identity import DefaultAzureCredential
        except ImportError:
            raise ServerError(
                "signing in to Entra ID needs the package azure-identity; install it with: pip install 'vlmock[client]'"
            ) from None
        self._make = DefaultAzureCredential
        self._credential: Any = None

    async def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {await asyncio.to_thread(self._token)}"}

    def refused(self) -> None:
        """What it keeps is of no use: the next connection asks a new one."""
        self._credential = None

    def _token(self) -> str:
        try:
            credential = self._credential = self._credential or self._make()
            return str(credential.get_token(SCOPE).token)
        except Exception as error:  # credentials are other people's code and may fail in any way
            reason = without_secrets(str(error).strip().partition("\n")[0])[:_LONGEST_REASON]
            raise ServerError(
                f"no token could be had of Entra ID ({type(error).__name__}: {reason}); sign in with 'az login'"
            ) from None

    def __repr__(self) -> str:
        return "SignIn()"
