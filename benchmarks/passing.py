"""A proxy that passes bytes on and looks at none of them: what a recorder cannot do without.

Run as ``python -m benchmarks.passing PORT``, of the service; prints the port that it listens on.
"""

import asyncio
import sys
from typing import cast

__all__: list[str] = []


class Passing(asyncio.Protocol):
    """One of the two ends of a connection. The client's is read from once the service's is there."""

    def __init__(self, other: "Passing | None", port: int) -> None:
        self._other = other
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.tcp = cast(asyncio.Transport, transport)
        if self._other is None:
            self.tcp.pause_reading()
            self._dialling = asyncio.get_running_loop().create_task(self._dial())

    def data_received(self, data: bytes) -> None:
        assert self._other is not None
        self._other.tcp.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._other is not None:
            self._other.tcp.close()

    async def _dial(self) -> None:
        loop = asyncio.get_running_loop()
        _, self._other = await loop.create_connection(lambda: Passing(self, self._port), "127.0.0.1", self._port)
        self.tcp.resume_reading()


async def run(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Passing(None, port), "127.0.0.1", 0)
    print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1])))
