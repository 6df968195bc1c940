"""Both transports judged by RFC 6455, case by case, whatever pieces the bytes come in.

``test_transports_agree.py`` asks whether both are the same; here it is written down what is right. The Autobahn suite
itself needs Python 2; its categories are the cases of ``rfc6455_cases.py``.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import pytest
from websockets.frames import Opcode

from tests.server.fakes import upgrade_request
from tests.server.rfc6455_cases import CASES, CLOSE_1000, LARGE_CASES, Case, client_frame
from tests.server.test_transports_agree import FakeTcp
from vlmock.server.bounds import Limits, ReadBuffer
from vlmock.server.light_transport import LightTransport
from vlmock.server.ready_frames import ReadyRuns
from vlmock.server.transport import Transport

NO_CODE: Final = 1005
ARE_YOU_THERE: Final = client_frame(Opcode.PING, b"all said")
"""Behind a case after which the connection is as good as before."""
HERE: Final = b"\x8a\x08all said"
DEADLINE_SECONDS: Final = 30.0


class Echo:
    """Says again, as text, what it hears."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.messages: list[bytes] = []

    def requested(self, request: Any) -> None: ...

    def opened(self) -> None: ...

    def received(self, messages: list[bytes]) -> None:
        self.messages += messages
        self._transport.send([(len(message), (message,)) for message in messages])

    def noted(self, code: str, message: str) -> None: ...

    def writable_again(self) -> None: ...

    def closed(self, closing: Any) -> None: ...


class Answer(NamedTuple):
    """What a server sent after the upgrade, frame by frame."""

    echoed: list[bytes]
    pongs: list[bytes]
    closes: list[bytes]


def answer(data: bytes) -> Answer:
    """Frames are whole, not masked, as short as can be, and none comes after a close."""
    end = data.index(b"\r\n\r\n") + 4
    found: dict[int, list[bytes]] = {Opcode.TEXT: [], Opcode.PONG: [], Opcode.CLOSE: []}
    while end < len(data):
        assert not found[Opcode.CLOSE], "a frame after the close frame"
        opcode, length, size_bytes = data[end] & 0x7F, data[end + 1], 0
        assert data[end] & 0x80, "a fragment"
        if length >= 126:
            size_bytes = 2 if length == 126 else 8
            length = int.from_bytes(data[end + 2 : end + 2 + size_bytes], "big")
        assert length >= {0: 0, 2: 126, 8: 0x10000}[size_bytes], "longer said than needed"
        start, end = end + 2 + size_bytes, end + 2 + size_bytes + length
        found[opcode].append(data[start:end])
        assert end <= len(data), "half a frame"
    return Answer(found[Opcode.TEXT], found[Opcode.PONG], found[Opcode.CLOSE])


def made(light: bool, peers: list[Echo]) -> Transport:
    def welcome(transport: Transport) -> Echo:
        peers.append(Echo(transport))
        return peers[-1]

    if light:
        return LightTransport(welcome, limits=Limits(), buffer=ReadBuffer(), runs=ReadyRuns())
    return Transport(welcome, limits=Limits(), buffer=ReadBuffer())


def judge(case: Case, heard: list[bytes], data: bytes) -> None:
    """Compare what became of a case with what should have."""
    echoed, pongs, closes = answer(data)
    assert heard == list(case.messages)
    if case.close is None:
        assert echoed == heard
        assert pongs.pop() == HERE[2:]
    else:  # what ended the connection may have come before the answer was written
        assert echoed == heard[: len(echoed)]
    assert pongs == list(case.pongs)
    [close] = closes
    code = int.from_bytes(close[:2], "big") if close else NO_CODE
    assert code == (case.close or 1000)
    assert case.reason is None or close[2:] == case.reason


def whole(data: bytes) -> Iterator[bytes]:
    yield data


def byte_by_byte(data: bytes) -> Iterator[bytes]:
    """The long middle of long ones in one piece: heads and ends are what matters."""
    edge = 600
    middle_end = max(edge, len(data) - edge)
    yield from (data[at : at + 1] for at in range(min(edge, len(data))))
    if middle_end > edge:
        yield data[edge:middle_end]
    yield from (data[at : at + 1] for at in range(middle_end, len(data)))


def in_odd_pieces(data: bytes) -> Iterator[bytes]:
    """Of 1, 2, 3, … bytes, and of 997 where that would take long."""
    start, size = 0, 1
    while start < len(data):
        yield data[start : start + size]
        start += size
        size = size + 1 if size < 40 else 997


def fed(case: Case, light: bool, cut: Callable[[bytes], Iterator[bytes]]) -> tuple[list[bytes], bytes]:
    """What was heard, and what was said, when a case came in exactly these pieces."""

    async def run() -> tuple[list[bytes], bytes]:
        peers: list[Echo] = []
        tcp, transport = FakeTcp(), made(light, peers)
        transport.connection_made(tcp)  # type: ignore[arg-type]
        goodbye = [ARE_YOU_THERE, CLOSE_1000] if case.close is None else []
        for chunk in [upgrade_request(), *cut(case.sent), *goodbye]:
            left = memoryview(chunk)
            while left and not tcp.closing:
                room = transport.get_buffer(-1)
                now, left = left[: len(room)], left[len(room) :]
                room[: len(now)] = now
                transport.buffer_updated(len(now))
        for timer in (transport._timer, transport._stall_timer):
            if timer is not None:
                timer.cancel()
        assert b"" in tcp.written, "the stream was not ended"
        return peers[0].messages, b"".join(tcp.written)

    return asyncio.run(run())


async def played(case: Case, light: bool) -> tuple[list[bytes], bytes]:
    """The same over a socket, where the system decides about the pieces."""
    peers: list[Echo] = []
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: made(light, peers), ours)
    reader, writer = await asyncio.open_connection(sock=theirs, limit=2**20)
    with contextlib.closing(writer):
        writer.write(upgrade_request())
        said = await reader.readuntil(b"\r\n\r\n")
        writer.write(case.sent)
        if case.close is None:
            writer.write(ARE_YOU_THERE)
            said += await reader.readuntil(HERE)
            writer.write(CLOSE_1000)
        return peers[0].messages, said + await reader.read()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_has_the_outcome_of_the_standard_in_any_pieces(case, light):
    """Messages, pongs and the close code do not depend on how the bytes are cut."""
    for cut in (whole, byte_by_byte, in_odd_pieces):
        judge(case, *fed(case, light, cut))


@pytest.mark.parametrize("case", LARGE_CASES, ids=lambda case: case.name)
def test_what_is_long_comes_whole_or_is_refused_whole(case, light):
    """Up to 32 MiB in a message; the rest is 1009."""
    judge(case, *fed(case, light, in_odd_pieces if len(case.sent) < 2**21 else whole))


def test_every_case_has_the_same_outcome_over_a_socket(light):
    """The real path of bytes in and out, all cases one after the other."""

    async def run() -> None:
        for case in CASES:
            async with asyncio.timeout(DEADLINE_SECONDS):
                judge(case, *await played(case, light))

    asyncio.run(run())


def test_no_case_is_there_twice():
    """A name says which case failed."""
    names = Counter(case.name for case in (*CASES, *LARGE_CASES))
    assert [name for name, count in names.items() if count > 1] == []
