"""The live display, made with rich: lines scroll by, and below them stands what is going on right now."""

import os
import sys
import time
from contextlib import suppress
from typing import Any, Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from vlclient.chat.display import Status, Who
from vlmock.protocol.shown import on_one_line

__all__ = ["LiveDisplay"]

_STYLES: Final[dict[Who, str]] = {"you": "cyan", "assistant": "green", "tool": "magenta", "error": "red", "-": "dim"}
_METER_CELLS: Final = 16
_METER_FROM_DB: Final = -60.0
_METER_FALLS_DB: Final = 3.0
"""With each refresh, so that the eye can follow."""
_LONGEST_UNFINISHED: Final = 300
"""Characters of a message that is being said; the end of it is what is new."""


class LiveDisplay:
    """Shows what is being said while it is being said, a level meter, who speaks, and how the connection is.

    It refreshes only when told to, so it needs no thread. What is typed is not echoed, because that would break the
    picture; ``close`` puts everything back.
    """

    is_live = True

    def __init__(self) -> None:
        self.status = Status()
        self._began = time.monotonic()
        self._console = Console(highlight=False, markup=False, emoji=False)
        self._unfinished: dict[str, tuple[Who, str]] = {}
        self._meter_db = _METER_FROM_DB
        self._echo = _Echo()
        self._live = Live(console=self._console, auto_refresh=False, transient=True, get_renderable=self._picture)
        self._live.start()

    @staticmethod
    def is_possible() -> bool:
        """Whether the terminal can go back and write over what it shows."""
        console = Console()
        return console.is_terminal and not console.is_dumb_terminal

    def line(self, who: Who, text: str) -> None:
        self._console.print(_row(f"{time.monotonic() - self._began:8.2f}", who, on_one_line(text)))

    def saying(self, item_id: str, who: Who, text: str) -> None:
        self._unfinished[item_id] = who, text

    def said(self, item_id: str) -> None:
        self._unfinished.pop(item_id, None)

    def refresh(self) -> None:
        self._meter_db = max(self.status.level_db, self._meter_db - _METER_FALLS_DB)
        self._live.refresh()

    def close(self) -> None:
        self._unfinished.clear()
        self._live.stop()
        self._echo.restore()

    def _picture(self) -> Group:
        unfinished = (_row("", who, _end(on_one_line(text))) for who, text in self._unfinished.values())
        return Group(*unfinished, self._status_line())

    def _status_line(self) -> Text:
        share = 1 - max(_METER_FROM_DB, min(0.0, self._meter_db)) / _METER_FROM_DB
        cells = round(share * _METER_CELLS)
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append("█" * cells, "red" if self._meter_db > -3 else "green")
        line.append("░" * (_METER_CELLS - cells), "dim")
        line.append(f" {max(self.status.level_db, -99):4.0f} dB  ")
        line.append(f"{self.status.speaker:<22}", "bold")
        line.append(f"  {self.status.connection}")
        if self.status.last_turn_s is not None:
            line.append(f"  last answer {self.status.last_turn_s:.2f} s")
        line.append("  q + Enter ends", "dim")
        return line


def _end(text: str) -> str:
    """The end of what is being said."""
    if len(text) > _LONGEST_UNFINISHED:
        text = "… " + text[-_LONGEST_UNFINISHED:].partition(" ")[2]
    return f"{text} …"


def _row(at: str, who: Who, text: str) -> Table:
    """Long texts go on below their own beginning."""
    row = Table.grid(padding=(0, 2))
    row.add_column(width=8, justify="right", style="dim", no_wrap=True)
    row.add_column(width=9, style=_STYLES[who], no_wrap=True)
    row.add_column(style=_STYLES[who] if who in ("error", "-") else "")
    row.add_row(at, Text(who), Text(text))
    return row


class _Echo:
    """Whether the terminal shows what is typed. It does not from now on, until it is restored."""

    def __init__(self) -> None:
        self._saved: tuple[int, Any] | None = None
        with suppress(ImportError, AttributeError, OSError, ValueError):  # Windows, or no standard input
            import termios

            fd = sys.stdin.fileno()
            if not os.isatty(fd) or os.tcgetpgrp(fd) != os.getpgrp():  # in the background it would stop the process
                return
            attributes = termios.tcgetattr(fd)
            saved = attributes[:]
            attributes[3] &= ~termios.ECHO
            termios.tcsetattr(fd, termios.TCSADRAIN, attributes)
            self._saved = fd, saved

    def restore(self) -> None:
        if self._saved is not None:
            import termios

            (fd, attributes), self._saved = self._saved, None
            with suppress(OSError, termios.error):  # the terminal is gone
                termios.tcsetattr(fd, termios.TCSADRAIN, attributes)
