"""A client that costs little, so that a server can be flooded: a blocking socket, and frames made beforehand."""

import json
import socket
from collections.abc import Iterator
from typing import Any, Final

from websockets.frames import Frame, Opcode

__all__ = ["CASCADE", "NATIVE", "REQUEST", "Client", "masked"]

CASCADE: Final = "gpt-4.1"
NATIVE: Final = "gpt-realtime"

_PATIENCE_SECONDS: Final = 60.0
_HEAD_END: Final = b"\r\n\r\n"
REQUEST: Final = (
    "GET /voice-live/realtime?api-version=2026-04-10&model={model} HTTP/1.1\r\n"
    "Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\napi-key: any\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_CLOSE: Final = Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True)


def masked(message: str | bytes) -> bytes:
    """A whole text frame as a client sends it."""
    data = message.encode() if isinstance(message, str) else message
    return Frame(Opcode.TEXT, data).serialize(mask=True)


class Client:
    """One open connection; the first event has been received."""

    def __init__(self, port: int, *, model: str = CASCADE) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), _PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.write(REQUEST.format(model=model).encode())
        self._received = bytearray()
        while _HEAD_END not in self._received:
            self._receive_more()
        head, _, rest = bytes(self._received).partition(_HEAD_END)
        if not head.startswith(b"HTTP/1.1 101 "):
            raise ConnectionError(f"refused: {head.decode(errors='replace')} {rest.decode(errors='replace')}")
        self._received = bytearray(rest)
        self._messages = self._parse()
        self.messages_until("session.created")

    def send(self, event: dict[str, Any]) -> None:
        self.write(masked(json.dumps(event)))

    def write(self, data: bytes) -> None:
        """Frames made by ``masked``."""
        self._socket.sendall(data)

    def messages_until(self, event_type: str) -> list[bytes]:
        """All messages up to the first of that type."""
        start = f'{{"type":"{event_type}"'.encode()
        messages: list[bytes] = []
        while not messages or not messages[-1].startswith(start):
            messages.append(next(self._messages))
        return messages

    def close(self) -> None:
        """As the protocol has it, so that nobody complains."""
        self.write(_CLOSE)
        while self._socket.recv(1 << 16):
            pass
        self._socket.close()

    def _parse(self) -> Iterator[bytes]:
        """The text messages. Servers neither mask nor, these ones, send fragments."""
        while True:
            first, length = self._take(2)
            if length >= 126:
                length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
            payload = self._take(length)
            if first & 0x0F == Opcode.TEXT:
                yield payload

    def _take(self, count: int) -> bytes:
        while len(self._received) < count:
            self._receive_more()
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def _receive_more(self) -> None:
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server ended the stream")
        self._received += data
