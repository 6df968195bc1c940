"""What one end sends is what the other gets, byte for byte, whatever it is and however it is cut."""

import json
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from tests.recorder.conftest import stopped, the_only
from tests.recorder.raw_service import RawService, Visit, switching
from tests.recorder.test_frames import DEFLATE, framed, messages, pieces
from tests.recording.taking import delta
from tests.server.fakes import PATH, RawClient, upgrade_request
from vlmock.recorder.recorder import Recorder, record

BIG = 4 * 1024 * 1024
EXTENSIONS = f"Sec-WebSocket-Extensions: {DEFLATE}"


class Line:
    """A client and a service, and the recorder between them."""

    def __init__(self, recorder: Recorder, service: RawService) -> None:
        self.recorder, self.service = recorder, service

    @contextmanager
    def opened(self, *headers: str, early: bytes = b"", hasty: bytes = b"") -> Iterator[tuple[RawClient, Visit]]:
        """A connection that the service has agreed to. ``early``: what the client sends together with its request,
        ``hasty``: what the service sends together with its answer."""
        before = len(self.service.visits)
        with RawClient(self.recorder.port) as client:
            client.send(upgrade_request(PATH, "api-key: any") + early)
            while len(self.service.visits) == before:
                pass
            visit = self.service.visits[-1]
            visit.read_request()
            answer = switching(visit.request, *headers) + hasty
            visit.socket.sendall(answer)
            assert client.read(len(answer)) == answer
            try:
                yield client, visit
            finally:
                visit.socket.close()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """One for all examples."""
    with visited() as service, record(service.url, tmp_path_factory.mktemp("line") / "out") as recorder:
        yield Line(recorder, service)
        assert recorder.complaints == []


def visited() -> RawService:
    """A service whose visits are the test's to lead."""
    return RawService(lambda visit: None, reads_requests=False)


def read(connection: socket.socket, count: int, into: list[bytes]) -> None:
    data = bytearray()
    while len(data) < count and (more := connection.recv(1 << 20)):
        data += more
    into.append(bytes(data))


def talk(
    client: RawClient, visit: Visit, up: list[bytes], down: list[bytes], *, expected: int | None = None
) -> tuple[bytes, bytes]:
    """Send both ways at the same time; what came of it at the other ends. ``expected``: by the client, in bytes, where
    the service has sent more before."""
    came: dict[str, list[bytes]] = {"up": [], "down": []}
    readers = [
        threading.Thread(target=read, args=(visit.socket, sum(map(len, up)), came["up"])),
        threading.Thread(target=read, args=(client.socket, expected or sum(map(len, down)), came["down"])),
        threading.Thread(target=lambda: [visit.socket.sendall(piece) for piece in down]),
    ]
    for reader in readers:
        reader.start()
    for piece in up:
        client.send(piece)
    for reader in readers:
        reader.join(40)
    return came["up"][0], came["down"][0]


streams = st.tuples(messages, st.booleans(), st.binary(max_size=100))
"""Messages, whether they are compressed, and what comes behind them, which is probably no frame."""


def stream(made: Any, *, masked: bool) -> bytes:
    said, compressed, rest = made
    deflate = PerMessageDeflate(False, False, 12, 12) if compressed else None
    frames = [framed(data, cuts, is_text=is_text, masked=masked, deflate=deflate) for is_text, data, cuts in said]
    return b"".join(frames) + rest


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(up=streams, down=streams, cuts=st.lists(st.integers(0, 3000), max_size=8))
def test_any_bytes_pass_both_ways(line: Line, up: Any, down: Any, cuts: list[int]):
    """Frames and what is none, compressed or not, in any pieces, at the same time."""
    sent, answered = stream(up, masked=True), stream(down, masked=False)
    with line.opened(EXTENSIONS) as (client, visit):
        assert talk(client, visit, pieces(sent, cuts), pieces(answered, cuts)) == (sent, answered)


def test_a_message_of_four_megabytes_passes_both_ways(line: Line):
    """And a thousand small ones behind it."""
    big = Frame(Opcode.TEXT, b"x" * BIG)
    small = Frame(Opcode.TEXT, b"y")
    up = big.serialize(mask=True) + b"".join(small.serialize(mask=True) for _ in range(1000))
    down = big.serialize(mask=False) + small.serialize(mask=False) * 1000
    with line.opened() as (client, visit):
        assert talk(client, visit, [up], [down]) == (up, down)


def test_what_comes_together_with_the_handshake_is_not_forgotten(recording):
    """Behind the client's request, and behind the service's answer; it is recorded as well."""
    early = Frame(Opcode.TEXT, b'{"type":"early"}').serialize(mask=True)
    hasty = Frame(Opcode.TEXT, b'{"type":"hasty"}').serialize(mask=False)
    with visited() as service:
        line = Line(recording(service.url), service)
        with line.opened(early=early, hasty=hasty) as (_, visit):
            assert visit.read(len(early)) == early
    assert [(frame.source, frame.event) for frame in the_only(line.recorder).frames] == [
        ("client", {"type": "early"}),
        ("server", {"type": "hasty"}),
    ]


def test_what_a_client_sends_before_the_answer_is_passed_on_at_once(recording):
    """The service may wait for it."""
    early = Frame(Opcode.TEXT, b'{"type":"early"}').serialize(mask=True)

    def serve(visit: Visit) -> None:
        assert visit.read(len(early)) == early
        visit.socket.sendall(switching(visit.request))
        visit.read_to_end()

    with RawService(serve) as service:
        recorder = recording(service.url)
        with RawClient(recorder.port) as client:
            client.send(upgrade_request())
            while not service.visits:
                pass
            client.send(early[:3])
            client.send(early[3:])
            assert client.answer()[0] == 101
    assert [frame.event for frame in the_only(recorder).frames] == [{"type": "early"}]


def test_each_side_can_finish_before_the_other(line: Line):
    """Half a connection stays open, as TCP has it: what the other still has to say arrives."""
    with line.opened() as (client, visit):
        client.socket.shutdown(socket.SHUT_WR)
        assert visit.read_to_end() == b""
        visit.socket.sendall(b"the last words")
        assert client.read(14) == b"the last words"
        visit.socket.close()
        assert client.is_at_end()
    with line.opened() as (client, visit):
        visit.socket.shutdown(socket.SHUT_WR)
        assert client.is_at_end()
        client.send(b"the last words")
        client.socket.close()
        assert visit.read_to_end() == b"the last words"


def test_one_who_reads_slowly_slows_the_other_and_loses_nothing(recording):
    """Far more than all buffers together hold; the recorder keeps little of it."""
    said = delta(bytes(range(256)) * 150)
    sent = Frame(Opcode.TEXT, json.dumps(said).encode()).serialize(mask=False) * 800
    with visited() as service:
        line = Line(recording(service.url), service)
        with line.opened() as (client, visit):
            taken = offered(visit.socket, sent)
            assert taken < len(sent) / 2
            assert talk(client, visit, [], [sent[taken:]], expected=len(sent)) == (b"", sent)
    (recorded,) = stopped(line.recorder)
    assert [recorded.whole(frame) for frame in recorded.frames] == [said] * 800


def offered(connection: socket.socket, data: bytes) -> int:
    """Write until nobody has taken anything for half a second; how much was taken."""
    view, sent = memoryview(data), 0
    while select.select([], [connection], [], 0.5)[1] and sent < len(data):
        sent += connection.send(view[sent : sent + (1 << 20)])
    return sent


def test_nothing_waits_for_more(line: Line):
    """The first byte of a frame arrives before its second has been sent; so do those of the last."""
    frame = Frame(Opcode.TEXT, b"hello").serialize(mask=True)
    with line.opened() as (client, visit):
        for position in range(len(frame)):
            client.send(frame[position : position + 1])
            assert visit.read(position + 1) == frame[: position + 1]
