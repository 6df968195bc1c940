"""Credentials of each kind that azure-identity has had, with a clock that a test moves."""

import asyncio
import threading
from typing import NamedTuple

from azure.core.credentials import AccessToken, AccessTokenInfo

NOW = 1_800_000_000.0


class Calendar:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Asked(NamedTuple):
    scopes: tuple[str, ...]
    options: dict[str, object]
    thread: int


class Issuer:
    """A credential as azure-identity had them first: it blocks, and numbers its tokens."""

    def __init__(self, clock=lambda: NOW, *, lives_s=3600.0, fails=(), remembers=False):
        self.clock, self.lives_s, self.remembers = clock, lives_s, remembers
        self.fails = list(fails)
        self.asked: list[Asked] = []
        self.closed = 0
        self.number = 0

    def get_token(self, *scopes, **options):
        self.asked.append(Asked(scopes, options, threading.get_ident()))
        if self.fails and (error := self.fails.pop(0)) is not None:
            raise error
        if not (self.remembers and self.number) or "claims" in options:
            self.number += 1
        return AccessToken(f"token-{self.number}", int(self.clock() + self.lives_s))

    def close(self):
        self.closed += 1


class NewerIssuer(Issuer):
    """As they are now: one mapping of options, and the token knows when it should be renewed."""

    refresh_in_s: float | None = None

    def get_token_info(self, *scopes, options=None):
        token = self.get_token(*scopes, **(options or {}))
        refresh_on = None if self.refresh_in_s is None else int(self.clock() + self.refresh_in_s)
        return AccessTokenInfo(token.token, token.expires_on, refresh_on=refresh_on)


class AsyncIssuer(Issuer):
    """One of azure.identity.aio; it answers when it is let to."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.was_asked = asyncio.Event()

    async def get_token(self, *scopes, **options):
        token = super().get_token(*scopes, **options)
        self.was_asked.set()
        await self.may_answer.wait()
        return token

    async def close(self):
        self.closed += 1


def bearer(number):
    return {"Authorization": f"Bearer token-{number}"}
