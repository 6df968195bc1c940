"""A client that costs little, so that a server can be flooded: a blocking socket and frames made beforehand."""

import json
import socket
from collections.abc import Iterator
from typing import Any, Final

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

__all__ = ["CASCADE", "NATIVE", "Client", "masked"]

CASCADE: Final = "gpt-4.1"
NATIVE: Final = "gpt-realtime"

_PATIENCE_SECONDS: Final = 60.0


def masked(message: str | bytes) -> bytes:
    """A whole text frame as a client sends it."""
    data = message.encode() if isinstance(message, str) else message
    return Frame(Opcode.TEXT, data).serialize(mask=True)


class Client:
    """One open connection; the first event has been received."""

    def __init__(self, port: int, *, model: str = CASCADE) -> None:
        uri = f"ws://127.0.0.1:{port}/voice-live/realtime?api-version=2026-04-10&model={model}"
        self._protocol = ClientProtocol(parse_uri(uri), max_size=None)
        self._socket = socket.create_connection(("127.0.0.1", port), _PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = self._protocol.connect()
        request.headers["api-key"] = "any"
        self._protocol.send_request(request)
        self.write(b"".join(self._protocol.data_to_send()))
        self._messages = self._receive()
        self.session: dict[str, Any] = json.loads(self.next_message())
        assert self.session["type"] == "session.created", self.session

    def send(self, event: dict[str, Any]) -> None:
        self.write(masked(json.dumps(event)))

    def write(self, data: bytes) -> None:
        """Frames made by ``masked``."""
        self._socket.sendall(data)

    def next_message(self) -> bytes:
        return next(self._messages)

    def messages_until(self, event_type: str) -> list[bytes]:
        """All messages up to the first of that type."""
        start = f'{{"type":"{event_type}"'.encode()
        messages = []
        for message in self._messages:
            messages.append(message)
            if message.startswith(start):
                return messages
        raise ConnectionError(f"the server ended the stream before {event_type}")

    def close(self) -> None:
        """As the protocol has it, so that nobody complains."""
        self._protocol.send_close(1000)
        self.write(b"".join(self._protocol.data_to_send()))
        for _ in self._messages:
            pass
        self._socket.close()

    def _receive(self) -> Iterator[bytes]:
        while data := self._socket.recv(1 << 20):
            self._protocol.receive_data(data)
            for event in self._protocol.events_received():
                if isinstance(event, Frame):
                    yield bytes(event.data)
