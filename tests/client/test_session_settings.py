"""The settings of an open session: told, waited for, refused, each with its own answer. Source: behaviour 6, 8.1."""

import asyncio

import pytest

import vlmock
from tests.client import service_says as says
from tests.client.fake_service import echo, serving, silent
from tests.client.open_session import connected, event_of
from vlclient.errors import ConfigurationError, NoAnswer, ServiceError
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.session import RequestSession, SessionUpdate
from vlmock.protocol.wire import given

pytestmark = pytest.mark.usefixtures("alone")


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
