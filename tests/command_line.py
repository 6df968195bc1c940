"""Our command as a process of its own, as a person or another language's test runner starts it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
WRONG = "description: Wrong.\nturns:\n  - user: Hi\n    replies: Hello.\n"
VLMOCK = [sys.executable, "-m", "vlmock"]


def run(*arguments: str, cwd: Path = ROOT, extra_path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command, over within half a minute; a traceback is never an answer. ``extra_path``: modules of its own."""
    env = environment()
    if extra_path is not None:
        env["PYTHONPATH"] = f"{extra_path}{os.pathsep}{env['PYTHONPATH']}"
    done = subprocess.run(
        [*VLMOCK, *arguments], capture_output=True, text=True, timeout=30, cwd=cwd, env=env, check=False
    )
    assert "Traceback" not in done.stderr
    return done


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


class Served:
    """A ``vlmock serve``, or another command like it, that is up."""

    def __init__(self, process: subprocess.Popen[str], greeting: list[str]) -> None:
        self.process, self.greeting = process, greeting
        self.said: list[str] = []
        """The lines that were waited for."""
        self.url = re.findall(r"https?://\S+", greeting[0])[0]

    def connect(self, path: str = "", key: str = "any", model: str = "gpt-4.1") -> ClientConnection:
        address = f"{self.url}{path}/voice-live/realtime?api-version=2026-04-10&model={model}"
        return connect(address.replace("http", "ws", 1), additional_headers={"api-key": key})

    def said_until(self, beginning: str) -> list[str]:
        """The lines that it says, to the one that begins so; it must not have more to say just then."""
        assert self.process.stdout is not None
        while not self.said or not self.said[-1].startswith(beginning):
            line = self.process.stdout.readline()
            assert line, f"it ended: {self.said}"
            self.said.append(line.rstrip())
        return self.said

    def ends(self, number: signal.Signals, *, warned: str = "", code: int = 0) -> str:
        """All that it says when it is told to stop. ``warned``: how its only warning begins. ``code``: that it exits
        with."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        assert (self.process.returncode, err[: len(warned)], err.count("\n")) == (code, warned, bool(warned))
        return out


@contextmanager
def serving(*arguments: str, cwd: Path = ROOT, until: str = "Ctrl-C", command: str = "serve") -> Iterator[Served]:
    """``until``: a word of the line with which it counts as being up. ``command``: another one that serves."""
    process = subprocess.Popen(
        [*VLMOCK, command, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment(),
    )
    try:
        assert process.stdout is not None
        greeting = []
        while not greeting or until not in greeting[-1]:
            line = process.stdout.readline()
            assert line, f"it ended: {process.communicate()}"
            greeting.append(line.rstrip())
        yield Served(process, greeting)
    finally:
        process.kill()
        process.communicate()


def ask(socket: ClientConnection, text: str | None) -> str:
    """Have something typed, or nothing, answered."""

    def send(**event: Any) -> None:
        socket.send(json.dumps(event))

    if text is not None:
        part = {"type": "input_text", "text": text}
        send(type="conversation.item.create", item={"type": "message", "role": "user", "content": [part]})
    send(type="response.create")
    words = ""
    while (event := json.loads(socket.recv(timeout=30)))["type"] != "response.done":
        if event["type"] == "response.audio_transcript.done":
            words = event["transcript"]
    return words
