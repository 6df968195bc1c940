"""The short cut changes nothing: any bytes, cut anywhere, mean the same to both transports."""

import asyncio
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Opcode

from tests.server.fakes import masked, text, upgrade_request
from vlmock.server.bounds import Limits, ReadBuffer
from vlmock.server.light_transport import LightTransport
from vlmock.server.ready_frames import ReadyRuns
from vlmock.server.transport import Closing, Transport

LIMITS = Limits(message_bytes=1000)


class FakeSocket:
    def setsockopt(self, *args: Any) -> None: ...


class FakeTcp:
    """Writes down what would be sent; "" where the stream is ended."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closing = False

    def get_extra_info(self, name: str) -> FakeSocket:
        return FakeSocket()

    def set_write_buffer_limits(self, high: int) -> None: ...

    def write(self, data: bytes) -> None:
        assert b"" not in self.written, "written after the end"
        self.written.append(data)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.written.append(b"")

    def close(self) -> None:
        self.written.append(b"")
        self.closing = True

    def abort(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing


class FakePeer:
    """Takes everything, says nothing."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.notes: list[str] = []

    def requested(self, request: Any) -> None: ...

    def opened(self) -> None: ...

    def received(self, messages: list[bytes]) -> None:
        assert messages
        self.messages += messages

    def noted(self, code: str, message: str) -> None:
        self.notes.append(code)


@dataclass
class Outcome:
    """What became of some bytes."""

    messages: list[bytes]
    """As they were delivered."""
    written: bytes
    """After the upgrade."""
    closing: Closing
    ended: bool
    """Whether the server ended the stream."""
    notes: list[str]
    """What only the socket's side sees."""


def outcome(transport_class: type[Transport], chunks: list[bytes], **more: Any) -> Outcome:
    async def run() -> Outcome:
        peer, tcp = FakePeer(), FakeTcp()
        transport = transport_class(lambda _: peer, limits=LIMITS, buffer=ReadBuffer(4096), **more)  # type: ignore[arg-type, return-value]
        transport.connection_made(tcp)  # type: ignore[arg-type]
        for chunk in [upgrade_request(), *chunks]:
            while chunk:
                room = transport.get_buffer(-1)
                now, chunk = chunk[: len(room)], chunk[len(room) :]
                room[: len(now)] = now
                transport.buffer_updated(len(now))
        closing = transport._closing()
        for timer in (transport._timer, transport._stall_timer):
            if timer is not None:
                timer.cancel()
        return Outcome(peer.messages, b"".join(tcp.written[1:]), closing, b"" in tcp.written, peer.notes)

    return asyncio.run(run())


PAYLOADS = st.one_of(
    st.binary(max_size=8),
    st.text(max_size=8).map(str.encode),
    st.sampled_from([0, 1, 125, 126, 127, 999, 1000, 1001]).map(lambda length: b"x" * length),
)
FRAMES = st.one_of(
    st.builds(text, PAYLOADS),
    st.builds(text, PAYLOADS, fin=st.booleans()),
    st.builds(masked, st.sampled_from(list(Opcode)), PAYLOADS.filter(lambda data: len(data) < 126), fin=st.booleans()),
    st.builds(masked, st.just(Opcode.CONT), PAYLOADS, fin=st.booleans()),
    st.binary(min_size=1, max_size=12),
)
MOSTLY_RIGHT = st.one_of(
    st.builds(text, st.text(max_size=300).map(str.encode)),
    st.builds(text, st.text(max_size=300).map(str.encode)),
    st.builds(
        lambda start, end: text(start, fin=False) + masked(Opcode.PING, b"?") + masked(Opcode.CONT, end),
        st.text(max_size=30).map(str.encode),
        st.text(max_size=30).map(str.encode),
    ),
    st.builds(masked, st.sampled_from([Opcode.PING, Opcode.PONG, Opcode.BINARY]), st.binary(max_size=125)),
)


@st.composite
def streams(draw: st.DrawFn, frames: st.SearchStrategy[bytes]) -> list[bytes]:
    """Frames one after the other, cut into pieces anywhere."""
    data = b"".join(draw(st.lists(frames, max_size=12)))
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True) if start < end]


@given(streams(FRAMES))
@settings(max_examples=300)
def test_any_bytes_mean_the_same_to_both(chunks: list[bytes]) -> None:
    """Same messages, same answers, same end.

    One thing may differ: after text that is none (1007), a later frame of the same segment can already have been
    answered by the library, which does not look at text.
    """
    light, reference = outcome(LightTransport, chunks, runs=ReadyRuns()), outcome(Transport, chunks)
    if light.closing.code == 1007:
        assert (light.messages, light.ended) == (reference.messages, reference.ended)
    else:
        assert light == reference


@given(streams(MOSTLY_RIGHT))
@settings(max_examples=200)
def test_long_orderly_streams_mean_the_same_to_both(chunks: list[bytes]) -> None:
    """The same where little goes wrong, so that the short cut is taken and left again and again."""
    assert outcome(LightTransport, chunks, runs=ReadyRuns()) == outcome(Transport, chunks)
