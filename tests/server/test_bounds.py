"""How much is read at once, so that nobody waits for somebody else's flood."""

import asyncio
from threading import Event

import pytest
from websockets.frames import Opcode

from tests.server.fakes import DEADLINE_SECONDS, FakeSession, masked, text, upgrade_request
from tests.server.test_rfc6455 import Echo
from tests.server.test_transports_agree import FakeTcp
from vlmock.server.bounds import Limits, ReadBuffer, Share
from vlmock.server.light_transport import LightTransport
from vlmock.server.ready_frames import ReadyRuns
from vlmock.server.transport import Transport
from vlmock.session.effects import SendRaw

KIB = 1024


def test_who_sends_much_is_read_in_larger_pieces_unless_they_take_long():
    """By doubles up, by quarters down; never nothing, never more than there is room for."""
    share = Share(128 * KIB, 0.005)
    sizes = []
    for seconds in [*[0.001] * 4, *[0.006] * 5, 0.003, 0.001]:
        share.took(seconds, share.bytes)
        sizes.append(share.bytes // KIB)
    assert sizes == [32, 64, 128, 128, 32, 8, 2, 1, 1, 1, 2]
    share.took(0.001, 100)
    assert share.bytes == 2 * KIB, "there was not more to read"


def offered(light: bool, flood: bytes, *, turn_seconds: float) -> list[int]:
    """How much room there was for each piece of a flood."""

    async def run() -> list[int]:
        limits, sizes = Limits(turn_seconds=turn_seconds), []
        transport = (
            LightTransport(Echo, limits=limits, buffer=ReadBuffer(), runs=ReadyRuns())
            if light
            else Transport(Echo, limits=limits, buffer=ReadBuffer())
        )
        transport.connection_made(FakeTcp())  # type: ignore[arg-type]
        left = memoryview(upgrade_request() + flood)
        while left:
            room = transport.get_buffer(-1)
            sizes.append(len(room))
            now, left = left[: len(room)], left[len(room) :]
            room[: len(now)] = now
            transport.buffer_updated(len(now))
        return sizes

    return asyncio.run(run())


@pytest.mark.parametrize("frame", [text("{}"), text("x" * 300), masked(Opcode.PING)], ids=["short", "long", "ping"])
def test_a_connection_is_offered_less_room_while_its_messages_take_long(light, frame):
    """Here everything takes longer than no time at all."""
    sizes = offered(light, frame * (24 * KIB // len(frame)), turn_seconds=0.0)
    assert [size // KIB for size in sizes[:3]] == [16, 4, 1]
    assert set(sizes[3:]) == {KIB}


def test_a_connection_is_offered_all_the_room_for_a_flood_that_costs_little(light):
    """Here nothing takes too long."""
    sizes = offered(light, text("x" * 20_000) * 26, turn_seconds=600.0)
    assert max(sizes) > 100 * KIB


def test_a_flood_on_one_connection_does_not_hold_up_another(serving, light, client_of):
    """Both have sent all they have to say before the server comes to it; the short question is not answered last."""
    clear = '{"type":"input_audio_buffer.clear","event_id":"%s"}'
    sessions: list[FakeSession] = []
    busy, go_on = Event(), Event()
    heard_before: list[int] = []

    def listen(session, event, now):
        if event.event_id == "wait":
            busy.set()
            assert go_on.wait(DEADLINE_SECONDS)
        if event.event_id == "question":
            heard_before.append(len(sessions[0].heard))
            return [SendRaw({"type": "answer"})]
        return []

    def new(_):
        sessions.append(FakeSession(handlers={"input_audio_buffer.clear": listen}))
        return sessions[-1]

    server = serving(session=new, light=light, limits={"turn_seconds": 0.0})
    flooding, asking = client_of(server), client_of(server)
    flooding.send(text(clear % "wait"))
    assert busy.wait(DEADLINE_SECONDS)
    flooding.send(text(clear % "flood") * 1000)
    asking.send(text(clear % "question"))
    go_on.set()
    assert asking.frame()[1] == b'{"type":"answer"}'
    assert heard_before[0] < 400
