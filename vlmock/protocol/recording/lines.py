"""The lines of a recording's ``events.jsonl``: how it began, every frame both ways, how it ended.

::

    {"recording":1,"made_by":"vlmock 0.1.0 record","started":"2026-11-23T10:02:41.5Z","url":"wss://…/voice-live/realtime?…",…}
    {"at":0.0412,"from":"server","event":{"type":"session.created","event_id":"event_1",…}}
    {"at":0.9173,"from":"client","event":{"type":"input_audio_buffer.append","audio":{"$audio":"client.wav","start":0,"bytes":960}}}
    {"at":9.3001,"from":"client","close":{"code":1000,"reason":""}}

An event stands as it was on the wire, member for member in the same order. Only audio is elsewhere: in the place of its
base64 stands a pointer into a WAV file beside it.
"""

from typing import Final, Literal, TypeAlias

import msgspec

from vlmock.protocol.wire import JsonObject

__all__ = ["AUDIO_KEY", "EVENTS_FILE", "VERSION", "Clip", "Close", "Frame", "Head", "Speaker", "lines_schema"]

VERSION: Final = 1
"""Of the format. A reader takes this version and older ones; it says so when a file is newer."""
EVENTS_FILE: Final = "events.jsonl"
AUDIO_KEY: Final = "$audio"
"""The member by which a pointer into a WAV file is known; no event has one of that name."""

Speaker: TypeAlias = Literal["client", "server", "vlmock"]
"""Who said it. What vlmock says are remarks; they were never on the wire."""


class Clip(msgspec.Struct, frozen=True, rename={"file": AUDIO_KEY}):
    """What stands in an event where its base64 was: some bytes of a WAV file's sound, as they were sent."""

    file: str
    """Beside the events, such as ``client.wav``. Its header says the format."""
    start: int
    """In bytes, from the beginning of the sound."""
    bytes: int


class Close(msgspec.Struct, frozen=True):
    """How the connection ended."""

    code: int
    """Of the close frame; 1006 when there was none."""
    reason: str = ""


class Frame(msgspec.Struct, frozen=True, rename={"source": "from"}, omit_defaults=True, kw_only=True, gc=False):
    """One WebSocket message, or the end. One of ``event``, ``text``, ``binary`` and ``close`` is there."""

    at: float
    """Seconds since the connection was opened; 0 throughout where nobody took the time (``Head.timed``)."""
    source: Speaker
    event: JsonObject | None = None
    """A JSON object; audio in it as ``Clip``."""
    text: str | None = None
    """A message that is no JSON object, or none that can be read and written without loss."""
    binary: bytes | None = None
    """A binary message that is no text; base64 in the file."""
    in_binary: bool = False
    """The event or the text came as a binary message."""
    close: Close | None = None


class Head(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The first line: what was dialled, by whom, when. Secrets are ``***``."""

    recording: int = msgspec.field(default_factory=lambda: VERSION)  # made, or it would be left out as a default
    """Version of the format."""
    made_by: str
    """Program and version: ``vlmock 0.1.0 record``."""
    started: str = ""
    """ISO 8601, UTC."""
    recorded: str = ""
    """The same of the session that was played, where ``started`` is when a recording was replayed: times of day in it
    are from then."""
    url: str = ""
    """As the client dialled the service, with its query."""
    request_headers: list[tuple[str, str]] = msgspec.field(default_factory=list)
    status: int = 101
    """Of the answer. Other than 101: the service refused, and ``body`` says why."""
    response_headers: list[tuple[str, str]] = msgspec.field(default_factory=list)
    body: str = ""
    timed: bool = True
    """Whether ``at`` means anything."""
    audio_redacted: bool = False
    """The WAV files keep timing and loudness, not the voices."""
    audio_cut: bool = False
    """Whoever recorded it kept only the beginning of each piece of audio, or none. What is left stands in the events as
    it was found, and no clip points to it."""


def lines_schema() -> JsonObject:
    """JSON Schema (2020-12) of one line."""
    (head, frame), definitions = msgspec.json.schema_components((Head, Frame), ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "a line of a vlmock recording",
        "anyOf": [head, frame],
        "$defs": definitions,
    }
