"""Frames to events and events to frames.

A server reads with ``decode_client``, which is strict, never raises, and says what is wrong. A client reads with
``decode_server``, which takes whatever the service sends. Both write with ``encode``. Audio is base64 on the wire and
``bytes`` in an event; nobody outside this module sees the one or makes the other.
"""

import binascii
from functools import cache
from itertools import islice
from typing import Any, Final, TypeAlias, cast

import msgspec

from vlmock.protocol.catalogue import CLIENT_EVENTS, AnyClientEvent, AnyServerEvent
from vlmock.protocol.deltas import Delta, DeltaIds, Deltas
from vlmock.protocol.input_audio import InputAudioBufferAppend
from vlmock.protocol.invalid_event import (
    InvalidEvent,
    Kind,
    enumerate_in_prose,
    explain,
    in_short,
    kind_of_json,
    unknown_members,
)
from vlmock.protocol.wire import ClientEvent, JsonObject, ServerEvent

__all__ = [
    "Frame",
    "InvalidEvent",
    "Message",
    "ProtocolError",
    "UnknownServerEvent",
    "audio_json",
    "audio_size",
    "decode_client",
    "decode_server",
    "encode",
    "encode_deltas",
    "from_json_object",
    "to_json_object",
]

Frame: TypeAlias = bytes | bytearray | memoryview | str
"""One WebSocket message: JSON text, in UTF-8 where it is bytes."""


_MOST_UNKNOWN: Final = 100
"""Members that are told of one event. A frame has room for a million of them, and telling each takes its time."""


class ProtocolError(Exception):
    """A server sent something that is no event: not JSON, not an object, or without a ``type``."""


class UnknownServerEvent(msgspec.Struct, frozen=True):
    """An event of a type that we do not know, or of a known type in a shape that we do not know."""

    type: str
    event_id: str | None
    body: JsonObject
    """The whole event."""


# ---- from a client

_APPEND = b'input_audio_buffer.append"'
_TYPE_IS = (b'"type":"', b'"type": "')
_APPEND_AT_START = tuple(b"{" + type_is + _APPEND for type_is in _TYPE_IS)
_APPEND_AT_END = tuple(type_is + _APPEND + b"}" for type_is in _TYPE_IS)
_APPEND_WITHIN_BYTES = 128
"""Of either end; the audio is in the middle. Further in, an append only takes the longer way."""
_append_decoder = msgspec.json.Decoder(InputAudioBufferAppend)
_raw_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


def decode_client(frame: Frame) -> AnyClientEvent | InvalidEvent:
    """The event that a client sent, or what is wrong with it. Never raises."""
    try:
        data = frame if type(frame) is bytes else _as_bytes(frame)
    except UnicodeEncodeError as error:
        return _not_json(error)
    if data.endswith(_APPEND_AT_END) or data.startswith(_APPEND_AT_START) or _names_append(data):
        try:
            return _append_decoder.decode(data)
        except (msgspec.DecodeError, ValueError, RecursionError):
            pass  # is decoded again, to say precisely what is wrong
    try:
        raw = _raw_decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return _not_json(error)
    return from_json_object(raw)


def _as_bytes(frame: Frame) -> bytes:
    return frame.encode() if isinstance(frame, str) else bytes(frame)


def _names_append(data: bytes) -> bool:
    """Whether the hot path may be tried: an append goes straight from its bytes into its struct.

    The decoder would not miss a missing ``type``, so it must be seen. In valid JSON the bytes before the name can only
    begin that member, and no object inside the event gets past the decoder. It mostly stands at one end; this looks
    further in.
    """
    at = data.find(_APPEND, 0, _APPEND_WITHIN_BYTES)
    if at < 0:
        at = data.rfind(_APPEND, -_APPEND_WITHIN_BYTES)
    return at >= 0 and data.endswith(_TYPE_IS, 0, at)


def from_json_object(raw: object) -> AnyClientEvent | InvalidEvent:
    """The event that a client's JSON is, or what is wrong with it. Never raises."""
    if not isinstance(raw, dict):
        return InvalidEvent(kind="not_an_object", expected="an object", got=kind_of_json(raw))
    event_class = CLIENT_EVENTS.get(wire_type) if isinstance(wire_type := raw.get("type"), str) else None
    if event_class is None:
        return _signed(_untyped(raw), raw)
    try:
        event = msgspec.convert(raw, event_class, strict=True)
    except msgspec.ValidationError as error:
        invalid = explain(error, raw, event_class)
        if invalid.kind != "unknown_member":
            return _signed(invalid, raw)
        # A closed type complains of those by itself. None of its members is an object, so all of them are here.
        known = from_json_object({name: raw[name] for name in raw if name in invalid.allowed})
        if isinstance(known, InvalidEvent):
            return _signed(invalid, raw)
        event = known
    unknown = list(islice(unknown_members(raw, event_class), _MOST_UNKNOWN))
    if not unknown:
        return cast(AnyClientEvent, event)
    more = tuple(each.path for each in unknown[1:])
    return _signed(msgspec.structs.replace(unknown[0], more=more, otherwise=event), raw)


def _not_json(error: Exception) -> InvalidEvent:
    return InvalidEvent(kind="invalid_json", expected="JSON", got=str(error))


def _untyped(raw: JsonObject) -> InvalidEvent:
    allowed = tuple(CLIENT_EVENTS)
    wire_type = raw.get("type")
    kind: Kind = "unknown_type" if isinstance(wire_type, str) else "wrong_type" if "type" in raw else "missing_type"
    expected = "a string" if kind == "wrong_type" else enumerate_in_prose(allowed)
    got = {"unknown_type": in_short(wire_type), "wrong_type": kind_of_json(wire_type)}.get(kind, "nothing")
    return InvalidEvent(kind=kind, path="type", expected=expected, got=got, allowed=allowed)


def _signed(invalid: InvalidEvent, raw: JsonObject) -> InvalidEvent:
    """With the client's own marks on it, for the error to repeat."""
    wire_type, event_id = (value if isinstance(value := raw.get(name), str) else None for name in ("type", "event_id"))
    return msgspec.structs.replace(invalid, event_type=wire_type, event_id=event_id)


# ---- from the service


@cache
def _server_decoder() -> msgspec.json.Decoder[AnyServerEvent]:
    """Made late: a server never reads these."""
    return msgspec.json.Decoder(AnyServerEvent)


def decode_server(frame: Frame) -> AnyServerEvent | UnknownServerEvent:
    """The event that the service sent; members that the type lacks are left out. Raises ``ProtocolError``."""
    try:
        return _server_decoder().decode(frame)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _unknown_server_event(frame)


def _unknown_server_event(frame: Frame) -> UnknownServerEvent:
    try:
        raw: Any = _raw_decoder.decode(frame)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"the server sent something that is not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise ProtocolError(f"the server sent {kind_of_json(raw)} in place of an event")
    if not isinstance(wire_type := raw.get("type"), str):
        raise ProtocolError("the server sent an event without a type")
    event_id = raw.get("event_id")
    return UnknownServerEvent(wire_type, event_id if isinstance(event_id, str) else None, raw)


# ---- to the other side

Message: TypeAlias = tuple[int, tuple[bytes | msgspec.Raw, ...]]
"""A frame that is to be sent: its length in bytes, and the pieces that it consists of."""

_NO_ID = b'"event_id":""'
_NO_DELTA = b'""}'
"""How a delta with nothing in it ends, for ``delta`` is its last member."""


def encode(event: ClientEvent | ServerEvent | UnknownServerEvent) -> bytes:
    """One frame: what was not set is left out, None is null."""
    return _encoder.encode(event.body if type(event) is UnknownServerEvent else event)


def encode_deltas(deltas: Deltas) -> list[Message]:
    """The frame of each, in pieces to be written one after the other: audio that was prepared is not copied once more.

    They differ in id and delta alone, so what is around those is encoded once.
    """
    around = {kind: _around(kind, deltas) for kind in set(deltas.kinds)}
    encode_word, raw = _encoder.encode, msgspec.Raw
    head = deltas.event_ids.head
    messages: list[Message] = []
    for tail, kind, delta in zip(deltas.event_ids.tails, deltas.kinds, deltas.deltas, strict=True):
        event_id = head + tail
        before, between, size = around[kind]
        told = delta if type(delta) is raw else encode_word(delta)
        messages.append((size + len(event_id) + len(told), (before, event_id, between, told, b"}")))
    return messages


def _around(kind: type[Delta], deltas: Deltas) -> tuple[bytes, bytes, int]:
    """What stands before the id, what between id and delta, and the size of all that is neither."""
    one = Deltas(deltas.response_id, deltas.item_id, deltas.output_index, [kind], [""], [0], DeltaIds(b"", [b""]))
    before, _, between = encode(one.events()[0]).removesuffix(_NO_DELTA).partition(_NO_ID)
    before, between = before + _NO_ID[:-1], _NO_ID[-1:] + between
    return before, between, len(before) + len(between) + len(b"}")


def audio_json(pcm: bytes) -> msgspec.Raw:
    """Audio as the JSON text that it becomes on the wire, to be put into many events and encoded only here."""
    return msgspec.Raw(b'"' + binascii.b2a_base64(pcm, newline=False) + b'"')


def audio_size(audio: bytes | msgspec.Raw) -> int:
    """How many bytes of sound it is, also where it has been made JSON text already."""
    if isinstance(audio, bytes):
        return len(audio)
    base64 = memoryview(audio)[1:-1]  # without the quotes
    return len(base64) // 4 * 3 - bytes(base64[-2:]).count(b"=")


def to_json_object(event: ClientEvent | ServerEvent | UnknownServerEvent) -> JsonObject:
    """The event as it stands on the wire, for people and for assertions; audio as base64 text."""
    decoded: JsonObject = _raw_decoder.decode(encode(event))
    return decoded
