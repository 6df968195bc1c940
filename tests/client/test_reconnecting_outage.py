"""What is said while the connection is lost: what waits, what is sent again, what is dropped. Source: behaviour 8.1."""

import asyncio

import pytest

from tests.client import service_says as says
from tests.client.fake_service import answering, serving, until
from tests.client.fake_sound import Speaker
from tests.client.lossy_network import answering_after, connected, cut
from tests.client.open_session import event_of
from tests.session.sounds import silence
from vlclient import Reconnected, Reconnecting
from vlmock.protocol.input_audio import InputAudioBufferClear, InputAudioBufferCleared
from vlmock.protocol.session import RequestSession, SessionUpdate

pytestmark = pytest.mark.usefixtures("alone")


async def test_whoever_sends_during_the_outage_waits():
    """And is served in order, after the history."""
    door_open = asyncio.Event()

    async with serving(cut, answering_after(door_open)) as service, connected(service) as session:
        await session.update(instructions="x")
        await event_of(session, Reconnecting)
        updating = asyncio.create_task(session.update(temperature=0.5))
        speaking = asyncio.create_task(session.say("Hello"))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not updating.done()
        assert not speaking.done()
        door_open.set()
        assert (await updating).temperature == 0.5
        await speaking
        await until(lambda: len(service.callers[1].heard) == 4)
        heard = service.callers[1].heard
        assert heard[0].session.instructions == "x"
        assert [event.type for event in heard] == [
            "session.update",
            "session.update",
            "conversation.item.create",
            "response.create",
        ]


async def test_an_update_that_is_cut_off_is_sent_again():
    """It is not taken for done because the old settings are confirmed."""

    async def cutting(caller):
        await caller.greet()
        await caller.update()
        await caller.hear("session.update")
        caller.hang_up()

    async with serving(cutting, answering) as service, connected(service) as session:
        await session.update(instructions="x")
        echoed = await session.update(temperature=0.5)
        assert echoed.temperature == 0.5
        first, second = [event.session for event in service.callers[1].heard]
        assert (first.instructions, second.temperature) == ("x", 0.5)


async def test_an_update_by_hand_that_is_cut_off_is_lost():
    """Nobody waits for it, so it is only told."""

    async def cutting(caller):
        await caller.greet()
        await caller.hear("session.update")
        caller.hang_up()

    async with serving(cutting, answering) as service, connected(service) as session:
        await session.send(SessionUpdate(session=RequestSession(instructions="x")))
        again = await event_of(session, Reconnected)
        assert again.lost == ("1 change of settings without a confirmation",)
        assert service.callers[1].heard == []


async def test_a_request_that_had_not_begun_is_sent_again():
    """It waited, so it is not lost; the answer that had begun is."""

    async def cutting(caller):
        await caller.greet()
        await caller.hear("response.create")
        await caller.say(says.created())
        await caller.hear("input_audio_buffer.clear")
        caller.hang_up()

    async def second(caller):
        await caller.greet()
        asked.set_result(await caller.hear("response.create"))
        await caller.listen()

    asked = asyncio.get_running_loop().create_future()
    async with serving(cutting, second) as service, connected(service) as session:
        await session.respond(instructions="first")
        await until(lambda: not session.is_idle)
        await session.respond(instructions="second")
        await session.clear_audio()
        assert (await asked).response.instructions == "second"
        assert (await event_of(session, Reconnected)).lost == ("the rest of a response",)
        assert [event.type for event in service.callers[1].heard] == ["response.create"]


async def test_the_answer_of_a_tool_that_was_running_is_dropped():
    """The new session does not know the call."""
    running, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def cutting(caller):
        await caller.greet()
        await caller.say(says.created(), says.call_added(), says.arguments_done(), says.call_done())
        await caller.say(says.done("r1", "completed", says.call()))
        await running.wait()
        caller.hang_up()

    async def second(caller):
        await caller.greet()
        await caller.hear("input_audio_buffer.clear")
        await caller.say(InputAudioBufferCleared())
        await caller.listen()

    async with serving(cutting, second) as service, connected(service) as session:

        @session.tool
        async def weather() -> str:
            running.set()
            await go_on.wait()
            done.set()
            return "sun"

        again = await event_of(session, Reconnected)
        assert again.lost == ("1 tool call without an answer",)
        go_on.set()
        await done.wait()
        await session.send(InputAudioBufferClear())
        await event_of(session, InputAudioBufferCleared)
        assert [event.type for event in service.callers[1].heard] == ["input_audio_buffer.clear"]


async def test_what_the_user_says_during_the_outage_is_counted():
    """It is dropped: by the time it could be sent nobody expects an answer any more."""
    door_open = asyncio.Event()

    async with serving(cut, answering_after(door_open)) as service, connected(service) as session:
        await session.update(instructions="x")
        await event_of(session, Reconnecting)
        for _ in range(3):
            await session.append_audio(silence(500))
        door_open.set()
        assert (await event_of(session, Reconnected)).lost == ("1.5 s of the user's speech",)
        await session.append_audio(silence(100))
        await session.clear_audio()
        await until(lambda: len(service.callers[1].heard) == 3)


async def test_whoever_talks_without_a_pause_does_not_keep_it_from_reconnecting():
    """A file that is read as fast as it goes."""
    async with serving(cut, answering) as service, connected(service) as session:
        await session.update(instructions="x")
        async with asyncio.timeout(30):
            while len(service.callers) < 2 or not session.settings:
                await session.append_audio(silence(20))


async def test_what_the_user_had_not_heard_is_not_told_again():
    """Playback stops, for a new answer may come; what is replayed is what had been heard."""

    async def cutting(caller):
        await caller.greet()
        await caller.hear("response.create")
        item = says.message("m1", "in_progress")
        await caller.say(says.created(), says.item_added(item), says.item_created(item))
        await caller.say(says.words("r1", "One two three four five six."), says.audio("r1", 1000))
        await until(lambda: speaker.told)
        caller.hang_up()

    speaker = Speaker(heard_ms=500)
    async with serving(cutting, answering) as service, connected(service, playback=speaker) as session:
        await session.say("Count")
        again = await event_of(session, Reconnected)
        assert speaker.told == ["play m1", "stop"]
        assert again.lost == ("the rest of a response",)
        await until(lambda: len(service.callers) == 2)
        assert again.replayed_items == 2


async def test_a_long_history_does_not_block_both_ends():
    """The service echoes each item at once; nobody waits for the other to read."""
    many = 150

    async def cutting(caller):
        await caller.greet()
        for number in range(many):
            event = await caller.hear("conversation.item.create")
            await caller.say(says.typed_item(event.item.id or f"i{number}", event.item.content[0].text))
        caller.hang_up()

    async def second(caller):
        await caller.greet()
        told = 0
        while told < many:
            event = await caller.hear("conversation.item.create")
            told += 1
            padding = "x" * 200_000  # more than all buffers together hold
            await caller.say(says.typed_item(event.item.id, event.item.content[0].text + padding))
        complete.set()
        await caller.listen()

    complete = asyncio.Event()
    async with serving(cutting, second) as service, connected(service) as session:
        for number in range(many):
            await session.say(f"{number} " + "y" * 500, respond=False)
        async with asyncio.timeout(20):
            await complete.wait()
        texts = [event.item.content[0].text.split()[0] for event in service.callers[1].heard]
    assert texts == [str(number) for number in range(many)]
