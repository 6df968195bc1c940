"""Events for people to read: on one line, audio as its length, secrets as ``***``, never base64.

Both ends of the connection show events: the server in its journal, the client in its log.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import msgspec

from vlmock.protocol.codec import UnknownServerEvent, audio_size
from vlmock.protocol.secrets import VEIL, holds_secrets, is_secret_member, without_secrets
from vlmock.protocol.wire import JsonObject

if TYPE_CHECKING:
    from vlmock.protocol.recording.redaction import Redaction

__all__ = ["Showable", "facts", "on_one_line", "shown"]

Showable: TypeAlias = msgspec.Struct | Mapping[str, Any]
"""An event, any other message made of a struct, or an event written by hand."""

_BASE64 = r"[A-Za-z0-9+/_-]{100,}={0,2}"
"""Nothing else goes on for so long without a space: ids and names are shorter."""

_MOST_NUMBERS = 16
"""Longer lists of numbers (the frames of a face) are counted, not shown."""

_BREAKS_THE_LINE = {
    code: f"\\u{code:04x}" for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F))
}
"""Line ends of all kinds, what a terminal obeys, and what turns the direction of writing."""


def shown(event: Showable, *, longest_text: int | None = None, redaction: "Redaction | None" = None) -> JsonObject:
    """The event as a JSON object for people: audio as ``<960 bytes>``, secrets as ``***``.

    ``longest_text`` cuts each single text in it after so many characters and says how many more there were. Members are
    never left out. ``redaction``: what else is nobody's business.
    """
    plain = _plain(event)
    return cast(JsonObject, _shown(redaction.event(dict(plain)) if redaction else plain, longest_text))


def facts(
    event: Showable,
    *,
    longest_text: int | None = None,
    without: tuple[str, ...] = ("type",),
    redaction: "Redaction | None" = None,
) -> str:
    """The event's members on one line, as ``shown`` has them: ``audio=<960 bytes> event_id="e1"``."""
    members = {name: value for name, value in _plain(event).items() if name not in without}
    if redaction is not None:
        members = redaction.event(members)
    return on_one_line(" ".join(f"{name}={_fact(name, value, longest_text)}" for name, value in members.items()))


def on_one_line(text: str) -> str:
    """The text without anything that would end the line or that a terminal would obey."""
    return text.translate(_BREAKS_THE_LINE)


def _fact(name: str, value: Any, longest_text: int | None) -> str:
    if isinstance(value, bytes | msgspec.Raw):
        return _length(value)
    return msgspec.json.encode(_member(name, value, longest_text), enc_hook=str).decode()


def _plain(event: Showable) -> Mapping[str, Any]:
    """As JSON would have it, but with audio as the bytes (or the prepared text) that it is."""
    if isinstance(event, UnknownServerEvent):
        return event.body
    if isinstance(event, Mapping):
        return event
    if isinstance(prepared := getattr(event, "delta", None), msgspec.Raw):
        return {**_plain(msgspec.structs.replace(event, delta=b"")), "delta": prepared}
    return cast(Mapping[str, Any], msgspec.to_builtins(event, builtin_types=(bytes,), enc_hook=str))


def _shown(value: Any, longest_text: int | None) -> Any:
    if isinstance(value, Mapping):
        return {name: _member(name, entry, longest_text) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        if len(value) > _MOST_NUMBERS and isinstance(value[0], int | float | list):
            return f"<{len(value)} entries>"
        return [_shown(entry, longest_text) for entry in value]
    if isinstance(value, bytes | msgspec.Raw):
        return _length(value)
    return _text(value, longest_text) if isinstance(value, str) else value


def _member(name: str, value: Any, longest_text: int | None) -> Any:
    if is_secret_member(name) and value is not None:
        return VEIL
    if holds_secrets(name) and isinstance(value, Mapping):
        return dict.fromkeys(value, VEIL)
    return _shown(value, longest_text)


def _text(text: str, longest: int | None) -> str:
    text = without_secrets(text)
    text = re.sub(_BASE64, lambda found: f"<{len(found[0])} characters of base64>", text)
    if longest is not None and len(text) > longest:
        return f"{text[:longest]}… (+{len(text) - longest} characters)"
    return text


def _length(audio: bytes | msgspec.Raw) -> str:
    return f"<{audio_size(audio)} bytes>"
