"""A connection that is lost is made again, and the conversation goes on. Source: behaviour 1.4, 1.5, 8.1, 10."""

import asyncio

import pytest

import vlclient
import vlmock
from tests.client.fake_service import answering, serving, until
from tests.client.lossy_network import AT_ONCE, connected, cut
from tests.client.open_session import event_of
from vlclient import Reconnect, Reconnected, Reconnecting
from vlclient.errors import ConnectionClosed
from vlmock.protocol.response import ResponseDone
from vlmock.session.script import Close, Say

pytestmark = pytest.mark.usefixtures("alone")


# ---- the conversation goes on


async def test_a_conversation_goes_on_where_it_was_with_the_emulator():
    """The whole configuration first, then what was said, in order; no second greeting; what is asked next is answered
    by somebody who knows it all."""

    def reply(turn):
        if turn.text == "Leave":
            return [Say("I leave."), Close(1011, "oops")]
        return f"I know {len(turn.history)} items."

    with vlmock.serve(reply) as server:
        async with connected(server) as session:
            session.tool(weather)
            await session.update(instructions="Be brief.", temperature=0.6)
            await session.update(turn_detection=None)
            await session.greet()
            await event_of(session, ResponseDone)
            await session.say("Leave")
            await event_of(session, ResponseDone)
            attempt = await event_of(session, Reconnecting)
            assert (attempt.attempt, attempt.cause.code) == (1, 1011)
            assert 0.0008 <= attempt.delay_s <= 0.0012
            again = await event_of(session, Reconnected)
            assert (again.attempt, again.replayed_items, again.lost) == (1, 3, ())
            await session.greet()
            await session.say("Who are you?")
            await event_of(session, ResponseDone)
            assert [each.text for each in session.transcripts][-1] == "I know 4 items."
            assert session.settings.instructions == "Be brief."
        told = server.journal.client_events(connection=2)
    assert [event.type for event in told] == [
        "session.update",
        "conversation.item.create",
        "conversation.item.create",
        "conversation.item.create",
        "conversation.item.create",
        "response.create",
    ]
    settings = told[0].session
    assert (settings.instructions, settings.temperature, settings.turn_detection) == ("Be brief.", 0.6, None)
    assert [tool.name for tool in settings.tools] == ["weather"]
    assert [event.item.content[0].text for event in told[1:5]] == [
        "I know 0 items.",
        "Leave",
        "I leave.",
        "Who are you?",
    ]
    assert server.journal.server_events("error") == []


async def weather() -> str:
    """The weather."""
    return "sun"


async def test_it_is_off_unless_asked_for():
    """Then the first loss is the end."""
    async with serving(cut, answering) as service, connected(service, reconnect=False) as session:
        await session.update(instructions="x")
        with pytest.raises(ConnectionClosed):
            await event_of(session, Reconnecting)
        assert service.attempts == 1


async def test_it_happens_though_nobody_reads():
    """Another update is answered by the second connection, whose settings are those of the first and its own."""
    async with serving(cut, answering) as service, connected(service, reconnect=True) as session:
        await session.update(instructions="x")
        await until(lambda: len(service.callers) == 2)
        echoed = await session.update(temperature=0.5)
        assert echoed.temperature == 0.5
        updates = [event.session for event in service.callers[1].heard]
        assert [update.instructions for update in updates][:1] == ["x"]
        assert updates[1].temperature == 0.5


@pytest.mark.parametrize("code", [1001, 1006, 1011, 1012, 4503])
async def test_a_service_that_went_away_is_dialled_again(code):
    """Observed {ILA}: everything but what would be refused again."""

    async def leaving(caller):
        await caller.greet()
        if code == 1006:
            caller.hang_up()
        else:
            await caller.connection.close(code)

    async with serving(leaving, answering) as service, connected(service) as session:
        assert (await event_of(session, Reconnecting)).cause.code == code
        assert (await event_of(session, Reconnected)).replayed_items == 0
        await session.update(instructions="x")


@pytest.mark.parametrize("code", [1003, 1008])
async def test_what_would_be_refused_again_is_not_dialled_again(code):
    """And the error says why not."""

    async def leaving(caller):
        await caller.greet()
        await caller.connection.close(code)

    async with serving(leaving, answering) as service, connected(service) as session:
        with pytest.raises(ConnectionClosed) as closed:
            await event_of(session, Reconnecting)
        assert closed.value.__notes__[0].startswith("not dialled again: the service does not")
        assert service.attempts == 1


async def test_a_good_end_is_the_end():
    """1000: the service has said goodbye."""

    async def leaving(caller):
        await caller.greet()
        await caller.connection.close()

    async with serving(leaving, answering) as service, connected(service) as session:
        assert [event.type async for event in session] == ["session.created"]
        assert service.attempts == 1


# ---- leaving meanwhile


@pytest.mark.parametrize("where", ["in the pause", "while dialling", "while it is set up"])
async def test_leaving_while_it_reconnects_does_not_wait(where):
    """Nothing is left: no task, no connection."""
    left = asyncio.Event()

    async def second(caller):
        if where == "while it is set up":
            await caller.greet()
            await caller.hear("session.update")
        inside.set()
        await caller.connection.wait_closed()
        left.set()

    inside = asyncio.Event()
    policy = Reconnect(first_delay_s=60.0) if where == "in the pause" else AT_ONCE
    async with serving(cut, second) as service:
        async with asyncio.timeout(30):
            async with connected(service, reconnect=policy) as session:
                await session.update(instructions="x")
                await event_of(session, Reconnecting)
                waiting = [asyncio.create_task(session.update(temperature=0.5)), asyncio.create_task(session.say("Hm"))]
                if where != "in the pause":
                    await inside.wait()
        for task in waiting:
            with pytest.raises(ConnectionClosed, match="code 1000"):
                await task
        if where != "in the pause":
            async with asyncio.timeout(30):
                await left.wait()


async def test_cancelled_in_the_pause_it_leaves_nothing_behind():
    """Like Ctrl-C."""
    async with serving(cut, answering) as service:

        async def converse():
            async with connected(service, reconnect=Reconnect(first_delay_s=60.0)) as session:
                await session.update(instructions="x")
                await event_of(session, Reconnecting)
                paused.set()
                await session.say("Hello")

        paused = asyncio.Event()
        task = asyncio.create_task(converse())
        await paused.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert service.attempts == 1


async def test_the_wire_log_tells_of_the_outage(tmp_path):
    """With the configuration and the history that were sent again."""
    path = tmp_path / "wire.log"
    with vlclient.WireLog(path) as log:
        async with serving(cut, answering) as service, connected(service, log=log) as session:
            await session.update(instructions="x")
            await event_of(session, Reconnected)
    lines = [line.split()[1:3] for line in path.read_text().splitlines()]
    assert lines == [
        ["←", "session.created"],
        ["→", "session.update"],
        ["←", "session.updated"],
        ["·", "Reconnecting"],
        ["←", "session.created"],
        ["→", "session.update"],
        ["←", "session.updated"],
        ["·", "Reconnected"],
    ]
