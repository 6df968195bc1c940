"""The two ends of a recorded connection: sockets that hand on whatever comes, and wait when the other is slow."""

import asyncio
import contextlib
import socket
from typing import Final, Literal, Protocol, TypeAlias, cast

from vlmock.server.bounds import ReadBuffer

__all__ = ["End", "Side", "Traffic"]

Side: TypeAlias = Literal["client", "server"]

_UNREAD_BYTES: Final = 1024 * 1024
"""With more than this written and not taken by the one, nothing is read from the other."""


class Traffic(Protocol):
    """Who is told what happens at an end."""

    def arrived(self, end: "End") -> None:
        """It is connected."""

    def came(self, end: "End", data: bytes) -> None:
        """These bytes came in."""

    def finished(self, end: "End") -> bool:
        """It will send nothing more. Whether it may still be sent to."""

    def clogged(self, end: "End", full: bool) -> None:
        """Too much, or not any more too much, waits to be taken by it."""

    def gone(self, end: "End") -> None:
        """It is not connected any more. Comes once."""


class End(asyncio.BufferedProtocol):
    """One of the two. ``hold`` and ``release`` say for which reasons nothing is read at present."""

    tcp: asyncio.Transport

    def __init__(self, side: Side, traffic: Traffic, buffer: ReadBuffer) -> None:
        self.side: Side = side
        self._traffic = traffic
        self._buffer = buffer
        self._held: set[str] = set()
        self._finished = False
        """Nothing more is written to it."""
        self.gone = False
        """Whether asyncio has said that it is not connected any more."""

    @property
    def unsent_bytes(self) -> int:
        """What was written and has not been taken."""
        return 0 if self.gone else self.tcp.get_write_buffer_size()

    @property
    def is_open(self) -> bool:
        """Whether anything can still be written."""
        return not self.gone and not self.tcp.is_closing()

    def write(self, data: bytes) -> None:
        """At once, if the socket takes it; nothing, after the end."""
        if data and self.is_open and not self._finished:
            self.tcp.write(data)

    def hold(self, why: str) -> None:
        """Read nothing more, until this and every other reason has been released."""
        if not self._held and self.is_open:
            self.tcp.pause_reading()
        self._held.add(why)

    def release(self, why: str) -> None:
        """This is no reason any more."""
        self._held.discard(why)
        if not self._held and self.is_open:
            self.tcp.resume_reading()

    def finish(self) -> None:
        """Nothing more will be written; what was, arrives. The other direction stays open where there is such a thing:
        in TLS, as asyncio has it, there is not."""
        if not self.is_open:
            return
        self._finished = True
        if self.tcp.can_write_eof():
            with contextlib.suppress(OSError):  # it has gone, and asyncio will say so
                self.tcp.write_eof()
        else:
            self.tcp.close()

    def close(self) -> None:
        """Close the connection once all that was written has been taken."""
        if not self.gone:
            self.tcp.close()

    def drop(self) -> None:
        """Close the connection at once."""
        if not self.gone:
            self.tcp.abort()

    # ---- what asyncio reports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.tcp = cast(asyncio.Transport, transport)
        self.tcp.set_write_buffer_limits(high=_UNREAD_BYTES)
        with contextlib.suppress(OSError):  # some systems refuse once the peer has gone
            self.tcp.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._traffic.arrived(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer.view

    def buffer_updated(self, nbytes: int) -> None:
        self._traffic.came(self, bytes(self._buffer.view[:nbytes]))

    def eof_received(self) -> bool:
        stays = self._traffic.finished(self)
        return stays and self.tcp.can_write_eof()

    def pause_writing(self) -> None:
        self._traffic.clogged(self, True)

    def resume_writing(self) -> None:
        self._traffic.clogged(self, False)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self._traffic.gone(self)
