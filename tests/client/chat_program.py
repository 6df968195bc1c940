"""Runs ``vlclient chat`` as a person does: in a process of its own, with nothing of ours in its environment."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[2]
WORDS = ROOT / "vlmock" / "demo" / "what_is_the_weather.wav"
"""Two and a half seconds of a question."""
NO_DEVICES = Path(__file__).with_name("no_devices.conf")
KEY = "k3y-that-nobody-may-see"
PROGRAM = (sys.executable, "-W", "error", "-m", "vlclient", "chat")
TOOLS = '''\
def get_weather(location: str) -> dict:
    """Look up the weather."""
    return {"weather": "sunny", "temp_c": 21}
'''


class Done(msgspec.Struct, frozen=True):
    """How it ended, and what it said."""

    code: int
    out: str
    err: str

    def lines(self, who: str) -> list[str]:
        """What one of the speakers said, without the times."""
        split = (line.split(maxsplit=2) for line in self.out.splitlines())
        return [parts[2] for parts in split if len(parts) == 3 and parts[1] == who]


class Running:
    """A program under way, line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.out = ""
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def wait_for(self, words: str) -> str:
        """The next line with these words."""
        while words not in (line := self._lines.get(timeout=30)):
            assert line, f"it ended without {words!r}: {self.out}"
            self.out += line
        self.out += line
        return line

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def done(self, within_s: float = 30.0) -> Done:
        """Waits for its end."""
        assert self.process.stderr is not None
        self.process.wait(within_s)
        while line := self._lines.get(timeout=30):
            self.out += line
        return Done(self.process.returncode, self.out, self.process.stderr.read())


def environment(**variables: str) -> dict[str, str]:
    """Ours without what configures a client, and without a sound card unless ``variables`` name one."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "VOICE", "AGENT_"))}
    return {**ours, "PYTHONPATH": str(ROOT), "ALSA_CONFIG_PATH": str(NO_DEVICES), **variables}


@contextmanager
def chatting(
    folder: Path,
    *arguments: str | Path,
    program: Sequence[str] = PROGRAM,
    variables: Mapping[str, str] | None = None,
    stdin: int | Any = subprocess.PIPE,
) -> Iterator[Running]:
    """Start it in ``folder``; it is killed in the end if it still runs."""
    process = subprocess.Popen(
        [*program, *map(str, arguments)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=environment(**(variables or {})),
    )
    try:
        yield Running(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def chat(folder: Path, *arguments: str | Path, within_s: float = 20.0, **options: Any) -> Done:
    """From beginning to end, with nothing on standard input. It never leaves a traceback."""
    with chatting(folder, *arguments, **{"stdin": subprocess.DEVNULL, **options}) as running:
        done = running.done(within_s)
    assert "Traceback" not in done.err
    return done


def spoken(url: str, folder: Path, *, fast: bool = True) -> list[str | Path]:
    """The arguments with which the question is asked, once."""
    tools = folder / "tools.py"
    tools.write_text(TOOLS, encoding="utf-8")
    files = ["--input", WORDS, "--output", folder / "heard.wav", "--tools", tools]
    return ["--endpoint", url, "--api-key", KEY, *files, *(["--fast"] if fast else [])]
