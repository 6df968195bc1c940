"""An upstream that costs next to nothing: it answers each frame of a known size with one that says when it came.

Run as ``python -m benchmarks.answering SIZE``; prints the port that it listens on.
"""

import asyncio
import base64
import json
import random
import sys
import time
from typing import Final, cast

from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

__all__ = ["ANSWER_BYTES", "STAMP_AT", "STAMP_BYTES"]

_DELTA_BYTES: Final = 4800
"""100 ms of sound."""
_DIFFERENT: Final = 50
_KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="
"""That ``benchmarks.client`` shows."""
_HEAD_END: Final = b"\r\n\r\n"
STAMP_BYTES: Final = 20
"""Seconds of the system's monotonic clock, which all processes share."""
_TEMPLATE: Final = '{{"type":"response.audio.delta","event_id":"{}","response_id":"resp_1","delta":"{}"}}'
_STAMP: Final = "0" * STAMP_BYTES


def _answers() -> list[bytes]:
    dice = random.Random(2)
    sounds = (base64.b64encode(dice.randbytes(_DELTA_BYTES)).decode() for _ in range(_DIFFERENT))
    return [Frame(Opcode.TEXT, _TEMPLATE.format(_STAMP, sound).encode()).serialize(mask=False) for sound in sounds]


ANSWERS: Final = _answers()
ANSWER_BYTES: Final = len(ANSWERS[0])
STAMP_AT: Final = ANSWERS[0].index(_STAMP.encode())


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._received = bytearray()
        self._upgraded = False
        self._count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._tcp = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        came = time.monotonic()
        self._received += data
        if not self._upgraded:
            self._upgrade()
            return
        while len(self._received) >= self._size:
            del self._received[: self._size]
            answer = ANSWERS[self._count % _DIFFERENT]
            self._count += 1
            stamp = f"{came:0{STAMP_BYTES}.9f}".encode()
            self._tcp.write(b"".join((answer[:STAMP_AT], stamp, answer[STAMP_AT + STAMP_BYTES :])))

    def _upgrade(self) -> None:
        if self._received.endswith(_HEAD_END):
            self._upgraded = True
            self._received.clear()
            head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade"
            self._tcp.write(f"{head}\r\nSec-WebSocket-Accept: {accept_key(_KEY)}\r\n\r\n".encode())
            created = json.dumps({"type": "session.created"}, separators=(",", ":")).encode()
            self._tcp.write(Frame(Opcode.TEXT, created).serialize(mask=False))


async def run(size: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Answering(size), "127.0.0.1", 0)
    print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1])))
