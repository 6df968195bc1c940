"""Writes recordings in a thread of its own, so that a slow disk keeps no conversation waiting.

What waits to be written has a bound, in bytes. Nothing is ever dropped: whoever has more to say than fits has to wait
for room (``wait_for_room``, or ``until_room`` in a loop).
"""

import asyncio
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

from vlmock.errors import RecordingError
from vlmock.protocol.recording.encoder import Piece, RecordingEncoder
from vlmock.protocol.recording.folder import CannotRecord, RecordingFolder, RecordingsFolder
from vlmock.protocol.recording.lines import Head, Speaker
from vlmock.protocol.recording.redaction import Redaction

__all__ = ["ConnectionRecording", "RecordingThread", "iso_time"]

_MAX_BYTES: Final = 64 * 1024 * 1024
_AT_ONCE: Final = 16
"""Messages. Encoding them takes less than half a millisecond, and writing lets other threads run; more at once, and
Python's interpreter lock would keep the conversations waiting after all."""
_GATHER_S: Final = 0.005
"""What comes in so short a time is written together, and not before: an answer often follows at once, and would have to
wait for the interpreter's lock."""
_log = logging.getLogger("vlmock")

_OVERHEAD_BYTES: Final = 200
"""What a message weighs besides its bytes."""

_Job: TypeAlias = tuple["ConnectionRecording", Callable[[], list[Piece]], int]
"""Whose, what to write, and what it weighs until then."""


class RecordingThread:
    """Writes the recordings of one server."""

    def __init__(
        self,
        path: str | Path,
        *,
        redaction: Redaction | None = None,
        redact_audio: bool = False,
        failed: Callable[[Exception], object] = lambda error: _log.error("%s", error),
        max_bytes: int = _MAX_BYTES,
    ) -> None:
        """``path``: of the folder, or of a zip file. ``failed`` is told, in this thread, when something cannot be
        written; the connection then goes on and its recording ends. Raises RecordingError when nothing can be written
        there, or something is there already."""
        self._process = os.getpid()
        try:
            self._folder = RecordingsFolder(path)
        except CannotRecord as error:
            raise RecordingError(str(error)) from error
        self.redaction, self._redact_audio = redaction or Redaction(), redact_audio
        self.failed = failed
        self._max_bytes = max_bytes
        self._jobs: deque[_Job] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._room_wanted: list[Callable[[], object]] = []
        self._stopping = False
        self._finished: Path | None = None
        self._latest = self._refused = 0
        """The number of the connection that began last, and how many were refused since."""
        self._open: set[ConnectionRecording] = set()
        self._broken: list[ConnectionRecording] = []
        self.lost: list[str] = []
        """Why recordings are not whole, a sentence each: the disk is full, for example."""
        self._thread = threading.Thread(target=self._run, name="vlmock-recording", daemon=True)
        self._thread.start()

    def begin(self, head: Head, number: int) -> "ConnectionRecording":
        """The recording of that connection, counting from 1, in ``connection-1`` and so on."""
        self._latest, self._refused = number, 0
        return self._begin(head, f"connection-{number}")

    def refused(self, head: Head) -> None:
        """Record a handshake that led to no connection: in ``connection-1-refused-1`` the first after ``connection-1``
        had begun, so that the names keep the order."""
        self._refused += 1
        self._begin(head, f"connection-{self._latest}-refused-{self._refused}").broken_off()

    def _begin(self, head: Head, name: str) -> "ConnectionRecording":
        encoder = RecordingEncoder(head, redaction=self.redaction, redact_audio=self._redact_audio)
        recording = ConnectionRecording(self, encoder, name)
        self._open.add(recording)
        return recording

    @property
    def path(self) -> Path:
        """The folder that is written to, also where it becomes a zip file."""
        return self._folder.path

    @property
    def lost_frames(self) -> int:
        """How many were said and are not on the disk, because it was full for example; certain once it has stopped."""
        return sum(recording.lost_frames for recording in self._broken)

    @property
    def has_room(self) -> bool:
        """Whether more may be said without waiting."""
        return self._bytes < self._max_bytes

    def wait_for_room(self) -> None:
        """Return when more may be said. Blocks the thread that calls it."""
        if self.has_room:
            return
        with self._changed:
            self._changed.wait_for(lambda: self.has_room or self._stopping)

    async def until_room(self) -> None:
        """The same for asyncio."""
        if self.has_room:
            return
        loop = asyncio.get_running_loop()
        room = loop.create_future()
        with self._changed:
            self._room_wanted.append(lambda: loop.call_soon_threadsafe(_settle, room))
            self._tell_of_room()  # there may be some by now
        await room

    def stop(self) -> Path:
        """Write all that waits, however long the disk takes, and say where the recordings are. Safe to call again.

        Raises RecordingError when the zip file cannot be made; the folder is still there then.
        """
        if os.getpid() != self._process:
            return self._folder.path  # a fork's copy: writing is the parent's business
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()
        if self._finished is None:
            try:
                self._finished = self._folder.finish()
            except CannotRecord as error:
                raise RecordingError(f"{error}; what was recorded is in {self._folder.path}") from error
        return self._finished

    # ---- what connections ask for

    def _put(self, job: _Job) -> None:
        with self._changed:
            self._jobs.append(job)
            self._bytes += job[-1]
            self._changed.notify_all()

    # ---- in the thread

    def _run(self) -> None:
        while self._await_jobs():
            if not self._stopping:
                time.sleep(_GATHER_S)
            while self._jobs:
                self._write_some()
        for recording in tuple(self._open):
            recording._finish()

    def _await_jobs(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._stopping)
            return bool(self._jobs)

    def _write_some(self) -> None:
        jobs = [self._jobs.popleft() for _ in range(min(len(self._jobs), _AT_ONCE))]
        waiting: dict[ConnectionRecording, list[Callable[[], list[Piece]]]] = {}
        for recording, encode, _ in jobs:
            waiting.setdefault(recording, []).append(encode)
        for recording, encodes in waiting.items():
            try:
                recording._write(encodes)
            except Exception as error:
                self.lost.append(str(error))
                self.failed(RecordingError(str(error)) if isinstance(error, CannotRecord) else error)
        with self._changed:
            self._bytes -= sum(job[-1] for job in jobs)
            self._changed.notify_all()
            self._tell_of_room()

    def _tell_of_room(self) -> None:
        while self._room_wanted and self.has_room:
            self._room_wanted.pop()()


class ConnectionRecording:
    """What is written about one connection. Its methods return at once; call them from one thread only."""

    def __init__(self, thread: RecordingThread, encoder: RecordingEncoder, name: str) -> None:
        self._thread, self._encoder, self._name = thread, encoder, name
        self._folder: RecordingFolder | None = None
        self._frames = 0
        """That were said."""
        self._over = False
        self._put(encoder.opened)

    @property
    def lost_frames(self) -> int:
        """Of those that were said as many as are not on the disk; of a recording that broke."""
        lines = self._folder.lines if self._folder is not None else 0
        return max(0, self._frames - max(0, lines - 1))  # the first is the head

    def said(self, source: Speaker, message: bytes | str, at: float, *, binary: bool = False) -> None:
        """One message; as ``RecordingEncoder.said``."""
        self._frames += 1
        self._put(lambda: self._encoder.said(source, message, at, binary=binary), len(message))

    def closed(self, by: Speaker, code: int, reason: str, at: float) -> None:
        """The end; as ``RecordingEncoder.closed``. Whatever is said behind it is ignored."""
        self._put(lambda: self._encoder.closed(by, code, reason, at))
        self._put(self._last)

    def broken_off(self) -> None:
        """Nothing more comes, and there was no end; as ``RecordingEncoder.broken_off``."""
        self._put(self._encoder.broken_off)
        self._put(self._last)

    def _put(self, encode: Callable[[], list[Piece]], size: int = 0) -> None:
        self._thread._put((self, encode, size + _OVERHEAD_BYTES))

    # ---- in the thread

    def _write(self, encodes: list[Callable[[], list[Piece]]]) -> None:
        if self._over:
            return
        try:
            pieces = [piece for encode in encodes for piece in encode()]
            if self._folder is None:
                self._folder = self._thread._folder.named(self._name)
            self._folder.write(pieces)
        except Exception:
            self._thread._broken.append(self)
            self._finish()
            raise
        if self._over:
            self._finish()

    def _last(self) -> list[Piece]:
        self._over = True
        return []

    def _finish(self) -> None:
        self._over = True
        if self._folder is not None:
            self._folder.close()
        self._thread._open.discard(self)


def iso_time(unix_time: float) -> str:
    """As ``Head.started`` has it: ``2026-11-23T10:02:41.500Z``."""
    return datetime.fromtimestamp(unix_time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _settle(room: "asyncio.Future[None]") -> None:
    if not room.done():
        room.set_result(None)
