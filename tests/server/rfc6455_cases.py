"""What a client may do and what it must not, with what RFC 6455 says becomes of it.

The numbers are the Autobahn test suite's categories: 1 framing, 2 pings and pongs, 3 reserved bits, 4 reserved opcodes,
5 fragmentation, 6 UTF-8, 7 closing, 9 limits, 10 automatic fragmentation. (8 is empty; 11 and up are compression.)
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from websockets.frames import Opcode
from websockets.utils import apply_mask

from tests.server.fakes import MASK

__all__ = ["CASES", "CLOSE_1000", "LARGE_CASES", "Case", "client_frame", "fragments"]

TEXT, BINARY, CONT = Opcode.TEXT, Opcode.BINARY, Opcode.CONT
CLOSE, PING, PONG = Opcode.CLOSE, Opcode.PING, Opcode.PONG


class Case(NamedTuple):
    """Bytes of a client, and what they mean."""

    name: str
    sent: bytes
    """After the upgrade. Whoever sends it is to say goodbye after it, where nothing in it ends the connection."""
    messages: Sequence[bytes] = ()
    """All that are whole and right, in order."""
    pongs: Sequence[bytes] = ()
    close: int | None = None
    """The server's close code, where something in it ends the connection; 1005 for a close without one."""
    reason: bytes | None = None
    """That comes with the code, where it is the client's own."""


def client_frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes = MASK) -> bytes:
    """A frame as a client has to send it, or with ``rsv`` and opcodes as it must not. ``mask`` empty: without one."""
    first, bit, length = fin << 7 | rsv << 4 | opcode, 0x80 if mask else 0, len(payload)
    if length < 126:
        head = struct.pack("!BB", first, bit | length)
    elif length < 0x10000:
        head = struct.pack("!BBH", first, bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, bit | 127, length)
    return head + mask + (apply_mask(payload, mask) if mask else payload)


def fragments(opcode: int, parts: Sequence[bytes], *, between: bytes = b"") -> bytes:
    """One message in so many frames, with other frames between them."""
    last = len(parts) - 1
    frames = [client_frame(CONT if at else opcode, part, fin=at == last) for at, part in enumerate(parts)]
    return between.join(frames)


def _pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def _goodbye(code: int, reason: bytes = b"") -> bytes:
    return client_frame(CLOSE, struct.pack("!H", code) + reason)


CLOSE_1000: Final = _goodbye(1000)
HELLO: Final = client_frame(TEXT, b"hello")


def _framing() -> Iterator[Case]:
    """5.2, 5.6: a length takes 7, 16 or 64 bits, and any byte may be in a binary message."""
    for size in (0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537):
        yield Case(f"1.1 text of {size}", client_frame(TEXT, b"*" * size), [b"*" * size])
        yield Case(f"1.2 binary of {size}", client_frame(BINARY, b"\xfe" * size), [b"\xfe" * size])
    for size in (126, 127):  # written with more bits than it needs: only a sender has to choose the shortest
        for mark, bits in ((126, "!BBH"), (127, "!BBQ")):
            head = struct.pack(bits, 0x81, 0x80 | mark, size)
            yield Case(f"1.3 {size} said with {mark}", head + bytes(4) + b"*" * size, [b"*" * size])
    yield Case("1.4 a mask of zeros", client_frame(TEXT, b"plain", mask=bytes(4)), [b"plain"])
    for opcode, size in ((TEXT, 0), (TEXT, 2), (TEXT, 200), (BINARY, 2), (PING, 2), (TEXT, 70_000)):
        sent = HELLO + client_frame(opcode, b"{" * size, mask=b"") + HELLO
        yield Case(f"1.5 opcode {opcode} of {size} not masked", sent, [b"hello"], close=1002)  # 5.1


def _pings() -> Iterator[Case]:
    """5.5.2, 5.5.3: a pong carries what the ping carried; a pong that nobody asked for is passed over."""
    for number, payload in enumerate([b"", b"Hello, world!", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125], 1):
        yield Case(f"2.{number} ping", client_frame(PING, payload), pongs=[payload])
    yield Case("2.5 ping of 126 bytes", client_frame(PING, b"\xfe" * 126), close=1002)
    yield Case("2.6 pong of 126 bytes", client_frame(PONG, b"\xfe" * 126), close=1002)
    for number, payload in enumerate([b"", b"unsolicited"], 7):
        yield Case(f"2.{number} pong", client_frame(PONG, payload) + HELLO, [b"hello"])
    yield Case("2.9 pong and ping", client_frame(PONG, b"pong") + client_frame(PING, b"ping"), pongs=[b"ping"])
    payloads = [b"payload-%d" % number for number in range(10)]
    yield Case("2.10 ten pings", b"".join(client_frame(PING, payload) for payload in payloads), pongs=payloads)
    mixed = b"".join(client_frame(PING, payload) + HELLO for payload in payloads)
    yield Case("2.12 pings between messages", mixed, [b"hello"] * 10, payloads)


def _reserved() -> Iterator[Case]:
    """5.2: without an extension, reserved bits are 0 and reserved opcodes are not used."""
    for rsv in range(1, 8):
        for opcode in (TEXT, BINARY, PING, PONG, CLOSE):
            sent = HELLO + client_frame(opcode, b"\x03\xe8", rsv=rsv) + HELLO + client_frame(PING)
            yield Case(f"3 rsv {rsv} on opcode {opcode}", sent, [b"hello"], close=1002)
        sent = client_frame(TEXT, b"a", fin=False) + client_frame(CONT, b"b", rsv=rsv)
        yield Case(f"3 rsv {rsv} on a continuation", sent, close=1002)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        for payload in (b"", b"payload"):
            sent = HELLO + client_frame(opcode, payload) + HELLO + client_frame(PING)
            yield Case(f"4 opcode {opcode} with {len(payload)}", sent, [b"hello"], close=1002)
        sent = client_frame(TEXT, b"a", fin=False) + client_frame(opcode, b"b") + client_frame(CONT, b"c")
        yield Case(f"4 opcode {opcode} within a message", sent, close=1002)


def _fragmentation() -> Iterator[Case]:
    """5.4, 5.5: control frames come whole, and between fragments too; messages are not interleaved."""
    one, two = b"fragment1", b"fragment2"
    ping, pong, whole = client_frame(PING, b"ping"), client_frame(PONG, b"pong"), one + two
    open_text, open_more = client_frame(TEXT, one, fin=False), client_frame(CONT, one, fin=False)
    close_it = client_frame(CONT, two)
    yield Case("5.1 fragmented ping", fragments(PING, [one, two]), close=1002)
    yield Case("5.2 fragmented pong", fragments(PONG, [one, two]), close=1002)
    yield Case("5.2 fragmented close", client_frame(CLOSE, b"\x03\xe8", fin=False), close=1002)
    for opcode in (TEXT, BINARY):
        yield Case(f"5.3 opcode {opcode} in two", fragments(opcode, [one, two]), [whole])
        yield Case(
            f"5.6 opcode {opcode}, ping between", fragments(opcode, [one, two], between=ping), [whole], [b"ping"]
        )
        yield Case(f"5.6 opcode {opcode}, pong between", fragments(opcode, [one, two], between=pong), [whole])
    for fin in (True, False):
        sent = client_frame(CONT, one, fin=fin) + HELLO
        yield Case(f"5.9 continuation of nothing, last: {fin}", sent, close=1002)
        yield Case(f"5.10 the same after a message, last: {fin}", HELLO + sent, [b"hello"], close=1002)
        sent = open_text + close_it + client_frame(CONT, one, fin=fin) + HELLO
        yield Case(f"5.15 the same after a fragmented one, last: {fin}", sent, [whole], close=1002)
        sent = open_text + client_frame(TEXT, two, fin=fin)
        yield Case(f"5.18 a message within a message, last: {fin}", sent, close=1002)
        for name, control in (("ping", ping), ("pong", pong)):
            sent = open_text + control + client_frame(TEXT, two, fin=fin)
            pongs = [b"ping"] if control == ping else []
            yield Case(f"5.18 the same after a {name}, last: {fin}", sent, pongs=pongs, close=1002)
    sent = open_text + open_more + ping + open_more + pong + open_more + ping + close_it
    yield Case("5.19 five with pings", sent, [one * 4 + two], [b"ping"] * 2)
    sent = fragments(TEXT, [one, two]) + HELLO + fragments(BINARY, [two, one]) + HELLO
    yield Case("5.21 fragmented and plain in turn", sent, [whole, b"hello", two + one, b"hello"])
    sent = open_text + client_frame(CLOSE, b"\x03\xe8") + close_it  # 5.5.1: it "typically" echoes; the library does not
    yield Case("7.1.5 close within a message", sent, close=1002)


_VALID_TEXT: Final = (
    "Hello-µ@ßöäüàá-UTF-8!!", "κόσμε", "\x00", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd",
    "\ufffe", "\uffff", "\U00010000", "\U0001fffe", "\U0010ffff", "\ufeffbyte order mark", "\U0001f600" * 40,
)  # fmt: skip
_GREEK: Final = "κόσμε".encode()
_INVALID_TEXT: Final = (
    b"\x80", b"\xbf", b"\x80\xbf\x80\xbf", bytes(range(0x80, 0xC0)),  # continuation of nothing
    *(bytes([lead, 0x20]) for lead in (0xC0, 0xDF, 0xE0, 0xEF, 0xF0, 0xF7, 0xF8, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF)),
    b"\xc2", b"\xe0\xa0", b"\xef\xbf", b"\xf0\x90\x80", b"\xf4\x8f\xbf", _GREEK[:-1],  # cut short
    b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xf8\x80\x80\x80\xaf", b"\xfc\x80\x80\x80\x80\xaf",  # overlong
    b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xc0\x80", b"\xe0\x80\x80", b"\xf0\x80\x80\x80",
    b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80",  # surrogates
    b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf7\xbf\xbf\xbf",  # beyond U+10FFFF
    _GREEK + b"\xed\xa0\x80edited", _GREEK + b"\xf4\x90\x80\x80edited",
)  # fmt: skip


def _utf8() -> Iterator[Case]:
    """5.6, 8.1: a message of text is valid UTF-8 as a whole; a fragment may end within a character."""
    yield Case("6.1.1 empty", client_frame(TEXT), [b""])
    yield Case("6.1.2 three empty fragments", fragments(TEXT, [b"", b"", b""]), [b""])
    yield Case("6.1.3 empty around some", fragments(TEXT, [b"", b"middle", b""]), [b"middle"])
    for number, valid in enumerate(_VALID_TEXT):
        data = valid.encode()
        yield Case(f"6.2 valid {number}", HELLO + client_frame(TEXT, data) + HELLO, [b"hello", data, b"hello"])
        yield Case(f"6.2 valid {number}, each byte a fragment", fragments(TEXT, _pieces(data, 1)), [data])
    for number, invalid in enumerate(_INVALID_TEXT):
        sent = HELLO + client_frame(TEXT, invalid) + HELLO
        yield Case(f"6.3 invalid {number}", sent, [b"hello"], close=1007)
        sent = HELLO + fragments(TEXT, _pieces(invalid, 1)) + HELLO
        yield Case(f"6.3 invalid {number}, each byte a fragment", sent, [b"hello"], close=1007)
        yield Case(f"6.3 invalid {number}, but binary", client_frame(BINARY, invalid), [invalid])
    # 6.4: it may be told with the first wrong byte, and has to be at the end.
    for between in (b"", client_frame(PING)):
        sent = fragments(TEXT, [_GREEK, b"\xf4\x90\x80\x80", b"edited"], between=between)
        yield Case(
            f"6.4 wrong in the middle fragment, {bool(between)}", sent, pongs=[b""] * 2 * bool(between), close=1007
        )


_CODES: Final = (1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4999)
_NO_CODES: Final = (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)


def _closing() -> Iterator[Case]:
    """5.5.1, 7.4: a close is answered with its own code, and nothing after it counts."""
    yield Case("7.1.1 message and close", HELLO + CLOSE_1000, [b"hello"], close=1000)
    for name, after in (("close", CLOSE_1000), ("ping", client_frame(PING)), ("message", HELLO), ("garbage", b"\xff")):
        yield Case(f"7.1.2 {name} after the close", CLOSE_1000 + after * 3, close=1000)
    yield Case("7.1.6 after much", client_frame(TEXT, b"*" * 262_144) + CLOSE_1000, [b"*" * 262_144], close=1000)
    yield Case("7.3.1 close without a code", client_frame(CLOSE), close=1005)
    yield Case("7.3.2 close of one byte", client_frame(CLOSE, b"a"), close=1002)
    yield Case("7.3.4 close with a reason", _goodbye(1000, b"Grund: \xc3\xbc"), close=1000, reason=b"Grund: \xc3\xbc")
    yield Case("7.3.5 the longest reason", _goodbye(1000, b"*" * 123), close=1000, reason=b"*" * 123)
    yield Case("7.3.6 too long a reason", _goodbye(1000, b"*" * 124), close=1002)
    yield Case("7.5.1 reason that is no text", _goodbye(1000, _GREEK + b"\xed\xa0\x80edited"), close=1007)
    for code in _CODES:
        yield Case(f"7.7 {code}", _goodbye(code), close=code, reason=b"")
        yield Case(f"7.7 {code} with a reason", _goodbye(code, b"why"), close=code, reason=b"why")
    for code in _NO_CODES:
        yield Case(f"7.9 {code}", _goodbye(code), close=1002)


def _large() -> Iterator[Case]:
    """9, 10: what is long, in one frame, in fragments of many sizes, and cut by a sender that knows nothing of it."""
    mebibyte = 2**20
    for size in (mebibyte, 4 * mebibyte, 16 * mebibyte):
        yield Case(f"9.1 text of {size}", client_frame(TEXT, b"*" * size) + HELLO, [b"*" * size, b"hello"])
    yield Case("9.2 binary", client_frame(BINARY, b"\xfe" * mebibyte), [b"\xfe" * mebibyte])
    for size in (64, 256, 4096, 65_535, 65_536, 300_000):
        data = ("ü€" * 200_000).encode()
        yield Case(f"9.3 text in fragments of {size}", fragments(TEXT, _pieces(data, size)) + HELLO, [data, b"hello"])
    for size in (0, 16, 64, 256, 1024, 4096, 16_384, 65_535):
        yield Case(f"9.7 a hundred of {size}", client_frame(TEXT, b"*" * size) * 100, [b"*" * size] * 100)
    data = b"*" * 65_536
    yield Case("10.1.1 fragments of 1300", fragments(TEXT, _pieces(data, 1300)), [data])
    over = struct.pack("!BBQ", 0x81, 0xFF, 32 * mebibyte + 1) + bytes(4)
    yield Case("9.9 longer than the limit", HELLO + over + b"***", [b"hello"], close=1009)
    yield Case("9.9 of 4 EiB", struct.pack("!BBQ", 0x81, 0xFF, 2**62) + bytes(4), close=1009)
    part = b"*" * (11 * mebibyte)
    yield Case("9.9 longer than the limit in fragments", fragments(TEXT, [part] * 3), close=1009)


CASES: Final = (*_framing(), *_pings(), *_reserved(), *_fragmentation(), *_utf8(), *_closing())
LARGE_CASES: Final = tuple(_large())
