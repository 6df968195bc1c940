"""``vlmock demo``: the emulator, a recording of real words, and the reference client that speaks them.

The client is a program of its own, as for anybody, and prints the conversation: ``python -m vlclient chat``.
"""

import shlex
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from vlmock.errors import JournalTimeout, RecordingError
from vlmock.protocol.recording.folder import CannotRecord, RecordingsFolder
from vlmock.server.journal import Ended
from vlmock.server.mock_server import MockServer, serve

__all__ = ["run_demo"]

_WORDS: Final = Path(__file__).with_name("what_is_the_weather.wav")
_TOOLS: Final = Path(__file__).with_name("weather_tools.py")
_FITTING: Final = "weather"
"""The scenario whose caller says these words."""
_END_NOTED_S: Final = 5.0
_OWN_MISTAKE: Final = 1011
"""With this the server ends a connection when something is wrong with the server."""


def run_demo(scenario: str, *, timing: str, journal: str | None) -> None:
    """Hold the conversation, print it, and save its journal (in a temporary folder unless told where) and its sound.

    Raises RecordingError when the journal cannot be saved there. Raises SystemExit with the client's exit code when it
    failed, which has said why; not when it was the user who ended it, or the scenario that hung up.
    """
    with _Stopping() as stopping, serve(scenario, timing=timing) as server:
        folder = Path(tempfile.mkdtemp(prefix="vlmock-"))
        kept, heard = _writable(folder / "journal" if journal is None else journal), folder / "heard.wav"
        command = _client(server.url, heard, fast=timing == "instant")
        print(f"vlmock listens on {server.url}; it plays the scenario {scenario!r} with the timing {timing!r}.")
        if scenario != _FITTING:
            print("Whatever is spoken counts as the words of its own caller; here it is a question about the weather.")
        print(f"The reference client talks to it:\n\n{_for_people(command)}\n", flush=True)
        code = stopping.run(command)
        ended = _end_of(server)
        if server.journal.parts:
            server.journal.save(kept)
            print(f"\nThe journal is saved in {kept}")
        else:
            print("\nNobody has connected, so there is no journal to be saved")
    if heard.is_file():
        print(f"What the client heard is in {heard}")
    if not stopping.wanted:
        _judge(code, ended)


def _judge(code: int, ended: Ended | None) -> None:
    """Raises SystemExit where the client has failed."""
    if code and ended is not None and ended.by == "server" and ended.code != _OWN_MISTAKE:
        print(
            f"The scenario hung up with code {ended.code}; a client that does not expect it ends with exit code {code}."
        )
    elif code < 0:
        print(f"vlmock: the client was killed by signal {-code}", file=sys.stderr)
        raise SystemExit(1)
    elif code:
        raise SystemExit(code)


# ---- the client


def _client(url: str, heard: Path, *, fast: bool) -> list[str]:
    """All of it is said, so nothing is taken from an environment that is meant for the real service."""
    options = {"endpoint": url, "api-version": "2026-04-10", "api-key": "demo", "model": "gpt-4.1"}
    files = {"input": _WORDS, "output": heard, "tools": _TOOLS}
    named = [word for name, value in {**options, **files}.items() for word in (f"--{name}", str(value))]
    return [sys.executable, "-m", "vlclient", "chat", *named, "--plain", *(["--fast"] if fast else [])]


def _for_people(command: list[str]) -> str:
    """To be copied into a shell; paths below the current folder are shortened, as one would write them."""
    here = f"{Path.cwd()}/"
    line = shlex.join(word.removeprefix(here) for word in command)
    for name in ("--input", "--output", "--tools"):
        line = line.replace(f" {name} ", f" \\\n      {name} ")
    return f"  {line}"


class _Stopping:
    """Ctrl-C and SIGTERM end the client, which then says goodbye; when they come again, at once."""

    def __init__(self) -> None:
        self.wanted = False
        self._client: subprocess.Popen[bytes] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "_Stopping":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._asked)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def run(self, command: list[str]) -> int:
        """The client's exit code. In a session of its own: a terminal's Ctrl-C shall come through here, and once."""
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) as self._client:
            if self.wanted:
                self._client.terminate()
            return self._client.wait()

    def _asked(self, *_: object) -> None:
        if self._client is not None:
            (self._client.kill if self.wanted else self._client.terminate)()
        self.wanted = True


# ---- what stays


def _end_of(server: MockServer) -> Ended | None:
    """How the connection ended; None when there was none."""
    if server.journal.connections:
        with suppress(JournalTimeout):
            return server.journal.wait_for_close(timeout=_END_NOTED_S)
    return None


def _writable(path: str | Path) -> str | Path:
    """Found out before the conversation, not after it."""
    try:
        RecordingsFolder(path).finish()
    except CannotRecord as error:
        raise RecordingError(f"the journal cannot be saved: {error}") from error
    return path
