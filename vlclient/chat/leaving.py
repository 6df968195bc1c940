"""What a user says without words: ``q`` and Enter, Ctrl-C or a terminate from elsewhere to leave; Enter alone."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

__all__ = ["Leaving"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_WORDS: Final = frozenset({b"q", b"quit"})
_LONGEST_LINE: Final = 4096


class Leaving:
    """``wanted`` is set when the user wants to leave. A context manager, to be entered in the running loop.

    Standard input that is closed, empty or ends is no wish to leave. Whoever presses Ctrl-C again, because leaving
    takes too long, is let out by ``impatient``.
    """

    def __init__(self, *, impatient: Callable[[], None], entered: Callable[[], None] = lambda: None) -> None:
        """``entered`` is called when Enter is pressed alone."""
        self.wanted = asyncio.Event()
        self._entered = entered
        self._impatient = impatient
        self._loop = asyncio.get_running_loop()
        self._before: dict[int, Any] = {}
        self._typed = b""
        self._fd: int | None = None
        """Standard input, while the loop watches it."""

    def __enter__(self) -> "Leaving":
        for number in _SIGNALS:
            try:
                self._loop.add_signal_handler(number, self._signalled)
            except (NotImplementedError, RuntimeError, ValueError):  # Windows; or not in the main thread
                with suppress(ValueError):
                    self._before[number] = signal.signal(number, self._signalled_from_outside)
        self._listen_to_the_keyboard()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop_listening()
        for number in _SIGNALS:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                self._loop.remove_signal_handler(number)
        for signalled, before in self._before.items():
            signal.signal(signalled, before)

    # ---- signals

    def _signalled(self) -> None:
        if self.wanted.is_set():
            self._impatient()
        self.wanted.set()

    def _signalled_from_outside(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._signalled)

    # ---- the keyboard

    def _listen_to_the_keyboard(self) -> None:
        try:
            fd = sys.stdin.fileno()
            if os.isatty(fd) and os.tcgetpgrp(fd) != os.getpgrp():
                return  # in the background, where reading would stop the process
        except (AttributeError, OSError, ValueError):  # closed, or no file at all
            return
        try:
            self._loop.add_reader(fd, self._readable, fd)
            self._fd = fd
        except (NotImplementedError, OSError):  # Windows; a file, which is always readable
            threading.Thread(target=self._read_on, args=(fd,), name="keyboard", daemon=True).start()

    def _readable(self, fd: int) -> None:
        data = _read(fd)
        if data:
            self._take(data)
        else:
            self._stop_listening()

    def _read_on(self, fd: int) -> None:
        while data := _read(fd):
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                self._loop.call_soon_threadsafe(self._take, data)

    def _take(self, data: bytes) -> None:
        *lines, self._typed = (self._typed + data)[-_LONGEST_LINE:].split(b"\n")
        for line in lines:
            word = line.strip().lower()
            if word in _WORDS:
                self.wanted.set()
            elif not word:
                self._entered()

    def _stop_listening(self) -> None:
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            self._fd = None


def _read(fd: int) -> bytes:
    """Not through ``sys.stdin``: a thread that waits in there holds a lock that the interpreter needs for its end."""
    try:
        return os.read(fd, _LONGEST_LINE)
    except OSError:  # the terminal is gone
        return b""
