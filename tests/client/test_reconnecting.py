"""A connection that is lost is made again: settings, history, and what waited. Source: behaviour 1.4, 1.5, 8.1, 10."""

import asyncio
from typing import Any

import pytest

import vlclient
import vlmock
from tests.client import service_says as says
from tests.client.fake_service import FakeService, answering, refusing, serving, undisturbed, until
from tests.client.fake_sound import Speaker
from tests.client.test_connecting import SECRET, AsyncCredential, Credential, said
from tests.session.sounds import silence
from vlclient import Reconnect, Reconnected, Reconnecting
from vlclient.errors import ConnectionClosed, NoAnswer, NotAllowed, Refused, ServiceError
from vlmock.protocol.input_audio import InputAudioBufferClear, InputAudioBufferCleared
from vlmock.protocol.response import ResponseDone
from vlmock.protocol.session import RequestSession, SessionUpdate
from vlmock.session.script import Close, Say

AT_ONCE = Reconnect(first_delay_s=0.001, longest_delay_s=0.001)


@pytest.fixture(autouse=True)
async def alone(monkeypatch, tmp_path):
    async with undisturbed(monkeypatch, tmp_path):
        yield


def connected(service: FakeService | vlmock.MockServer, **options: Any) -> vlclient.connect:
    options = {"api_key": "sesame", "reconnect": AT_ONCE, **options}
    if "credential" in options:
        del options["api_key"]
    return vlclient.connect(service.url, model="gpt-4o", **options)


async def event_of(session: vlclient.Session, kind: type, *, count: int = 1) -> Any:
    async for event in session:
        if isinstance(event, kind):
            count -= 1
            if not count:
                return event
    raise AssertionError(f"no {kind.__name__} came")


async def cut(caller):
    """Lives for one update, then loses the network."""
    await caller.greet()
    await caller.update()
    caller.hang_up()


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


# ---- attempts


async def test_attempts_are_reported_and_the_pause_doubles():
    """Each with the cause of the one before; once it is up they begin anew, if it lasts."""
    policy = Reconnect(first_delay_s=0.002, longest_delay_s=0.004, jitter=0.0)

    async def lasting(caller):
        await caller.greet()
        await asyncio.sleep(0.05)  # far longer than the longest pause
        caller.hang_up()

    door = refusing(0, 503, 503, 503, 0, 503)
    async with serving(lasting, door=open_at(door, 1, 5)) as service, connected(service, reconnect=policy) as session:
        notices = []
        async for event in session:
            if isinstance(event, Reconnecting):
                notices.append((event.attempt, event.delay_s, getattr(event.cause, "status", None)))
            if isinstance(event, Reconnected):
                notices.append(event.attempt)
                if len(notices) == 8:
                    break
    assert notices == [
        (1, 0.002, None),
        (2, 0.004, 503),
        (3, 0.004, 503),
        (4, 0.004, 503),
        4,
        (1, 0.002, None),
        (2, 0.004, 503),
        2,
    ]


def open_at(door, *attempts):
    return lambda attempt, request: None if attempt in attempts else door(attempt, request)


async def test_connections_that_do_not_last_are_attempts_too():
    """Or a service that takes everybody and drops everybody would be dialled for ever, in haste."""
    policy = Reconnect(attempts=3, first_delay_s=0.001, longest_delay_s=5.0)

    async def leaving(caller):
        await caller.greet()
        caller.hang_up()

    async with serving(leaving) as service, connected(service, reconnect=policy) as session:
        with pytest.raises(ConnectionClosed) as closed:
            await event_of(session, ServiceError)
        assert closed.value.__notes__ == ["not dialled again: after 3 attempts"]
        assert service.attempts == 4


async def test_when_it_gives_up_the_last_reason_is_told_with_what_was_lost():
    """To whoever reads, and to whoever waits to send."""

    async def leaving(caller):
        await caller.greet()
        await caller.hear("response.create")
        await caller.say(says.created())
        caller.hang_up()

    policy = Reconnect(attempts=2, first_delay_s=0.001)
    async with (
        serving(leaving, door=open_at(refusing(*[503] * 9), 1)) as service,
        connected(service, reconnect=policy) as session,
    ):
        await session.respond()
        await event_of(session, Reconnecting)
        waiting = asyncio.create_task(session.clear_audio())
        with pytest.raises(Refused) as refused:
            await event_of(session, ResponseDone)
        assert refused.value.__notes__ == ["lost: the rest of a response", "not dialled again: after 2 attempts"]
        with pytest.raises(Refused):
            await waiting
        with pytest.raises(Refused):
            await session.update(instructions="x")


async def test_a_service_that_asks_for_time_gets_it():
    """``Retry-After`` of a 429; too long a time is not waited for."""
    door = open_at(refusing(0, 429, Retry_After="61"), 1)
    async with serving(cut, answering, door=door) as service, connected(service) as session:
        await session.update(instructions="x")
        with pytest.raises(Refused) as refused:
            await event_of(session, Reconnected)
        assert refused.value.__notes__ == ["not dialled again: the service asks to be left alone for 61 s"]


@pytest.mark.parametrize("kind", [Credential, AsyncCredential])
async def test_after_a_401_the_token_is_fetched_anew(kind):
    """Once; a second 401 with a fresh token is the end."""
    credential = kind()
    async with (
        serving(cut, answering, door=open_at(refusing(0, 401), 1)) as service,
        connected(service, credential=credential) as session,
    ):
        await session.update(instructions="x")
        await event_of(session, Reconnected)
        assert [said(caller) for caller in service.callers] == [f"Bearer {SECRET}-1", f"Bearer {SECRET}-2"]
        assert service.attempts == 3
    async with (
        serving(cut, answering, door=open_at(refusing(0, 401, 401), 1)) as service,
        connected(service, credential=credential) as session,
    ):
        await session.update(instructions="x")
        with pytest.raises(NotAllowed) as refused:
            await event_of(session, Reconnected)
        assert refused.value.__notes__ == ["not dialled again: a fresh token was refused as well"]


async def test_a_token_that_has_ended_is_fetched_anew_with_the_real_azure_identity():
    """The session lives on after its token; the next connection needs another."""
    with vlmock.serve(lambda turn: [Say("Bye."), Close(1001, "going away")]) as server:
        entra = server.entra()
        async with vlclient.connect(server.url, model="gpt-4o", reconnect=AT_ONCE) as session:
            await session.update(instructions="x")
            entra.expire()
            await session.say("Leave")
            await event_of(session, Reconnected)
            assert (await session.update(temperature=0.7)).instructions == "x"


async def test_an_attempt_that_stops_half_way_is_followed_by_the_next():
    """Nothing that it was told confuses the one after: later changes are still remembered."""

    async def stuck(caller):
        await caller.greet()
        await caller.listen()

    async def second_cut(caller):
        await caller.greet()
        await caller.update()
        await caller.update()
        caller.hang_up()

    async def garbled(caller):
        await caller.greet()
        await caller.hear("session.update")
        caller.hang_up()

    async with (
        serving(cut, stuck, garbled, second_cut, answering) as service,
        connected(service, update_timeout_s=0.1) as session,
    ):
        await session.update(instructions="x")
        assert isinstance((await event_of(session, Reconnecting, count=2)).cause, NoAnswer)
        assert (await event_of(session, Reconnecting)).cause.code == 1006
        await event_of(session, Reconnected)
        assert (await session.update(temperature=0.5)).temperature == 0.5
        await event_of(session, Reconnected)
        last = service.callers[-1].heard[0].session
        assert (last.instructions, last.temperature) == ("x", 0.5)


async def test_a_configuration_that_is_refused_now_is_the_end():
    """The same would happen again."""

    async def refusing_it(caller):
        await caller.greet()
        event = await caller.hear("session.update")
        await caller.say(says.error("wrong", event_id=event.event_id))
        await caller.listen()

    async with serving(cut, refusing_it) as service, connected(service) as session:
        await session.update(instructions="x")
        with pytest.raises(ServiceError) as refused:
            await event_of(session, Reconnected)
        assert refused.value.__notes__ == ["not dialled again: the same would happen again"]
        assert service.attempts == 2


# ---- what waits, and what is dropped


async def test_whoever_sends_during_the_outage_waits():
    """And is served in order, after the history."""
    door_open = asyncio.Event()

    async def second(caller):
        await door_open.wait()
        await answering(caller)

    async with serving(cut, second) as service, connected(service) as session:
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

    async def second(caller):
        await door_open.wait()
        await answering(caller)

    async with serving(cut, second) as service, connected(service) as session:
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
        async with asyncio.timeout(5):
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
        async with asyncio.timeout(5):
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
            async with asyncio.timeout(5):
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
