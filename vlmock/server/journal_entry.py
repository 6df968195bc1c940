"""One line of the journal: an event, when it went by and in which direction, for programs and for people."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

import msgspec

from vlmock.protocol.catalogue import AnyClientEvent
from vlmock.protocol.codec import InvalidEvent, audio_size, encode, to_json_object
from vlmock.protocol.deltas import Delta, Deltas
from vlmock.protocol.shown import facts, on_one_line, shown
from vlmock.protocol.wire import JsonObject, ServerEvent
from vlmock.session.effects import Remark

if TYPE_CHECKING:
    from vlmock.protocol.recording.redaction import Redaction

__all__ = [
    "ARROWS",
    "INVALID",
    "Entry",
    "EventOrBody",
    "Run",
    "Source",
    "freed_by",
    "is_silent",
    "remark_line",
    "stripped",
    "type_of",
]

Source: TypeAlias = Literal["client", "server", "vlmock"]
"""Who said it. What vlmock says is a ``Remark``, and only the journal hears it."""

EventOrBody: TypeAlias = AnyClientEvent | InvalidEvent | ServerEvent | Remark | JsonObject
"""A server event that was written by hand is a dict."""

INVALID: Final = "(invalid)"
"""The type of a frame that is no event."""

ARROWS: Final = {"client": "→", "server": "←", "vlmock": "!"}
_NOT_IN_A_LINE: Final[Mapping[type, tuple[str, ...]]] = {
    InvalidEvent: ("allowed", "more", "otherwise"),
    Remark: ("kind",),
}
"""Members of what is no event: too long for a line, or in it already."""
_LONGEST_TEXT: Final = 100
"""In a line of the log, of each text, in characters."""
_SOUND: Final = (bytes, msgspec.Raw)
"""What audio is in an event."""
_ITS_LENGTH: Final = re.compile(r"<\d+ (bytes|characters of base64|entries)>")
"""What is shown in place of audio and of long lists of numbers."""


class Entry(msgspec.Struct, gc=False):
    """An event on one connection. Refers to the event that was received or sent; nothing is copied."""

    connection: int
    """Number of the connection, counting from 1."""
    at: float
    """Seconds since the connection was opened."""
    source: Source
    event: EventOrBody
    weight: int
    """About how many bytes it keeps alive."""
    lost_bytes: int = 0
    """Audio that was dropped from it because the journal was full."""
    message: bytes = b""
    """What was received, where it is no event."""
    redaction: "Redaction | None" = None
    """What people are not shown either, because it is not recorded."""

    @property
    def type(self) -> str:
        """The event's type as on the wire, or ``"(invalid)"``."""
        return type_of(self.event)

    def body(self) -> JsonObject:
        """The event as a JSON object, as it is on the wire, audio in base64. For a frame that is no event: ``{}``."""
        if isinstance(self.event, InvalidEvent):
            return {}
        if isinstance(self.event, dict):
            return self.event
        if isinstance(self.event, Remark):
            return msgspec.structs.asdict(self.event)
        return to_json_object(self.event)

    def on_the_wire(self) -> bytes:
        """The message; for an event its members in the order of our types. A remark never was on the wire."""
        if isinstance(self.event, InvalidEvent):
            return self.message
        if isinstance(self.event, dict):
            return msgspec.json.encode(self.event)
        return remark_line(self.event) if isinstance(self.event, Remark) else encode(self.event)

    def shown(self, *, audio: bool = False) -> JsonObject:
        """The event for people: audio as its length unless asked for, secrets as ``***``."""
        if audio and not isinstance(self.event, InvalidEvent):
            whole = self.body() if self.redaction is None else self.redaction.event(self.body())
            return cast(JsonObject, _with_audio(shown(whole), whole))
        return shown(self.event, redaction=self.redaction) | self._loss()

    def line(self) -> str:
        """One line for a log, audio as its length: ``#1    0.512 → input_audio_buffer.append audio=<960 bytes>``."""
        loss, hidden = self._loss(), _NOT_IN_A_LINE.get(type(self.event), ())
        without = ("type", "event_id", *hidden, *loss)
        told = facts(self.event, longest_text=_LONGEST_TEXT, without=without, redaction=self.redaction)
        words = [on_one_line(self.told(self.type)), told, *(f"{name}={what}" for name, what in loss.items())]
        return f"#{self.connection} {self.at:8.3f} {ARROWS[self.source]} {' '.join(filter(None, words))}"

    def told(self, text: str) -> str:
        """A text out of the event, for people."""
        return text if self.redaction is None else self.redaction.text(text)

    def _loss(self) -> JsonObject:
        """What is told in place of audio that was dropped."""
        if not self.lost_bytes:
            return {}
        return {_audio_field(self.event): f"<{self.lost_bytes} bytes, no longer kept>"}


class Run(msgspec.Struct):
    """Deltas that were sent together, to become entries when somebody asks."""

    connection: int
    at: float
    deltas: Deltas
    payload_bytes: Sequence[int]
    """Of each."""
    overhead_bytes: int
    """Of each as well: what it weighs besides."""
    weight: int
    """Of all together, without the audio that was dropped."""
    redaction: "Redaction | None" = None
    """Of each."""
    lost_bytes: Sequence[int] = ()
    """Audio that was dropped from each because the journal was full; empty as long as none was."""
    _entries: list[Entry] | None = None

    @property
    def was_read(self) -> bool:
        """Somebody may hold its entries."""
        return self._entries is not None

    def entries(self) -> list[Entry]:
        """One for each delta; the same objects again each time."""
        if self._entries is None:
            lost = self.lost_bytes or [0] * len(self.payload_bytes)
            parts = zip(self.deltas.events(), self.payload_bytes, lost, strict=True)
            self._entries = [self._entry(event, size - freed_by(gone), gone) for event, size, gone in parts]
        return self._entries

    def _entry(self, event: Delta, size: int, lost: int) -> Entry:
        weight = size + self.overhead_bytes
        return Entry(self.connection, self.at, "server", event, weight, lost, redaction=self.redaction)

    def stripped(self) -> "Run":
        """The same without its audio."""
        deltas, lost = self.deltas, self.deltas.audio_bytes
        silent = [each if type(each) is str else b"" for each in deltas.deltas]
        return Run(
            self.connection,
            self.at,
            msgspec.structs.replace(deltas, deltas=silent, _events=None),
            self.payload_bytes,
            self.overhead_bytes,
            self.weight - freed_by(sum(lost)),
            self.redaction,
            lost,
        )


def remark_line(remark: Remark) -> bytes:
    """A remark as recordings have it: an event of the type ``(hint)`` and the like."""
    members = msgspec.structs.asdict(remark).items()
    told = {name: value for name, value in members if name != "kind" and value is not None}
    return msgspec.json.encode({"type": remark.type, **told})


def type_of(event: EventOrBody) -> str:
    """An event's type as on the wire, or ``"(invalid)"`` for a frame that is none."""
    if isinstance(event, InvalidEvent):
        return INVALID
    if isinstance(event, dict):
        return str(event.get("type", ""))
    return event.type


def is_silent(noted: Entry | Run) -> bool:
    """Whether there can be no audio in it."""
    return not (_perhaps_audio(noted.event.__class__) if isinstance(noted, Entry) else any(noted.deltas.audio_bytes))


def freed_by(audio_bytes: int) -> int:
    """How much lighter a message is without so much audio, which it has in base64."""
    return audio_bytes * 4 // 3


def stripped(event: EventOrBody) -> tuple[EventOrBody, int]:
    """The event without its audio, and how many bytes that was; 0 where there is none to drop."""
    name = _audio_field(event)
    size = audio_size(getattr(event, name)) if name else 0
    return (_replaced(event, name, b""), size) if size else (event, 0)


def _audio_field(event: Any) -> str:
    """The name of the member that is audio, or ""."""
    name = _perhaps_audio(event.__class__)
    return name if name and isinstance(getattr(event, name), _SOUND) else ""


@cache
def _perhaps_audio(kind: type) -> str:
    """The name of the member that may be audio in events of a class, or ""."""
    return next((name for name in ("audio", "delta") if name in getattr(kind, "__struct_fields__", ())), "")


def _replaced(event: Any, name: str, audio: bytes) -> Any:
    return msgspec.structs.replace(event, **{name: audio})


def _with_audio(told: Any, whole: Any) -> Any:
    """What was shown, with the whole of what it only gives the length of. Secrets stay secrets."""
    if isinstance(told, dict):
        return {name: _with_audio(value, whole[name]) for name, value in told.items()}
    if isinstance(told, list):
        return [_with_audio(*pair) for pair in zip(told, whole, strict=True)]
    return whole if isinstance(told, str) and _ITS_LENGTH.fullmatch(told) else told
