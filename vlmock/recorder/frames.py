"""WebSocket messages read from a copy of the bytes of one direction, without I/O and without answering anything."""

from collections.abc import Generator, Iterator
from typing import Final, TypeAlias

import msgspec
from websockets.exceptions import InvalidHeader, PayloadTooBig, ProtocolError
from websockets.extensions import Extension
from websockets.frames import Frame, Opcode
from websockets.headers import parse_extension
from websockets.streams import StreamReader

__all__ = ["FrameReader", "Goodbye", "Message", "Said", "Unreadable"]

_LONGEST_BYTES: Final = 256 * 1024 * 1024
"""Of a message, also when it is inflated: ten times what the service takes."""
_NO_CODE: Final = 1005
"""Documented: RFC 6455 7.1.5, of a close frame that gives none."""
_DEFLATE: Final = "permessage-deflate"
_WIDEST_WINDOW: Final = 15
"""Inflates what was deflated in any other."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """A whole message, however many frames it came in."""

    data: bytes
    is_text: bool


class Goodbye(msgspec.Struct, frozen=True):
    """A close frame."""

    code: int
    reason: str


class Unreadable(msgspec.Struct, frozen=True):
    """These are no frames, or not in a way that we know. Nothing more can be read of this direction."""

    why: str


Said: TypeAlias = Message | Goodbye | Unreadable


class FrameReader:
    """One direction of one connection."""

    def __init__(self, *, masked: bool, extensions: str = "") -> None:
        """``masked``: what the client sends is. ``extensions``: the header Sec-WebSocket-Extensions of the answer."""
        self._masked = masked
        self._reader = StreamReader()
        self._extensions = _extensions(extensions, from_client=masked)
        self._frames = self._parse()
        self._in_frame = False
        self._message: bytearray | None = None
        self._message_is_text = False
        self._broken = False

    @property
    def between_frames(self) -> bool:
        """Whether all that has come ended with a frame, so that another frame could follow."""
        return not (self._broken or self._in_frame or self._reader.buffer)

    def feed(self, data: bytes) -> Iterator[Said]:
        """What these bytes complete. Control frames other than close say nothing."""
        if self._broken:
            return
        self._reader.feed_data(data)
        while True:
            try:
                frame = next(self._frames)
                if frame is None:
                    return
                said = self._assembled(frame)
            except (ProtocolError, PayloadTooBig) as error:
                self._broken = True
                yield Unreadable(str(error))
                return
            if said is not None:
                yield said

    def _parse(self) -> Generator[Frame | None, None, None]:
        while True:
            self._in_frame = False
            yield (
                yield from Frame.parse(
                    self._read, mask=self._masked, max_size=_LONGEST_BYTES, extensions=self._extensions
                )
            )

    def _read(self, count: int) -> Generator[None, None, bytearray]:
        data = yield from self._reader.read_exact(count)
        self._in_frame = True
        return data

    def _assembled(self, frame: Frame) -> Message | Goodbye | None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.BINARY if frame.fin:
                return Message(bytes(frame.data), frame.opcode is Opcode.TEXT)
            case Opcode.TEXT | Opcode.BINARY:
                self._message, self._message_is_text = bytearray(frame.data), frame.opcode is Opcode.TEXT
            case Opcode.CONT if self._message is not None:
                self._message += frame.data
                if len(self._message) > _LONGEST_BYTES:
                    raise PayloadTooBig(len(self._message), _LONGEST_BYTES)
                if frame.fin:
                    message, self._message = bytes(self._message), None
                    return Message(message, self._message_is_text)
            case Opcode.CLOSE:
                code = int.from_bytes(frame.data[:2], "big") if len(frame.data) > 1 else _NO_CODE
                return Goodbye(code, bytes(frame.data[2:]).decode(errors="replace"))
        return None


def _extensions(header: str, *, from_client: bool) -> list[Extension]:
    """What has to be undone. An extension that nobody knows shows in the frames' reserved bits."""
    try:
        agreed = parse_extension(header) if header else []
    except InvalidHeader:
        agreed = []
    for name, parameters in agreed:
        if name == _DEFLATE:
            from websockets.extensions.permessage_deflate import PerMessageDeflate

            forgets = f"{'client' if from_client else 'server'}_no_context_takeover"
            return [
                PerMessageDeflate(
                    remote_no_context_takeover=any(parameter == forgets for parameter, _ in parameters),
                    local_no_context_takeover=True,  # nothing is sent here
                    remote_max_window_bits=_WIDEST_WINDOW,
                    local_max_window_bits=_WIDEST_WINDOW,
                )
            ]
    return []
