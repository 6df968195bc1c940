"""On a terminal: a live display beneath lines that scroll, and a terminal that is as it was in the end."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import vlmock
from tests.client.chat_program import PROGRAM, environment, spoken

HIDES, SHOWS = "\x1b[?25l", "\x1b[?25h"
"""What a terminal is told about its cursor."""


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, folder: Path, *command: str, **variables: str) -> None:
        try:
            self._own, self._its = pty.openpty()
        except OSError as error:
            pytest.skip(f"needs a pseudo-terminal (/dev/pts): {error}")
        termios.tcsetwinsize(self._its, (30, 100))
        self.before = termios.tcgetattr(self._its)
        self.out = ""
        self.process = subprocess.Popen(
            command,
            stdin=self._its,
            stdout=self._its,
            stderr=self._its,
            cwd=folder,
            env=environment(**{"TERM": "xterm-256color", **variables}),
            start_new_session=True,
            preexec_fn=_with_this_terminal,
        )

    @property
    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self._its)

    def type(self, text: str) -> None:
        os.write(self._own, text.encode())

    def wait_for(self, pattern: str, within_s: float = 30.0) -> None:
        deadline = time.monotonic() + within_s
        while re.search(pattern, self.plain) is None:
            came = self._read(deadline) and time.monotonic() < deadline
            assert came, f"{pattern!r} never came: {self.plain[-2000:]}"

    def wait(self, within_s: float = 30.0) -> int:
        """Until it ends; its exit code."""
        deadline = time.monotonic() + within_s
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.plain
            self._read(time.monotonic() + 0.05)
        while self._read(time.monotonic() + 0.05):
            pass
        return self.process.returncode

    @property
    def plain(self) -> str:
        """Everything so far, without what only the terminal understands."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.out)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._own], [], [], max(0.0, deadline - time.monotonic()))
        if ready:
            self.out += os.read(self._own, 65536).decode(errors="replace")
        return bool(ready)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self._own)
        os.close(self._its)


def _with_this_terminal() -> None:
    """So that Ctrl-C reaches it."""
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


@pytest.fixture
def start(terminals, tmp_path):
    def start(url: str, *options: str, program: tuple[str, ...] = PROGRAM, **variables: str) -> Terminal:
        arguments = map(str, spoken(url, tmp_path, fast=False))
        terminals.append(Terminal(tmp_path, *program, *arguments, *options, **variables))
        return terminals[-1]

    return start


def test_the_live_display(start):
    """A level meter that moves, who speaks, what is being said while it is being said; then all is as it was."""
    with vlmock.serve("barge_in", timing="cascade") as server:
        terminal = start(server.url)
        terminal.wait_for("listening")
        terminal.wait_for("you are speaking")
        terminal.wait_for("the assistant thinks")
        terminal.wait_for(r"\s{10}assistant  Bread is one")  # without a time: it is still being said
        terminal.wait_for("the assistant speaks")
        assert HIDES in terminal.out
        assert not terminal.attributes[3] & termios.ECHO
        terminal.type("q\r")
        assert terminal.wait(within_s=3) == 0
    assert len(set(re.findall("█*░* +-?\\d+ dB", terminal.out))) > 5
    assert "1 turn in" in terminal.plain
    assert terminal.out.rindex(SHOWS) > terminal.out.rindex(HIDES)
    assert terminal.attributes == terminal.before
    assert "\nq" not in terminal.plain


def test_ctrl_c_on_a_terminal(start):
    """Ends it as q does, and nothing of it is seen."""
    with vlmock.serve("weather") as server:
        terminal = start(server.url)
        terminal.wait_for("you are speaking")
        terminal.type("\x03")
        assert terminal.wait(within_s=3) == 0
    assert "turns in" in terminal.plain
    assert "^C" not in terminal.plain
    assert terminal.attributes == terminal.before


def test_the_terminal_is_restored_when_it_ends_badly(start):
    """Whatever ends it."""
    with vlmock.serve("goodbye") as server:
        terminal = start(server.url, "--fast")
        assert terminal.wait() == 6
    assert "vlclient: the connection was closed with code 1001" in terminal.plain
    assert terminal.out.rindex(SHOWS) > terminal.out.rindex(HIDES)
    assert terminal.attributes == terminal.before


WITHOUT_RICH = "import sys; sys.modules['rich'] = None; from vlclient.cli import main; main()"


@pytest.mark.parametrize(
    ("options", "program", "variables"),
    [
        pytest.param(["--plain"], PROGRAM, {}, id="--plain"),
        pytest.param([], PROGRAM, {"TERM": "dumb"}, id="a dumb terminal"),
        pytest.param([], (sys.executable, "-c", WITHOUT_RICH), {}, id="no rich"),
    ],
)
def test_plain_lines_on_a_terminal(start, options, program, variables):
    """Where it is wanted, where the terminal can do no more, and where rich is missing."""
    with vlmock.serve("weather") as server:
        terminal = start(server.url, *options, program=program, **variables)
        terminal.wait_for("(speaking)")
        terminal.type("q\r")
        assert terminal.wait() == 0
    assert "\x1b" not in terminal.out


def test_what_the_service_says_does_not_control_the_terminal(start):
    """A transcript is somebody else's text."""
    reply = "One \x1b[2J two \x07 three."
    with vlmock.serve(vlmock.Scenario.build(turns=[{"user": "Hi", "reply": reply}])) as server:
        terminal = start(server.url, "--fast")
        assert terminal.wait() == 0
    assert "One \\u001b[2J two \\u0007 three." in terminal.plain
    assert "\x1b[2J" not in terminal.out
