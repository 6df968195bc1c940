"""A recording of what went over the wire, in vlmock's form: JSON Lines, and both voices as WAV files.

The form is described in ``vlmock/recording/FORMAT.md``; ``vlmock serve --replay`` and ``vlmock diff`` take it.
"""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final, TypeAlias

from vlclient.errors import ConfigurationError
from vlmock.protocol.recording.encoder import Piece, RecordingEncoder
from vlmock.protocol.recording.folder import CannotRecord, RecordingFolder, RecordingsFolder
from vlmock.protocol.recording.lines import Head, Speaker
from vlmock.protocol.recording.redaction import Redaction

__all__ = ["RecordedConnection", "Recorder"]

_MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
"""Ten minutes of conversation that a disk may be behind."""
_LAST_WRITES_S: Final = 10.0
"""How long the disk may take for what waits at the end."""

_Encode: TypeAlias = Callable[[], list[Piece]]

logger = logging.getLogger(__name__)


class Recorder:
    """Records each connection of a session: the first, and those that are dialled when it is lost.

    ``to`` is a new folder, with ``connection-1`` and so on in it, or a file that ends in ``.zip``. Keys and tokens are
    ``***``, and so is what the regular expressions ``redact`` match; ``redact_audio`` keeps when and how loud somebody
    speaks, and no voice. Raises ``ConfigurationError`` when nothing can be written there, when something is there
    already, or when a pattern is none.

    Writing never disturbs the conversation. When it fails later, or when the disk is ten minutes behind, one warning is
    logged; what was recorded until then can be read, and becomes the zip file if there is room for that.
    """

    def __init__(
        self,
        to: Path | str,
        *,
        redact: Iterable[str] = (),
        redact_audio: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            self._redaction = Redaction(redact)
            self._folder = RecordingsFolder(to)
        except (CannotRecord, ValueError) as error:
            raise ConfigurationError(f"cannot record: {error}") from None
        self._redact_audio = redact_audio
        self._clock = clock
        self._connections: list[RecordedConnection] = []
        self._jobs: queue.SimpleQueue[tuple[RecordedConnection, _Encode, int] | None] = queue.SimpleQueue()
        self._put_bytes = self._written_bytes = 0  # each is counted by one thread
        self._over = False
        """Nothing more is taken; the end of the recording, or of the disk."""
        self._closed = False
        self._thread = threading.Thread(target=self._write, name="vlclient-recorder", daemon=True)
        self._thread.start()

    def dialled(
        self,
        url: str,
        request_headers: Iterable[tuple[str, str]],
        response_headers: Iterable[tuple[str, str]],
        *,
        status: int = 101,
        body: str = "",
    ) -> "RecordedConnection":
        """Somebody has answered at ``url``: with a connection, or with the ``status`` and ``body`` of a refusal."""
        head = Head(
            made_by=f"vlclient {_version()}",
            started=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            url=url,
            request_headers=list(request_headers),
            status=status,
            response_headers=list(response_headers),
            body=body,
        )
        encoder = RecordingEncoder(head, redaction=self._redaction, redact_audio=self._redact_audio)
        connection = RecordedConnection(self, encoder, len(self._connections) + 1, self._clock)
        self._connections.append(connection)
        self._put(connection, encoder.opened, len(body))
        return connection

    def close(self) -> None:
        """Write what waits, 10 s at most, and make the zip file where that is wanted. Safe to call again."""
        if self._closed:
            return
        self._over = self._closed = True
        self._jobs.put(None)
        self._thread.join(_LAST_WRITES_S)
        try:
            if self._thread.is_alive():
                raise CannotRecord("the disk does not take what is left")
            self._folder.finish()
        except CannotRecord as error:
            logger.warning("%s; what was recorded is in %s", error, self._folder.path)

    # ---- what its connections ask for

    def _put(self, connection: "RecordedConnection", encode: _Encode, size: int) -> None:
        if self._over:
            return
        self._put_bytes += size
        if self._put_bytes - self._written_bytes > _MOST_WAITING_BYTES:
            self._over = True
            self._jobs.put(None)
            self._fail("the disk is too far behind")
            return
        self._jobs.put((connection, encode, size))

    # ---- in the thread

    def _write(self) -> None:
        while (job := self._jobs.get()) is not None:
            connection, encode, size = job
            self._written_bytes += size
            try:
                connection._write(self._folder, encode)
            except CannotRecord as error:
                self._over = True
                self._fail(str(error))
                break
        for connection in self._connections:
            connection._finish()

    def _fail(self, why: str) -> None:
        logger.warning("the recording ends here: %s; the conversation goes on", why)


class RecordedConnection:
    """What is written about one connection."""

    def __init__(self, recorder: Recorder, encoder: RecordingEncoder, number: int, clock: Callable[[], float]) -> None:
        self._recorder, self._encoder, self._number, self._clock = recorder, encoder, number, clock
        self._began = clock()
        self._ended = False
        self._folder: RecordingFolder | None = None

    def said(self, source: Speaker, message: bytes) -> None:
        """A message goes by, now."""
        at = self._clock() - self._began
        self._recorder._put(self, lambda: self._encoder.said(source, message, at), len(message))

    def closed(self, by: Speaker, code: int, reason: str) -> None:
        """The connection ends, now; 1006: without a word. Safe to call again."""
        if self._ended:
            return
        self._ended = True
        at = self._clock() - self._began
        self._recorder._put(self, lambda: self._encoder.closed(by, code, reason, at), 0)

    # ---- in the recorder's thread

    def _write(self, folder: RecordingsFolder, encode: _Encode) -> None:
        if self._folder is None:
            self._folder = folder.connection(self._number)
        self._folder.write(encode())

    def _finish(self) -> None:
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.close()


def _version() -> str:
    try:
        return metadata.version("vlmock")
    except metadata.PackageNotFoundError:
        return "0"
