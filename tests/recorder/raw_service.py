"""A service made of bytes: it answers what a test tells it to, and keeps exactly what it was sent."""

import contextlib
import re
import socket
import threading
from collections.abc import Callable
from types import TracebackType

from websockets.utils import accept_key

PATIENCE_SECONDS = 40.0
_HEAD_END = b"\r\n\r\n"


def switching(request: bytes, *headers: str) -> bytes:
    """The answer that lets a client in."""
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", request, re.I)
    assert key is not None
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Accept: {accept_key(key[1].decode())}", *headers, "", ""]
    return "\r\n".join(lines).encode()


class Visit:
    """One connection to the service."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.socket.settimeout(PATIENCE_SECONDS)
        self.request = b""
        self.received = b""
        """After the request."""
        self.broken = False
        """It ended with a reset."""

    def read_request(self) -> None:
        while _HEAD_END not in self.request:
            data = self.socket.recv(1 << 16)
            assert data, "the recorder ended the stream before its request was whole"
            self.request += data
        head, _, rest = self.request.partition(_HEAD_END)
        self.request, self.received = head + _HEAD_END, rest

    def read(self, count: int) -> bytes:
        """The first so many bytes after the request."""
        while len(self.received) < count:
            data = self.socket.recv(1 << 20)
            assert data, f"the stream ended after {len(self.received)} bytes"
            self.received += data
        return self.received[:count]

    def read_to_end(self) -> bytes:
        """All bytes after the request, until the other side has ended the stream."""
        try:
            while data := self.socket.recv(1 << 20):
                self.received += data
        except ConnectionError:
            self.broken = True
        return self.received

    @property
    def target(self) -> str:
        return self.request.split(b" ", 2)[1].decode()

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.request.decode("latin-1").split("\r\n")[1:]
        return [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]


class RawService:
    """Listens, and does with each visitor what the test says, in threads of its own."""

    def __init__(self, serve: Callable[[Visit], object], *, reads_requests: bool = True) -> None:
        """``reads_requests``: before ``serve`` is called."""
        self._reads_requests = reads_requests
        self.visits: list[Visit] = []
        self._serve = serve
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.failures: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def __enter__(self) -> "RawService":
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in accept
        self._listening.close()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        for visit in self.visits:
            visit.socket.close()
        if exc is None and self.failures:
            raise self.failures[0]

    def finish(self) -> None:
        """Wait until all visits so far are over."""
        for thread in self._threads[1:]:
            thread.join(PATIENCE_SECONDS)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                visit = Visit(connection)
                self.visits.append(visit)
                self._start(lambda visit=visit: self._host(visit))  # type: ignore[misc]

    def _host(self, visit: Visit) -> None:
        try:
            if self._reads_requests:
                visit.read_request()
            self._serve(visit)
        except BaseException as failure:
            self.failures.append(failure)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()
