"""How much later a frame comes because a recorder passes it on: 20 ms of sound up, 100 ms down, in real time."""

import asyncio
import base64
import random
import time
from collections import deque
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.answering import ANSWER_BYTES, STAMP_AT, STAMP_BYTES
from benchmarks.client import REQUEST, masked
from benchmarks.processes import python, started
from benchmarks.results import Row

__all__ = ["measure"]

_APPEND_BYTES: Final = 960
_DIFFERENT: Final = 100
_PERIOD_SECONDS: Final = 0.02
_CONNECTIONS: Final = (1, 20)
_TARGET_MS: Final = 2.0
_HEAD_END: Final = b"\r\n\r\n"
_CREATED: Final = b'{"type":"session.created"}'


def _appends() -> list[bytes]:
    dice = random.Random(1)
    template = '{{"type":"input_audio_buffer.append","audio":"{}"}}'
    return [
        masked(template.format(base64.b64encode(dice.randbytes(_APPEND_BYTES)).decode())) for _ in range(_DIFFERENT)
    ]


_APPENDS: Final = _appends()


def measure(*, quick: bool) -> Iterator[Row]:
    """The same talk in turns with the recorder, with a proxy that does nothing but pass on, and without either: what
    comes later is the recorder's, and what comes later with the bare proxy is the least that any could add."""
    rounds, seconds = (2, 0.5) if quick else (10, 2.0)
    with (
        TemporaryDirectory() as folder,
        started(python("-m", "benchmarks.answering", str(len(_APPENDS[0])))) as service,
    ):
        for connections in _CONNECTIONS:
            place = str(Path(folder) / str(connections))
            upstream = f"http://127.0.0.1:{service.port}"
            with (
                started(python("-m", "vlmock", "record", "--upstream", upstream, "--port", "0", place)) as recorder,
                started(python("-m", "benchmarks.passing", str(service.port))) as proxy,
            ):
                ports = {"recorded": recorder.port, "passed on": proxy.port, "directly": service.port}
                yield from _rows(connections, asyncio.run(_measured(ports, connections, rounds, seconds)))


class _Latencies:
    """Of one round, in milliseconds."""

    def __init__(self) -> None:
        self.up: list[float] = []
        self.down: list[float] = []

    def at(self, direction: str, share: float) -> float:
        values: list[float] = sorted(getattr(self, direction))
        return values[min(int(len(values) * share), len(values) - 1)]


def _rows(connections: int, rounds: list[dict[str, _Latencies]]) -> Iterator[Row]:
    several = "1 connection" if connections == 1 else f"{connections} connections"
    for direction, name in (("up", "append, to the service"), ("down", "delta, to the client")):
        for share, percentile in ((0.5, "p50"), (0.99, "p99")):
            own, passed, bare = (
                [each[way].at(direction, share) for each in rounds] for way in ("recorded", "passed on", "directly")
            )
            what = f"{name}, {several}, {percentile}"
            yield Row(f"{what}, recorded", "ms", own, floor="directly", floor_samples=bare)
            added, least = ([a - b for a, b in zip(way, bare, strict=True)] for way in (own, passed))
            yield Row(
                f"{what}, added", "ms", added, target=_TARGET_MS, floor="added by a bare proxy", floor_samples=least
            )


async def _measured(
    ports: dict[str, int], connections: int, rounds: int, seconds: float
) -> list[dict[str, _Latencies]]:
    measured = []
    for number in range(rounds + 1):
        both = {way: await _talked(port, connections, seconds) for way, port in ports.items()}
        if number:  # the first warms up
            measured.append(both)
    return measured


async def _talked(port: int, connections: int, seconds: float) -> _Latencies:
    latencies = _Latencies()
    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            group.create_task(_talk(port, latencies, seconds, number * _PERIOD_SECONDS / connections))
    return latencies


async def _talk(port: int, latencies: _Latencies, seconds: float, later: float) -> None:
    loop = asyncio.get_running_loop()
    tcp, talker = await loop.create_connection(lambda: _Talker(latencies), "127.0.0.1", port)
    await talker.opened.wait()
    begin = time.monotonic() + later
    for number, append in zip(range(int(seconds / _PERIOD_SECONDS)), cycle(_APPENDS), strict=False):
        await asyncio.sleep(begin + number * _PERIOD_SECONDS - time.monotonic())
        talker.sent.append(time.monotonic())
        tcp.write(append)
    await talker.answered()
    tcp.close()


class _Talker(asyncio.Protocol):
    def __init__(self, latencies: _Latencies) -> None:
        self.opened = asyncio.Event()
        self.sent: deque[float] = deque()
        self._all_came = asyncio.Event()
        self._latencies = latencies
        self._received = bytearray()

    async def answered(self) -> None:
        """All that was sent has been answered."""
        self._all_came.clear()
        if self.sent:
            await asyncio.wait_for(self._all_came.wait(), 60)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(REQUEST.format(model="any").encode())

    def data_received(self, data: bytes) -> None:
        came = time.monotonic()
        self._received += data
        if not self.opened.is_set():
            if self._received.endswith(_CREATED):
                self._received.clear()
                self.opened.set()
            return
        while len(self._received) >= ANSWER_BYTES:
            arrived = float(self._received[STAMP_AT : STAMP_AT + STAMP_BYTES])
            del self._received[:ANSWER_BYTES]
            self._latencies.up.append((arrived - self.sent.popleft()) * 1e3)
            self._latencies.down.append((came - arrived) * 1e3)
        if not self.sent:
            self._all_came.set()
