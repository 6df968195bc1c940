"""An emulator of our own beside the server that is checked, to compare the two."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from vlclient.checks.pacing import Pace
from vlclient.checks.probe import Server
from vlclient.checks.server import QUIET_HERE_S
from vlclient.credentials import ApiKey, Credential
from vlclient.endpoint import Target, url
from vlclient.errors import CouldNotReach

__all__ = ["emulator_like"]

_STARTS_WITHIN_S: Final = 30.0
_STOPS_WITHIN_S: Final = 5.0
_COMMAND: Final = ("-m", "vlmock", "serve", "--port", "0")
"""As slow as the service: some checks do something while a response goes on."""


class _AnyToken:
    """An emulator that was told nothing takes any."""

    async def headers(self, *, fresh: bool = False) -> dict[str, str]:
        return {"Authorization": "Bearer any-token-will-do"}

    async def close(self) -> None:
        """There is nothing to give back."""


@asynccontextmanager
async def emulator_like(server: Server) -> AsyncIterator[Server]:
    """Start ``vlmock serve`` as a process, to be asked as ``server`` is: model, agent, api-version, pipeline, voice.

    Raises CouldNotReach where it does not start.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *_COMMAND,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,  # Ctrl-C is for us, and we stop it when we have done with it
    )
    try:
        yield _like(server, await _address(process))
    finally:
        await _stop(process)


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(_STARTS_WITHIN_S):
            line = (await process.stdout.readline()).decode()
            if found := re.search(r"https?://\S+", line):
                return found[0]
    with suppress(ProcessLookupError):
        process.kill()
    _, errors = await process.communicate()
    last = (errors.decode(errors="replace").strip().splitlines() or ["it says nothing"])[-1]
    raise CouldNotReach(f"the emulator to compare with does not start: {last}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOPS_WITHIN_S):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()


def _like(server: Server, address: str) -> Server:
    query = dict(parse_qsl(urlsplit(url(server.target)).query))
    keyed = isinstance(server.credential, ApiKey)
    credential: Credential = ApiKey("any-key-will-do") if keyed else _AnyToken()
    return msgspec.structs.replace(
        server,
        target=Target(endpoint=address, query=query),
        credential=credential,
        live=False,
        quiet_s=QUIET_HERE_S,
        pace=Pace(),
    )
