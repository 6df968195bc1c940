"""How often, after which pauses and with which token a lost connection is dialled again. Source: behaviour 1.4, 1.5."""

import asyncio

import pytest

import vlclient
import vlmock
from tests.client import service_says as says
from tests.client.fake_service import answering, refusing, serving
from tests.client.lossy_network import AT_ONCE, connected, cut
from tests.client.numbered_tokens import SECRET, AsyncCredential, Credential, said
from tests.client.open_session import event_of
from vlclient import Reconnect, Reconnected, Reconnecting
from vlclient.errors import ConnectionClosed, NoAnswer, NotAllowed, Refused, ServiceError
from vlmock.protocol.response import ResponseDone
from vlmock.session.script import Close, Say

pytestmark = pytest.mark.usefixtures("alone")


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
