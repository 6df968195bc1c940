"""What the tests of checks share: an emulator, and a server made of a function."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
import pytest

import vlmock
from tests.client.fake_service import Caller, Conversation, serving
from vlclient.checks.catalogue import all_checks
from vlclient.checks.check import Check
from vlclient.checks.probe import Probe, Server
from vlclient.checks.running import try_check
from vlclient.checks.server import server_of
from vlclient.checks.verdicts import Outcome
from vlmock.server.mock_server import MockServer

MODELS = {"cascade": "gpt-4o", "hybrid": "gpt-realtime", "native": "gpt-realtime"}
"""One for each pipeline."""


@pytest.fixture(scope="package")
def emulator() -> Iterator[MockServer]:
    with vlmock.serve(timing="instant") as server:
        yield server


@pytest.fixture(scope="package")
def lifelike() -> Iterator[MockServer]:
    """As long over a response as the service is, so that something can be done meanwhile."""
    with vlmock.serve(timing="pipeline") as server:
        yield server


def checked(url: str, pipeline: str = "cascade", *, patience_s: float = 5.0) -> Server:
    """Somebody at this address, as ``vlclient check`` would see him."""
    return server_of(
        endpoint=url, api_key="a-key-of-the-tests", model=MODELS[pipeline], pipeline=pipeline, patience_s=patience_s
    )


def checking(body: Callable[[Probe], Awaitable[None]], **changes: Any) -> Check:
    """A check that does this."""
    return msgspec.structs.replace(all_checks()[0], body=body, **changes)


async def verdict_of(
    body: Callable[[Probe], Awaitable[None]], *conversations: Conversation, patience_s: float = 5.0, **how: Any
) -> Outcome:
    async with serving(*conversations, **how) as service:
        return await try_check(checking(body), checked(service.url, patience_s=patience_s))


def saying(*frames: str | bytes) -> Conversation:
    """These at once, then nothing."""

    async def conversation(caller: Caller) -> None:
        for frame in frames:
            await caller.connection.send(frame)
        await caller.connection.wait_closed()

    return conversation


CREATED = '{"type":"session.created","event_id":"event_1","session":{"id":"sess_1"}}'
