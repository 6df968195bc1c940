"""An open session: typed events both ways, settings that are waited for, turns, tools, barge-in, and how it ends.

Source: issue 3, behaviour 8.1. What comes back after a loss is in ``test_reconnecting.py``.
"""

import asyncio
import threading
from typing import Any

import msgspec
import pytest

import vlclient
import vlmock
from tests.client import service_says as says
from tests.client.fake_service import FakeService, answering, echo, serving, silent, undisturbed, until
from tests.client.fake_sound import Speaker
from tests.session.sounds import silence, voice
from vlclient import AzureSemanticVad, ServerVad, Tool
from vlclient.audio.ports import Part
from vlclient.errors import ConfigurationError, ConnectionClosed, DeviceLost, NoAnswer, ProtocolViolation, ServiceError
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import ConversationItemCreate, ConversationItemCreated
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferAppend, InputAudioBufferClear, InputAudioBufferCleared
from vlmock.protocol.items import RequestFunctionCallOutput
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.protocol.response import ResponseDone
from vlmock.protocol.session import RequestSession, SessionCreated, SessionUpdate, SessionUpdated
from vlmock.protocol.tools import FunctionTool, McpTool
from vlmock.protocol.wire import given
from vlmock.session.script import Call, Close, Emit, Error, Say, Wait


@pytest.fixture(autouse=True)
async def alone(monkeypatch, tmp_path):
    async with undisturbed(monkeypatch, tmp_path):
        yield


def connected(service: FakeService | vlmock.MockServer, **options: Any) -> vlclient.connect:
    return vlclient.connect(service.url, model="gpt-4o", api_key="sesame", **options)


async def event_of(session: vlclient.Session, kind: type, *, count: int = 1) -> Any:
    """The next event of that kind, or the so-manieth."""
    async for event in session:
        if isinstance(event, kind):
            count -= 1
            if not count:
                return event
    raise AssertionError(f"no {kind.__name__} came")


def tool_says(turn, name: str) -> str:
    return next(output.output for output in turn.tool_outputs if output.name == name)


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


# ---- settings


async def test_an_update_returns_when_it_is_in_force():
    """With all settings that are; null is said as null."""
    with vlmock.serve() as server:
        async with connected(server) as session:
            assert session.settings is not None
            echoed = await session.update(instructions="Be brief.", turn_detection=None)
            assert echoed.instructions == "Be brief."
            assert echoed.turn_detection is None
            assert session.settings == echoed
    [update] = server.journal.client_events("session.update")
    assert (update.session.instructions, update.session.turn_detection) == ("Be brief.", None)


async def test_a_refused_update_raises_and_is_an_event_too():
    """Observed (behaviour 6): the conversation goes on, and nothing of the update is in force."""
    with vlmock.serve() as server:
        async with connected(server) as session:
            with pytest.raises(ServiceError) as refused:
                await session.update(instructions="Be brief.", modalities=["smell"])
            error = await event_of(session, ErrorEvent)
            assert refused.value.event == error
            assert given(session.settings.instructions, "") != "Be brief."
            assert (await session.update(instructions="Be polite.")).instructions == "Be polite."


async def test_a_refusal_that_names_no_event_is_the_oldest_updates():
    """Observed (behaviour 6): ``event_id`` may be null; then only ``param`` says what it is about."""

    async def talk(caller):
        await caller.greet()
        await caller.hear("session.update")
        await caller.say(says.error("wilted", param="audio"), says.error("wrong", param="session.voice"))
        await caller.update()
        await caller.listen()

    async with serving(talk) as service, connected(service) as session:
        with pytest.raises(ServiceError, match="wrong"):
            await session.update(voice="alloy")
        assert (await session.update(instructions="x")).instructions == "x"


async def test_an_update_that_nobody_answers_is_given_up():
    """Behaviour 8.1, 1: time out, and fail loudly."""
    async with serving(silent) as service, connected(service, update_timeout_s=0.05) as session:
        with pytest.raises(NoAnswer, match=r"session.update was not answered within 0.05 s"):
            await session.update(instructions="x")


async def test_after_one_that_was_never_answered_the_next_is():
    """Its answer is not taken for that of the one that was given up."""

    async def talk(caller):
        await caller.greet()
        await caller.hear("session.update")
        await caller.update()
        await caller.listen()

    async with serving(talk) as service, connected(service, update_timeout_s=0.1) as session:
        with pytest.raises(NoAnswer):
            await session.update(instructions="one")
        assert (await session.update(instructions="two")).instructions == "two"


async def test_several_updates_at_once_get_each_their_own_answer():
    """Also when one of them is refused, and the answers arrive together."""
    refused = 1

    async def talk(caller):
        await caller.greet()
        updates = [await caller.hear("session.update") for _ in range(4)]
        answers = [echo(update) for update in updates]
        answers[refused] = says.error("wrong", event_id=updates[refused].event_id, param="session.instructions")
        await caller.say(*answers)
        await caller.listen()

    async with serving(talk) as service, connected(service, update_timeout_s=1.0) as session:
        told = await asyncio.gather(
            *(session.update(instructions=f"number {number}") for number in range(4)), return_exceptions=True
        )
    assert isinstance(told.pop(refused), ServiceError)
    assert [session.instructions for session in told] == ["number 0", "number 2", "number 3"]


async def test_the_answer_to_an_update_sent_by_hand_is_not_anothers():
    """Answers name no update: they come in the order of the updates, whoever sent them."""

    async def talk(caller):
        await caller.greet()
        updates = [await caller.hear("session.update") for _ in range(2)]
        await caller.say(*map(echo, updates))
        await caller.listen()

    async with serving(talk) as service, connected(service) as session:
        await session.send(SessionUpdate(session=RequestSession(instructions="by hand")))
        assert (await session.update(instructions="by method")).instructions == "by method"


async def test_the_answer_to_an_update_that_was_abandoned_is_not_anothers():
    """Its caller has gone, it has not."""
    heard = asyncio.Event()

    async def talk(caller):
        await caller.greet()
        updates = [await caller.hear("session.update")]
        heard.set()
        updates.append(await caller.hear("session.update"))
        await caller.say(*map(echo, updates))
        await caller.listen()

    async with serving(talk) as service, connected(service) as session:
        abandoned = asyncio.create_task(session.update(instructions="one"))
        await heard.wait()
        abandoned.cancel()
        await asyncio.wait((abandoned,))
        assert (await session.update(instructions="two")).instructions == "two"


async def test_a_member_that_there_is_not_is_refused_before_it_is_sent():
    """With a hint, and without harm."""
    with vlmock.serve() as server:
        async with connected(server) as session:
            with pytest.raises(ConfigurationError, match=r"'instruction' \(did you mean 'instructions'\?\)"):
                await session.update(instruction="x")
            await session.update(instructions="x")
    assert len(server.journal.client_events("session.update")) == 1


async def test_updates_are_answered_though_nobody_reads_the_events():
    """However many wait to be read; they are bounded, the oldest go, and are counted."""
    many = 30_000

    async def talk(caller):
        await caller.greet()
        await caller.update()
        burst = [says.words("r1", str(number)) for number in range(many)]
        await caller.say(*burst)
        await caller.update()
        await caller.listen()

    async with serving(talk) as service, connected(service) as session:
        await session.update(instructions="one")
        assert (await session.update(instructions="two")).instructions == "two"
        first = await anext(session)
        assert first.delta == str(many + 3 - 20_000 - 2)
        assert session.dropped_events == many + 3 - 20_000


# ---- tools in the settings


def plus(a: int, b: int) -> int:
    """Add."""
    return a + b


def minus(a: int, b: int) -> int:
    """Subtract."""
    return a - b


def names(event: SessionUpdate) -> list[str] | None:
    tools = event.session.tools
    return None if isinstance(tools, msgspec.UnsetType) else [getattr(tool, "name", tool.type) for tool in tools]


DECLARED = FunctionTool(name="theirs")
MCP = McpTool(server_label="x", server_url="https://x.example")


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ([{}], [["plus"]]),
        ([{}, {"instructions": "x"}], [["plus"], None]),
        ([{"tools": [minus]}], [["plus", "minus"]]),
        ([{"tools": [plus]}], [["plus"]]),
        ([{"tools": [DECLARED, MCP]}], [["theirs", "mcp", "plus"]]),
        ([{"tools": [{"type": "function", "name": "theirs"}]}], [["theirs", "plus"]]),
        ([{"tools": [DECLARED]}, {"tools": [minus]}], [["theirs", "plus"], ["plus", "minus"]]),
        ([{"tools": [DECLARED]}, {"instructions": "x"}], [["theirs", "plus"], None]),
        ([{"tools": [Tool.of(minus, name="less")]}], [["plus", "less"]]),
        ([{"tools": [FunctionTool(name="plus")]}], [["plus"]]),
        ([{"tools": []}], [["plus"]]),
    ],
)
async def test_registered_functions_and_declared_tools_are_told_together(calls, told):
    """The service replaces ``tools`` as a whole: every update that names any names all; others name none twice."""
    async with serving(answering) as service, connected(service) as session:
        session.tool(plus)
        for members in calls:
            await session.update(**members)
        heard = [names(event) for event in service.callers[0].heard]
    assert heard == told


async def test_a_function_registered_later_is_told_with_the_next_update():
    """And takes nothing away that was declared."""
    async with serving(answering) as service, connected(service) as session:
        await session.update(tools=[DECLARED])

        @session.tool(name="add", description="Adds.")
        def plus(a: int) -> int:
            return a

        await session.update(instructions="x")
        assert names(service.callers[0].heard[-1]) == ["theirs", "add"]
        assert service.callers[0].heard[-1].session.tools[1].description == "Adds."


async def test_tools_of_a_refused_update_are_told_again():
    """Nothing of it was in force."""

    async def talk(caller):
        await caller.greet()
        event = await caller.hear("session.update")
        await caller.say(says.error("wrong", event_id=event.event_id))
        await caller.update()
        await caller.listen()

    async with serving(talk) as service, connected(service) as session:
        session.tool(plus)
        with pytest.raises(ServiceError):
            await session.update(instructions="wrong")
        await session.update(instructions="right")
        assert names(service.callers[0].heard[-1]) == ["plus"]


async def test_two_functions_of_one_name_are_a_mistake():
    """One of them would never be called."""
    async with serving(answering) as service, connected(service) as session:
        session.tool(plus)
        with pytest.raises(ConfigurationError, match="there is a tool 'plus' already"):
            session.tool(minus, name="plus")
        with pytest.raises(ConfigurationError, match="there is a tool 'plus' already"):
            await session.update(tools=[Tool.of(minus, name="plus")])
        with pytest.raises(ConfigurationError, match="tools is a list, not a function"):
            await session.update(tools=minus)


# ---- asking for responses


def overlaps(entries) -> int:
    """How many responses were asked for while one was being generated."""
    active = found = 0
    for entry in entries:
        active += {"response.created": 1, "response.done": -1}.get(entry.type, 0)
        found += entry.type == "response.create" and active > 0
    return found


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


# ---- tools


async def test_a_tool_is_called_and_its_output_answered():
    """From annotations and docstring to the words that are made of it."""
    with vlmock.serve("weather") as server:
        async with connected(server) as session:

            @session.tool
            def get_weather(location: str) -> dict[str, Any]:
                """Look up the weather."""
                return {"weather": f"sunny in {location}", "temp_c": 21}

            await session.update(turn_detection=ServerVad())
            await session.say("What is the weather in Beijing?")
            await event_of(session, ResponseDone, count=2)
            said = [each.text for each in session.transcripts]
        assert said[-1] == "It is sunny in Beijing and 21 degrees in Beijing."
        assert server.problems() == []


async def test_all_calls_of_a_response_are_answered_before_the_next():
    """Behaviour 8.1, 5: whichever is ready first, failing or unknown; an error becomes an output."""
    calls = ["at_once", "slowly", "in_a_thread", "failing", "falling", "unknown", "too_slow"]
    outputs: list[dict[str, str]] = []

    def reply(turn):
        if turn.tool_outputs:
            outputs.append({output.name: output.output for output in turn.tool_outputs})
            return "Done."
        return [Call(name, "{}") for name in calls]

    others = asyncio.Event()
    thread: list[threading.Thread] = []

    with vlmock.serve(reply) as server:
        async with connected(server) as session:

            @session.tool
            async def at_once() -> str:
                others.set()
                return "one"

            @session.tool
            async def slowly() -> list[int]:
                await others.wait()
                return [2]

            @session.tool
            def in_a_thread() -> int:
                thread.append(threading.current_thread())
                return 3

            @session.tool
            async def failing() -> None:
                raise ValueError("no such place")

            @session.tool
            def falling() -> None:
                raise KeyError("x")

            @session.tool(timeout_s=0.01)
            async def too_slow() -> None:
                await asyncio.Event().wait()

            await session.update()
            await session.say("Hello")
            await event_of(session, ResponseDone, count=2)
        sent = [event.type for event in server.journal.client_events()]
        assert overlaps(server.journal.entries()) == 0
    [told] = outputs
    assert told == {
        "at_once": "one",
        "slowly": "[2]",
        "in_a_thread": "3",
        "failing": '{"error":"ValueError: no such place"}',
        "falling": '{"error":"KeyError: \'x\'"}',
        "unknown": told["unknown"],
        "too_slow": '{"error":"no result within 0.01 s"}',
    }
    assert "there is no tool 'unknown'; known: at_once" in told["unknown"]
    assert thread[0] is not threading.main_thread()
    assert sent.count("response.create") == 2
    assert sent[-1] == "response.create"
    assert server.crashes == []


async def test_a_tool_that_the_application_declared_is_the_applications_to_answer():
    """It has no function here; until it has answered, the conversation is not idle."""
    with vlmock.serve(lambda turn: "Fine." if turn.tool_outputs else Call("theirs", "{}", "c9")) as server:
        async with connected(server) as session:
            await session.update(tools=[DECLARED])
            await session.say("Hello")
            await event_of(session, ResponseDone)
            assert not session.is_idle
            assert len(server.journal.client_events(ConversationItemCreate)) == 1
            await session.send(ConversationItemCreate(item=RequestFunctionCallOutput(call_id="c9", output="ours")))
            await session.respond()
            await event_of(session, ResponseDone)
            assert session.is_idle
        items = [event.item for event in server.journal.client_events(ConversationItemCreate)]
        assert [item.output for item in items[1:]] == ["ours"]


async def test_a_tool_may_end_the_conversation():
    """ "Goodbye" is something that a model says with a tool."""
    with vlmock.serve(lambda turn: Call("hang_up", "{}")) as server:
        async with connected(server) as session:

            @session.tool
            async def hang_up() -> None:
                await session.close()

            await session.update()
            await session.say("Goodbye")
            async with asyncio.timeout(5):
                async for _ in session:
                    pass
        assert server.journal.wait_for_close().code == 1000


# ---- barge-in


def reply_burst(response: str = "r1", *, ms: int = 1000, over: bool = True) -> list[Any]:
    """A reply as it comes, far faster than it is heard."""
    item = says.message(says.message_of(response), "in_progress")
    events = [says.created(response), says.item_added(item, response), says.item_created(item)]
    events += [says.audio(response, 100) for _ in range(ms // 100)]
    return [*events, says.audio_done(response), says.done(response, "completed", says.message())] if over else events


@pytest.mark.parametrize("over", [True, False], ids=["after response.done", "while it is generated"])
async def test_when_the_user_speaks_it_is_silent_at_once(over):
    """Behaviour 8.1, 2 and 3: whether or not a response is active; then the service is told what was heard. What still
    comes of the reply is dropped, though it arrives together with the user's speech. Nobody needs to read events."""

    async def talk(caller):
        await caller.greet()
        await caller.say(*reply_burst(over=over), says.speech_started(), *([] if over else [says.audio("r1", 100)]))
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
        await caller.say(*reply_burst(), says.speech_started())
        await caller.listen()

    speaker = Speaker(heard_ms=0)
    async with serving(talk) as service, connected(service, playback=speaker) as session:
        async with asyncio.timeout(5):
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
            async with asyncio.timeout(5):
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
        await caller.say(*reply_burst())
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
        async with asyncio.timeout(5):
            await left.wait()


async def test_a_sink_that_fails_as_no_sink_should_ends_the_conversation_with_its_own_error():
    """A mistake of the program is not swallowed, and nothing hangs."""

    class Broken(Speaker):
        def play(self, part, audio):
            raise ZeroDivisionError("a mistake")

    async def talk(caller):
        await caller.greet()
        await caller.say(*reply_burst())
        await caller.listen()

    async with serving(talk) as service, connected(service, playback=Broken()) as session:
        with pytest.raises(ZeroDivisionError):
            await event_of(session, ResponseDone)


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


# ---- how it ends


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
        await caller.say(*reply_burst(), says.committed("u1"), says.call_added("c7", "r7"))
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
        await caller.say(*reply_burst())
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
        await caller.say(*reply_burst(over=False))
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
        async with asyncio.timeout(10):
            async with connected(service):
                await flooding.wait()


async def test_nothing_is_done_any_more_after_the_close():
    """What comes while we say goodbye is not played, not shown, and runs no tool."""
    ran = []

    async def talk(caller):
        await caller.greet()
        await caller.update()
        await until(lambda: closing)
        await caller.say(*reply_burst(over=False), says.call_added(), says.arguments_done(), says.call_done())
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
        await caller.say(*reply_burst(over=False))
        await caller.connection.close()

    error = await lost_words(talk, lambda session: event_of(session, ResponseDone))
    assert (error.code, error.lost) == (1000, ("the rest of a response",))


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
