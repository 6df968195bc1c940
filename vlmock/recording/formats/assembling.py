"""What another program wrote down, message by message, made into a recording of ours.

It goes through the same encoder as what we record ourselves, so secrets, audio and formats are treated alike.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from vlmock.protocol.recording.encoder import Piece, RecordingEncoder
from vlmock.protocol.recording.lines import EVENTS_FILE, Close, Frame, Head, Speaker
from vlmock.protocol.wire import JsonObject
from vlmock.recording.model import Recording
from vlmock.recording.voices import BytesInMemory, FileVoice

__all__ = ["Message", "audio_member", "decoded_audio", "recorded"]

_AUDIO_MEMBERS: Final = {
    "input_audio_buffer.append": "audio",
    "input_audio.turn.append": "audio",
    "response.audio.delta": "delta",
    "response.output_audio.delta": "delta",
}
_frames: Final = msgspec.json.Decoder(Frame)
_heads: Final = msgspec.json.Decoder(Head)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One WebSocket message as another program wrote it down, or the end of the connection."""

    at: float = 0.0
    """Seconds since the first."""
    source: Speaker
    event: JsonObject | None = None
    text: str | None = None
    """In place of an event: the message as it was."""
    binary: bytes | None = None
    close: Close | None = None
    """``source`` is vlmock's where nobody knows who closed."""


def audio_member(event: JsonObject | None) -> str:
    """The member of an event that is somebody's voice; "" where there is none."""
    kind = (event or {}).get("type")
    return _AUDIO_MEMBERS.get(kind, "") if isinstance(kind, str) else ""


def decoded_audio(text: object) -> bytes | None:
    """The bytes of some base64; None where it is none: what a recorder left out is mostly told in words."""
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None


def recorded(
    name: str,
    head: Head,
    messages: Sequence[Message],
    *,
    is_whole: Callable[[str], bool] = lambda audio: True,
) -> Recording:
    """The recording that these messages are. ``is_whole``: whether some audio is all that was sent."""
    cut = any(_is_cut(message.event, is_whole) for message in messages)
    encoder = RecordingEncoder(msgspec.structs.replace(head, audio_cut=cut), is_whole=is_whole)
    end = next((message for message in messages if message.close is not None), None)
    files = _files(_pieces(encoder, [message for message in messages if message.close is None]))
    first, *lines = files.pop(EVENTS_FILE).splitlines()
    return Recording(
        name=name,
        head=_heads.decode(first),
        frames=[_frames.decode(line) for line in lines],
        end=end.close if end else None,
        ended_by=end.source if end and end.source != "vlmock" else "",
        ended_at=end.at if end else max((message.at for message in messages), default=0.0),
        voices={
            file: FileVoice(BytesInMemory(bytes(data)), is_wav=file.endswith(".wav"), finished=False)
            for file, data in files.items()
        },
    )


def _is_cut(event: JsonObject | None, is_whole: Callable[[str], bool]) -> bool:
    audio = event.get(audio_member(event)) if event else None
    return isinstance(audio, str) and (decoded_audio(audio) is None or not is_whole(audio))


def _pieces(encoder: RecordingEncoder, messages: Iterable[Message]) -> Iterator[Piece]:
    yield from encoder.opened()
    for message in messages:
        said: Any = message.binary if message.binary is not None else message.text
        if message.event is not None:
            said = msgspec.json.encode(message.event)
        yield from encoder.said(message.source, said, message.at, binary=message.binary is not None)


def _files(pieces: Iterable[Piece]) -> dict[str, bytearray]:
    """As they would be on the disk."""
    files: dict[str, bytearray] = {}
    for file, data, place in pieces:
        content = files.setdefault(file, bytearray())
        if place is None:
            content += data
        else:
            content[place : place + len(data)] = data
    return files
