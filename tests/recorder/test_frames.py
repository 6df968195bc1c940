"""Messages read from a copy of the bytes: whatever the pieces, the frames and the compression."""

import zlib
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from vlmock.recorder.frames import FrameReader, Goodbye, Message, Said, Unreadable

DEFLATE = "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"

messages = st.lists(
    st.tuples(st.booleans(), st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=3)), max_size=6
)
"""Whether it is text, what it says, and where it is cut into frames."""


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


def framed(message: bytes, cuts: list[int], *, is_text: bool, masked: bool, deflate: PerMessageDeflate | None) -> bytes:
    """The message in frames, with a ping between each two of them."""
    parts = pieces(message, cuts)
    frames = []
    for number, part in enumerate(parts):
        opcode = Opcode.CONT if number else Opcode.TEXT if is_text else Opcode.BINARY
        frame = Frame(opcode, part, fin=number == len(parts) - 1)
        frames.append(frame.serialize(mask=masked, extensions=[deflate] if deflate else None))
        frames.append(Frame(Opcode.PING, b"?").serialize(mask=masked))
    return b"".join(frames)


def fed(reader: FrameReader, parts: Iterable[bytes]) -> list[Said]:
    return [said for part in parts for said in reader.feed(part)]


@given(
    said=messages,
    cuts=st.lists(st.integers(0, 5000)),
    masked=st.booleans(),
    compressed=st.booleans(),
    forgets=st.booleans(),
)
def test_messages_are_read_whatever_they_travel_in(said, cuts, masked, compressed, forgets):
    """Fragments, control frames between them, compression with and without memory, and any cutting of the stream."""
    deflate = PerMessageDeflate(forgets, forgets, 12, 12) if compressed else None
    sent = b"".join(
        framed(data, places, is_text=is_text, masked=masked, deflate=deflate) for is_text, data, places in said
    )
    forgetting = "; client_no_context_takeover; server_no_context_takeover" if forgets else ""
    reader = FrameReader(masked=masked, extensions=f"{DEFLATE}{forgetting}" if compressed else "")
    assert fed(reader, pieces(sent, cuts)) == [Message(data, is_text) for is_text, data, _ in said]
    assert reader.between_frames


@given(cut=st.integers(1, 20))
def test_it_is_known_where_a_frame_could_be_put_in(cut):
    """Between two frames, also between two fragments, and nowhere else."""
    frame = Frame(Opcode.TEXT, b"0123456789", fin=False).serialize(mask=True)
    reader = FrameReader(masked=True)
    assert reader.between_frames
    assert fed(reader, [frame[:cut]]) == []
    assert reader.between_frames == (cut >= len(frame))


@pytest.mark.parametrize(
    ("payload", "goodbye"),
    [
        (b"", Goodbye(1005, "")),
        (b"\x03\xe8", Goodbye(1000, "")),
        (b"\x03\xe9gone \xe2\x82\xac", Goodbye(1001, "gone €")),
        (b"\x03\xe9\xff", Goodbye(1001, "\N{REPLACEMENT CHARACTER}")),
        (b"\x00\x01", Goodbye(1, "")),
    ],
)
def test_a_close_frame_is_told_as_it_is(payload, goodbye):
    """Also one that should not be; without a code it is 1005 (RFC 6455 7.1.5)."""
    reader = FrameReader(masked=False)
    assert fed(reader, [Frame(Opcode.CLOSE, payload).serialize(mask=False)]) == [goodbye]


HELLO = Frame(Opcode.TEXT, b"hello").serialize(mask=True)
NO_FRAMES = {
    "no opcode": b"\x83\x80\0\0\0\0",
    "not masked": b"\x81\x05hello",
    "a reserved bit": b"\xc1\x80\0\0\0\0",
    "endless": b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff",
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("garbage", NO_FRAMES.values(), ids=NO_FRAMES)
def test_what_is_no_frame_is_told_once(garbage):
    """What came before it counts; nothing behind it does."""
    reader = FrameReader(masked=True)
    first, unreadable = fed(reader, [HELLO + garbage, HELLO, garbage])
    assert first == Message(b"hello", True)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.why
    assert not reader.between_frames


@given(garbage=st.binary(max_size=200), masked=st.booleans(), compressed=st.booleans())
def test_nothing_that_comes_fails(garbage, masked, compressed):
    """Any bytes give something said, or nothing, and never an exception."""
    reader = FrameReader(masked=masked, extensions=DEFLATE if compressed else "")
    assert all(isinstance(said, Message | Goodbye | Unreadable) for said in fed(reader, [garbage, garbage]))


def test_messages_that_each_end_their_deflate_stream_are_read():
    """Documented: RFC 7692 7.2.3.4 lets a sender without memory do that."""
    reader = FrameReader(masked=False, extensions=f"{DEFLATE}; server_no_context_takeover")
    for text in (b"first", b"second"):
        deflater = zlib.compressobj(wbits=-12)
        deflated = deflater.compress(text) + deflater.flush() + b"\0"
        assert fed(reader, [bytes([0xC1, len(deflated)]) + deflated]) == [Message(text, True)]


def test_what_inflates_beyond_measure_is_told_and_not_made():
    """A few kilobytes that would be a gigabyte."""
    deflater = zlib.compressobj(9, wbits=-15)
    million = bytes(1 << 20)
    bomb = b"".join(deflater.compress(million) for _ in range(300)) + deflater.flush(zlib.Z_SYNC_FLUSH)[:-4]
    frame = b"\xc1\x7f" + len(bomb).to_bytes(8, "big") + bomb
    reader = FrameReader(masked=False, extensions=DEFLATE)
    (unreadable,) = fed(reader, [frame])
    assert isinstance(unreadable, Unreadable)


@pytest.mark.parametrize(
    "header", ["permessage-deflate;;", "x-other", "; ;", "permessage-deflate; client_max_window_bits"]
)
def test_any_header_of_extensions_will_do(header):
    """Frames without compression are read behind it."""
    assert fed(FrameReader(masked=True, extensions=header), [HELLO]) == [Message(b"hello", True)]
