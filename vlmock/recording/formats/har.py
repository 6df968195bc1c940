"""HAR files with ``_webSocketMessages``: Chrome, mitmproxy and Playwright write them.

Observed in what they write: ``type`` is send or receive; ``time`` is in seconds, since 1970 or since the program began;
``opcode`` is 1 for text, and 2 for binary messages, whose ``data`` is base64. How a connection ended is not in it.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from vlmock.errors import RecordingError
from vlmock.protocol.recording.lines import Head, Speaker
from vlmock.recording.formats.assembling import Message, recorded
from vlmock.recording.formats.directions import known_source
from vlmock.recording.formats.json_text import decoded
from vlmock.recording.model import Recording

__all__ = ["claims", "read"]

_SOURCES: Final[dict[object, Speaker]] = {"send": "client", "receive": "server"}
_TEXT, _BINARY = 1, 2
_PATHS: Final = ("/voice-live/", "/voice-agent/", "/realtime")
_LOOKED_AT: Final = 20
"""So many messages tell whether a WebSocket speaks this protocol."""


def claims(path: Path, head: bytes) -> bool:
    """Whether it is one JSON object that begins with a ``log``."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200]
    return start.startswith(b"{") and b'"log"' in start


def read(path: Path) -> list[Recording]:
    """Every WebSocket in it that speaks this protocol. Raises ``RecordingError``."""
    log = decoded(path.read_bytes().removeprefix(b"\xef\xbb\xbf"), path)
    entries = log["log"].get("entries") if isinstance(log, dict) and isinstance(log.get("log"), dict) else None
    if not isinstance(entries, list):
        raise RecordingError(f"{path}: no HAR: it has no log.entries")
    sockets = [
        (number, entry)
        for number, entry in enumerate(entries)
        if isinstance(entry, dict) and isinstance(entry.get("_webSocketMessages"), list)
    ]
    ours = [(number, entry) for number, entry in sockets if _is_ours(entry)]
    if not ours:
        raise RecordingError(f"{path}: {_why_none(len(entries), len(sockets))}")
    names = [path.stem] if len(ours) == 1 else [f"{path.stem}-{count}" for count in range(1, len(ours) + 1)]
    creator = log["log"].get("creator")
    made_by = creator.get("name", "") if isinstance(creator, dict) else ""
    return [_recording(path, name, number, entry, made_by) for name, (number, entry) in zip(names, ours, strict=True)]


def _why_none(entries: int, sockets: int) -> str:
    if sockets:
        return f"none of the {sockets} WebSockets in it speaks the Voice Live protocol"
    return (
        f"none of the {entries} requests in it is a WebSocket with messages (_webSocketMessages); "
        "open the developer tools before the page connects, and export the HAR with its content"
    )


def _is_ours(entry: dict[str, Any]) -> bool:
    events = (message.get("data") for message in entry["_webSocketMessages"][:_LOOKED_AT] if isinstance(message, dict))
    path = str(_part(entry, "request").get("url", "")).partition("?")[0]
    if any(known_source(event) for event in events):
        return True
    return not entry["_webSocketMessages"] and any(part in path for part in _PATHS)


def _part(entry: dict[str, Any], name: str) -> dict[str, Any]:
    part = entry.get(name)
    return part if isinstance(part, dict) else {}


def _recording(path: Path, name: str, number: int, entry: dict[str, Any], made_by: str) -> Recording:
    request, response = _part(entry, "request"), _part(entry, "response")
    messages = list(_messages(path, number, entry["_webSocketMessages"]))
    status = response.get("status")
    head = Head(
        made_by=str(made_by) or "a HAR",
        started=str(entry.get("startedDateTime") or ""),
        url=str(request.get("url") or ""),
        request_headers=_headers(request),
        status=status if isinstance(status, int) and status > 0 else 101,
        response_headers=_headers(response),
        timed=all(isinstance(each.get("time"), int | float) for each in entry["_webSocketMessages"]),
    )
    return recorded(name, head, messages)


def _headers(part: dict[str, Any]) -> list[tuple[str, str]]:
    headers = part.get("headers")
    each = [header for header in headers if isinstance(header, dict)] if isinstance(headers, list) else []
    return [(str(header.get("name", "")), str(header.get("value", ""))) for header in each]


def _messages(path: Path, number: int, messages: list[Any]) -> Iterator[Message]:
    """The messages, times relative to the first and never backwards."""
    first: float | None = None
    latest = 0.0
    for count, message in enumerate(messages):
        place = f"{path}: log.entries[{number}]._webSocketMessages[{count}]"
        if not isinstance(message, dict):
            raise RecordingError(f"{place}: a message is an object")
        if isinstance(time := message.get("time"), int | float):
            first = time if first is None else first
            latest = max(latest, round(time - first, 6))
        read = _message(place, message, latest)
        if read is not None:
            yield read


def _message(place: str, message: dict[str, Any], at: float) -> Message | None:
    """None for a ping, a pong, a close: they are no messages, and none of these programs says more of them."""
    source, data, opcode = _SOURCES.get(message.get("type")), message.get("data"), message.get("opcode", _TEXT)
    if opcode not in (_TEXT, _BINARY):
        return None
    if source is None or not isinstance(data, str):
        if message.get("type") == "error":  # Chrome's word for a frame that could not be read
            return Message(at=at, source="vlmock", text=f"The browser could not read a frame: {data}")
        raise RecordingError(f"{place}: a message has a type, send or receive, and data, which is text")
    if opcode == _TEXT:
        return Message(at=at, source=source, text=data)
    try:
        return Message(at=at, source=source, binary=base64.b64decode(data, validate=True))
    except ValueError:
        raise RecordingError(f"{place}: the data of a binary message is not base64") from None
