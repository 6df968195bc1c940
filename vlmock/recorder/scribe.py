"""A thread that writes recordings to the disk, so that nobody waits for it until far too much waits."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from vlmock.protocol.recording.encoder import Piece
from vlmock.protocol.recording.folder import CannotRecord, RecordingFolder

__all__ = ["Scribe", "Sheet"]

_GATHER_SECONDS: Final = 0.02
"""Between two visits to the disk: so much is lost when the program is killed, and so seldom is the loop disturbed."""


class Scribe:
    """Writes what it is given, in order. ``size`` is how many bytes wait for it; bounding that is the caller's part."""

    def __init__(self, *, wrote: Callable[[], None], failed: Callable[[str], None]) -> None:
        """``wrote`` is called after each visit to the disk, ``failed`` with a sentence when a recording cannot be
        written: the rest of that one is lost. Both in the thread."""
        self._wrote, self._failed = wrote, failed
        self._waiting: deque[tuple[Sheet, list[Piece]]] = deque()
        self._came = threading.Event()
        self._finishing = threading.Event()
        self._taken = self._written = 0
        self._thread = threading.Thread(target=self._run, name="vlmock-scribe", daemon=True)
        self._thread.start()

    @property
    def size(self) -> int:
        """What waits, in bytes."""
        return self._taken - self._written

    def take(self, sheet: "Sheet", pieces: list[Piece]) -> None:
        """Write them soon; from one thread only. No pieces: the sheet is full."""
        self._taken += sum(len(piece.data) for piece in pieces)
        self._waiting.append((sheet, pieces))
        self._came.set()

    def finish(self) -> None:
        """Write everything, and end. Takes as long as the disk does. Safe to call again."""
        self._finishing.set()
        self._came.set()
        self._thread.join()

    def _run(self) -> None:
        while not (self._finishing.is_set() and not self._waiting):
            self._came.wait()
            self._came.clear()
            while self._waiting:
                self._write_some()
                self._wrote()
            self._finishing.wait(_GATHER_SECONDS)

    def _write_some(self) -> None:
        """What waits for one of the sheets, up to where another one comes."""
        sheet, pieces = self._waiting.popleft()
        pieces = list(pieces)
        ends = not pieces
        while self._waiting and self._waiting[0][0] is sheet and not ends:
            _, more = self._waiting.popleft()
            pieces += more
            ends = not more
        try:
            sheet.put(pieces, ends=ends)
        except CannotRecord as error:
            if not sheet.spoilt:
                sheet.spoilt = True
                self._failed(str(error))
        self._written += sum(len(piece.data) for piece in pieces)


class Sheet:
    """Where one connection is written."""

    def __init__(self, folder: Callable[[], RecordingFolder], scribe: Scribe) -> None:
        """``folder`` is called in the scribe's thread, and may raise CannotRecord."""
        self.spoilt = False
        """Something could not be written."""
        self._make = folder
        self._folder: RecordingFolder | None = None
        self._scribe = scribe

    def write(self, pieces: list[Piece]) -> None:
        """Soon, in order, and without waiting for it."""
        if pieces:
            self._scribe.take(self, pieces)

    def close(self) -> None:
        """Nothing more comes."""
        self._scribe.take(self, [])

    def put(self, pieces: list[Piece], *, ends: bool) -> None:
        """Onto the disk; in the scribe's thread. Raises CannotRecord."""
        if self.spoilt:
            return
        if self._folder is None:
            self._folder = self._make()
        self._folder.write(pieces)
        if ends:
            self._folder.close()
