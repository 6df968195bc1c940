"""A log of what was sent and received: one readable line each, no secrets, no base64.

::

       0.512 → input_audio_buffer.append audio=<960 bytes>
       1.733 ← input_audio_buffer.speech_started audio_start_ms=512 item_id="item_1"
       9.120 · Reconnecting attempt=1 delay_s=0.5 cause="the connection was closed with code 1006 (no reason given)"

Everything is there but ids of received events, to which nothing refers, and the rest of texts over 2000 characters,
whose number is said. Times are seconds since the log was opened.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TextIO

import msgspec

from vlclient.errors import ConfigurationError
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.recording.lines import Head
from vlmock.protocol.recording.redaction import Redaction
from vlmock.protocol.shown import Showable, facts, on_one_line
from vlmock.protocol.wire import ClientEvent, ServerEvent

__all__ = ["WireLog"]

LONGEST_TEXT = 2000
"""In characters: instructions are mostly shorter, documents that a tool returns are not."""

logger = logging.getLogger(__name__)


class WireLog:
    """Writes each event as it goes by, and flushes it, so that a crash loses nothing.

    ``to`` is a file, which is written anew, or an open stream, which stays open. Keys and tokens are ``***``, and so is
    what the regular expressions ``redact`` match. Raises ``ConfigurationError`` when the file cannot be written, or
    when a pattern is none. When writing fails later (a full disk, a closed stream), one warning is logged and the
    conversation goes on without it.
    """

    def __init__(
        self,
        to: Path | str | TextIO,
        *,
        redact: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            self._redaction = Redaction(redact)
        except ValueError as error:
            raise ConfigurationError(f"the log cannot be written: {error}") from None
        self._clock = clock
        self._began = clock()
        self._owned = isinstance(to, str | Path)
        self._name = str(to) if isinstance(to, str | Path) else getattr(to, "name", "the stream")
        self._stream: TextIO | None = _opened(Path(to)) if isinstance(to, str | Path) else to

    def sent(self, event: ClientEvent) -> None:
        """An event of ours. Its id is shown, because an ``error`` may refer to it."""
        self._write("→", event.type, self._facts(event))

    def received(self, event: ServerEvent | UnknownServerEvent) -> None:
        """An event of the service, known or not."""
        self._write("←", event.type, self._facts(event, without=("type", "event_id")))

    def happened(self, event: msgspec.Struct) -> None:
        """Something that never was on the wire, such as ``Reconnecting``."""
        self._write("·", type(event).__name__, self._facts(event))

    def dialling(self, url: str, headers: Mapping[str, str]) -> None:
        """A connection is asked for with this; its credentials are nobody's business wherever they turn up again."""
        self._redaction = self._redaction.knowing(Head(made_by="", url=url, request_headers=list(headers.items())))

    def close(self) -> None:
        """Close the file. Safe to call twice; what happens later is not written."""
        stream, self._stream = self._stream, None
        if stream is not None and self._owned:
            self._attempt(stream.close)

    def __enter__(self) -> "WireLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _facts(self, event: Showable, without: tuple[str, ...] = ("type",)) -> str:
        return facts(event, longest_text=LONGEST_TEXT, without=without, redaction=self._redaction)

    def _write(self, arrow: str, name: str, details: str) -> None:
        stream = self._stream
        if stream is None:
            return
        line = (
            f"{self._clock() - self._began:8.3f} {arrow} {on_one_line(self._redaction.text(name))} {details}".rstrip()
            + "\n"
        )
        # a terminal that lacks a character is no reason to lose the line
        encoding = getattr(stream, "encoding", None) or "utf-8"
        line = line.encode(encoding, "backslashreplace").decode(encoding)
        if not self._attempt(lambda: (stream.write(line), stream.flush())):
            self._stream = None
            if self._owned:
                self._attempt(stream.close, warn=False)

    def _attempt(self, write: Callable[[], object], *, warn: bool = True) -> bool:
        try:
            write()
        except (OSError, ValueError) as error:  # ValueError: the stream was closed by somebody else
            if warn:
                logger.warning("the log %s can no longer be written (%s); the conversation goes on", self._name, error)
            return False
        return True


def _opened(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(f"the log {path} cannot be written ({reason}): name another file") from error
