"""From what goes over one connection to what is written about it: lines, sound, and the headers of the sound.

No file is touched here. Each call gives pieces in the order in which they have to be written: sound goes before the
line that points to it, so whatever ends the program, each line that is there is whole.
"""

import binascii
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from vlmock.protocol.recording.formats import FormatsInForce, SoundFormat
from vlmock.protocol.recording.lines import AUDIO_KEY, EVENTS_FILE, Clip, Close, Frame, Head, Speaker
from vlmock.protocol.recording.muffling import Muffler, without_hidden_sound
from vlmock.protocol.recording.redaction import Redaction
from vlmock.protocol.wav import wav_header
from vlmock.protocol.wire import JsonObject

__all__ = ["FILM_FILE", "Piece", "RecordingEncoder"]

FILM_FILE: Final = "film.mp4"
_VOICES: Final = {
    ("client", "input_audio_buffer.append"): ("audio", "client"),
    ("client", "input_audio.turn.append"): ("audio", "client"),
    ("server", "response.audio.delta"): ("delta", "server"),
    ("server", "response.output_audio.delta"): ("delta", "server"),  # of the GA dialect
    ("server", "response.video.delta"): ("delta", FILM_FILE),
}
"""The member that is sound, and the file that it goes to."""
_AUDIO_PARTS: Final = frozenset({"input_audio", "audio", "output_audio"})
"""Parts of items that have a member ``audio``."""
_ANNOUNCED_S: Final = 1
"""Of new sound; then the header is brought up to date, for whoever listens before the end or after a crash."""
_PLACES: Final = 4
"""Of the time in seconds: a tenth of a millisecond."""
_DEEPEST: Final = 100
"""Objects in objects; what goes deeper is kept as text, so that no reader trips over it."""
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class Piece(NamedTuple):
    """Some bytes of one file of a recording."""

    file: str
    data: bytes
    place: int | None = None
    """Where they go; None: behind all that the file has."""


class _SoundFile:
    """A file beside the events, as far as it was written."""

    def __init__(self, name: str, sound: SoundFormat | None, *, redacted: bool) -> None:
        self.name = name
        self.sound = sound
        self.size = 0
        self._announced = 0
        self._announced_bytes = _ANNOUNCED_S * sound.format.bytes_per_second if sound else 0
        self._redacted = redacted
        self._muffler = Muffler(*sound) if redacted and sound else None

    def header(self) -> bytes:
        return wav_header(self.sound.format, self.sound.channels, self.size) if self.sound else b""

    def grown(self, data: bytes) -> list[Piece]:
        pieces = [] if self.size or self.sound is None else [Piece(self.name, self.header())]
        self.size += len(data)
        pieces.append(Piece(self.name, self._redact(data) if self._redacted else data))
        if self.sound is not None and self.size - self._announced >= self._announced_bytes:
            self._announced = self.size
            pieces.append(Piece(self.name, self.header(), 0))
        return pieces

    def _redact(self, data: bytes) -> bytes:
        """A film has the voice in it as well."""
        return self._muffler.muffled(data) if self._muffler else bytes(len(data))

    def finished(self) -> list[Piece]:
        if self.sound is None:
            return []
        padding = [Piece(self.name, b"\0")] if self.size % 2 else []
        return [*padding, Piece(self.name, self.header(), 0)]


class RecordingEncoder:
    """Writes down one connection: ``opened`` first, then what was ``said``, at last how it was ``closed``."""

    def __init__(
        self,
        head: Head,
        *,
        redaction: Redaction | None = None,
        redact_audio: bool = False,
        is_whole: Callable[[str], bool] = lambda base64: True,
    ) -> None:
        """Without ``redaction`` the secrets that vlmock knows of are replaced, never none. ``redact_audio``: keep the
        timing and the loudness of all sound, and no voice; what was said stays in the transcripts. ``is_whole``:
        whether some audio is all that was sent; what is not stays where it is."""
        self._redaction = (redaction or Redaction()).knowing(head)
        self._head = msgspec.structs.replace(head, audio_redacted=redact_audio or head.audio_redacted)
        self._redact_audio = redact_audio
        self._is_whole = is_whole
        self._formats = FormatsInForce()
        self._files: dict[tuple[str, SoundFormat | None], _SoundFile] = {}

    def opened(self) -> list[Piece]:
        """The first line."""
        return [_line(self._redaction.head(self._head))]

    def said(self, source: Speaker, message: bytes | str, at: float, *, binary: bool = False) -> list[Piece]:
        """One message: text, or its UTF-8. ``at`` in seconds since the connection was opened; ``binary``: it came as a
        binary message. What is no UTF-8 counts as one."""
        try:
            text = message if isinstance(message, str) else message.decode()
        except UnicodeDecodeError:
            return [self._frame(source, at, binary=self._binary(message))]
        event = _event(text)
        if event is None:
            text = self._redaction.body(without_hidden_sound(text) if self._redact_audio else text)
            return [self._frame(source, at, text=text, in_binary=binary)]
        if source == "server":
            self._formats.heard(event)
        pieces: list[Piece] = []
        told = self._told(source, event, pieces)
        return [*pieces, self._frame(source, at, event=told, in_binary=binary)]

    def closed(self, by: Speaker, code: int, reason: str, at: float) -> list[Piece]:
        """The end; ``code`` 1006 where nobody said goodbye, ``by`` then who went away."""
        return [*self.broken_off(), self._frame(by, at, close=Close(code, self._redaction.text(reason)))]

    def broken_off(self) -> list[Piece]:
        """Nothing more comes, and nobody knows the end: the sound is whole as far as it goes."""
        return [piece for file in self._files.values() for piece in file.finished()]

    # ---- lines

    def _told(self, source: Speaker, event: JsonObject, pieces: list[Piece]) -> JsonObject:
        """What is written of an event."""
        elsewhere = self._without_audio(source, event, pieces)
        return self._redaction.event(without_hidden_sound(elsewhere) if self._redact_audio else elsewhere)

    def _binary(self, message: bytes | str) -> bytes:
        """What is written of a message that is no text; it may be sound."""
        data = message if isinstance(message, bytes) else message.encode()
        return bytes(len(data)) if self._redact_audio else self._redaction.binary(data)

    def _frame(self, source: Speaker, at: float, **what: Any) -> Piece:
        return _line(Frame(at=round(at, _PLACES), source=source, **what))

    # ---- sound

    def _without_audio(self, source: Speaker, event: JsonObject, pieces: list[Piece]) -> JsonObject:
        wire_type = event.get("type")
        voice = _VOICES.get((source, wire_type)) if isinstance(wire_type, str) else None
        if voice is None or voice[0] not in event:
            elsewhere: JsonObject = self._without_parts(source, event, pieces)
            return elsewhere
        member, stem = voice
        sound = self._formats.of_client() if stem == "client" else self._formats.of_server(event.get("response_id"))
        return {**event, member: self._elsewhere(event[member], stem, sound, pieces)}

    def _without_parts(self, source: Speaker, value: Any, pieces: list[Piece]) -> Any:
        """The event, with the sound of its items elsewhere."""
        if isinstance(value, list):
            return [self._without_parts(source, entry, pieces) for entry in value]
        if not isinstance(value, dict):
            return value
        plain = {name: self._without_parts(source, member, pieces) for name, member in value.items()}
        if "audio" in value and value.get("type") in _AUDIO_PARTS:
            of_user = source == "client" or value["type"] == "input_audio"
            sound = self._formats.of_client() if of_user else self._formats.of_server()
            plain["audio"] = self._elsewhere(value["audio"], "client" if source == "client" else "items", sound, pieces)
        return plain

    def _elsewhere(self, base64: Any, stem: str, sound: SoundFormat | None, pieces: list[Piece]) -> Any:
        """The clip of some sound, which goes into its file. What cannot be told from a clip stays as it is."""
        data = _canonical(base64)
        if self._redact_audio and not data and isinstance(base64, str):
            data = _lenient(base64)
        if not data or not self._is_whole(base64) or (sound is None and stem != FILM_FILE):
            return _silent(base64) if self._redact_audio else base64
        file = self._file(stem, None if stem == FILM_FILE else sound)
        clip = Clip(file.name, file.size, len(data))
        pieces += file.grown(data)
        return clip

    def _file(self, stem: str, sound: SoundFormat | None) -> _SoundFile:
        """The one for sound like this: a WAV file has one format, so where the session changes its own, another begins,
        ``client-2.wav``."""
        key = (stem, sound)
        if key not in self._files:
            number = 1 + sum(1 for known, _ in self._files if known == stem)
            name = f"{stem}.wav" if number == 1 else f"{stem}-{number}.wav"
            redacted = self._redact_audio
            self._files[key] = _SoundFile(stem if sound is None else name, sound, redacted=redacted)
        return self._files[key]


def _line(what: Head | Frame) -> Piece:
    return Piece(EVENTS_FILE, _encoder.encode(what) + b"\n")


def _event(text: str) -> JsonObject | None:
    """The event that a message is; None where it is none, or one that could not be told from one with a clip."""
    try:
        event = _decoder.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    if not any(isinstance(member, dict | list) for member in event.values()):
        return None if AUDIO_KEY in event else event  # sound is in such, and it is long
    looked_at = "$" in text or "\\u0024" in text or text.count("[") + text.count("{") > _DEEPEST
    return None if looked_at and _points(event, 1) else event


def _points(value: Any, depth: int) -> bool:
    """Whether something in it looks like a clip, or lies deeper than anybody wants to look."""
    if isinstance(value, dict):
        return depth > _DEEPEST or AUDIO_KEY in value or any(_points(each, depth + 1) for each in value.values())
    return isinstance(value, list) and (depth > _DEEPEST or any(_points(each, depth + 1) for each in value))


def _canonical(base64: Any) -> bytes:
    """The sound in some base64; nothing where encoding it again would not give the same."""
    try:
        data: bytes = msgspec.convert(base64, bytes) if isinstance(base64, str) else b""
    except msgspec.ValidationError:
        return b""
    return data if data and msgspec.to_builtins(data) == base64 else b""


def _lenient(base64: str) -> bytes:
    """What a lenient reader may make of it."""
    try:
        return binascii.a2b_base64(base64)
    except ValueError:
        return b""


def _silent(base64: Any) -> Any:
    """In the place of sound that we cannot read: as long, and without any."""
    return "A" * len(base64) if isinstance(base64, str) else base64
