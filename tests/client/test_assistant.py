"""A conversation between a source and a sink of sound. Source: behaviour 8.1, 11."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

import vlmock
from tests.client import service_says as says
from tests.client.fake_service import answering, serving, until
from tests.client.fake_sound import Microphone, Speaker
from tests.client.open_session import connected
from tests.session.sounds import silence, voice
from vlclient import AzureSemanticVad, Reconnect, Reconnected, ServerVad
from vlclient.assistant import Assistant
from vlclient.audio.wav import WavSink, WavSource, read_wav
from vlclient.errors import ConnectionClosed, DeviceLost
from vlmock.protocol.input_audio import InputAudioBufferSpeechStarted
from vlmock.protocol.response import ResponseDone
from vlmock.session.script import Close, Say

WORDS = Path(vlmock.__file__).parent / "demo" / "what_is_the_weather.wav"
BLOCK = silence(20)

pytestmark = pytest.mark.usefixtures("alone")


class Shown:
    """What the assistant showed."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.news = asyncio.Event()

    def __call__(self, event: Any) -> None:
        self.events.append(event)
        self.news.set()

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    async def until(self, kind: type, count: int = 1) -> None:
        async with asyncio.timeout(30):
            while sum(isinstance(event, kind) for event in self.events) < count:
                self.news.clear()
                await self.news.wait()


async def held(assistant: Assistant) -> None:
    async with asyncio.timeout(20):
        await assistant.run()


# ---- whole conversations


async def test_a_file_asks_a_tool_answers_and_a_file_hears_it(tmp_path):
    """As fast as it goes; it returns when the answer was heard, and the file has all of it."""
    blocks = []
    with vlmock.serve("weather") as server:
        sink = WavSink(tmp_path / "out.wav", paced=False)
        source = WavSource(WORDS, paced=False)
        async with connected(server, playback=sink) as session:

            @session.tool
            def get_weather(location: str) -> dict[str, Any]:
                """Look up the weather."""
                return {"weather": "sunny", "temp_c": 21}

            await session.update(turn_detection=AzureSemanticVad())
            shown = Shown()
            await held(Assistant(session, source, sink, on_event=shown, on_block=blocks.append, hang_up_after_s=0.5))
            said = [(each.role, each.text) for each in session.transcripts]
        sink.close()
        sent = sum(len(event.delta) for event in deltas(server))
    assert said == [
        ("user", "What is the weather in Beijing?"),
        ("assistant", "I will look that up."),
        ("assistant", "It is sunny and 21 degrees in Beijing."),
    ]
    assert len(read_wav(tmp_path / "out.wav", rate_hz=24_000)) == sent > 0
    spoken = read_wav(WORDS, rate_hz=24_000)
    assert b"".join(blocks)[: len(spoken)] == spoken
    assert shown.types.count("response.done") == 2
    assert server.problems() == []


def deltas(server):
    for event in server.journal.server_events("response.audio.delta"):
        raw = isinstance(event.delta, msgspec.Raw)
        yield msgspec.structs.replace(event, delta=msgspec.json.decode(event.delta, type=bytes)) if raw else event


async def test_a_service_far_away_is_waited_for():
    """The whole file and seconds of silence are sent before the first word of the service is here: that silence is
    not the end of the conversation."""

    async def talk(caller):
        await caller.greet()
        await caller.update()
        for _ in range(150):  # three seconds
            await caller.hear("input_audio_buffer.append")
        await caller.say(says.speech_started(), says.speech_stopped(), says.committed(), says.created())
        await caller.say(says.done())
        await caller.listen()

    sink = Speaker()
    async with serving(talk) as service, connected(service, playback=sink) as session:
        await session.update(turn_detection=ServerVad())
        shown = Shown()
        source = Microphone([voice(20)] * 10, then=BLOCK)
        await held(Assistant(session, source, sink, on_event=shown, hang_up_after_s=0.3))
    assert shown.types[-1] == "response.done"
    assert sink.told[-1] == "drained"


async def test_it_hangs_up_when_the_answer_was_heard_and_not_when_it_came():
    """Behaviour 8.1, 11. What is typed meanwhile is answered too."""
    with vlmock.serve(lambda turn: f"Answer {turn.number}.") as server:
        sink = Speaker()
        sink.silent.clear()
        async with connected(server, playback=sink) as session:
            await session.update(turn_detection=ServerVad())
            shown = Shown()
            source = Microphone([silence(100), voice(700)], then=silence(100), every_s=0.001)
            assistant = Assistant(session, source, sink, on_event=shown, hang_up_after_s=0.05)
            running = asyncio.create_task(assistant.run())
            await shown.until(ResponseDone)
            await until(lambda: "drained?" in sink.told)
            assert not running.done()
            await session.say("And another thing")
            await shown.until(ResponseDone, 2)
            assert not running.done()
            sink.silent.set()
            async with asyncio.timeout(30):
                await running
        assert len(server.journal.client_events("response.create")) == 1
    assert sink.told[-1] == "drained"


@pytest.mark.parametrize("then", [b"", BLOCK], ids=["without silence", "with silence"])
async def test_where_turns_are_committed_by_hand_the_end_of_the_source_is_the_end_of_the_turn(then):
    """Nobody but the client knows it. Once, however much silence follows."""
    with vlmock.serve(lambda turn: "I see.") as server:
        sink = Speaker()
        async with connected(server, playback=sink) as session:
            await session.update(turn_detection=None)
            shown = Shown()
            source = Microphone([voice(20)] * 10, then=then, every_s=0.001)
            await held(Assistant(session, source, sink, on_event=shown, hang_up_after_s=0.1))
            assert [each.role for each in session.transcripts] == ["user", "assistant"]
        kinds = [event.type for event in server.journal.client_events()]
        assert (kinds.count("input_audio_buffer.commit"), kinds.count("response.create")) == (1, 1)
        assert server.journal.server_events("error") == []
    assert shown.types[-1] == "response.done"
    assert sink.told[-1] == "drained"


async def test_a_source_that_says_nothing_is_not_committed():
    """An empty turn would be refused."""
    async with serving(answering) as service, connected(service, playback=None) as session:
        await session.update(turn_detection=None)
        await held(Assistant(session, Microphone(then=b""), Speaker(), on_event=Shown()))
        assert len(service.callers[0].heard) == 1


async def test_hang_up_ends_it_at_once():
    """Whatever is being said or heard."""
    with vlmock.serve() as server:
        sink = Speaker()
        sink.silent.clear()
        async with connected(server, playback=sink) as session:
            await session.update(turn_detection=ServerVad())
            shown = Shown()
            assistant = Assistant(session, Microphone([voice(500)]), sink, on_event=shown)
            running = asyncio.create_task(assistant.run())
            await shown.until(InputAudioBufferSpeechStarted)
            assistant.hang_up()
            async with asyncio.timeout(30):
                await running
        assert server.journal.wait_for_close().code == 1000


async def test_a_source_that_is_closed_ends_it_when_everything_was_heard():
    """Like somebody who has put down the microphone."""
    async with serving(answering) as service, connected(service, playback=None) as session:
        await session.update(turn_detection=ServerVad())
        source, sink = Microphone([BLOCK]), Speaker()
        running = asyncio.create_task(Assistant(session, source, sink, on_event=Shown()).run())
        await until(lambda: len(service.callers[0].heard) == 2)
        source.close()
        async with asyncio.timeout(30):
            await running
    assert sink.told == ["drained?", "drained"]


# ---- what can go wrong


@pytest.mark.parametrize("where", ["microphone", "loudspeaker", "loudspeaker at the end"])
async def test_a_device_that_goes_away_ends_it(where):
    """DeviceLost, of whichever; the session can be left properly."""

    async def talk(caller):
        await caller.greet()
        await caller.update()
        await caller.hear("input_audio_buffer.append")
        await caller.say(says.speech_started(), says.speech_stopped(), says.created(), says.audio(), says.done())
        await caller.listen()

    sink = Speaker(loses_at=2 if where == "loudspeaker" else None)  # stop, then play
    sink.lost_while_draining = where == "loudspeaker at the end"
    gone = DeviceLost("the microphone has gone: plug it in again")
    source = Microphone([BLOCK], then=gone if where == "microphone" else BLOCK, every_s=0.001)
    async with serving(talk) as service, connected(service, playback=sink) as session:
        await session.update(turn_detection=ServerVad())
        with pytest.raises(DeviceLost, match=where.split()[0]):
            await held(Assistant(session, source, sink, on_event=Shown(), hang_up_after_s=0.05))
        await until(lambda: len(service.callers[0].heard) > 1)


@pytest.mark.parametrize("code", [1008, 1011])
async def test_a_service_that_closes_ends_it_once_everything_was_shown(code):
    """The error that explains it came just before; a source that talks on does not hide it."""

    async def talk(caller):
        await caller.greet()
        await caller.update()
        await caller.hear("input_audio_buffer.append")
        await caller.say(*[says.words("r1", "x")] * 100, says.error("agent_initialization_failed"))
        await caller.connection.close(code, "agent")

    async with serving(talk) as service, connected(service, playback=Speaker()) as session:
        await session.update(turn_detection=ServerVad())
        shown = Shown()
        with pytest.raises(ConnectionClosed, match=f"code {code}"):
            await held(Assistant(session, Microphone(then=BLOCK), Speaker(), on_event=shown))
        assert shown.types[-1] == "error"


async def test_a_service_that_says_goodbye_is_heard_to_the_end():
    """1000 after its last words is a good end: no error, though the source talks on."""
    with vlmock.serve(lambda turn: [Say("Goodbye."), Close(1000, "done")]) as server:
        sink = Speaker()
        sink.silent.clear()
        async with connected(server, playback=sink) as session:
            await session.update(turn_detection=ServerVad())
            shown = Shown()
            source = Microphone(then=BLOCK, every_s=0.001)
            running = asyncio.create_task(Assistant(session, source, sink, on_event=shown, hang_up_after_s=60).run())
            await session.say("Bye")
            await shown.until(ResponseDone)
            await until(lambda: "drained?" in sink.told)
            assert not running.done()
            assert "stop" not in sink.told
            sink.silent.set()
            async with asyncio.timeout(30):
                await running
    assert sink.told[-1] == "drained"


async def test_a_mistake_of_the_program_is_its_own():
    """What it does with an event or a block is not swallowed."""

    def mistaken(_: Any) -> None:
        raise ZeroDivisionError("a mistake")

    for callbacks in ({"on_event": mistaken}, {"on_event": lambda event: None, "on_block": mistaken}):
        async with serving(answering) as service, connected(service, playback=None) as session:
            await session.update(turn_detection=ServerVad())
            with pytest.raises(ZeroDivisionError):
                await held(Assistant(session, Microphone([BLOCK]), Speaker(), **callbacks))


async def test_cancelled_it_leaves_nothing_behind():
    """The fixture looks for tasks."""
    async with serving(answering) as service, connected(service, playback=None) as session:
        await session.update(turn_detection=ServerVad())
        running = asyncio.create_task(Assistant(session, Microphone([BLOCK]), Speaker(), on_event=Shown()).run())
        await until(lambda: len(service.callers[0].heard) == 2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_a_lost_connection_in_the_middle_of_a_word_does_not_keep_it_waiting():
    """The new session never says that the user has finished: it has not heard the beginning."""

    async def cutting(caller):
        await caller.greet()
        await caller.update()
        await caller.hear("input_audio_buffer.append")
        await caller.say(says.speech_started())
        caller.hang_up()

    policy = Reconnect(first_delay_s=0.001)
    async with serving(cutting, answering) as service, connected(service, playback=None, reconnect=policy) as session:
        await session.update(turn_detection=ServerVad())
        shown = Shown()
        source = Microphone([BLOCK], then=BLOCK, every_s=0.001)
        await held(Assistant(session, source, Speaker(), on_event=shown, hang_up_after_s=0.1))
        assert any(isinstance(event, Reconnected) for event in shown.events)
