"""How an open session ends, by whom, and what is lost with it. For what comes back: ``test_reconnecting.py``."""

import asyncio

import pytest

import vlmock
from tests.client import service_says as says
from tests.client.fake_service import serving, silent, until
from tests.client.fake_sound import Speaker
from tests.client.open_session import connected, event_of
from tests.session.sounds import silence
from vlclient import AzureSemanticVad
from vlclient.errors import ConnectionClosed
from vlmock.protocol.input_audio import InputAudioBufferClear
from vlmock.protocol.response import ResponseDone
from vlmock.protocol.session import SessionCreated, SessionUpdated
from vlmock.session.script import Close, Say

pytestmark = pytest.mark.usefixtures("alone")


async def test_close_says_goodbye_once_and_what_has_come_can_still_be_read():
    """1000; again it does nothing. The iteration ends."""
    with vlmock.serve() as server:
        async with connected(server) as session:
            await server.journal.wait_for_async("session.created")
            await session.close()
            await session.close()
            assert [event.type async for event in session] in ([], ["session.created"])
            assert [event.type async for event in session] == []
            for use in (session.send(InputAudioBufferClear()), session.respond(), session.append_audio(b"\0\0")):
                with pytest.raises(ConnectionClosed, match="code 1000"):
                    await use
        assert server.journal.wait_for_close().code == 1000
        assert len(server.journal.connections) == 1


async def test_what_was_sent_before_the_close_arrives():
    """The goodbye comes last."""
    with vlmock.serve() as server:
        async with connected(server) as session:
            for _ in range(100):
                await session.append_audio(silence(100))
        server.journal.wait_for_close()
        assert len(server.journal.client_events("input_audio_buffer.append")) == 100


async def test_closing_wakes_whoever_waits():
    """An update, a reader."""
    async with serving(silent) as service, connected(service) as session:
        updating = asyncio.create_task(session.update(instructions="x"))
        reading = asyncio.create_task(event_of(session, SessionUpdated))
        await until(lambda: service.callers[0].heard)
        await session.close()
        with pytest.raises(ConnectionClosed, match="code 1000"):
            await updating
        with pytest.raises(AssertionError, match="no SessionUpdated came"):
            await reading


@pytest.mark.parametrize(
    ("code", "reason", "says"),
    [
        (1001, "Your session hit the maximum duration of 60 minutes.", "maximum duration"),
        (1003, "", "code 1003"),
        (1006, "", "the network connection was lost"),
        (1008, "agent", "code 1008 (agent)"),
        (1011, "", "code 1011"),
    ],
)
async def test_the_services_goodbye_is_an_error_with_code_and_reason(code, reason, says):
    """What had come before can be read; then everybody is told the same."""

    async def talk(caller):
        await caller.greet()
        if code == 1006:
            caller.hang_up()
        else:
            await caller.connection.close(code, reason)

    async with serving(talk) as service, connected(service) as session:
        assert isinstance(await anext(session), SessionCreated)
        for use in (session.__anext__, session.update, lambda: session.append_audio(b"\0\0"), session.__anext__):
            with pytest.raises(ConnectionClosed) as closed:
                await use()
            assert closed.value.code == code
            assert says in str(closed.value)
            assert closed.value.lost == ()


async def test_a_goodbye_with_1000_ends_the_iteration():
    """Nothing was under way, so nothing is lost, however much there is that no new session would know."""

    async def talk(caller):
        await caller.greet()
        await caller.say(*says.reply_burst(), says.committed("u1"), says.call_added("c7", "r7"))
        await caller.say(says.done("r7", "cancelled"))
        await caller.connection.close()

    async with serving(talk) as service, connected(service) as session:
        kinds = [event.type async for event in session]
        assert kinds[-1] == "response.done"
        with pytest.raises(ConnectionClosed) as closed:
            await session.say("Are you there?")
        assert "closed by this client" not in str(closed.value)


async def test_what_had_been_said_is_heard_to_its_end():
    """Behaviour 8.1, 11: a connection that is over silences nobody. No dialling, no silence."""

    async def talk(caller):
        await caller.greet()
        await caller.say(*says.reply_burst())
        await caller.connection.close()

    speaker = Speaker()
    async with serving(talk) as service, connected(service, playback=speaker) as session:
        async for _ in session:
            pass
    assert speaker.told == ["play m1"] * 10


async def lost_words(talk, use) -> ConnectionClosed:
    async with serving(talk) as service, connected(service) as session:
        with pytest.raises(ConnectionClosed) as closed:
            await use(session)
        return closed.value


async def test_a_loss_in_the_middle_of_a_response_says_so():
    """In the exception's words."""

    async def talk(caller):
        await caller.greet()
        await caller.say(*says.reply_burst(over=False))
        caller.hang_up()

    error = await lost_words(talk, lambda session: event_of(session, ResponseDone))
    assert (error.code, error.lost) == (1006, ("the rest of a response",))
    assert "lost: the rest of a response" in str(error)


async def test_a_loss_in_the_middle_of_a_tool_says_so():
    """Its answer has nobody left to go to; with the conversation the tool ends."""
    cancelled = asyncio.Event()

    async def talk(caller):
        await caller.greet()
        await caller.say(says.created(), says.call_added(), says.arguments_done(), says.call_done())
        await caller.say(says.done("r1", "completed", says.call()))
        await running.wait()
        caller.hang_up()

    running = asyncio.Event()

    async def use(session):
        @session.tool
        async def weather() -> None:
            running.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        await event_of(session, SessionUpdated)

    error = await lost_words(talk, use)
    assert error.lost == ("1 tool call without an answer",)
    assert cancelled.is_set()


async def test_a_loss_in_the_middle_of_an_update_says_so():
    """To whoever waits for it, at once."""

    async def talk(caller):
        await caller.greet()
        await caller.hear("session.update")
        caller.hang_up()

    error = await lost_words(talk, lambda session: session.update(instructions="x"))
    assert error.lost == ("1 change of settings without a confirmation",)


async def test_a_loss_before_the_answer_has_begun_says_so():
    """What was asked for and had not begun."""

    async def talk(caller):
        await caller.greet()
        await caller.hear("response.create")
        caller.hang_up()

    async def use(session):
        await session.respond()
        await event_of(session, ResponseDone)

    assert (await lost_words(talk, use)).lost == ("1 response asked for",)


async def test_the_end_of_the_emulator_is_told():
    """1001: the session, not the program, is over."""
    server = vlmock.serve()
    async with connected(server) as session:
        await session.update(turn_detection=AzureSemanticVad())
        async with server:
            pass
        with pytest.raises(ConnectionClosed) as closed:
            await event_of(session, ResponseDone)
    assert closed.value.code == 1001


async def test_a_scenario_may_hang_up_after_its_answer():
    """Everything was said, so the iteration just ends."""
    with vlmock.serve(lambda turn: [Say("Goodbye."), Close(1000, "enough")]) as server:
        async with connected(server) as session:
            await session.say("Hello")
            assert [event.type async for event in session][-1] == "response.done"


async def test_a_goodbye_with_1000_in_the_middle_of_an_answer_is_a_loss():
    """Whoever waits for the rest has to know that there is none."""

    async def talk(caller):
        await caller.greet()
        await caller.say(*says.reply_burst(over=False))
        await caller.connection.close()

    error = await lost_words(talk, lambda session: event_of(session, ResponseDone))
    assert (error.code, error.lost) == (1000, ("the rest of a response",))
