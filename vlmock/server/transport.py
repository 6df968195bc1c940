"""How frames travel: one WebSocket over one TCP connection, driven without the library's own I/O.

``Transport`` feeds everything to websockets' sans-I/O ``ServerProtocol`` and is the reference for what is right;
``LightTransport`` in ``light_transport.py`` does the same and takes plain text frames itself.

Every buffer has a bound. What comes in is handled before more is read, one read buffer at most in a turn of the loop,
and less where that takes long (``Share``), so that nobody waits for somebody else's flood.
What goes out waits in a write buffer; while that is full nothing is read and ``writable`` is False, and a peer that
does not empty it within ``Limits.stall_seconds`` is dropped. An unfinished message takes
``Limits.message_bytes`` at most.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Literal, Protocol, cast

import msgspec
from websockets.exceptions import InvalidMessage
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from vlmock.conduct.codes import BINARY_MESSAGE, PING_UNANSWERED, SENT_AFTER_CLOSE, STALLED
from vlmock.protocol.codec import Message
from vlmock.protocol.deltas import Deltas
from vlmock.server.bounds import Limits, ReadBuffer, Share
from vlmock.server.close_frames import check_code, cut_reason
from vlmock.server.pings import Pings
from vlmock.server.ready_frames import ReadyFrames

if TYPE_CHECKING:
    from websockets.extensions import ServerExtensionFactory

__all__ = ["Closing", "Peer", "Transport"]

_REALTIME: Final = Subprotocol("realtime")
_NO_REQUEST: Final = (
    b'{"error":{"code":"400","message":"This is no request that could be answered here: HTTP/1.1, GET, no body."}}'
)
_BAD_REQUEST: Final = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
) % (len(_NO_REQUEST), _NO_REQUEST)

_CROSSING_SECONDS: Final = 1.0
"""What comes so soon after our goodbye was sent before it arrived."""

_HEAD_END: Final = b"\r\n\r\n"
_TLS_HELLO: Final = b"\x16\x03"
"""How TLS begins, and no request. Documented: RFC 8446 5.1."""

_log = logging.getLogger("vlmock.wire")
_log.setLevel(logging.WARNING)  # at DEBUG the library logs headers, and with them keys


class Closing(msgspec.Struct, frozen=True):
    """How a connection ended."""

    code: int
    """As the peer can know it; 1006 when there was no close frame. Documented: RFC 6455 7.1.5."""
    reason: str
    by: Literal["client", "server", "network"]
    unanswered: bool = False
    """We have said goodbye, and the peer has not answered it."""


class Peer(Protocol):
    """Who is told what comes in over a transport. Nothing here may raise."""

    def requested(self, request: Request) -> Response | None:
        """A request has come: the answer to it, or None to let it in."""

    def opened(self) -> None:
        """The upgrade has been answered; from now on messages may be sent."""

    def received(self, messages: list[bytes]) -> None:
        """Whole messages in the order in which they came. Text is valid UTF-8."""

    def noted(self, code: str, message: str) -> None:
        """The peer does something that is seen here only, and told once."""

    def writable_again(self) -> None:
        """The peer has read; ``send`` again."""

    def closed(self, closing: Closing) -> None:
        """The connection is gone. Comes once, also where it never opened."""


class Transport(asyncio.BufferedProtocol):
    """One connection, every frame through the library."""

    _tcp: asyncio.Transport
    _peer: Peer

    def __init__(
        self, peer: Callable[["Transport"], Peer], *, limits: Limits, buffer: ReadBuffer, compression: bool = False
    ) -> None:
        """``compression``: agree to permessage-deflate where the client offers it."""
        self.writable = True
        """False while the write buffer is full: send nothing more then."""
        self._limits = limits
        self._buffer = buffer
        self._share = Share(len(buffer.data), limits.turn_seconds)
        self._head_tail = b""
        """The last bytes of the request so far, to see where it ends."""
        self._websocket = ServerProtocol(
            extensions=_deflate() if compression else None,
            select_subprotocol=_subprotocol,
            max_size=limits.message_bytes,
            logger=_log,
        )
        self._message: bytearray | None = None
        """What has come of a fragmented message."""
        self._message_is_text = False
        self._answered = False
        self._ended = False
        self._invalid = False
        """A message was no text; what comes after it does not count."""
        self._stalled = False
        self._timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._pings = None if limits.ping_seconds is None else self._make_pings(limits.ping_seconds)
        self._goodbye_at: float | None = None
        """When we said it, on the loop's clock."""
        self._dropped = False
        """By whoever owns it."""
        self._noted: set[str] = set()
        self._make_peer = peer

    # ---- what the owner asks for

    def ready(self, deltas: Deltas) -> ReadyFrames | None:
        """The frames of a run, where they were kept from the last time and nobody waits to send them."""
        return None

    def send(self, messages: Sequence[Message | ReadyFrames]) -> None:
        """Send text messages in one write. After the end of the conversation they are dropped."""
        if self._websocket.state is State.OPEN:
            for each in messages:
                assert not isinstance(each, ReadyFrames), "those were never given out"
                self._websocket.send_text(b"".join(each[1]))
            self._flush()

    def close(self, code: int, reason: str = "") -> None:
        """Start the closing handshake. 1006, which no frame may carry, drops the connection instead.

        Raises ValueError on any other code that RFC 6455 7.4 does not allow in a frame.
        """
        if code != CloseCode.ABNORMAL_CLOSURE:
            check_code(code)
        self._ended = True
        if code == CloseCode.ABNORMAL_CLOSURE:
            self.drop()
        elif self._websocket.state is State.OPEN:
            self._websocket.send_close(code, cut_reason(reason))
            self._flush()
        elif self._websocket.state is State.CONNECTING and not self._tcp.is_closing():  # asyncio's TLS counts
            self._tcp.close()

    def drop(self) -> None:
        """End the connection at once, with nothing more said."""
        self._ended = self._dropped = True
        self._tcp.abort()

    # ---- what asyncio reports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._tcp = cast(asyncio.Transport, transport)
        self._tcp.set_write_buffer_limits(high=self._limits.unread_bytes)
        with contextlib.suppress(OSError):  # some systems refuse once the peer has gone
            self._tcp.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._timer = asyncio.get_running_loop().call_later(self._limits.open_seconds, self.drop)
        self._peer = self._make_peer(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer.view[: self._share.bytes]

    def buffer_updated(self, nbytes: int) -> None:
        began = time.perf_counter()
        self._take_in(nbytes)
        self._share.took(time.perf_counter() - began, nbytes)

    def eof_received(self) -> None:
        self._answered = True  # to one who has gone there is nothing to say
        self._websocket.receive_eof()
        self._flush()

    def pause_writing(self) -> None:
        self.writable = False
        self._tcp.pause_reading()
        self._stall_timer = asyncio.get_running_loop().call_later(self._limits.stall_seconds, self._drop_stalled)

    def resume_writing(self) -> None:
        self.writable = True
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        if self._websocket.state is State.OPEN:
            self._peer.writable_again()
        if self.writable and not self._tcp.is_closing():
            self._tcp.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._pings is not None:
            self._pings.end()
        for timer in (self._timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        self._peer.closed(self._closing())

    # ---- between the two

    def _take_in(self, nbytes: int) -> None:
        """Handle what has come into the buffer."""
        data = bytes(self._buffer.view[:nbytes])
        if self._websocket.state is State.CONNECTING:
            data = self._feed_request(data)
        if data:
            self._feed(data)

    def _feed_request(self, data: bytes) -> bytes:
        """Give the library what belongs to the request, and no more: it would read on before that is answered. What
        comes behind it."""
        before = len(self._head_tail)
        seen = self._head_tail + data
        self._head_tail = seen[-len(_HEAD_END) + 1 :]
        end = seen.find(_HEAD_END)
        own = len(data) if end < 0 else end + len(_HEAD_END) - before
        self._feed(data[:own])
        return data[own:]

    def _feed(self, data: bytes) -> None:
        """Give the library what has come, and pass on what it makes of it."""
        if not self._answered and data.startswith(_TLS_HELLO):
            self._refuse_tls()
            return
        self._websocket.receive_data(data)
        messages: list[bytes] = []
        for event in self._websocket.events_received():
            if isinstance(event, Request):
                self._answer(event)
            elif isinstance(event, Frame):
                message = self._assemble(event)
                if self._invalid:
                    break
                if message is not None:
                    messages.append(message)
        self._deliver(messages)
        self._flush()

    def _note(self, code: str, message: str) -> None:
        if code not in self._noted:
            self._noted.add(code)
            self._peer.noted(code, message)

    def _make_pings(self, seconds: float) -> Pings:
        words = f"a ping was not answered within {seconds:g} s"
        return Pings(seconds, ping=self._ping, unanswered=lambda: self._note(PING_UNANSWERED, words))

    def _ping(self) -> bool:
        can = self.writable and self._websocket.state is State.OPEN
        if can:
            self._websocket.send_ping(b"vlmock")
            self._flush()
        return can

    def _refuse_tls(self) -> None:
        """The library would wait for the end of a line, and the client for an answer."""
        _log.warning(
            "a client speaks TLS to this server, which does not: dial http:// or ws://, or serve with tls=True "
            "(vlmock serve --tls)"
        )
        self._tcp.write(_BAD_REQUEST)
        self._tcp.close()

    def _answer(self, request: Request) -> None:
        self._answered = True
        response = self._peer.requested(request) or self._websocket.accept(request)
        self._websocket.send_response(response)
        self._flush()
        if self._websocket.state is State.OPEN:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._peer.opened()
            if self._pings is not None:
                self._pings.begin()

    def _assemble(self, frame: Frame) -> bytes | None:
        """The message that this frame completes."""
        if frame.opcode is Opcode.PONG and self._pings is not None:
            self._pings.answered()
        elif frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            if frame.fin:
                return self._checked(bytes(frame.data), is_text=frame.opcode is Opcode.TEXT)
            self._message = bytearray(frame.data)
            self._message_is_text = frame.opcode is Opcode.TEXT
        elif frame.opcode is Opcode.CONT and self._message is not None:
            self._message += frame.data
            if frame.fin:
                message, self._message = bytes(self._message), None
                return self._checked(message, is_text=self._message_is_text)
        return None

    def _checked(self, message: bytes, *, is_text: bool) -> bytes | None:
        """The message, or None where it calls itself text and is none: that ends the connection.

        Documented: RFC 6455 8.1, close 1007.
        """
        if not is_text:
            self._note(BINARY_MESSAGE, f"a binary message of {len(message)} bytes")
        elif not message.isascii():
            try:
                message.decode()
            except UnicodeDecodeError as error:
                self._invalid = True
                self._websocket.fail(CloseCode.INVALID_DATA, f"{error.reason} at position {error.start}")
                return None
        return message

    def _deliver(self, messages: list[bytes]) -> None:
        """Pass messages on, unless the owner has ended the conversation."""
        if messages and not self._ended:
            self._peer.received(messages)
        elif messages and self._goodbye_at is not None:
            since = asyncio.get_running_loop().time() - self._goodbye_at
            if since > _CROSSING_SECONDS:
                self._note(SENT_AFTER_CLOSE, f"the client still sends {since:.1f} s after the server's close frame")

    def _flush(self) -> None:
        """Write what the library has to say."""
        writes = self._websocket.data_to_send()
        if not writes or self._tcp.is_closing():
            return
        if not self._answered and isinstance(self._websocket.handshake_exc, InvalidMessage):
            self._tcp.write(_BAD_REQUEST)
        data = b"".join(writes)
        if data:
            self._tcp.write(data)
        if SEND_EOF in writes:
            self._end_stream()
        if SEND_EOF in writes or self._websocket.state is State.CLOSING:
            self._expect_close()

    def _end_stream(self) -> None:
        """Both have said goodbye: close. One that may still be sending is let read our goodbye first: closing a socket
        with unread bytes resets the connection, and takes back what was sent."""
        if self._websocket.close_rcvd is not None or not self._tcp.can_write_eof():  # asyncio's TLS cannot
            self._tcp.close()
        else:
            self._tcp.write_eof()

    def _expect_close(self) -> None:
        loop = asyncio.get_running_loop()
        if self._goodbye_at is None:
            self._goodbye_at = loop.time()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(self._limits.close_seconds, self._tcp.abort)

    def _drop_stalled(self) -> None:
        self._stalled = True
        self.drop()

    def _closing(self) -> Closing:
        received, sent = self._websocket.close_rcvd, self._websocket.close_sent
        if received is not None and (sent is None or self._websocket.close_rcvd_then_sent):
            return Closing(received.code, received.reason, "client")
        if sent is not None:
            return Closing(sent.code, sent.reason, "server", unanswered=received is None and not self._dropped)
        if self._stalled:
            reason = f"{STALLED} for {self._limits.stall_seconds:g} s"
            return Closing(CloseCode.ABNORMAL_CLOSURE, reason, "server")
        return Closing(CloseCode.ABNORMAL_CLOSURE, "", "network")


def _subprotocol(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Documented {OAI}: browsers offer ``realtime``, and want it confirmed. Assumed: on Voice Live's address as well;
    there clients connect with and without {SEED, FLOW}."""
    return _REALTIME if _REALTIME in offered else None


def _deflate() -> "Sequence[ServerExtensionFactory]":
    """Imported late, because hardly anybody asks for it."""
    from websockets.extensions.permessage_deflate import enable_server_permessage_deflate

    return enable_server_permessage_deflate(None)
