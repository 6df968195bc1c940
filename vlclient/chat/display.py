"""What the user sees of a conversation: lines that stay, and on a terminal what is going on right now."""

import sys
import time
from collections.abc import Callable
from typing import Final, Literal, Protocol, TextIO, TypeAlias

import msgspec

from vlmock.protocol.shown import on_one_line

__all__ = ["Display", "PlainDisplay", "Status", "Who", "choose_display"]

Who: TypeAlias = Literal["you", "assistant", "tool", "error", "-"]
"""Whose line it is; ``-`` is ours."""

SILENCE_DB: Final = -96.0
"""What 16 bits call silence."""


class Status(msgspec.Struct):
    """What is going on right now."""

    connection: str = "dialling"
    speaker: str = ""
    """Who speaks, in words."""
    level_db: float = SILENCE_DB
    """Of the user's voice; 0 is as loud as it gets."""
    last_turn_s: float | None = None
    """How long the user waited for the latest answer."""


class Display(Protocol):
    """Where a conversation is shown. Nothing here waits."""

    status: Status
    """Whoever knows something changes it; ``refresh`` shows it."""
    is_live: bool
    """Whether anybody sees the status, and what is being said."""

    def line(self, who: Who, text: str) -> None:
        """Something has happened just now."""

    def saying(self, item_id: str, who: Who, text: str) -> None:
        """So much of a message has come; it is replaced by what comes next."""

    def said(self, item_id: str) -> None:
        """The message is complete, or will not be: the line that says so comes at once."""

    def refresh(self) -> None:
        """Show what is going on right now. Called some ten times a second."""

    def close(self) -> None:
        """Leave the terminal as it was. Safe to call twice."""


class PlainDisplay:
    """One line for each thing that happens, at once, without control characters: for pipes, files, screen readers."""

    is_live = False

    def __init__(self, to: TextIO | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """``to``: None where there is no standard output. Lines say how many seconds after now they come."""
        self.status = Status()
        self._clock, self._began = clock, clock()
        self._to = to

    def line(self, who: Who, text: str) -> None:
        if self._to is not None:
            at = self._clock() - self._began
            self._to.write(f"{at:8.2f}  {who:<9}  {on_one_line(text)}".rstrip() + "\n")
            self._to.flush()

    def saying(self, item_id: str, who: Who, text: str) -> None:
        """Only whole lines are shown."""

    def said(self, item_id: str) -> None:
        """Only whole lines are shown."""

    def refresh(self) -> None:
        """There is nothing that moves."""

    def close(self) -> None:
        """There is nothing to put back."""


def choose_display(*, plain: bool) -> Display:
    """A live one on a terminal, where rich is installed; plain lines everywhere else."""
    if not plain and sys.stdout is not None and sys.stdout.isatty():
        try:
            from vlclient.chat.terminal import LiveDisplay
        except ImportError:
            return PlainDisplay(sys.stdout)
        if LiveDisplay.is_possible():
            return LiveDisplay()
    return PlainDisplay(sys.stdout)
