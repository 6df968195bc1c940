"""What a session that waits holds in memory."""

import time
from collections.abc import Iterator
from typing import Final

from benchmarks.client import Client
from benchmarks.processes import Process, emulator, floor, started
from benchmarks.results import Row

__all__ = ["measure"]

_TARGET_KB: Final = 25.0
_WARM_UP: Final = 50
_SETTLED_SECONDS: Final = 0.3
"""Time for what the first session has others import."""


def measure(*, quick: bool) -> Iterator[Row]:
    """Resident memory more with so many sessions open, for each of them; after ``session.created``."""
    sessions, rounds = (100, 1) if quick else (400, 3)
    own, bare = [], []
    for _ in range(rounds):
        own.append(_kilobytes(emulator(), sessions))
        bare.append(_kilobytes(floor("greet"), sessions))
    yield Row(
        f"idle session ({sessions} of them)",
        "kB",
        own,
        target=_TARGET_KB,
        floor="websockets, no compression",
        floor_samples=bare,
    )


def _kilobytes(command: list[str], sessions: int) -> float:
    with started(command) as server:
        clients = [Client(server.port) for _ in range(_WARM_UP)]
        time.sleep(_SETTLED_SECONDS)
        before = _memory_at_rest(server)
        clients += [Client(server.port) for _ in range(sessions)]
        after = _memory_at_rest(server)
        for client in clients:
            client.close()
    return (after - before) / sessions / 1000


def _memory_at_rest(server: Process) -> int:
    server.cpu_seconds()
    return server.memory_bytes()
