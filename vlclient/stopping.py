"""A program that is told to stop by somebody else than the person at the keyboard: CI, when its time is over."""

import asyncio
import signal
from contextlib import suppress

__all__ = ["end_when_told_to"]


def end_when_told_to() -> None:
    """Cancel this task by a terminate from elsewhere, as by Ctrl-C: it ends with what is there, and leaves nothing
    behind."""
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows; or not in the main thread
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
