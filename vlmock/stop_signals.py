"""Ctrl-C and SIGTERM as something that a command can wait for."""

import signal
from queue import Empty, SimpleQueue

__all__ = ["StopSignals"]

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """From now on Ctrl-C and SIGTERM do nothing but end the waiting. Made in the main thread.

    Their handler runs in the very thread that waits, at any moment of it. With a ``threading.Event`` it may run while
    that thread holds the event's lock, and would wait for itself for ever; a ``SimpleQueue`` is made for this.
    """

    def __init__(self) -> None:
        self._came: SimpleQueue[int] = SimpleQueue()
        for number in _NUMBERS:
            signal.signal(number, lambda number, frame: self._came.put(number))

    def wait(self, seconds: float) -> bool:
        """Whether one of them came within this time, or had come before."""
        try:
            self._came.get(timeout=seconds)
        except Empty:
            return False
        return True

    def next_one_kills(self) -> None:
        """From now on they end the process at once, whatever it is about to finish."""
        for number in _NUMBERS:
            signal.signal(number, signal.SIG_DFL)
