"""What is written down about one connection: from copies of the bytes to the pieces of a recording."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import msgspec
from websockets.datastructures import Headers
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.http11 import Request, Response

from vlmock import __version__
from vlmock.protocol.recording.encoder import Piece, RecordingEncoder
from vlmock.protocol.recording.lines import Head
from vlmock.protocol.recording.redaction import Redaction
from vlmock.recorder.desk import Desk
from vlmock.recorder.ends import Side
from vlmock.recorder.frames import FrameReader, Goodbye, Message, Said, Unreadable
from vlmock.recorder.handshake import readable_body, secrets_of

__all__ = ["SWITCHING", "Exchange", "Minutes", "Paper", "Recorded"]

SWITCHING: Final = 101
"""The status that lets a client in."""
_FAREWELL: Final = Close(CloseCode.GOING_AWAY, "the recorder is stopping")


class Paper(Protocol):
    """Where the pieces go."""

    def write(self, pieces: list[Piece]) -> None:
        """Soon, in order, and without waiting for it."""

    def close(self) -> None:
        """Nothing more comes."""


class Exchange:
    """A client's request, and what the service answered to it."""

    def __init__(self, request: Request, url: str, headers: Headers, credential: Mapping[str, str]) -> None:
        """``url`` and ``headers``: as the service gets them."""
        self.path = request.path
        self.secrets = secrets_of(request, credential)
        self._url = url
        self._headers = headers
        self._begun = datetime.now(UTC)
        self.response: Response | None = None

    def answered(self, response: Response) -> None:
        self.response = response

    def head(self) -> Head:
        """With secrets in it, which the encoder removes."""
        response = self.response
        assert response is not None
        return Head(
            made_by=f"vlmock {__version__} record",
            started=self._begun.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            url=self._url,
            request_headers=list(self._headers.raw_items()),
            status=response.status_code,
            response_headers=list(response.headers.raw_items()),
            body=readable_body(response),
        )


class Recorded(msgspec.Struct):
    """What is known about one connection, and where its recording is."""

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
    """Writes down one connection. Lives in the loop; what takes time is left to the desk."""

    def __init__(
        self,
        exchange: Exchange,
        recorded: Recorded,
        paper: Paper,
        *,
        desk: Desk,
        redaction: Redaction,
        told: Callable[[Recorded, Side, Said | None], None],
    ) -> None:
        """``told`` is called for each thing said, and with None when the connection is over."""
        self.recorded = recorded
        response = exchange.response
        assert response is not None
        extensions = ", ".join(response.headers.get_all("Sec-WebSocket-Extensions"))
        self._readers: dict[Side, FrameReader] = {
            "client": FrameReader(masked=True, extensions=extensions),
            "server": FrameReader(masked=False, extensions=extensions),
        }
        self._encoder = RecordingEncoder(exchange.head(), redaction=redaction)
        self._paper = paper
        self._desk = desk
        self._told = told
        self._opened = time.monotonic()
        self._goodbye: tuple[Side, Goodbye, float] | None = None
        self._latest = 0.0
        self._first_to_go: tuple[Side, float] | None = None
        self._ended = False
        paper.write(self._encoder.opened())

    def said(self, side: Side, data: bytes) -> None:
        """These bytes went by."""
        self._desk.take(self._reading(side, data, self._now()), len(data))

    def leaves(self, side: Side) -> None:
        """That end is the first to go, unless another was."""
        if self._first_to_go is None:
            self._first_to_go = side, self._now()

    def over(self) -> None:
        """Both have gone."""
        self._desk.take(self._ending(), 0)

    def break_off(self) -> dict[Side, bytes]:
        """The recorder stops before they do. A close frame for each to whom one can be said now."""
        self._desk.finish()
        at = self._now()
        if self._ended or self.recorded.status != SWITCHING:
            return {}
        frame = Frame(Opcode.CLOSE, _FAREWELL.serialize())
        pairs: tuple[tuple[Side, Side], ...] = (("client", "server"), ("server", "client"))
        farewells = {
            side: frame.serialize(mask=side == "server")
            for side, other in pairs
            if self._readers[other].between_frames and self._goodbye is None
        }
        if self._goodbye is not None:
            self._end(*self._goodbye)
        else:
            self.recorded.seconds = at
            self._finish()
        return farewells

    # ---- at the desk

    def _reading(self, side: Side, data: bytes, at: float) -> Iterator[None]:
        if self._ended:
            return
        for said in self._readers[side].feed(data):
            match said:
                case Message(message, is_text):
                    self._latest = at
                    self._paper.write(self._encoder.said(side, message, at, binary=not is_text))
                    self.recorded.frames += 1
                case Goodbye() if self._goodbye is None:
                    self._goodbye = side, said, at
                case Unreadable(why):
                    self._paper.write(self._encoder.said("vlmock", _remark(side, why), at))
            self.recorded.seconds = at
            self._told(self.recorded, side, said)
            yield

    def _ending(self) -> Iterator[None]:
        if self._ended:
            return
        if self.recorded.status != SWITCHING:
            self._finish()
        elif self._goodbye is not None:
            self._end(*self._goodbye)
        else:
            assert self._first_to_go is not None
            by, at = self._first_to_go
            self._end(by, Goodbye(CloseCode.ABNORMAL_CLOSURE, ""), at)
        yield

    def _end(self, by: Side, goodbye: Goodbye, at: float) -> None:
        at = max(at, self._latest)
        recorded = self.recorded
        recorded.ended_by, recorded.code, recorded.reason, recorded.seconds = by, goodbye.code, goodbye.reason, at
        self._paper.write(self._encoder.closed(by, goodbye.code, goodbye.reason, at))
        self._finish()

    def _finish(self) -> None:
        self._ended = self.recorded.over = True
        self._paper.close()
        self._told(self.recorded, "server", None)

    def _now(self) -> float:
        return time.monotonic() - self._opened


def _remark(side: Side, why: str) -> bytes:
    message = f"what the {side} sends from here on cannot be read and is not recorded: {why}"
    return msgspec.json.encode({"kind": "unreadable", "message": message})
