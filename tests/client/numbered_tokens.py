"""Credentials like those of azure-identity, which number their tokens, and how a client says who it is."""

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any

SECRET = "sesame-0123456789"


class Credential:
    """Like those of azure-identity: its tokens are numbered, and live as long as the test says."""

    def __init__(self, *, lives_s: float = 3600.0) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.threads: list[threading.Thread] = []
        self.closed = False
        self._lives_s = lives_s

    def _token(self, scope: str, options: dict[str, Any]) -> Any:
        self.asked.append((scope, options))
        self.threads.append(threading.current_thread())
        return SimpleNamespace(token=f"{SECRET}-{len(self.asked)}", expires_on=int(time.time() + self._lives_s))

    def get_token(self, *scopes: str, **options: Any) -> Any:
        return self._token(scopes[0], options)

    def close(self) -> None:
        self.closed = True


class AsyncCredential(Credential):
    async def get_token(self, *scopes: str, **options: Any) -> Any:  # type: ignore[override]
        await asyncio.sleep(0)
        return self._token(scopes[0], options)

    async def close(self) -> None:  # type: ignore[override]
        self.closed = True


def said(caller) -> str | None:
    """How the client said who it is."""
    headers = caller.request.headers
    return headers.get("api-key") or headers.get("authorization")
