"""The same transport with a short cut for what comes thousands of times a second.

A whole, unfragmented, masked text frame of less than 64 KiB is taken here, and text frames are sent from here. Anything
else (control frames, fragments, long messages, mistakes) goes to the library: whole, in order, and nothing after it
until it is complete, so that the library is always between two frames when it is passed over.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Raw
from websockets.frames import Opcode
from websockets.protocol import State

from vlmock.protocol.codec import Message
from vlmock.protocol.deltas import Deltas
from vlmock.server.bounds import Limits, ReadBuffer
from vlmock.server.frame_head import FINAL_TEXT, LENGTH_16, LENGTH_64, frame_head
from vlmock.server.ready_frames import ReadyFrames, ReadyRuns
from vlmock.server.transport import Peer, Transport

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

__all__ = ["LightTransport"]

_FINAL: Final = 0x80
_CONTROL: Final = 0x08
_OPCODE: Final = 0x0F
_OPCODES: Final = frozenset(Opcode)
_MASKED: Final = 0x80
_SIZE_BYTES: Final = {LENGTH_16: 2, LENGTH_64: 8}

_MOST_PARTS: Final = 1024
"""That the system writes at once: IOV_MAX of Linux and of macOS."""


class LightTransport(Transport):
    """One connection, plain text frames past the library. No compression."""

    def __init__(
        self, peer: Callable[[Transport], Peer], *, limits: Limits, buffer: ReadBuffer, runs: ReadyRuns
    ) -> None:
        self._runs = runs
        self._kept = b""
        """The beginning of a frame whose rest has not come."""
        self._owed = 0
        """How many of the next bytes belong to a frame whose beginning the library has."""
        self._fragmented = False
        """The library is in the middle of a fragmented message."""
        self._gathers = False
        """Whether the socket itself can be written to: it is plain TCP, on a system that has ``writev``."""
        self._fileno = -1
        super().__init__(peer, limits=limits, buffer=buffer)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._gathers = hasattr(os, "writev") and transport.get_extra_info("sslcontext") is None
        if self._gathers:
            self._fileno = transport.get_extra_info("socket").fileno()

    def ready(self, deltas: Deltas) -> ReadyFrames | None:
        return self._runs.frames(deltas)

    def send(self, messages: Sequence[Message | ReadyFrames]) -> None:
        if self._websocket.state is not State.OPEN or self._tcp.is_closing():
            return
        parts: list[bytes | Raw | memoryview] = []
        size = 0
        for each in messages:
            if isinstance(each, tuple):
                length, message = each
                head = frame_head(length)
                parts.append(head)
                parts += message
                size += len(head) + length
            else:
                parts.append(each.view)
                size += len(each.view)
        self._write(parts, size)

    def _write(self, parts: list[bytes | Raw | memoryview], size: int) -> None:
        """Write it all; at once, and without a copy, where nothing waits to be written before it."""
        if not self._gathers or len(parts) > _MOST_PARTS or self._tcp.get_write_buffer_size():
            self._tcp.write(b"".join(parts))
            return
        try:
            written = os.writev(self._fileno, parts)
        except OSError:  # asyncio will meet it too, and knows what to do about it
            written = 0
        if written < size:
            self._tcp.write(memoryview(b"".join(parts))[written:])

    def get_buffer(self, sizehint: int) -> memoryview:
        kept = self._kept
        if not kept:
            return super().get_buffer(sizehint)
        self._buffer.data[: len(kept)] = kept
        return self._buffer.view[len(kept) : len(kept) + self._share.bytes]

    def _take_in(self, nbytes: int) -> None:
        end = len(self._kept) + nbytes
        self._kept = b""
        if self._websocket.state is State.CONNECTING:
            rest = self._feed_request(self._part(0, end))
            self._take(end - len(rest), end)
        else:
            self._take(0, end)

    def _take(self, position: int, end: int) -> None:
        """Handle what stands in the buffer from here to there."""
        websocket = self._websocket
        position += self._give_rest(end)
        while position < end and websocket.state is State.OPEN:
            position, messages = self._plain_frames(position, end)
            self._deliver(messages)
            given = self._give(position, end) if websocket.state is State.OPEN else 0
            if not given:
                break
            position += given
        if websocket.state is State.OPEN:
            self._kept = self._part(position, end)
        elif position < end:
            self._feed(self._part(position, end))

    def _plain_frames(self, position: int, end: int) -> tuple[int, list[bytes]]:
        """All messages up to the first frame that is not plain or not complete, and where that begins."""
        data, view, longest = self._buffer.data, self._buffer.view, self._limits.message_bytes
        messages: list[bytes] = []
        last = -1 if self._fragmented else end - 8  # where the last frame can begin whose head is there
        while position <= last and data[position] == FINAL_TEXT:
            length = data[position + 1] - _MASKED
            if length == LENGTH_16:
                length = data[position + 2] << 8 | data[position + 3]
                payload = position + 8
            elif 0 <= length < LENGTH_16:
                payload = position + 6
            else:
                break
            after = payload + length
            if after > end or length > longest:
                break
            message = apply_mask(view[payload:after], data[payload - 4 : payload])
            if not message.isascii() and self._checked(message, is_text=True) is None:
                break
            messages.append(message)
            position = after
        return position, messages

    def _give(self, position: int, end: int) -> int:
        """Give the library the frame that begins here, or what has come of it; how many bytes. 0: wait for more."""
        data, come = self._buffer.data, end - position
        if come < 2:
            return 0
        first, second = data[position], data[position + 1]
        if not second & _MASKED or first & _OPCODE not in _OPCODES:
            self._feed(self._part(position, end))  # a mistake that ends the connection
            return come
        length = second - _MASKED
        size_bytes = _SIZE_BYTES.get(length, 0)
        payload = 2 + size_bytes + 4
        if come < 2 + size_bytes:
            return 0
        if size_bytes:
            length = int.from_bytes(data[position + 2 : position + 2 + size_bytes], "big")
        is_plain = first == FINAL_TEXT and size_bytes < 8 and not self._fragmented
        if is_plain and length <= self._limits.message_bytes and come < payload + length:
            return 0
        if not first & _CONTROL:
            self._fragmented = not first & _FINAL
        given = min(come, payload + length)
        self._owed = payload + length - given
        self._feed(self._part(position, position + given))
        return given

    def _give_rest(self, end: int) -> int:
        """Give the library what it still has to get of a frame; how many bytes."""
        given = min(self._owed, end)
        if given:
            self._owed -= given
            self._feed(self._part(0, given))
        return given

    def _part(self, start: int, end: int) -> bytes:
        return bytes(self._buffer.view[start:end])
