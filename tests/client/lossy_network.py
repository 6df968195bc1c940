"""A session that is dialled again at once when its connection is lost, and a service that loses it."""

import asyncio
from typing import Any

import vlclient
import vlmock
from tests.client import open_session
from tests.client.fake_service import Caller, Conversation, FakeService, answering
from vlclient import Reconnect

AT_ONCE = Reconnect(first_delay_s=0.001, longest_delay_s=0.001)


def connected(service: FakeService | vlmock.MockServer, **options: Any) -> vlclient.connect:
    return open_session.connected(service, **{"reconnect": AT_ONCE, **options})


async def cut(caller):
    """Lives for one update, then loses the network."""
    await caller.greet()
    await caller.update()
    caller.hang_up()


def answering_after(door_open: asyncio.Event) -> Conversation:
    """Takes the call at once, and begins to speak when the door is open."""

    async def talk(caller: Caller) -> None:
        await door_open.wait()
        await answering(caller)

    return talk
