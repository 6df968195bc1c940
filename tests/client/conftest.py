"""What tests of the client share."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.client.playbook import Playbook, plays, runs
from tests.client.service_says import (
    arguments_done,
    audio,
    call_added,
    call_done,
    created,
    item_created,
    message,
    updated,
)
from tests.judged import judged
from tests.sound_card import SoundCard, what_is_missing
from vlclient.memory import Memory

__all__ = ["judged"]


@pytest.fixture
async def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[None]:
    """Nothing of this machine's environment gets in, and nothing of the test stays: every task has ended."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or "VOICE" in name or name.startswith(("AZURE_", "AGENT_", "IDENTITY_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield
    for _ in range(5):  # those that were cancelled last still have to notice
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, left


@pytest.fixture
def sound_card() -> Iterator[SoundCard]:
    """A private sound card; what uses it is started with its ``env``."""
    reason = what_is_missing()
    if reason is not None:
        pytest.skip(reason)
    card = SoundCard()
    try:
        card.start()
        yield card
    finally:
        card.stop()


@pytest.fixture
def playbook() -> Iterator[Playbook]:
    book = Playbook()
    yield book
    assert book.checked, "the playbook was written and never asked for its truth"


@pytest.fixture
def replying(playbook: Playbook) -> Playbook:
    """r1 is active, and 100 ms of its message m1 have come."""
    assert playbook >> updated() >> created() >> item_created(message(status="in_progress")) >> audio() << plays()
    return playbook


@pytest.fixture
def calling(playbook: Playbook) -> Playbook:
    """r1 is active and has called c1, which runs."""
    assert playbook >> updated() >> created() >> call_added() >> arguments_done() >> call_done() << runs()
    return playbook


@pytest.fixture
def nothing_of_the_machine(monkeypatch):
    """No proxy and no authority that whoever runs this has set."""
    for name in ("all", "http", "https", "no", "ws", "wss", "socks"):
        for spelled in (f"{name}_proxy", f"{name}_proxy".upper()):
            monkeypatch.delenv(spelled, raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


@pytest.fixture
async def answering():
    """Starts plain TCP servers: each is told what the client said up to the empty line, and may say anything."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(answer) -> int:
            async def talk(reader, writer):
                with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                    await answer(await reader.readuntil(b"\r\n\r\n"), reader, writer)
                    await writer.drain()
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

            server = await asyncio.start_server(talk, "127.0.0.1", 0)
            stack.push_async_callback(server.wait_closed)
            stack.callback(server.close)
            return server.sockets[0].getsockname()[1]

        yield start


@pytest.fixture
def memory() -> Memory:
    return Memory()
