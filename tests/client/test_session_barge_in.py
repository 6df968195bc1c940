"""Barge-in: silence at once, and the service is told what was heard. Source: behaviour 8.1, 2 and 3."""

import asyncio

import pytest

import vlmock
from tests.client import service_says as says
from tests.client.fake_service import serving
from tests.client.fake_sound import Speaker
from tests.client.open_session import connected, event_of
from tests.session.sounds import voice
from vlclient import ServerVad
from vlclient.audio.ports import Part
from vlclient.errors import DeviceLost
from vlmock.protocol.input_audio import InputAudioBufferClear
from vlmock.protocol.response import ResponseDone

pytestmark = pytest.mark.usefixtures("alone")


@pytest.mark.parametrize("over", [True, False], ids=["after response.done", "while it is generated"])
async def test_when_the_user_speaks_it_is_silent_at_once(over):
    """Behaviour 8.1, 2 and 3: whether or not a response is active; then the service is told what was heard. What still
    comes of the reply is dropped, though it arrives together with the user's speech. Nobody needs to read events."""

    async def talk(caller):
        await caller.greet()
        await caller.say(
            *says.reply_burst(over=over), says.speech_started(), *([] if over else [says.audio("r1", 100)])
        )
        truncate.set_result(await caller.hear("conversation.item.truncate"))
        await caller.say(says.truncated("m1", 230))
        await caller.listen()

    truncate = asyncio.get_running_loop().create_future()
    speaker = Speaker(heard_ms=230)
    async with serving(talk) as service, connected(service, playback=speaker) as session:
        event = await truncate
        assert (event.item_id, event.content_index, event.audio_end_ms) == ("m1", 0, 230)
        assert speaker.told == ["play m1"] * 10 + ["stop"]
        assert speaker.received == {Part("m1"): 48_000}
        shown = [event.type async for event in until_truncated(session)]
        assert shown.count("response.audio.delta") == 10


async def until_truncated(session):
    async for event in session:
        yield event
        if event.type == "conversation.item.truncated":
            return


async def test_the_speaker_is_silent_before_the_reader_knows():
    """A reader who is busy, or slow, delays nothing."""

    async def talk(caller):
        await caller.greet()
        await caller.say(*says.reply_burst(), says.speech_started())
        await caller.listen()

    speaker = Speaker(heard_ms=0)
    async with serving(talk) as service, connected(service, playback=speaker) as session:
        async with asyncio.timeout(30):
            await speaker.stopped.wait()
        assert [event.type for event in [await anext(session), await anext(session)]] == [
            "session.created",
            "response.created",
        ]
        assert speaker.told[-1] == "stop"


async def test_barge_in_with_the_emulator():
    """Real detection of a voice over a reply that is heard no further than 400 ms."""
    with vlmock.serve(lambda turn: "This is a long answer that nobody wants to hear to its end.") as server:
        speaker = Speaker(heard_ms=400)
        async with connected(server, playback=speaker) as session:
            await session.update(turn_detection=ServerVad())
            await session.say("Hello")
            await event_of(session, ResponseDone)
            await session.append_audio(voice(600))
            async with asyncio.timeout(30):
                await speaker.stopped.wait()
            await server.journal.wait_for_async("conversation.item.truncated")
        [truncate] = server.journal.client_events("conversation.item.truncate")
        assert truncate.audio_end_ms == 400
        assert server.journal.server_events("error") == []


async def test_a_loudspeaker_that_has_gone_ends_the_conversation():
    """Nobody hears it any more: whoever reads, sends or updates is told why, and the service gets its goodbye."""
    left = asyncio.Event()

    async def talk(caller):
        await caller.greet()
        await caller.say(*says.reply_burst())
        await caller.connection.wait_closed()
        assert caller.connection.close_code == 1000
        left.set()

    speaker = Speaker(loses_at=3)
    async with serving(talk) as service:
        async with connected(service, playback=speaker) as session:
            with pytest.raises(DeviceLost, match="has gone"):
                await event_of(session, ResponseDone)
            for use in (session.send(InputAudioBufferClear()), session.update(), session.append_audio(b"\0\0")):
                with pytest.raises(DeviceLost, match="has gone"):
                    await use
        async with asyncio.timeout(30):
            await left.wait()


async def test_a_sink_that_fails_as_no_sink_should_ends_the_conversation_with_its_own_error():
    """A mistake of the program is not swallowed, and nothing hangs."""

    class Broken(Speaker):
        def play(self, part, audio):
            raise ZeroDivisionError("a mistake")

    async def talk(caller):
        await caller.greet()
        await caller.say(*says.reply_burst())
        await caller.listen()

    async with serving(talk) as service, connected(service, playback=Broken()) as session:
        with pytest.raises(ZeroDivisionError):
            await event_of(session, ResponseDone)
