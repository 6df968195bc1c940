"""How long it takes until something can be used: a process, a fixture, a pytest run that does not want it."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from statistics import median
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
_EMPTY_TEST: Final = "def test_nothing():\n    pass\n"


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
    """What the plugin adds to a pytest run of one empty test, in pairs. In a checkout that is not installed it is
    loaded by name, without any other plugin that may have imported something before it."""
    variables = environment() | {"PYTHONPATH": str(ROOT)}
    with_plugin, without = [], ["-p", "no:vlmock"]
    if not _is_installed():
        with_plugin, without = ["-p", "vlmock.pytest_plugin"], []
        variables["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    added, alone = [], []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pytest.ini").write_text("[pytest]\n")
        Path(folder, "test_nothing.py").write_text(_EMPTY_TEST)
        for number in range((2 if quick else 20) + 1):
            took_ms = {}
            for use in (True, False) if number % 2 else (False, True):  # whoever comes second has it easier
                took_ms[use] = _pytest_ms(folder, with_plugin if use else without, variables)
            if number:
                added.append(took_ms[True] - took_ms[False])
                alone.append(took_ms[False])
    what = f"plugin in a pytest run of {median(alone):.0f} ms that does not use it"
    yield Row(what, "ms", added, _PLUGIN_TARGET_MS)


def _until_created(command: list[str]) -> float:
    began = time.perf_counter()
    with started(command) as server:
        client = Client(server.port)
        took_ms = (time.perf_counter() - began) * 1000
        client.close()
    return took_ms


def _pytest_ms(folder: str, options: list[str], variables: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(
        python("-m", "pytest", "-q", "-p", "no:cacheprovider", *options, folder),
        cwd=folder,
        env=variables,
        check=True,
        capture_output=True,
    )
    return (time.perf_counter() - began) * 1000


def _is_installed() -> bool:
    return any(point.value == "vlmock.pytest_plugin" for point in entry_points(group="pytest11"))
