"""An open session: typed events both ways, asking for responses, audio.

Source: behaviour 8.1.
"""

import asyncio

import pytest

import vlmock
from tests.client import service_says as says
from tests.client.fake_service import serving, until
from tests.client.fake_sound import Speaker
from tests.client.open_session import connected, event_of, overlaps
from tests.session.sounds import voice
from vlclient.errors import ConfigurationError, ProtocolViolation, ServiceError
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import ConversationItemCreate, ConversationItemCreated
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferAppend, InputAudioBufferClear, InputAudioBufferCleared
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.protocol.response import ResponseDone
from vlmock.protocol.session import SessionCreated, SessionUpdated
from vlmock.session.script import Emit, Error, Say, Wait

pytestmark = pytest.mark.usefixtures("alone")


# ---- events


async def test_a_conversation_with_the_emulator():
    """Settings, a typed turn, a spoken answer; everything is typed, and remembered as who said what."""
    with vlmock.serve("small_talk") as server:
        async with connected(server) as session:
            await session.update(instructions="Be brief.", voice="en-US-AvaNeural")
            await session.say("Hello")
            kinds = []
            async for event in session:
                kinds.append(type(event))
                if isinstance(event, ResponseDone):
                    break
        said = list(session.transcripts)
        assert [(each.role, each.final) for each in said] == [("user", True), ("assistant", True)]
        assert said[0].text == "Hello"
        ended = server.journal.wait_for_close()
    assert kinds[0] is SessionCreated
    assert {SessionUpdated, ConversationItemCreated, ResponseAudioDelta} <= set(kinds)
    assert (ended.code, ended.by) == (1000, "client")
    assert server.problems() == []
    assert [event.type for event in server.journal.client_events()] == [
        "session.update",
        "conversation.item.create",
        "response.create",
    ]


async def test_what_nobody_knows_arrives_as_an_unknown_event():
    """The service adds events, and members of other types, between versions."""

    def reply(turn):
        return [Emit({"type": "response.smell", "smell": "roses"}), Emit({"type": "error", "error": 5}), Say("Hm.")]

    with vlmock.serve(reply) as server:
        async with connected(server) as session:
            await session.say("Hello")
            first = await event_of(session, UnknownServerEvent)
            second = await event_of(session, UnknownServerEvent)
            assert (await event_of(session, ResponseDone)).response.status == "completed"
    assert (first.type, first.body["smell"]) == ("response.smell", "roses")
    assert (second.type, second.body["error"]) == ("error", 5)


async def test_any_event_can_be_sent_by_hand():
    """Not only those that have a method."""
    with vlmock.serve() as server:
        async with connected(server) as session:
            await session.send(InputAudioBufferClear())
            await event_of(session, InputAudioBufferCleared)
            await session.clear_audio()
            await event_of(session, InputAudioBufferCleared)


@pytest.mark.parametrize("raises", [False, True])
async def test_errors_are_events_unless_the_caller_wants_exceptions(raises):
    """And then the conversation goes on all the same."""

    def reply(turn):
        return [Error("The roses have wilted.", code="wilted"), Say("Well.")]

    with vlmock.serve(reply) as server:
        async with connected(server, raise_errors=raises) as session:
            await session.say("Hello")
            if raises:
                with pytest.raises(ServiceError, match=r"\[wilted\]: The roses have wilted") as raised:
                    await event_of(session, ErrorEvent)
                assert raised.value.event.error.code == "wilted"
            else:
                assert (await event_of(session, ErrorEvent)).error.code == "wilted"
            assert (await event_of(session, ResponseDone)).response.status == "completed"


async def test_frames_may_be_binary_and_in_pieces():
    """Behaviour 8.1, 8; Documented {SDK}: a binary frame is read like a text frame."""

    async def talk(caller):
        await caller.greet()
        await caller.connection.send(b'{"type":"input_audio_buffer.cleared","event_id":"one"}')
        await caller.connection.send(['{"type":"input_audio_buffer.cleared",', '"event_id":"two"}'])
        await caller.listen()

    async with serving(talk) as service, connected(service) as session:
        assert [(await event_of(session, InputAudioBufferCleared)).event_id for _ in range(2)] == ["one", "two"]


@pytest.mark.parametrize("frame", ["hello", "[]", '{"type": 5}', b"\xff\xfe", "{"])
async def test_what_is_no_event_ends_the_conversation(frame):
    """ProtocolViolation, told at once, and a goodbye with 1002. What came before is read first."""
    codes = []

    async def talk(caller):
        await caller.greet()
        await caller.say(says.speech_started())
        await caller.connection.send(frame)
        await caller.connection.wait_closed()
        codes.append(caller.connection.close_code)

    async with serving(talk) as service:
        async with connected(service) as session:
            kinds = [(await anext(session)).type, (await anext(session)).type]
            with pytest.raises(ProtocolViolation, match="is this Voice Live"):
                await anext(session)
            with pytest.raises(ProtocolViolation):
                await session.send(InputAudioBufferClear())
        await until(lambda: codes)
    assert kinds == ["session.created", "input_audio_buffer.speech_started"]
    assert codes == [1002]


# ---- asking for responses


async def test_a_request_waits_until_nothing_is_being_answered():
    """Behaviour 8.1, 4: the service would refuse it for good."""

    def reply(turn):
        return [Say("One."), Wait(0.05), Say("Two.")]

    with vlmock.serve(reply) as server:
        async with connected(server) as session:
            await session.respond(instructions="first")
            await event_of(session, ResponseAudioDelta)
            await session.respond(instructions="second")
            await session.respond(instructions="third", additional_instructions="And smile.")
            assert not session.is_idle
            await event_of(session, ResponseDone, count=3)
            assert session.is_idle
        asked = server.journal.client_events("response.create")
        assert [event.response.instructions for event in asked] == ["first", "second", "third"]
        assert asked[2].additional_instructions == "And smile."
        assert overlaps(server.journal.entries()) == 0
        assert server.journal.server_events("error") == []


async def test_a_greeting_is_said_once():
    """However often it is asked for; one that could not be asked for is not spent."""
    with vlmock.serve() as server:
        async with connected(server) as session:
            with pytest.raises(ConfigurationError):
                await session.greet(instruction="Say hello.")
            for _ in range(2):
                await session.greet(instructions="Say hello.")
            await event_of(session, ResponseDone)
            await session.clear_audio()
            await event_of(session, InputAudioBufferCleared)
        assert len(server.journal.client_events("response.create")) == 1


async def test_words_can_be_said_without_being_answered():
    """As context."""
    with vlmock.serve() as server:
        async with connected(server) as session:
            await session.say("The user looks tired.", respond=False)
            await event_of(session, ConversationItemCreated)
        assert server.journal.client_events("response.create") == []


async def test_cancel_silences_at_once_and_ends_the_response():
    """Behaviour 8.1, 6: only where there is one. What still comes of it is neither played nor shown."""

    async def talk(caller):
        await caller.greet()
        await caller.hear("response.create")
        item = says.message("m1", "in_progress")
        await caller.say(says.created(), says.item_added(item), says.item_created(item), says.audio(ms=500))
        await caller.hear("response.cancel")
        await caller.say(says.audio(ms=100), says.done("r1", "cancelled"))
        await caller.listen()

    speaker = Speaker(heard_ms=120)
    async with serving(talk) as service, connected(service, playback=speaker) as session:
        await session.cancel()
        assert speaker.told == ["stop"]
        await session.respond()
        await event_of(session, ResponseAudioDelta)
        await session.cancel()
        await session.cancel()
        assert speaker.told == ["stop", "play m1", "stop", "stop"]
        later = [await anext(session)]
        assert [event.type for event in later] == ["response.done"]
        heard = service.callers[0].heard
    sent = [(event.type, getattr(event, "audio_end_ms", "")) for event in heard]
    assert sent == [("response.create", ""), ("conversation.item.truncate", 120), ("response.cancel", "")] or sent == [
        ("response.create", ""),
        ("response.cancel", ""),
        ("conversation.item.truncate", 120),
    ]


# ---- audio


async def test_audio_is_sent_as_it_is():
    """In the session's input format."""
    with vlmock.serve() as server:
        async with connected(server) as session:
            assert (session.input_format.rate_hz, session.input_format.duration_ms(4800)) == (24_000, 100)
            await session.update(turn_detection=None, input_audio_sampling_rate=16_000)
            assert session.input_format.duration_ms(3200) == 100
            await session.append_audio(voice(200, rate_hz=16_000))
            await session.commit_audio()
            await event_of(session, ConversationItemCreated)
        [append] = server.journal.client_events("input_audio_buffer.append")
        assert append.audio == voice(200, rate_hz=16_000)
        assert server.journal.server_events("error") == []


# ---- what is sent


async def test_text_that_cannot_be_sent_is_refused_and_not_remembered():
    """Half a character, as broken programs cut them. The conversation goes on."""
    with vlmock.serve() as server:
        async with connected(server) as session:
            with pytest.raises(UnicodeEncodeError):
                await session.say("\ud83d")
            await session.say("Hello")
            await event_of(session, ResponseDone)
        assert len(server.journal.client_events(ConversationItemCreate)) == 1


async def test_a_burst_of_audio_is_sent_in_order():
    """Though nobody waits for one before the next."""
    with vlmock.serve() as server:
        async with connected(server) as session:
            blocks = [bytes([number]) * 960 for number in range(50)]
            await asyncio.gather(*map(session.append_audio, blocks))
            await session.clear_audio()
            await event_of(session, InputAudioBufferCleared)
        sent = server.journal.client_events(InputAudioBufferAppend)
        assert [event.audio for event in sent] == blocks
