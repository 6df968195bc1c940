"""Standard output and standard error, as a program needs them that shows a conversation."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["nobody_reads", "only_our_words", "showing_anything"]


def showing_anything() -> None:
    """A terminal that lacks a character is no reason to end."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


@contextmanager
def only_our_words() -> Iterator[None]:
    """Standard error is for what Python writes. PortAudio and ALSA write there, too, for every trouble of a device, and
    the one sentence that says what to do would drown in it."""
    try:
        mine = os.dup(2) if sys.stderr.fileno() == 2 else None
    except (AttributeError, OSError, ValueError):  # there is none, or it is somebody's buffer
        mine = None
    if mine is None:
        yield
        return
    before = sys.stderr
    before.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    sys.stderr = os.fdopen(mine, "w", buffering=1, encoding=before.encoding, errors="backslashreplace")
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        ours, sys.stderr = sys.stderr, before
        os.dup2(mine, 2)
        ours.close()


def nobody_reads() -> None:
    """Whoever read our output is gone; without this the interpreter would complain at its end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
