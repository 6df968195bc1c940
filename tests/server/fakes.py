"""Doubles for what a server is made of, and a client that can do wrong."""

import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from websockets.frames import Opcode
from websockets.utils import apply_mask

from vlmock.server.reception import Circumstances
from vlmock.session.effects import Effect, SendRaw, Speech
from vlmock.session.script import Recognized

QUERY = "?api-version=2026-07-15&model=gpt-4o"
PATH = f"/voice-live/realtime{QUERY}"
DEADLINE_SECONDS = 10.0
MASK = b"\x85\xe8F\x83"

Handler = Callable[["FakeSession", Any, float], list[Effect]]


@dataclass
class FakeSession:
    """Says what it heard, or does what the test tells it to do on a type of event."""

    circumstances: Circumstances | None = None
    handlers: dict[str, Handler] = field(default_factory=dict)
    heard: list[Any] = field(default_factory=list)
    alarms: list[float] = field(default_factory=list)
    """Deadlines; at each of them ``rang`` is sent."""
    supplied: list[Any] = field(default_factory=list)
    closed: int = 0
    """How often."""

    def open(self, now: float) -> list[Effect]:
        handler = self.handlers.get("open")
        return handler(self, None, now) if handler else [SendRaw({"type": "session.created"})]

    def receive(self, event: Any, now: float) -> list[Effect]:
        self.heard.append(event)
        name = event.__struct_config__.tag or type(event).__name__
        if name in self.handlers:
            return self.handlers[name](self, event, now)
        if name == "input_audio_buffer.append":
            return []
        return [SendRaw({"type": "heard", "of": name, "event_id": event.event_id or ""})]

    def advance(self, now: float) -> list[Effect]:
        due = [alarm for alarm in self.alarms if alarm <= now]
        self.alarms = [alarm for alarm in self.alarms if alarm > now]
        return [SendRaw({"type": "rang"}) for _ in due]

    def next_deadline(self) -> float | None:
        return min(self.alarms, default=None)

    def close(self) -> None:
        self.closed += 1

    def supply(self, key: int, speech: Speech, now: float) -> list[Effect]:
        self.supplied.append((key, speech))
        return [SendRaw({"type": "supplied", "key": key})]

    def supply_transcript(self, key: int, recognized: Recognized, now: float) -> list[Effect]:
        self.supplied.append((key, recognized))
        return [SendRaw({"type": "understood", "key": key})]

    def speech_failed(self, key: int, message: str, now: float) -> list[Effect]:
        self.supplied.append((key, message))
        return [SendRaw({"type": "speech_failed", "message": message})]


class RawClient:
    """A TCP connection that sends exactly the bytes it is told to."""

    def __init__(self, port: int, *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(DEADLINE_SECONDS)
        self.socket.connect(("127.0.0.1", port))
        self._received = b""

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def get(self, target: str, *headers: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        """Status, headers with lower-case names, and body of the answer to an HTTP request."""
        self.send("\r\n".join([f"{method} {target} HTTP/1.1", "Host: test", *headers, "", ""]).encode())
        return self.answer()

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next HTTP answer."""
        head = self._read_until(b"\r\n\r\n").decode("latin-1")
        status_line, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = self.read(int(headers.get("content-length", "0")))
        return int(status_line.split()[1]), headers, body

    def upgrade(self, target: str = PATH, *headers: str, together_with: bytes = b"") -> int:
        """Status of an upgrade with a key. ``together_with``: bytes sent in the same breath."""
        self.send(upgrade_request(target, "api-key: any", *headers) + together_with)
        return self.answer()[0]

    def read(self, count: int) -> bytes:
        """Exactly so many bytes; ConnectionError when there are fewer."""
        while len(self._received) < count:
            self._more()
        data, self._received = self._received[:count], self._received[count:]
        return data

    def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame."""
        first, length = self.read(2)
        assert first & 0x80, "the server sends no fragments"
        if length == 126:
            (length,) = struct.unpack("!H", self.read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.read(8))
        return first & 0x0F, self.read(length)

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """All frames until the server ends the stream."""
        while True:
            try:
                yield self.frame()
            except ConnectionError:
                return

    def close_code(self) -> int:
        """The code of the close frame, whatever comes before it."""
        for opcode, payload in self.frames():
            if opcode == Opcode.CLOSE:
                return int.from_bytes(payload[:2], "big")
        raise AssertionError("the stream ended without a close frame")

    def is_at_end(self) -> bool:
        """Whether the server has ended the stream; waits for it."""
        try:
            self._more()
        except ConnectionError:
            return True
        return False

    def _more(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the server ended the stream")
        self._received += data

    def _read_until(self, mark: bytes) -> bytes:
        while mark not in self._received:
            self._more()
        return self.read(self._received.index(mark) + len(mark))


def upgrade_request(target: str = PATH, *headers: str) -> bytes:
    """The bytes of a request for a WebSocket."""
    lines = [
        f"GET {target} HTTP/1.1",
        "Host: test",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def text(payload: str | bytes, *, fin: bool = True) -> bytes:
    """A masked text frame."""
    return masked(Opcode.TEXT, payload, fin=fin)


def masked(opcode: Opcode, payload: str | bytes = b"", *, fin: bool = True, rsv1: bool = False) -> bytes:
    """A masked frame, allowed or not."""
    data = payload.encode() if isinstance(payload, str) else payload
    first = opcode | (0x80 if fin else 0) | (0x40 if rsv1 else 0)
    if len(data) < 126:
        head = struct.pack("!BB", first, 0x80 | len(data))
    elif len(data) < 65_536:
        head = struct.pack("!BBH", first, 0xFE, len(data))
    else:
        head = struct.pack("!BBQ", first, 0xFF, len(data))
    return head + MASK + apply_mask(data, MASK)
