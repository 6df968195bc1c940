"""Servers in processes of their own, and what those processes have used. Linux only, for the accounting."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["ROOT", "Process", "emulator", "environment", "floor", "python", "started"]

ROOT: Final = Path(__file__).resolve().parents[1]

_SCHEDULED: Final = 2
"""Which of a process's clocks: the one that counts nanoseconds on a processor, user and system together."""


_REST_SECONDS: Final = 0.002


class Process:
    """A running server that has said on which port it listens."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment())
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(command)} did not start")
        self.port = int(line.rpartition(":")[2])
        self._clock = ~self._process.pid << 3 | _SCHEDULED

    def cpu_seconds(self) -> float:
        """What all its threads have used so far, once they rest: answers are sent before the work is over."""
        used = -1.0
        while (now_used := time.clock_gettime(self._clock)) != used:
            used = now_used
            time.sleep(_REST_SECONDS)
        return used

    def memory_bytes(self) -> int:
        """What it has in memory now (resident)."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


def python(*arguments: str) -> list[str]:
    """A command that runs the interpreter that runs this."""
    return [sys.executable, *arguments]


def emulator(scenario: str | None = None, *, timing: str = "instant") -> list[str]:
    """The emulator as a user starts it, with its defaults but for the timing."""
    return python("-m", "vlmock", "serve", *([scenario] if scenario else []), "--port", "0", "--timing", timing)


def floor(kind: str, *arguments: str) -> list[str]:
    """One of the bare servers of ``floors.py``."""
    return python("-m", "benchmarks.floors", kind, *arguments)


def environment() -> dict[str, str]:
    """This process's own, but compiled modules are kept, as they are for everybody who has installed a package."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextmanager
def started(command: list[str]) -> Iterator[Process]:
    """A server for as long as the block lasts."""
    process = Process(command)
    try:
        yield process
    finally:
        process.stop()
