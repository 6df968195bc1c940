"""What is written down about one connection: from copies of the bytes to the pieces of a recording."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from websockets.datastructures import Headers
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.http11 import Request, Response

from vlmock import __version__
from vlmock.protocol.recording.lines import Head
from vlmock.protocol.recording.redaction import Redaction
from vlmock.recorder.ends import Side
from vlmock.recorder.frames import FrameReader, Goodbye, Message, Said, Unreadable
from vlmock.recorder.handshake import readable_body
from vlmock.server.journal_entry import remark_line
from vlmock.server.recording_thread import ConnectionRecording, iso_time
from vlmock.session.effects import Remark

__all__ = ["SWITCHING", "Exchange", "Minutes", "Recorded"]

SWITCHING: Final = 101
"""The status that lets a client in."""
_FAREWELL: Final = Close(CloseCode.GOING_AWAY, "the recorder is stopping")


class Exchange:
    """A client's request, and what the service answered to it."""

    def __init__(self, request: Request, url: str, headers: Headers) -> None:
        """``url`` and ``headers``: as the service gets them."""
        self.path = request.path
        self._url = url
        self._headers = headers
        self._begun = time.time()
        self.response: Response | None = None

    def answered(self, response: Response) -> None:
        self.response = response

    def head(self) -> Head:
        """With secrets in it, which the encoder removes."""
        response = self.response
        assert response is not None
        return Head(
            made_by=f"vlmock {__version__} record",
            started=iso_time(self._begun),
            url=self._url,
            request_headers=list(self._headers.raw_items()),
            status=response.status_code,
            response_headers=list(response.headers.raw_items()),
            body=readable_body(response),
        )


class Recorded(msgspec.Struct):
    """What is known about one connection, and where its recording is. Brought up to date by the recorder."""

    number: int
    """Counting from 1."""
    folder: Path
    path: str
    """As the client dialled, secrets as ``***``."""
    status: int = SWITCHING
    """Of the service's answer; 101 is a session."""
    frames: int = 0
    """Messages so far, both ways."""
    ended_by: str = ""
    """``client`` or ``server``; empty while it is open, and when the recorder was stopped before its end."""
    code: int | None = None
    """Of the close; 1006 when there was none."""
    reason: str = ""
    seconds: float = 0.0
    """How long it lasted, so far as is known."""
    over: bool = False


class Minutes:
    """Writes down one connection."""

    def __init__(
        self,
        recorded: Recorded,
        recording: ConnectionRecording,
        *,
        extensions: str,
        redaction: Redaction,
        told: Callable[[Recorded, Side, Said, Redaction], None],
    ) -> None:
        """``extensions``: those that the service agreed to. ``redaction``: what nobody is shown of it. ``told`` is
        called for each thing said."""
        self.recorded = recorded
        self.redaction = redaction
        self._recording = recording
        self._readers: dict[Side, FrameReader] = {
            "client": FrameReader(masked=True, extensions=extensions),
            "server": FrameReader(masked=False, extensions=extensions),
        }
        self._told = told
        self._opened = time.monotonic()
        self._latest = 0.0
        """When the last message went by."""
        self._goodbye: tuple[Side, Goodbye, float] | None = None
        self._first_to_go: tuple[Side, float] | None = None

    def said(self, side: Side, data: bytes) -> None:
        """These bytes went by."""
        if self.recorded.over:
            return
        self.recorded.seconds = at = self._now()
        for said in self._readers[side].feed(data):
            match said:
                case Message(message, is_text):
                    self._latest = at
                    self._recording.said(side, message, at, binary=not is_text)
                    self.recorded.frames += 1
                case Goodbye() if self._goodbye is None:
                    self._goodbye = side, said, at
                case Unreadable(why):
                    self._recording.said("vlmock", _remark(side, why), at)
            self._told(self.recorded, side, said, self.redaction)

    def remark(self, remark: Remark) -> None:
        """A test has something to say about the client."""
        self.recorded.seconds = at = self._now()
        self._latest = at
        self._recording.said("vlmock", remark_line(remark), at)

    def leaves(self, side: Side) -> None:
        """That end is the first to go, unless another was."""
        if self._first_to_go is None:
            self._first_to_go = side, self._now()

    def over(self) -> None:
        """Both have gone."""
        if self.recorded.over or self._first_to_go is None:
            return
        if self.recorded.status != SWITCHING:
            self._break_off()
        elif self._goodbye is not None:
            self._end(*self._goodbye)
        else:
            side, at = self._first_to_go
            self._end(side, Goodbye(CloseCode.ABNORMAL_CLOSURE, ""), at)

    def stop(self) -> dict[Side, bytes]:
        """The recorder ends before the two do. A close frame for each to whom one can be said now."""
        if self.recorded.over or self.recorded.status != SWITCHING:
            return {}
        if self._goodbye is not None:
            self._end(*self._goodbye)
            return {}
        self.recorded.seconds = self._now()
        self._break_off()
        frame = Frame(Opcode.CLOSE, _FAREWELL.serialize())
        # What comes to one end is what the other has sent.
        farewells: dict[Side, bytes] = {}
        if self._readers["server"].between_frames:
            farewells["client"] = frame.serialize(mask=False)
        if self._readers["client"].between_frames:
            farewells["server"] = frame.serialize(mask=True)
        return farewells

    def _end(self, by: Side, goodbye: Goodbye, at: float) -> None:
        recorded = self.recorded
        at = max(at, self._latest)
        recorded.over = True
        recorded.ended_by, recorded.code, recorded.reason, recorded.seconds = by, goodbye.code, goodbye.reason, at
        self._recording.closed(by, goodbye.code, goodbye.reason, at)

    def _break_off(self) -> None:
        self.recorded.over = True
        self._recording.broken_off()

    def _now(self) -> float:
        return time.monotonic() - self._opened


def _remark(side: Side, why: str) -> bytes:
    message = f"what the {side} sends from here on cannot be read and is not recorded: {why}"
    return msgspec.json.encode({"type": "(unreadable)", "message": message})
