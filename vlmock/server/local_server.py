"""What every server of ours is to whoever starts it: a thread with an address, and a block that it lasts for."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from vlmock.server.listener import Listener, url_host
from vlmock.server.surroundings import Surroundings

if TYPE_CHECKING:
    from vlmock.server.certificate import Certificate

__all__ = ["LocalServer"]


class LocalServer:
    """A running server. Leave it with ``stop()``, or use it in ``with`` or ``async with``."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        tls: bool,
        accept: Callable[[], asyncio.BaseProtocol],
        farewell: Callable[[], Any],
        failed: Callable[[BaseException], None],
        others: str = "",
    ) -> None:
        """As ``Listener``; ``tls``: with a certificate of its own, which this process, and those that it starts, trust
        until the end, and the authorities in ``others`` (PEM). Raises ServerError."""
        self._host = url_host(host)
        self._certificate = _certificate_for(self._host, others) if tls else None
        self._listener = Listener(
            host=host,
            port=port,
            accept=accept,
            farewell=farewell,
            failed=failed,
            tls=self._certificate.context if self._certificate else None,
        )
        self._surroundings = Surroundings()
        if self._certificate:
            self._surroundings.change(self._certificate.environment)
            self._certificate.tell_aiohttp()

    # ---- where it is

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._listener.port

    @property
    def url(self) -> str:
        """The endpoint to give to a client: ``http://127.0.0.1:8765``, or https."""
        return f"http{self._s}://{self._host}:{self.port}"

    @property
    def ws_url(self) -> str:
        """The same as a WebSocket URL: ``ws://127.0.0.1:8765``, or wss."""
        return f"ws{self._s}://{self._host}:{self.port}"

    @property
    def _s(self) -> str:
        return "s" if self._certificate else ""

    @property
    def ca_file(self) -> Path | None:
        """What its clients have to trust, in PEM; None without TLS. Gone when it is stopped."""
        return self._certificate.ca_file if self._certificate else None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a client in another process needs. Those that this process starts have them already."""
        return self._certificate.environment if self._certificate else {}

    @property
    def running(self) -> bool:
        """False once it has been stopped."""
        return self._listener.running

    # ---- how it ends

    def stop(self) -> None:
        """Say goodbye to everybody with 1001 and end the thread, within half a second. Safe to call again."""
        self._listener.stop()
        self._surroundings.restore()
        if self._certificate:
            self._certificate.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leaves an asyncio loop free meanwhile, so that clients in it can answer the goodbye."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.stop()
            return
        stopped = asyncio.Event()
        self._listener.stop_soon(lambda: loop.call_soon_threadsafe(stopped.set))
        await stopped.wait()
        self.stop()


def _certificate_for(host: str, others: str) -> "Certificate":
    """Imported late, because hardly anybody asks for it."""
    from vlmock.server.certificate import Certificate

    return Certificate(host.strip("[]"), others=others)
