"""How long it takes until something can be used: a process, a fixture, a pytest run that does not want it."""

import subprocess
import time
from collections.abc import Iterator
from typing import Final

from benchmarks.client import Client
from benchmarks.processes import ROOT, emulator, environment, floor, python, started
from benchmarks.results import Row

__all__ = ["measure_fixture", "measure_plugin", "measure_process"]

_PROCESS_TARGET: Final = 1.7
_FIXTURE_TARGET_MS: Final = 5.0
_PLUGIN_TARGET_MS: Final = 15.0

_FIXTURES: Final = """
import time
import vlmock
vlmock.serve().stop()
for _ in range(50):
    before = time.perf_counter()
    server = vlmock.serve()
    print((time.perf_counter() - before) * 1000)
    server.stop()
"""
_PLUGIN: Final = """
import time
from _pytest.config import get_config
manager = get_config().pluginmanager
began = time.perf_counter()
manager.import_plugin("vlmock.pytest_plugin")
print((time.perf_counter() - began) * 1000)
"""


def measure_process(*, quick: bool) -> Iterator[Row]:
    """From the command to ``session.created`` in the hands of a client, next to a bare server's first event."""
    own, bare = [], []
    for number in range((2 if quick else 15) + 1):
        pair = _until_created(emulator()), _until_created(floor("greet"))
        if number:  # the first fills the caches
            own.append(pair[0])
            bare.append(pair[1])
    yield Row(
        "process start to session.created",
        "ms",
        own,
        target=_PROCESS_TARGET,
        target_is_ratio=True,
        floor="websockets, one event",
        floor_samples=bare,
    )


def measure_fixture(*, quick: bool) -> Iterator[Row]:
    """``vlmock.serve()`` once everything is imported, each server stopped before the next."""
    printed = subprocess.run(
        python("-c", _FIXTURES), cwd=ROOT, env=environment(), check=True, capture_output=True, text=True
    ).stdout
    yield Row("vlmock.serve(), once imported", "ms", [float(line) for line in printed.split()], _FIXTURE_TARGET_MS)


def measure_plugin(*, quick: bool) -> Iterator[Row]:
    """What the plugin adds to a pytest run that does not use it: pytest imports and registers it, once, in a process
    where pytest itself is ready. A whole run with and without it differs by far more than that from chance alone."""
    added = []
    for _ in range((2 if quick else 20) + 1):
        printed = subprocess.run(
            python("-c", _PLUGIN), cwd=ROOT, env=environment(), check=True, capture_output=True, text=True
        ).stdout
        added.append(float(printed))
    yield Row("plugin in a pytest run that does not use it", "ms", added[1:], _PLUGIN_TARGET_MS)


def _until_created(command: list[str]) -> float:
    began = time.perf_counter()
    with started(command) as server:
        client = Client(server.port)
        took_ms = (time.perf_counter() - began) * 1000
        client.close()
    return took_ms
