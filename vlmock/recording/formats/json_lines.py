"""JSON Lines that people's own loggers write: one event each, with a direction or without, with a time or without.

``{"direction": "sent", "event": {…}}``, or ``{"t": 1785627196.55, "ev": {"type": "session.created", …}}``: observed in
the logs of a benchmark of the service {FON}, which have only what the service sent, and audio as ``<25600 b64 chars
redacted>``.

Who said it: the type tells, for no event has both directions. For a type that is not known, "sent" is the client's, or
the server's where that is how the known ones fit; without a direction it is the server's, which says new things from
time to time. When: ISO 8601, or a number. One since 1970 may be in seconds, milli-, micro- or nanoseconds. A relative
one is in milliseconds where its name says so (``t_ms``), or all are whole numbers, or the last is beyond two hours, the
longest session; else in seconds.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Final

import msgspec

from vlmock.errors import RecordingError
from vlmock.protocol.recording.lines import Head
from vlmock.protocol.wire import JsonObject
from vlmock.recording.formats.assembling import Message, recorded
from vlmock.recording.formats.directions import Side, known_source
from vlmock.recording.formats.json_text import decoded
from vlmock.recording.model import Recording

__all__ = ["claims", "read"]

_EVENTS: Final = ("ev", "event", "message", "data", "payload")
"""Members that hold the event, as an object or as its text; the first that there is."""
_DIRECTIONS: Final = ("direction", "dir", "from", "source", "side")
_TIMES: Final = ("t", "at", "time", "ts", "timestamp")
_TIMES_IN_MS: Final = tuple(f"{name}_ms" for name in (*_TIMES, "elapsed"))
_OTHER: Final[dict[Side, Side]] = {"client": "server", "server": "client"}
_CERTAIN: Final[dict[str, Side]] = {
    **dict.fromkeys(("client", "c2s", "client_to_server", "client-to-server", "client->server", "user"), "client"),
    **dict.fromkeys(("server", "s2c", "server_to_client", "server-to-client", "server->client", "service"), "server"),
}
_OF_A_CLIENT: Final[dict[str, Side]] = {
    **dict.fromkeys(("sent", "send", "out", "outgoing", "outbound", "tx", ">", "->", "→"), "client"),
    **dict.fromkeys(("received", "receive", "recv", "in", "incoming", "inbound", "rx", "<", "<-", "←"), "server"),
}
"""As a client sees it; a recorder on the server's side means the opposite."""
_SINCE_1970: Final = 1e8
"""Seconds; no session lasts that long."""
_LONGEST_SESSION_S: Final = 7200.0


def claims(path: Path, head: bytes) -> bool:
    """Whether one of its first lines is a JSON object with an event in it, and the first does not begin one of ours."""
    if "recording" in _object(head.partition(b"\n")[0]):
        return False
    whole = head.split(b"\n")[: -1 if head.count(b"\n") else None]
    return any(_event(_object(line)) is not None for line in whole[:20])


def _object(line: bytes) -> JsonObject:
    try:
        value = msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _event(line: JsonObject) -> JsonObject | None:
    """The event that a line is about; None where it is about something else."""
    for name in _EVENTS:
        value = line.get(name)
        event = _object(value.encode()) if isinstance(value, str) else value
        if isinstance(event, dict) and isinstance(event.get("type"), str):
            return event
    return None


class _Line(msgspec.Struct):
    """One line of the file, read."""

    number: int
    body: JsonObject
    event: JsonObject | None


def read(path: Path) -> list[Recording]:
    """The one session in the file. Raises ``RecordingError`` with file and line."""
    lines = list(_lines(path))
    times = _times(path, lines)
    mirrored = _is_mirrored(path, lines)
    messages = [_message(path, line, at, mirrored) for line, at in zip(lines, times.at, strict=True)]
    head = Head(made_by="JSON Lines", started=times.started, timed=times.timed)
    return [recorded(path.stem, head, messages)]


def _lines(path: Path) -> Iterator[_Line]:
    for number, line in enumerate(path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        body = decoded(line, path, number)
        if not isinstance(body, dict):
            raise RecordingError(f"{path}:{number}: a line is a JSON object")
        yield _Line(number, body, _event(body))


def _message(path: Path, line: _Line, at: float, mirrored: bool) -> Message:
    """What is no event is a remark: it is kept, and was never on the wire."""
    if line.event is None:
        return Message(at=at, source="vlmock", text=msgspec.json.encode(line.body).decode())
    return Message(
        at=at, source=known_source(line.event) or _said_by(path, line, mirrored) or "server", event=line.event
    )


# ---- who


def _said_by(path: Path, line: _Line, mirrored: bool) -> Side | None:
    """By the direction that is written there; None where there is none."""
    for name in _DIRECTIONS:
        if name in line.body:
            word = str(line.body[name]).strip().lower()
            if (side := _CERTAIN.get(word)) is not None:
                return side
            if (side := _OF_A_CLIENT.get(word)) is not None:
                return _OTHER[side] if mirrored else side
            raise RecordingError(f"{path}:{line.number}: {name} {word[:40]!r} is unknown: write sent or received")
    return None


def _is_mirrored(path: Path, lines: Sequence[_Line]) -> bool:
    """Whether "sent" means what the server sent: the events whose types tell are mostly the other way round."""
    agreeing = 0
    for line in lines:
        known = known_source(line.event) if line.event is not None else None
        said = _said_by(path, line, mirrored=False) if known else None
        agreeing += 0 if said is None else 1 if said == known else -1
    return agreeing < 0


# ---- when


class _Times(msgspec.Struct):
    """Seconds since the first line, of each line."""

    at: list[float]
    started: str = ""
    timed: bool = True


def _times(path: Path, lines: Sequence[_Line]) -> _Times:
    """Never backwards; a line without a time has that of the line before it."""
    read = [_time(path, line) for line in lines]
    known = [seconds for seconds in read if seconds is not None]
    if not known:
        return _Times([0.0] * len(lines), timed=False)
    scale, first = _scale(lines, known), known[0]
    latest, at = 0.0, []
    for seconds in read:
        latest = latest if seconds is None else max(latest, (seconds - first) * scale)
        at.append(round(latest, 6))
    since_1970 = first * scale
    started = datetime.fromtimestamp(since_1970, UTC).isoformat() if since_1970 > _SINCE_1970 else ""
    return _Times(at, started.replace("+00:00", "Z"))


def _time(path: Path, line: _Line) -> float | None:
    """The number that is written there, whatever its unit; of a date, seconds since 1970."""
    name = next((name for name in (*_TIMES, *_TIMES_IN_MS) if name in line.body), None)
    value = line.body[name] if name else None
    if value is None:
        return None
    try:
        if isfinite(number := float(value)):
            return number
    except (TypeError, ValueError):
        pass
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError):
        raise RecordingError(f"{path}:{line.number}: {name}: neither a number nor a date of ISO 8601") from None


def _scale(lines: Sequence[_Line], known: Sequence[float]) -> float:
    """How many seconds one of the file's units is."""
    for per_second in (1e9, 1e6, 1e3, 1.0):
        if known[0] > _SINCE_1970 * per_second:
            return 1 / per_second
    names = {name for line in lines for name in line.body}
    in_ms = names.intersection(_TIMES_IN_MS) and not names.intersection(_TIMES)
    whole = all(number.is_integer() for number in known) and known[-1] != known[0]
    return 1e-3 if in_ms or whole or known[-1] > _LONGEST_SESSION_S else 1.0
