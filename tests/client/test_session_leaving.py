"""Leaving a session never hangs and leaves nothing behind, whatever the service does, wherever it is cancelled."""

import asyncio

import pytest

from tests.client import service_says as says
from tests.client.fake_service import serving, until
from tests.client.fake_sound import Speaker
from tests.client.open_session import connected, event_of
from tests.session.sounds import silence
from vlclient.errors import ConnectionClosed
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.response import ResponseDone

pytestmark = pytest.mark.usefixtures("alone")


# ---- services that do not listen


async def deaf(caller):
    """Greets, then reads no more."""
    await caller.greet()
    caller.connection.transport.pause_reading()
    await caller.connection.wait_closed()


async def fill(session) -> asyncio.Task[None]:
    """Until the network takes no more; what is still being sent."""
    block = silence(20_000)
    while True:
        sending = asyncio.create_task(session.append_audio(block))
        if not (await asyncio.wait((sending,), timeout=0.5))[0]:
            return sending
        await sending


async def test_leaving_while_the_service_is_deaf_does_not_hang():
    """What the network does not take is not said; whoever was sending is told."""
    async with serving(deaf) as service:
        async with asyncio.timeout(15):
            async with connected(service) as session:
                sending = await fill(session)
                waiting = asyncio.create_task(session.clear_audio())
                began = asyncio.get_running_loop().time()
            took = asyncio.get_running_loop().time() - began
        for task in (sending, waiting):
            with pytest.raises(ConnectionClosed):
                await task
    assert took < 8


async def test_a_network_that_takes_nothing_is_lost():
    """A ping cannot be sent either, so nobody else would notice for many minutes."""
    async with serving(deaf) as service, connected(service, ping_interval_s=0.5) as session:
        sending = await fill(session)
        with pytest.raises(ConnectionClosed) as closed:
            await event_of(session, ErrorEvent)
        assert closed.value.code == 1006
        assert "of the user's speech" in closed.value.lost[-1]
        with pytest.raises(ConnectionClosed):
            await sending


async def test_leaving_while_the_service_floods_does_not_hang():
    """Nobody reads; it never stops."""
    flooding = asyncio.Event()

    async def talk(caller):
        await caller.greet()
        while True:
            await caller.say(*[says.words("r1", "x" * 1000)] * 100)
            if not flooding.is_set():
                await asyncio.sleep(0)
                flooding.set()

    async with serving(talk) as service:
        async with asyncio.timeout(30):
            async with connected(service):
                await flooding.wait()


async def test_nothing_is_done_any_more_after_the_close():
    """What comes while we say goodbye is not played, not shown, and runs no tool."""
    ran = []

    async def talk(caller):
        await caller.greet()
        await caller.update()
        await until(lambda: closing)
        await caller.say(*says.reply_burst(over=False), says.call_added(), says.arguments_done(), says.call_done())
        await caller.listen()

    closing = []
    speaker = Speaker()
    async with serving(talk) as service, connected(service, playback=speaker) as session:

        @session.tool
        async def weather() -> None:
            ran.append(1)

        await session.update()
        closing.append(1)
        await session.close()
        assert {event.type async for event in session} == {"session.created", "session.updated"}
    assert (ran, speaker.told) == ([], [])


# ---- cancelled anywhere


@pytest.mark.parametrize(
    "doing",
    [
        lambda session: session.update(instructions="x"),
        lambda session: event_of(session, ResponseDone),
        lambda session: asyncio.Event().wait(),
        fill,
    ],
    ids=["update", "read", "in the block", "send"],
)
async def test_cancelled_anywhere_it_leaves_nothing_behind(doing):
    """The fixture looks for tasks; the service sees its client go."""
    async with serving(deaf) as service:
        inside = asyncio.Event()

        async def converse():
            async with connected(service) as session:
                inside.set()
                await doing(session)

        task = asyncio.create_task(converse())
        await inside.wait()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,), timeout=0.05)
        task.cancel()  # impatient: also the goodbye
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_goodbye_that_is_cancelled_drops_the_connection():
    """Nobody keeps it open in secret."""
    async with serving(deaf) as service:
        async with connected(service) as session:
            sending = await fill(session)
            closing = asyncio.create_task(session.close())
            await asyncio.sleep(0)
            closing.cancel()
            await asyncio.wait((closing,))
            assert closing.cancelled()
            async with asyncio.timeout(1):
                await session.close()
        with pytest.raises(ConnectionClosed):
            await sending
