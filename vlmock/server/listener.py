"""A loop in a thread of its own that accepts connections.

The thread is a daemon: a server that nobody stopped does not keep a program from ending.
"""

import asyncio
import contextlib
import errno
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from vlmock.errors import ServerError

__all__ = ["Listener", "url_host"]

_BACKLOG: Final = 1024
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
_ACCEPTED_AT_ONCE: Final = 64
_ACCEPT_AGAIN_SECONDS: Final = 1.0
_ARRIVAL_SECONDS: Final = 0.1
_JOIN_SECONDS: Final = 5.0
_TLS_SECONDS: Final = 10.0
"""For a client to begin."""
_TLS_FAREWELL_SECONDS: Final = 1.0
_THREAD_NAME: Final = "vlmock"

_log = logging.getLogger("vlmock")


class Listener:
    """Accepts connections on one address until it is stopped."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        accept: Callable[[], asyncio.BaseProtocol],
        farewell: Callable[[], Any],
        failed: Callable[[BaseException], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``accept`` makes the protocol of a new connection. ``farewell`` is a coroutine function that says goodbye to
        all, and ends soon. ``failed`` is told what nobody else caught. All three are called in the loop. ``tls``: what
        is shown to clients, who then have to speak TLS.

        Raises ServerError when the address cannot be had, and says what to do.
        """
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._accept, self._farewell, self._failed = accept, farewell, failed
        self._tls = tls
        # A selector loop on every platform: the shared read buffer needs one, and nothing here needs another.
        self.loop: asyncio.AbstractEventLoop = asyncio.SelectorEventLoop()
        self.loop.set_exception_handler(self._report)
        self._process = os.getpid()
        self._stopping: asyncio.Event | None = None
        self._arriving: set[asyncio.Task[Any]] = set()
        """Connections that have been accepted and have no protocol yet."""
        self._on_stopped: list[Callable[[], object]] = []
        self._thread = threading.Thread(target=self._run, name=_THREAD_NAME, daemon=True)
        ready = threading.Event()
        self.loop.call_soon(ready.set)
        self._thread.start()
        ready.wait()

    @property
    def running(self) -> bool:
        """Whether connections are accepted. In a forked child they are not."""
        return os.getpid() == self._process and self._thread.is_alive()

    def stop(self) -> None:
        """Say goodbye to everybody and end the thread. Safe to call again, from any thread, and when all is dead."""
        if os.getpid() != self._process:
            return  # a fork's copy: its sockets and its selector are still the parent's
        self._ask_to_stop()
        if threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_SECONDS)

    def stop_soon(self, stopped: Callable[[], object]) -> None:
        """The same without waiting; ``stopped`` is called at the end, in the server's thread, or at once."""
        self._on_stopped.append(stopped)
        if not self.running:
            self._tell_stopped()
        else:
            self._ask_to_stop()

    def do(self, what: Callable[[], object]) -> None:
        """Have something done in the loop, and wait until it was. In the loop itself: done soon, not waited for.

        Raises ServerError when the loop has ended.
        """
        if threading.current_thread() is self._thread:
            self.loop.call_soon(what)
            return
        done: Future[object] = Future()
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self.loop.call_soon_threadsafe(lambda: _keep(done, what))
        while self.running:
            with contextlib.suppress(TimeoutError):
                done.result(_JOIN_SECONDS)
                return
        raise ServerError("the server has been stopped")

    def _ask_to_stop(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self.loop.call_soon_threadsafe(self._stop_serving)

    def _stop_serving(self) -> None:
        if self._stopping is not None:
            self._stopping.set()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self._serve())
        except BaseException as error:
            self._failed(error)
        finally:
            self._socket.close()
            self.loop.close()
            self._tell_stopped()

    async def _serve(self) -> None:
        # Not loop.create_server: in Python 3.11 it leaks a connection that arrives while the server is being closed.
        self._stopping = asyncio.Event()
        self._socket.setblocking(False)
        self.loop.add_reader(self._socket, self._accept_some)
        await self._stopping.wait()
        self.loop.remove_reader(self._socket)
        self._socket.close()
        if self._arriving:
            _, late = await asyncio.wait(self._arriving, timeout=_ARRIVAL_SECONDS)
            for task in late:  # in the middle of its TLS handshake
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._farewell()

    def _accept_some(self) -> None:
        """Take in who waits at the door, not so many that those inside have to wait."""
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                arrived, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no file descriptors left: try again when some may have been freed
                self._failed(error)
                self.loop.remove_reader(self._socket)
                self.loop.call_later(_ACCEPT_AGAIN_SECONDS, self._accept_again)
                return
            arrived.setblocking(False)
            task = self.loop.create_task(self._take_in(arrived))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

    async def _take_in(self, arrived: socket.socket) -> None:
        if self._tls is None:
            await self.loop.connect_accepted_socket(self._accept, arrived)
            return
        try:
            await self.loop.connect_accepted_socket(
                self._accept,
                arrived,
                ssl=self._tls,
                ssl_handshake_timeout=_TLS_SECONDS,
                ssl_shutdown_timeout=_TLS_FAREWELL_SECONDS,
            )
        except OSError as error:  # ssl.SSLError is one: a client that spoke no TLS, or did not trust us
            _log.info("no TLS with a client (use https:// and wss://, and trust the server's CA): %s", error)

    def _accept_again(self) -> None:
        if self._socket.fileno() >= 0:
            self.loop.add_reader(self._socket, self._accept_some)

    def _tell_stopped(self) -> None:
        while self._on_stopped:
            self._on_stopped.pop()()

    def _report(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        error = context.get("exception")
        if error is not None:
            self._failed(error)


def _keep(promise: "Future[object]", what: Callable[[], object]) -> None:
    try:
        promise.set_result(what())
    except BaseException as error:
        promise.set_exception(error)


def url_host(host: str) -> str:
    """How to name a host in a URL that can be dialled from this computer."""
    host = _WILDCARDS.get(host, host)
    return f"[{host}]" if ":" in host else host


def _bound(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise ServerError(f"port {port} does not exist; use 1 to 65535, or 0 for any free one")
    try:
        # Assumed: of several addresses the first is meant, IPv4 before IPv6 as clients try it on a local machine.
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except socket.gaierror as error:
        raise ServerError(f"there is no host {host!r} ({error.strerror}); use 127.0.0.1, or 0.0.0.0 for all") from error
    except OSError as error:
        raise ServerError(_why_not_bound(error, host, port)) from error


def _why_not_bound(error: OSError, host: str, port: int) -> str:
    place = f"{host}:{port}"
    match error.errno:
        case errno.EADDRINUSE:
            return f"{place} is in use by another program; choose another port, or 0 for any free one"
        case errno.EACCES | errno.EPERM:
            return f"{place} may not be used without more rights; choose a port above 1023, or 0 for any free one"
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this computer; use 127.0.0.1, or 0.0.0.0 for all"
    return f"{place} cannot be used: {error.strerror or error}"
